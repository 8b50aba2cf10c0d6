"""What `init` proposes beside tables and columns: the clock of datetimes, and texts of which nobody sees everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.presets import load_preset
from pipeline.setup.guess import propose, written_in
from pipeline.setup.mapping import Own, states_of
from pipeline.setup.own import preset_text
from tests.test_leftover import crm

MEETINGS = "CREATE TABLE afspraken (id INTEGER PRIMARY KEY, medewerker INT, onderwerp TEXT, begin TEXT, einde TEXT);"


def written(folder: Path, script: str, *, confirmed: bool = False) -> str:
    """The preset that is proposed for this database."""
    with crm(folder, script).opened() as connection:
        found = propose(connection)
        quote = connection.dialect.identifier_preparer.quote
        own = Own("Our own", "sqlite", quote, found, states_of(found), True, confirmed=confirmed,
                  written=written_in(connection, found))  # fmt: skip
        return preset_text(own)


@pytest.mark.parametrize(("start", "asked"), [("2026-11-1{n} 10:00:00", True), ("1{n}-11-2026 10:00", False)])
def test_the_clock_of_datetimes_is_an_open_question(tmp_path: Path, start: str, asked: bool) -> None:
    """Where texts are declared, `formats` says it."""
    rows = "".join(
        f"INSERT INTO afspraken VALUES ({n}, 1, 'A {n}', '{start.format(n=n)}', '{start.format(n=n)}');"
        for n in range(1, 9)
    )
    text = written(tmp_path, MEETINGS + rows)
    assert ("\ndatetimes: UTC\n" in text) == asked
    assert ("datetimes = UTC; write the zone" in text) == asked
    (tmp_path / "again").mkdir()
    (tmp_path / "crm.yaml").write_text(written(tmp_path / "again", MEETINGS + rows, confirmed=True), "utf-8")
    assert load_preset("crm.yaml", tmp_path).datetimes == "UTC"
