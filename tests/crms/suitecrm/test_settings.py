"""Whatever the server is set to, its rows are read alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from tests.crms.suitecrm.database import Database
from tests.crms.suitecrm.ours import compute, extract, prepared
from tests.crms.suitecrm.test_equal import TOKYO

SET = (
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,ONLY_FULL_GROUP_BY,"
    "PAD_CHAR_TO_FULL_LENGTH,NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_ALL_TABLES', group_concat_max_len = 4, "
    "time_zone = '-08:00'"
)
"""What an administrator may have chosen for every session, MySQL's own defaults among it."""


def test_the_server_s_own_settings_change_nothing(
    laid_suitecrm: Database, tmp_path: Path
) -> None:
    told = replace(laid_suitecrm, url=laid_suitecrm.url.set(query={"init_command": SET}))
    read = []
    for name, source in (("plain", laid_suitecrm), ("told", told)):
        (tmp_path / name).mkdir()
        audit = prepared(TOKYO, tmp_path / name, results=True)
        extract(source, TOKYO, audit)
        rows = {
            entity: pq.read_table(tmp_path / name / "data" / f"{entity}.parquet")
            for entity in audit.schema
        }
        read.append(
            (
                compute(audit),
                {entity: sorted(map(str, table.to_pylist())) for entity, table in rows.items()},
            )
        )
    assert read[0] == read[1]
