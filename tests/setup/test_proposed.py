"""What `init` proposes beside tables and columns: the clock of datetimes, and texts of which nobody sees everything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from pipeline.model import same_in_all
from pipeline.presets import load_preset
from pipeline.setup.guess.mapping import CustomPreset, states_of
from pipeline.setup.guess.proposals import propose, written_in
from pipeline.setup.look.recognise import Place
from pipeline.setup.write.custom_preset import preset_text, without_zone
from tests.setup.test_init import duckdb_file, mariadb, postgresql
from tests.setup.test_leftover import crm

MEETINGS = "CREATE TABLE afspraken (id INTEGER PRIMARY KEY, medewerker INT, onderwerp TEXT, begin TEXT, einde TEXT);"


def written(folder: Path, script: str, *, confirmed: bool = False) -> str:
    """The preset that is proposed for this database."""
    with crm(folder, script).opened() as connection:
        found = propose(connection)
        quote = connection.dialect.identifier_preparer.quote
        own = CustomPreset(same_in_all("Our own"), "sqlite", quote, found, states_of(found), True, confirmed=confirmed,
                  written=written_in(connection, found))  # fmt: skip
        return preset_text(own)


@pytest.mark.parametrize(
    ("start", "asked"), [("2026-11-1{n} 10:00:00", True), ("1{n}-11-2026 10:00", False)]
)
def test_the_clock_of_datetimes_is_an_open_question(
    tmp_path: Path, start: str, asked: bool
) -> None:
    """Where texts are declared, `formats` says it."""
    rows = "".join(
        f"INSERT INTO afspraken VALUES ({n}, 1, 'A {n}', '{start.format(n=n)}', '{start.format(n=n)}');"
        for n in range(1, 9)
    )
    text = written(tmp_path, MEETINGS + rows)
    assert ("\ndatetimes: UTC\n" in text) == asked
    assert ("datetimes = UTC; write the zone" in text) == asked
    (tmp_path / "again").mkdir()
    (tmp_path / "crm.yaml").write_text(
        written(tmp_path / "again", MEETINGS + rows, confirmed=True), "utf-8"
    )
    assert load_preset("crm.yaml", tmp_path).datetimes == "UTC"


@pytest.mark.parametrize(
    ("server", "kind", "asked"),
    [
        (postgresql, "TIMESTAMP", True),
        (postgresql, "TIMESTAMPTZ", False),
        (mariadb, "DATETIME", True),
        (mariadb, "TIMESTAMP NULL", False),
        (duckdb_file, "TIMESTAMP", True),
        (duckdb_file, "TIMESTAMPTZ", False),
    ],
)
@pytest.mark.parametrize("ours", ["start_at", "close_day"])
def test_only_times_that_name_no_zone_ask_for_a_clock(
    tmp_path: Path,
    server: Callable[[], AbstractContextManager[URL]],
    kind: str,
    asked: bool,
    ours: str,
) -> None:
    """Also where a closing day is mapped to them."""
    made = {
        "start_at": f"CREATE TABLE afspraken (id INTEGER PRIMARY KEY, onderwerp VARCHAR(20), begin {kind})",
        "close_day": f"CREATE TABLE offertes (id INTEGER PRIMARY KEY, naam VARCHAR(20), sluitdatum {kind})",
    }[ours]
    with server() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(made)
            connection.exec_driver_sql(
                f"INSERT INTO {made.split()[2]} VALUES (1, 'a', '2026-11-10 10:00:00')"
            )
        engine.dispose()
        with Place(url.render_as_string(hide_password=False), tmp_path).opened() as connection:
            found = propose(connection)
            quote = connection.dialect.identifier_preparer.quote
            own = CustomPreset(
                same_in_all("Our own"),
                connection.dialect.name,
                quote,
                found,
                {},
                True,
                confirmed=False,
            )
    assert [guess.ours for _, guess in without_zone(own)] == [ours] * asked
    assert ("datetimes = UTC; write the zone" in preset_text(own)) == asked


RELATIES = (
    "CREATE TABLE klanten (nr INTEGER PRIMARY KEY, naam TEXT, telefoon TEXT, email TEXT);"
)
NUMBERS = '[{"label": "work", "value": "020-55500'
CONTENTS = {
    "onderwerp": (["<p>A</p>", "<br/>", " <DIV class=x>A"] * 5, {"meeting.subject": "html"}),
    "onderwerp, a few": (["<p>A</p>", "A {n}", "B {n}"] * 5, {}),
    "onderwerp, read as it stands": (
        ["<jan@example.org> {n}", "<onbekend>", "[concept]", "{{n}", "<pre"] * 5,
        {},
    ),
    "onderwerp, empty ones aside": (["<p>A {n}</p>", "-", ""] * 5, {"meeting.subject": "html"}),
    "telefoon": ([NUMBERS + '{n}"}]', "[]"] * 5, {"client.phone": {"json": ["value"]}}),
    "email": (['["a{n}@example.org"]', "{}", "a@example.org"] * 5, {"client.email": "json"}),
}


@pytest.mark.parametrize("given", list(CONTENTS))
def test_html_and_json_are_proposed_from_what_stands_there(tmp_path: Path, given: str) -> None:
    texts, contents = CONTENTS[given]
    name = given.partition(",")[0]
    table = "afspraken" if name == "onderwerp" else "klanten"
    other = "INSERT INTO klanten (nr, naam) VALUES (99, 'K');"
    key = "id" if table == "afspraken" else "nr"
    rows = [
        f"INSERT INTO {table} ({key}, {name}) VALUES ({n}, '{text.replace('{n}', str(n))}');"
        for n, text in enumerate(texts)
    ]
    text = written(tmp_path, MEETINGS + RELATIES + other + "".join(rows))
    says = yaml.safe_load(text)
    assert says.get("contents", {}) == contents
    for ours in contents:
        assert any(
            line.startswith(f"contents.{ours} = ") and " of " in line
            for line in says["unconfirmed"]
        )
    del says["unconfirmed"]
    (tmp_path / "crm.yaml").write_text(yaml.safe_dump(says), "utf-8")
    assert load_preset("crm.yaml", tmp_path).contents.keys() == contents.keys()
