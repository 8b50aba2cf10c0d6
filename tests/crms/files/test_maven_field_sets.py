"""Field sets of an audit's own on a folder of exports: every count equals what plain Python makes of the CSV files."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.crms.files.ours import SETTINGS, compute, extract, prepared
from tests.crms.odoo.by_hand import Teams
from tests.crms.suitecrm.by_hand import Counts, Hand, People
from tests.crms.suitecrm.in_python import blank
from tests.crms.verdicts import (
    COSTLY,
    Asked,
    Judged,
    counts_of,
    differences,
    failing,
    figures,
    listed,
)
from tests.requirements import require_shared

FIELD_SETS = {
    "deal": """\
entity: deal
fields:
  - {name: amount, columns: [amount], between: [100, 5000.50], when: {state: won}, weight: 3}
  - {name: over, columns: [close_day], lies: past, when: {state: [won, lost]}, weight: 2}
  - {name: planned, columns: [close_day], lies: future, when: {state: open, not: {created_at: {older_than: 60}}}}
  - {name: client, columns: [client_id], grace: 14, weight: 2}
  - name: product
    columns: [next_step]
    one_of: [GTX Basic, MG Special]
    when: {any: [{state: lost}, {amount: {between: [1000, null]}}]}
  - {name: series, columns: [next_step], pattern: '(GTX|MG) [A-Z][a-z]+( [A-Z][a-z]+)?', weight: 2}
  - {name: fresh, columns: [created_at], within_months: 3, when: {not: {client_id: missing}}}
  - {name: closed_this_year, columns: [close_day, created_at], between: [2017-01-01, 2017-12-31]}
""",
    "client": """\
entity: client
fields:
  - {name: country, columns: [country], one_of: [United States, Kenya], weight: 2}
  - {name: sector, columns: [city], one_of: [retail, medical], when: {country: [United States, Japan]}}
  - {name: named, columns: [name], pattern: '[A-Z][a-z]+( [A-Za-z]+)?', weight: 2}
""",
}
PRESET = """\
extends: maven
entities:
  client:
    table: accounts
    select: SELECT account AS id, account AS name, NULL AS excluded FROM accounts
    further: {country: office_location, city: sector}
  deal:
    table: sales_pipeline
    select: |
      SELECT opportunity_id AS id, sales_agent AS owner_id, account AS client_id, deal_stage AS stage,
             close_value AS amount, :currency AS currency, close_date AS close_day, engage_date AS created_at,
             NULL AS excluded
      FROM sales_pipeline
    further: {next_step: product}
