"""Words, currencies and empty words are compared to the letter, whatever a column's collation holds to be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from pipeline.setup.guess.proposals import words_of
from pipeline.setup.look.recognise import Place
from pipeline.setup.look.text_formats import texts_of
from tests.setup.test_init import duckdb_file, mariadb, postgresql
from tests.setup.test_written_otherwise import audited, sqlite_file

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HELD = ("gehouden", "Gehouden", "GEHOUDEN", "gehoudén", "gehouden ", "gehouden", None)
CHANNELS = ("Online", "online", "Onliné", "Online ", "Online", "-", "geen")
CURRENCIES = ("EUR", "eur", " EUR ", "ÉUR", "€", "EUR", None)
PRESET = """
about: Ours
dialects: [{dialect}]
money: decimal
empty: [geen]
states:
  meeting: {{held: [gehouden, gehoudén]}}
  deal: {{won: [gewonnen]}}
entities:
  user: {{table: mensen, columns: {{id: id, name: naam}}}}
  meeting: {{table: afspraken, columns: {{id: id, owner_id: wie, status: status, start_at: begin}}}}
  deal:
    table: deals
    columns: {{id: id, owner_id: wie, stage: fase, amount: bedrag, currency: munt, close_day: sluit}}
"""


def quoted(text: str | None) -> str:
    return "NULL" if text is None else f"'{text}'"


def statements(collation: str) -> list[str]:
    text = f"VARCHAR(20) {collation}"
    return [
        f"CREATE TABLE mensen (id INTEGER PRIMARY KEY, naam {text})",
        "INSERT INTO mensen VALUES (1, 'An')",
        f"CREATE TABLE afspraken (id INTEGER PRIMARY KEY, wie INTEGER, status {text}, begin {text}, kanaal {text})",
        f"CREATE TABLE deals (id INTEGER PRIMARY KEY, wie INTEGER, fase {text}, bedrag {text}, munt {text}, "
        f"sluit {text})",
        *(
            f"INSERT INTO afspraken VALUES ({n}, 1, {quoted(word)}, '2026-11-10 10:00:00', {quoted(channel)})"
            for n, (word, channel) in enumerate(zip(HELD, CHANNELS, strict=True))
        ),
        *(
            f"INSERT INTO deals VALUES ({n}, 1, 'gewonnen', '{10**n}', {quoted(currency)}, '2026-11-10')"
            for n, currency in enumerate(CURRENCIES)
        ),
    ]


@pytest.mark.parametrize(
    ("server", "collation"),
    [
        (sqlite_file, "COLLATE NOCASE"),
        (sqlite_file, "COLLATE RTRIM"),
        (postgresql, ""),
        (duckdb_file, ""),
        (mariadb, "COLLATE utf8mb4_general_ci"),
        (mariadb, "COLLATE utf8mb4_unicode_ci"),
        (mariadb, "COLLATE utf8mb4_bin"),  # which pads with blanks
        (mariadb, "CHARACTER SET latin1 COLLATE latin1_swedish_ci"),
    ],
)
def test_figures_and_words_are_to_the_letter(
    server: Callable[[], AbstractContextManager[URL]],
    collation: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proven: what the database counts is what is counted of the rows; here it is what the letters say."""
    own = "latin1" not in collation
    with server() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in statements(collation):
                if own or "€" not in statement:
                    connection.exec_driver_sql(statement)
        dialect = engine.dialect.name
        engine.dispose()
        monkeypatch.setenv("CRM_URL", url.render_as_string(hide_password=False))
        (tmp_path / "own.yaml").write_text(PRESET.format(dialect=dialect), "utf-8")
        measures = {
            "online": {"count": "meetings_held", "where": {"meeting.kanaal": ["Online"]}},
            "told": {"count": "meetings", "where": {"meeting.kanaal": "filled"}},
        }
        source: dict[str, object] = {"url": "${CRM_URL}", "preset": "own.yaml"}
        source["add"] = {"meeting.kanaal": "afspraken.kanaal"}
        found = audited(tmp_path, source, NOW, measures=measures)
        with Place(url.render_as_string(hide_password=False), tmp_path).opened() as connection:
            words = words_of(connection, "afspraken", "status")
            texts = texts_of(
                connection, days=[], instants=[], amounts=[], others=[("afspraken", "kanaal")]
            )
    figures = {name: number for name, (number, _) in found.items()}  # type: ignore[misc]
    held = [place for place, word in enumerate(HELD) if word in ("gehouden", "gehoudén")]
    assert figures["meetings_held@company"] == len(held)
    assert figures["meetings_unknown@company"] == 3
    assert figures["online@company"] == sum(CHANNELS[place] == "Online" for place in held)
    assert figures["told@company"] == 6  # all but the empty word
    euros = [
        10**n for n, code in enumerate(CURRENCIES) if code != "ÉUR" and (own or code != "€")
    ]
    assert figures["deals_won_amount/EUR@company"] == 100 * sum(euros)
    assert words == Counter(word for word in HELD if word)
    assert texts.empty == {"-": 1}


def test_empty_words_of_several_spellings_are_each_proposed(tmp_path: Path) -> None:
    with mariadb() as url:
        with create_engine(url).begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE t (v VARCHAR(9) COLLATE utf8mb4_unicode_ci)"
            )
            connection.exec_driver_sql(
                "INSERT INTO t VALUES ('n.v.t.'), ('N.V.T.'), ('N.V.T.'), ('n.v.t. ')"
            )
        with Place(url.render_as_string(hide_password=False), tmp_path).opened() as connection:
            texts = texts_of(connection, days=[], instants=[], amounts=[], others=[("t", "v")])
    assert texts.empty == {"n.v.t.": 2, "N.V.T.": 2}
