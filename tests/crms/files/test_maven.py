"""The folder of the sales opportunities, audited: every figure equals what the csv module counts in plain Python."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.errors import ProofError, SourceError
from pipeline.model import Figure
from pipeline.progress import Silence
from tests.crms.asked import everything_asked, stored
from tests.crms.files.ours import compute, extract, prepared
from tests.crms.suitecrm.by_hand import SPANS
from tests.requirements import require_shared

Row = dict[str, str]
Value = tuple[int, int | None]
TARGETS = {
    "Anna Snelling": {"2017-06": {"deals_won": 40}},
    "Mei-Mei Johns": {"2017-06": {"deals_won": 3}},
}
"""The second is one of the five agents who have no deal: he is a manager by his plan alone."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy that a test may change."""
    original = require_shared("maven_csv/sales_pipeline.csv").parent
    (tmp_path / "exports").mkdir()
    for file in original.iterdir():
        shutil.copyfile(file, tmp_path / "exports" / file.name)
    return tmp_path


def rows_of(folder: Path, name: str) -> list[Row]:
    with (folder / "exports" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# ------------------------------------------------------------------------------------------------ by hand


def day(text: str) -> date | None:
    return datetime.strptime(text, "%d-%m-%Y").date() if text else None


@dataclass(frozen=True)
class Hand:
    """The export, and on what terms it is counted."""

    deals: list[Row]
    accounts: list[Row]
    agents: dict[str, str]  # agent -> manager
    first: date
    after: date
    today: date
    planned: dict[str, int]  # agent -> deals to win

    def of(self, who: str) -> list[Row]:
        """A manager's, a team's, nobody's ('') or the company's ('*') deals."""
        kind, _, name = who.partition(":")
        if kind == "company":
            return self.deals
        if kind == "unassigned":
            return [deal for deal in self.deals if deal["sales_agent"] not in self.agents]
        if kind == "team":
            return [deal for deal in self.deals if self.agents.get(deal["sales_agent"]) == name]
        return [deal for deal in self.deals if deal["sales_agent"] == name]

    def managers(self) -> set[str]:
        return {
            deal["sales_agent"] for deal in self.deals
        } & self.agents.keys() | self.planned.keys()

    def scopes(self) -> Iterator[str]:
        yield from ("company", "unassigned")
        yield from (f"manager:{name}" for name in self.managers())
        yield from (
            f"team:{name}" for name in {self.agents[manager] for manager in self.managers()}
        )

    def within(self, moment: date | None) -> bool:
        return moment is not None and self.first <= moment < self.after and moment <= self.today

    def timely(self, moment: date | None) -> bool:
        """In the 28 days that end with 20 June: of the month there are only 20."""
        return moment is not None and date(2017, 5, 24) <= moment <= self.today

    def figures_of(self, who: str) -> dict[str, Value]:
        deals = self.of(who)
        closed = [deal for deal in deals if self.within(day(deal["close_date"]))]
        stages = Counter(deal["deal_stage"] for deal in closed)
        open_now = [deal for deal in deals if deal["deal_stage"] in ("Prospecting", "Engaging")]
        won = [deal for deal in closed if deal["deal_stage"] == "Won"]
        late = [
            deal
            for deal in deals
            if deal["deal_stage"] == "Won"
            and (day(deal["close_date"]) or date.max) > self.today
        ]
        return {
            "deals_open": (len(open_now), None),
            "deals_won": (len(won), None),
            "deals_lost": (stages["Lost"], None),
            "win_rate": (len(won), len(won) + stages["Lost"]),
            "deals_won_amount/USD": (sum(int(deal["close_value"]) * 100 for deal in won), None),
            "deals_won_in_future": (len(late), None),
            "deals_won_undated": (0, None),
            **{
                f"unreadable/deal.{column}": (0, None)
                for column in ("amount", "close_day", "created_at", "stage")
            },
            "deals_unknown": (0, None),
            "deals_undated": (sum(not deal["engage_date"] for deal in deals), None),
            **self.field_set(deals),
        }

    def field_set(self, deals: list[Row]) -> dict[str, Value]:
        names = {account["account"] for account in self.accounts}
        fields = {
            "client": lambda deal: deal["account"] in names, "stage": lambda deal: bool(deal["deal_stage"]),
            "amount": lambda deal: bool(deal["close_value"]), "close_date": lambda deal: bool(deal["close_date"]),
        }  # fmt: skip
        found: dict[str, Value] = {}
        current = [deal for deal in deals if self.timely(day(deal["engage_date"]))]
        for called, span in ((SPANS["score"], current), (SPANS["base"], deals)):
            filled = {name: sum(map(test, span)) for name, test in fields.items()}
            for name, number in filled.items():
                found[f"{called.good}/deal.{name}"] = (number, len(span))
                found[f"{called.missing}/deal.{name}"] = (len(span) - number, None)
            kept, due = sum(filled.values()), 4 * len(span)
            found[f"{called.kept}/deal"] = (kept, None)
            found[f"{called.due}/deal"] = (due, None)
            found[f"{called.score}/deal"] = (kept, due) if due >= 10 else (0, 0)
            complete = sum(all(test(deal) for test in fields.values()) for deal in span)
            found[f"{called.complete}/deal"] = (complete, len(span))
        complete, timely = found["records_complete/deal"]
        failing = (timely or 0) - complete
        found["records_failing/deal"] = (failing, None)
        complete, every = found["base_complete/deal"]
        found["records_failing_outside/deal"] = ((every or 0) - complete - failing, None)
        return found


def hand_of(folder: Path, first: date, after: date, today: date) -> Hand:
    agents = {row["sales_agent"]: row["manager"] for row in rows_of(folder, "sales_teams.csv")}
    planned = {who: months["2017-06"]["deals_won"] for who, months in TARGETS.items()}
    return Hand(
        rows_of(folder, "sales_pipeline.csv"),
        rows_of(folder, "accounts.csv"),
        agents,
        first,
        after,
        today,
        planned,
    )


def values(figures: Mapping[str, Figure]) -> dict[str, Value]:
    return {name: (figure.numerator, figure.denominator) for name, figure in figures.items()}


def wrong(
    hand: Hand, figures: Mapping[str, Value]
) -> dict[str, tuple[Value | None, Value | None]]:
    """Figure -> (by hand, ours); one that is nobody's and zero need not be there."""
    found = {}
    for who in hand.scopes():
        for name, value in hand.figures_of(who).items():
            ours = figures.get(f"{name}@{who}")
            if ours != value and not (ours is None and not any(value)):
                found[f"{name}@{who}"] = (value, ours)
    return found


# ------------------------------------------------------------------------------------------------ the same


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/Los_Angeles", "Asia/Tokyo"])
def test_every_figure_equals_plain_python(folder: Path, zone: str) -> None:
    audit = prepared(folder, zone=zone, targets=TARGETS)
    extract(audit)
    result = compute(audit)
    hand = hand_of(folder, date(2017, 6, 1), date(2017, 7, 1), date(2017, 6, 20))
    assert wrong(hand, values(result.figures)) == {}
    managers = {person.id for person in result.people if person.scope == "manager"}
    assert managers == hand.managers()
    assert {person.team for person in result.people} == set(hand.agents.values())
    counted = hand.figures_of("company")
    assert all(
        counted[name][0] > 50
        for name in (
            "deals_open",
            "deals_won",
            "deals_lost",
            "deals_undated",
            "records_failing/deal",
        )
    )
    assert result.figures["base_missing/deal.client@company"].numerator == 1_425
    assert result.figures["base_missing/deal.amount@company"].numerator == 2_089
    assert len(hand.agents) - len(managers) == 4


def test_what_is_not_in_the_export_is_not_counted_and_said(folder: Path) -> None:
    audit = prepared(folder)
    extract(audit)
    result = compute(audit)
    assert not [
        name
        for name in result.figures
        if name.startswith(("meetings_held", "calls_held", "clients_new"))
    ]
    assert (
        str(result.not_checked["deal.name"])
        == "the export names the product of a deal, not the deal"
    )
    assert "meeting.subject" in result.not_checked
    assert str(result.source) == (
        "Sales opportunities exported as CSV files; equal to the export of that time; files know no transaction;"
        " not read: data_dictionary.csv, products.csv"
    )


def test_each_row_is_accounted_for(folder: Path) -> None:
    audit = prepared(folder)
    extract(audit)
    figures = compute(audit).figures
    for table, rows in (("sales_pipeline", 8_800), ("accounts", 85), ("sales_teams", 35)):
        assert figures[f"table_rows/{table}@company"].numerator == rows
        assert figures[f"table_audited/{table}@company"].numerator == rows


def test_an_owner_whom_no_team_names_is_nobody(folder: Path) -> None:
    file = folder / "exports" / "sales_pipeline.csv"
    lines = file.read_text("utf-8").splitlines()
    file.write_text(
        "\n".join(
            [lines[0], *(line.replace("Moses Frase", "moses frase") for line in lines[1:])]
        ),
        "utf-8",
    )
    audit = prepared(folder, targets=TARGETS)
    extract(audit)
    figures = dict(compute(audit).figures)
    hand = hand_of(folder, date(2017, 6, 1), date(2017, 7, 1), date(2017, 6, 20))
    assert wrong(hand, values(figures)) == {}
    assert figures["deals_won@unassigned"].numerator > 0
    assert "deals_won@manager:Moses Frase" not in figures


# ------------------------------------------------------------------------------------------------ the proof


class Altering(Silence):
    """Changes a file when a stage begins."""

    def __init__(self, file: Path, stage: str, old: str, new: str) -> None:
        self.change = (file, stage, old, new)
        self.done = False

    def stage(self, name: str, total: int | None = None) -> None:
        file, stage, old, new = self.change
        if name == stage:
            text = file.read_text("utf-8")
            assert old in text
            file.write_text(text.replace(old, new, 1), "utf-8")
            self.done = True


@pytest.mark.parametrize(
    "stage", ["Opening the CRM", "Reading deals", "Asking the CRM's own database"]
)
def test_a_cell_altered_while_it_is_read_is_noticed(folder: Path, stage: str) -> None:
    file = folder / "exports" / "sales_pipeline.csv"
    progress = Altering(file, stage, ",1054", ",1055")
    with pytest.raises(SourceError, match=r"sales_pipeline.csv changed while it was read"):
        extract(prepared(folder), progress=progress)
    assert progress.done


@pytest.mark.parametrize("change", ["added", "removed"])
def test_a_file_added_or_removed_while_the_others_are_read_is_noticed(
    folder: Path, change: str
) -> None:
    class Changing(Silence):
        def stage(self, name: str, total: int | None = None) -> None:
            if name == "Reading deals":
                if change == "added":
                    (folder / "exports" / "more.csv").write_text("a\n1\n", "utf-8")
                else:
                    (folder / "exports" / "products.csv").unlink()

    with pytest.raises(SourceError, match=r"more.csv was added|products.csv changed"):
        extract(prepared(folder), progress=Changing())


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("sales_pipeline", "close_value = '1055' WHERE opportunity_id = '1C1I7A6R'"),
        ("sales_pipeline", "account = '' WHERE opportunity_id = '1C1I7A6R'"),
        ("sales_pipeline", "close_date = '01-06-2017' WHERE opportunity_id = '1C1I7A6R'"),
        ("sales_teams", "manager = 'Nobody' WHERE sales_agent = 'Moses Frase'"),
    ],
)
def test_a_cell_that_differs_between_the_two_readings_is_caught(
    folder: Path, table: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In memory, where no hash sees it: the period holds the deal, which closed on 1 March."""
    from pipeline.flows import extract as stage

    def altered(audit, reader, window):  # type: ignore[no-untyped-def]
        raw = reader.connection.connection.dbapi_connection
        for statement in (
            "ROLLBACK",
            f"UPDATE {table} SET {change}",
            "BEGIN TRANSACTION READ ONLY",
        ):
            raw.execute(statement)  # the reading itself cannot write
        return asked(audit, reader, window)

    asked = stage.witness_of
    monkeypatch.setattr(stage, "witness_of", altered)
    audit = prepared(folder, period={"first": "2017-03-01", "to": "2017-04-01"})
    extract(audit, as_of=datetime(2017, 3, 31, 12, tzinfo=UTC))
    with pytest.raises(ProofError):
        compute(audit)


def test_the_country_is_read_where_something_asks_for_it(folder: Path) -> None:
    with everything_asked():
        data = extract(prepared(folder))
    accounts = rows_of(folder, "accounts.csv")
    countries = [(row["account"], row["office_location"]) for row in accounts]
    assert stored(data, "client", ["id", "country"]) == sorted(countries, key=repr)
    assert "office_location" not in str(prepared(folder).preset.entities)
