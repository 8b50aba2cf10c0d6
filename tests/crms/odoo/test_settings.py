"""Whatever the server is set to, its rows are read alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from tests.crms.odoo.database import odoo15
from tests.crms.odoo.ours import prepared
from tests.crms.odoo.test_equal import AMSTERDAM
from tests.crms.suitecrm.ours import compute, extract

SET = {
    "backslash_quote": "off",
    "bytea_output": "escape",
    "datestyle": "German",
    "extra_float_digits": "-3",
    "intervalstyle": "iso_8601",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "timezone": "Asia/Tokyo",
    "transform_null_equals": "on",
}
"""What an administrator may have chosen for every session."""


def test_the_server_s_own_settings_change_nothing(tmp_path: Path) -> None:
    options = " ".join(f"-c {name}={value}" for name, value in SET.items())
    read = []
    with odoo15() as odoo:
        told = replace(odoo, url=odoo.url.update_query_dict({"options": options}))
        for name, source in (("plain", odoo), ("told", told)):
            (tmp_path / name).mkdir()
            audit = prepared(AMSTERDAM, tmp_path / name, by_time=True)
            extract(source, AMSTERDAM, audit)
            rows = {
                entity: pq.read_table(tmp_path / name / "data" / f"{entity}.parquet")
                for entity in audit.schema
            }
            told_of = {
                entity: sorted(map(str, table.to_pylist())) for entity, table in rows.items()
            }
            read.append((compute(audit), told_of))
    assert read[0] == read[1]