"""
"""Two more columns with words in them: products in the place of next steps, sectors in that of cities."""
WEIGHTS = {
    "deal": {"amount": 3, "over": 2, "planned": 1, "client": 2, "product": 1, "series": 2, "fresh": 1,
             "closed_this_year": 1},
    "client": {"country": 2, "sector": 1, "named": 2},
}  # fmt: skip
ASKED = {
    entity: {name: Asked((), weight=weight) for name, weight in of.items()}
    for entity, of in WEIGHTS.items()
}
TODAY = date(2017, 6, 20)
ERRORS = ("#REF!", "#N/A", "#VALUE!")
"""What a spreadsheet leaves in a cell instead of a value."""

# ------------------------------------------------------------------------------------------------ by hand

Known = bool | None
"""True, false, or None: nobody can tell."""


def all_of(*parts: Known) -> Known:
    return False if False in parts else None if None in parts else True


def any_of(*parts: Known) -> Known:
    return True if True in parts else None if None in parts else False


def opposite(part: Known) -> Known:
    return None if part is None else not part


def day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d-%m-%Y").date()
    except ValueError:
        return None


def amount(text: str) -> Decimal | None:
    """What can be read, and is no finer than a cent."""
    try:
        read = Decimal(text)
    except InvalidOperation:
        return None
    return read if read == round(read, 2) else None


def word(due: Known, *values: str) -> str:
    """The verdict; `values` are those of the columns."""
    if not due:
        return "unknown" if due is None else "not due"
    if "good" in values:
        return "good"
    stated = [value for value in values if value != "missing"]
    return min(stated, key=("unread", "invalid").index) if stated else "missing"


def entered(text: str, value: Any, passes: bool) -> str:
    if blank(text):
        return "missing"
    if value is None:
        return "unread"
    return "good" if passes else "invalid"


def text_of(text: str, words: Iterable[str]) -> str:
    return entered(text, None if text in ERRORS else text, text in words)


def text_like(text: str, written: re.Pattern[str]) -> str:
    return entered(text, None if text in ERRORS else text, bool(written.fullmatch(text)))


SERIES = re.compile("(GTX|MG) [A-Z][a-z]+( [A-Z][a-z]+)?")
NAMED = re.compile("[A-Z][a-z]+( [A-Za-z]+)?")
STATES = {"Prospecting": "open", "Engaging": "open", "Won": "won", "Lost": "lost"}


def deal_words(row: Mapping[str, str], clients: set[str]) -> dict[str, str]:
    """The verdict of each demand on a deal."""
    state = STATES.get(row["deal_stage"])  # None where it is blank
    closed, engaged, worth = (
        day(row["close_date"]),
        day(row["engage_date"]),
        amount(row["close_value"]),
    )
    age = None if engaged is None else (TODAY - engaged).days

    def is_in(*states: str) -> Known:
        return None if state is None else state in states

    def closes(passes: bool) -> str:
        return entered(row["close_date"], closed, passes)

    has_client = row["account"] in clients
    year = [
        date(2017, 1, 1) <= of <= date(2017, 12, 31) if of else False
        for of in (closed, engaged)
    ]
    return {
        "amount": word(
            is_in("won"),
            entered(row["close_value"], worth, worth is not None and 100 <= worth <= Decimal("5000.50")),
        ),
        "over": word(is_in("won", "lost"), closes(closed is not None and closed <= TODAY)),
        "planned": word(
            all_of(is_in("open"), opposite(None if age is None else age > 60)),
            closes(closed is not None and closed >= TODAY),
        ),
        "client": word(None if age is None else age > 14, "good" if has_client else "missing"),
        "product": word(
            any_of(is_in("lost"), None if worth is None else worth >= 1000),
            text_of(row["product"], ("GTX Basic", "MG Special")),
        ),
        "series": word(True, text_like(row["product"], SERIES)),
        "fresh": word(
            has_client,
            entered(row["engage_date"], engaged, engaged is not None and engaged >= date(2017, 3, 20)),
        ),
        "closed_this_year": word(
            True, closes(year[0]), entered(row["engage_date"], engaged, year[1])
        ),
    }  # fmt: skip


def client_words(row: Mapping[str, str]) -> dict[str, str]:
    country = row["office_location"]
    told = (
        None if blank(country) or country in ERRORS else country in ("United States", "Japan")
    )
    return {
        "country": word(True, text_of(country, ("United States", "Kenya"))),
        "sector": word(told, text_of(row["sector"], ("retail", "medical"))),
        "named": word(True, text_like(row["account"], NAMED)),
    }


class MavenHand(Hand):
    """The export, judged row by row."""

    def __init__(self, folder: Path) -> None:
        self.agents = {
            row["sales_agent"]: row["manager"] for row in rows_of(folder, "sales_teams.csv")
        }
        self.deals = rows_of(folder, "sales_pipeline.csv")
        self.accounts = rows_of(folder, "accounts.csv")

    def fields(self, entity: str) -> tuple[str, ...]:
        return tuple(WEIGHTS.get(entity, ()))

    def weight(self, entity: str, name: str) -> int:
        return WEIGHTS[entity][name]

    def people(self, counts: Counts) -> People:
        owners = {owner for of in counts.values() for owner, number in of.items() if number}
        return Teams(
            {agent: team for agent, team in self.agents.items() if agent in owners}, []
        )

    def judged(self) -> Judged:
        clients = {row["account"] for row in self.accounts}
        deals = [self._deal(row, deal_words(row, clients)) for row in self.deals]
        accounts = [
            _row(row["account"], None, timely=False, words=client_words(row))
            for row in self.accounts
        ]
        return {"deal": deals, "client": accounts}

    def _deal(self, row: Mapping[str, str], words: Mapping[str, str]) -> dict[str, Any]:
        """It counts in the score where it was engaged in the 28 days up to 20 June."""
        engaged = day(row["engage_date"])
        timely = engaged is not None and date(2017, 5, 24) <= engaged <= TODAY
        owner = row["sales_agent"] if row["sales_agent"] in self.agents else None
        known = row["deal_stage"] in STATES or blank(row["deal_stage"])
        return {
            **_row(row["opportunity_id"], owner, timely=timely, words=words),
            "scored": known,
        }


def _row(
    record: str, owner: str | None, *, timely: bool, words: Mapping[str, str]
) -> dict[str, Any]:
    apart = dict.fromkeys(("ahead", "had", "typed"), False)
    verdicts = {f"word_{name}": verdict for name, verdict in words.items()}
    return {"id": record, "owner": owner, "scored": True, "timely": timely, **apart, **verdicts}


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "exports" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# ------------------------------------------------------------------------------------------------ dirt

BLANKS = ("", " ", "\u00a0", "\u200b", "\u3000")
DAYS = ("31-02-2017", "2017/03/01", "#REF!", "soon", *BLANKS, "20-06-2017", "21-06-2017", "20-03-2017", "19-03-2017",
        "31-12-2016", "01-01-2017", "05-06-2017", "06-06-2017", "21-04-2017", "20-04-2017", "24-05-2017",
        "23-05-2017")  # fmt: skip
DIRT = {
    "sales_pipeline.csv": {
        "sales_agent": ("moses frase", "", "Nobody"),
        "product": ("GTX Basic ", "gtx basic", "#REF!", "MG Special", *BLANKS),
        "account": ("#REF!", "Cancity", "cancity", *BLANKS),
        "deal_stage": ("won", "Won ", *BLANKS, "Lost", "Engaging"),
        "engage_date": DAYS,
        "close_date": DAYS,
        "close_value": ("100", "99.99", "5000.5", "5000.51", "1000", "999.99", "1.005", "#REF!", "-5", *BLANKS),
    },
    "accounts.csv": {
        "office_location": ("Kenya", "kenya", "United States ", "#N/A", "Japan", *BLANKS),
        "sector": ("retail", "Retail", "#VALUE!", *BLANKS),
    },
}  # fmt: skip
"""In some cells: nearly the right words, blanks, errors of a spreadsheet, days and amounts at the bounds."""


def lay_dirt(folder: Path, seed: int) -> None:
    chance = Random(seed)
    for name, columns in DIRT.items():
        rows = rows_of(folder, name)
        for row in rows:
            for column, cells in columns.items():
                if chance.random() < (0.08 if name == "sales_pipeline.csv" else 0.4):
                    row[column] = chance.choice(cells)
        with (folder / "exports" / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_count_equals_plain_python(tmp_path: Path, seed: int) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "sets").mkdir()
    for file in require_shared("maven_csv/sales_pipeline.csv").parent.iterdir():
        shutil.copyfile(file, tmp_path / "exports" / file.name)
    for entity, text in FIELD_SETS.items():
        (tmp_path / "sets" / f"{entity}.yaml").write_text(text, "utf-8")
    lay_dirt(tmp_path, seed)
    (tmp_path / "more.yaml").write_text(PRESET, "utf-8")
    audit = prepared(
        tmp_path, source={**SETTINGS["source"], "preset": "more.yaml"}, field_sets="sets"
    )
    extract(audit)
    result = compute(audit)
    hand = MavenHand(tmp_path)
    judged = hand.judged()
    made = figures(hand, counts_of(judged, ASKED))
    assert differences(made, result.figures) == {}
    assert listed(result.fix_list) == failing(judged, ASKED)
    assert rarely(judged) == RARE


RARE = {
    "deal.client invalid",
    "deal.client unread",
    "deal.fresh unknown",
    "deal.closed_this_year unknown",
    "deal.series unknown",
}
"""A client is there or not, and what asks for no more than that, or for nothing, is always known."""


def rarely(judged: Judged) -> set[str]:
    """What fewer than three managers have, of what a demand on deals can come to."""
    return {
        f"deal.{name} {verdict}"
        for name in WEIGHTS["deal"]
        for verdict in ("good", *COSTLY, "unknown")
        if len({row["owner"] for row in judged["deal"] if row[f"word_{name}"] == verdict}) < 4
    }
