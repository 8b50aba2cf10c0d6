"""Exceptions: what they change, to the digit, on every database; by hand.

A deal is worth six points here: its name one, its client two, its amount three. Anna has ten in the score, Bert ten,
a former colleague and nobody one each:

    a1  misses client and amount    a2  misses the amount    a3  has no name    a4 to a10  are complete
    b1  misses the amount           x1  misses its client    n1  has no name    old (Anna's, of 2025)  misses the amount
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from lxml import html
from sqlalchemy.engine import URL

from pipeline.config import Audit, load_audit
from pipeline.errors import ProofError
from pipeline.findings.ids import finding_id
from pipeline.findings.stored import read_failing, write_failing
from pipeline.flows import run
from pipeline.language.languages import ENGLISH, language_of
from pipeline.model import ExceptionOutcome, RunResult, Verdict
from pipeline.progress import Silence
from pipeline.proof.witness import WITNESS_FAILING
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import missing_texts
from pipeline.reports.html.page import render_page
from tests.flows.test_owners import mariadb, postgresql, sqlite, store

AS_OF = datetime(2026, 11, 24, 8, tzinfo=UTC)
PRESET = """
about: A CRM of deals
dialects: [sqlite, mysql, mariadb, postgresql]
money: minor
states: {deal: {won: [won], open: [open]}}
entities:
  user: {table: people, columns: {id: id, name: name, team_id: team, team: team, active: active, person: active}}
  client: {table: clients, columns: {id: id, owner_id: owner, name: name, created_at: made}}
  deal:
    table: deals
    select: |
      SELECT id, owner AS owner_id, name, client AS client_id, state AS stage, amount, 'EUR' AS currency,
             closed AS close_day, made AS created_at, NULL AS excluded FROM deals
"""
DEAL = """
entity: deal
fields:
  - {name: name, label: name, columns: [name]}
  - {name: client, label: client, columns: [client_id], weight: 2}
  - {name: amount, label: amount, columns: [amount], weight: 3}
"""
MORE = ""
"""Further lines of audit.yaml."""
CLIENT = """
entity: client
fields:
  - {name: name, label: name, columns: [name]}
"""
NOVEMBER, LONG_AGO = datetime(2026, 11, 10, 9), datetime(2025, 3, 3, 9)

Engines = Callable[[Path], AbstractContextManager[URL]]


def deal(record: str, owner: str | None, **changed: Any) -> dict[str, Any]:
    return {
        "id": record, "owner": owner, "name": "A deal", "client": "c1", "state": "open", "amount": 100,
        "closed": date(2026, 12, 1), "made": NOVEMBER, **changed,
    }  # fmt: skip


TABLES = {
    "people": [
        {"id": "a", "name": "Anna", "team": "north", "active": 1},
        {"id": "b", "name": "Bert", "team": "north", "active": 1},
        {"id": "x", "name": "Xenia", "team": "north", "active": 0},
    ],
    "clients": [{"id": "c1", "owner": "a", "name": "Bakker", "made": LONG_AGO}],
    "deals": [
        deal("a1", "a", client=None, amount=None),
        deal("a2", "a", amount=None),
        deal("a3", "a", name=" "),
        *(deal(f"a{number}", "a") for number in range(4, 11)),
        deal("b1", "b", amount=None),
        *(deal(f"b{number}", "b") for number in range(2, 11)),
        deal("x1", "x", client=""),
        deal("n1", None, name=None),
        deal("old", "a", amount=None, made=LONG_AGO),
    ],
}


@pytest.fixture(scope="module", params=[sqlite, mariadb, postgresql])
def url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[URL]:
    with request.param(tmp_path_factory.mktemp("crm")) as address:
        store(address, TABLES)
        yield address


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    with sqlite(tmp_path_factory.mktemp("crm")) as address:
        store(address, TABLES)
        yield address


def audit_of(folder: Path, url: URL, lines: str) -> Audit:
    """An audit with these lines in its exceptions.csv."""
    (folder / "own.yaml").write_text(PRESET, "utf-8")
    (folder / "sets").mkdir()
    (folder / "sets" / "deal.yaml").write_text(DEAL, "utf-8")
    (folder / "sets" / "client.yaml").write_text(CLIENT, "utf-8")
    (folder / "exceptions.csv").write_text(
        f"finding,kind,record,rule,state,reason,approver,until\n{lines}", "utf-8"
    )
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    (folder / "audit.yaml").write_text(
        f"name: T\nid: sales\nsource: {{url: '{address}', preset: own.yaml}}\n"
        "zone: Europe/Amsterdam\ncurrency: EUR\nfield_sets: sets\nexceptions: exceptions.csv\n"
        f"{MORE}"
    )
    return load_audit(folder / "audit.yaml")


def extracted(folder: Path, url: URL, lines: str, as_of: datetime = AS_OF) -> Path:
    """The snapshot of such an audit."""
    audit, data = audit_of(folder, url, lines), folder / "data"
    data.mkdir()
    run.extract(audit, data, clock=lambda: as_of, as_of=None, progress=Silence())
    return data


def audited(folder: Path, url: URL, lines: str, as_of: datetime = AS_OF) -> RunResult:
    data = extracted(folder, url, lines, as_of)
    return run.compute(data, run_id="r", progress=Silence())


Excepting = Callable[[str], RunResult]
"""What a run with these exceptions comes to. Its snapshot is the same without them."""


def excepting(folder: Path, url: URL, tmp_path: Path) -> Excepting:
    data = folder / "data"
    if not data.exists():
        extracted(folder, url, "")

    def audited(lines: str) -> RunResult:
        audit = audit_of(tmp_path, url, lines).resolved()
        return run.compute(data, run_id="r", progress=Silence(), audit=audit)

    return audited


@pytest.fixture(scope="module")
def shared(url: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture
def everywhere(shared: Path, url: URL, tmp_path: Path) -> Excepting:
    """On every database."""
    return excepting(shared, url, tmp_path)


@pytest.fixture(scope="module")
def shared_lite(lite: URL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared_lite")


@pytest.fixture
def on_sqlite(shared_lite: Path, lite: URL, tmp_path: Path) -> Excepting:
    return excepting(shared_lite, lite, tmp_path)


def pairs(result: RunResult, *names: str) -> dict[str, tuple[int, int | None]]:
    figures: Mapping[str, Any] = result.figures
    return {
        name: (figures[name].numerator, figures[name].denominator)
        for name in names
        if name in figures
    }


ANNA, BERT, COMPANY, TEAM = "manager:a", "manager:b", "company", "team:north"
OTHERS = ("inactive", "unassigned")

WITHOUT = {
    # Anna: 10 deals x 6 points; lost 2+3 (a1), 3 (a2), 1 (a3). Then old: 6 more points, 3 lost
    f"points_due/deal@{ANNA}": (60, None),
    f"points_kept/deal@{ANNA}": (51, None),
    f"base_points_due/deal@{ANNA}": (66, None),
    f"base_points_kept/deal@{ANNA}": (54, None),
    f"points_due/deal@{BERT}": (60, None),
    f"points_kept/deal@{BERT}": (57, None),
    f"score@{ANNA}": (17, 20),
    f"base@{ANNA}": (9, 11),
    f"score@{BERT}": (19, 20),
    f"score@{TEAM}": (9, 10),  # 108 of 120
    f"score@{COMPANY}": (39, 44),  # 132 points; 15 lost
    f"records_complete/deal@{ANNA}": (7, 10),
    f"records_complete/deal@{COMPANY}": (16, 22),
    f"records_failing/deal@{ANNA}": (3, None),
    f"field_missing/deal.amount@{ANNA}": (2, None),
    f"field_good/deal.amount@{ANNA}": (8, 10),
    f"base_good/deal.amount@{ANNA}": (8, 11),
}


def test_without_exceptions(everywhere: Excepting) -> None:
    result = everywhere("")
    assert pairs(result, *WITHOUT) == WITHOUT
    assert not [name for name in result.figures if "exempt" in name or "without_exc" in name]
    assert result.exceptions == result.exempt == ()


def test_one_finding(everywhere: Excepting) -> None:
    """a1's amount: 3 points less due, 3 less lost; the record still misses its client."""
    finding = finding_id("sales", "deal", "a1", "amount")
    result = everywhere(f"{finding},,,,,secret,Lieke,2026-12-31\n")
    changed = {
        f"points_due/deal@{ANNA}": (57, None),
        f"base_points_due/deal@{ANNA}": (63, None),
        f"score@{ANNA}": (17, 19),  # 51 of 57
        f"base@{ANNA}": (6, 7),  # 54 of 63
        f"score@{TEAM}": (12, 13),  # 108 of 117
        f"score@{COMPANY}": (39, 43),  # 117 of 129
        f"field_missing/deal.amount@{ANNA}": (1, None),
        f"field_good/deal.amount@{ANNA}": (8, 9),
        f"base_good/deal.amount@{ANNA}": (8, 10),
        f"field_exempt/deal.amount@{ANNA}": (1, None),
        f"field_exempt@{COMPANY}": (1, None),
        f"field_exempt@{BERT}": (0, None),
        f"score_without_exceptions@{ANNA}": (17, 20),
        f"base_without_exceptions@{ANNA}": (9, 11),
        f"score_without_exceptions@{BERT}": (19, 20),
        f"score_without_exceptions@{TEAM}": (9, 10),
        f"score_without_exceptions@{COMPANY}": (39, 44),
    }
    expected = {**WITHOUT, **changed}
    assert pairs(result, *expected) == expected
    (exempt,) = result.exempt
    assert (exempt.id, exempt.record_id, exempt.rule.id) == (finding, "a1", "amount")
    assert exempt.rule.verdict is Verdict.MISSING
    assert (exempt.line.approver, exempt.line.until) == ("Lieke", date(2026, 12, 31))
    (item,) = (item for item in result.fix_list if item.record_id == "a1")
    assert [rule.id for rule in item.rules] == ["client"]


def test_a_whole_record(everywhere: Excepting) -> None:
    """a1 misses nothing else, so it is complete; 5 points less due and lost."""
    result = everywhere(",deal,a1,,exempt,secret,Lieke,2026-12-31\n")
    changed = {
        f"points_due/deal@{ANNA}": (55, None),
        f"points_kept/deal@{ANNA}": (51, None),
        f"score@{ANNA}": (51, 55),
        f"records_complete/deal@{ANNA}": (8, 10),
        f"records_complete/deal@{COMPANY}": (17, 22),
        f"records_failing/deal@{ANNA}": (2, None),
        f"field_good/deal.client@{ANNA}": (9, 9),
        f"field_exempt@{ANNA}": (2, None),
        f"score_without_exceptions@{ANNA}": (17, 20),
    }
    assert pairs(result, *changed) == changed
    assert "a1" not in {item.record_id for item in result.fix_list}
    assert [use.findings for use in result.exceptions] == [2]


@pytest.mark.parametrize("about", [",,,deal.amount", ",deal,,amount"])
def test_a_rule_lifted_for_all(everywhere: Excepting, about: str) -> None:
    """a1, a2 and b1 in the score, old beside it; nobody else misses an amount."""
    result = everywhere(f"{about},exempt,no amounts yet,Board,2026-12-31\n")
    changed = {
        f"score@{ANNA}": (51, 54),
        f"score@{BERT}": (1, 1),
        f"points_due/deal@{BERT}": (57, None),
        f"base@{ANNA}": (54, 57),
        f"score@{COMPANY}": (117, 123),
        f"field_exempt@{ANNA}": (2, None),
        f"field_exempt@{COMPANY}": (3, None),
        f"base_exempt@{ANNA}": (3, None),
        f"base_exempt@{COMPANY}": (4, None),
        f"score_without_exceptions@{COMPANY}": (39, 44),
        f"records_complete/deal@{BERT}": (10, 10),
    }
    reduced = {
        name: (
            figure.numerator,
            figure.denominator,
        )
        for name, figure in result.figures.items()
        if name in changed
    }
    assert {name: _reduced(pair) for name, pair in reduced.items()} == {
        name: _reduced(pair) for name, pair in changed.items()
    }
    (use,) = result.exceptions
    assert (use.outcome, use.findings) == (ExceptionOutcome.EXEMPT, 4)


def _reduced(pair: tuple[int, int | None]) -> object:
    from fractions import Fraction

    return Fraction(*pair) if pair[1] else pair


def test_the_narrowest_decides(on_sqlite: Excepting) -> None:
    """The amount is lifted for all but a2, of which it is rejected; of a1 it is disputed."""
    result = on_sqlite(
        ",,,deal.amount,exempt,no amounts yet,Board,2026-12-31\n"
        ",deal,a2,,rejected,it is known,Lieke,\n"
        ",deal,a1,amount,disputed,a fault of the CRM,,\n",
    )
    assert pairs(result, f"field_exempt@{ANNA}", f"field_exempt@{BERT}") == {
        f"field_exempt@{ANNA}": (0, None),
        f"field_exempt@{BERT}": (1, None),
    }
    assert pairs(result, f"score@{ANNA}") == {f"score@{ANNA}": (17, 20)}
    assert [(use.outcome, use.findings) for use in result.exceptions] == [
        (ExceptionOutcome.EXEMPT, 2),  # b1, old
        (ExceptionOutcome.REJECTED, 1),
        (ExceptionOutcome.DISPUTED, 1),
    ]


def test_what_is_disputed_counts_and_is_marked(everywhere: Excepting) -> None:
    result = everywhere(",deal,a1,amount,disputed,a fault of the CRM,,\n")
    assert pairs(result, *WITHOUT) == WITHOUT
    (item,) = (item for item in result.fix_list if item.record_id == "a1")
    assert missing_texts(item, ENGLISH) == ("client", "amount (under discussion)")
    assert missing_texts(item, language_of("nl")) == ("client", "amount (in overleg)")
    assert item.disputed == (finding_id("sales", "deal", "a1", "amount"),)
    assert [use.outcome for use in result.exceptions] == [ExceptionOutcome.DISPUTED]


@pytest.mark.parametrize(
    ("as_of", "outcome"),
    [
        # the day ends in Amsterdam an hour before it does in UTC
        (datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC), ExceptionOutcome.EXEMPT),
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), ExceptionOutcome.EXPIRED),
    ],
)
def test_an_exemption_ends_with_its_last_day(
    lite: URL, tmp_path: Path, as_of: datetime, outcome: ExceptionOutcome
) -> None:
    line = ",deal,a1,amount,exempt,secret,Lieke,2026-11-24\n"
    result = audited(tmp_path, lite, line, as_of)
    assert [use.outcome for use in result.exceptions] == [outcome]
    score = {ExceptionOutcome.EXEMPT: (17, 19), ExceptionOutcome.EXPIRED: (17, 20)}[outcome]
    assert pairs(result, f"score@{ANNA}") == {f"score@{ANNA}": score}


@pytest.mark.parametrize(
    "line",
    [
        ",deal,a4,,exempt,secret,Lieke,2026-12-31",  # it misses nothing
        ",deal,nonesuch,amount,exempt,secret,Lieke,2026-12-31",
        "AAAAAAAAAA,,,,exempt,secret,Lieke,2026-12-31",
        ",,,client.name,exempt,secret,Lieke,2026-12-31",
        ",deal,a4,,disputed,not mine,,",
    ],
)
def test_what_meets_nothing_that_fails_is_idle(on_sqlite: Excepting, line: str) -> None:
    result = on_sqlite(f"{line}\n")
    assert [(use.outcome, use.findings) for use in result.exceptions] == [
        (ExceptionOutcome.IDLE, 0)
    ]
    assert pairs(result, *WITHOUT) == WITHOUT


def test_a_run_is_computed_again_without_the_file(lite: URL, tmp_path: Path) -> None:
    data = extracted(tmp_path, lite, ",deal,a1,,exempt,secret,Lieke,2026-12-31\n")
    first = run.compute(data, run_id="r", progress=Silence())
    (tmp_path / "exceptions.csv").unlink()
    assert run.compute(data, run_id="r", progress=Silence()) == first
    assert first.exempt


def test_an_exception_hides_no_difference(lite: URL, tmp_path: Path) -> None:
    """The source says of a1 that it misses its client alone: refused, though all of a1 is exempt."""
    data = extracted(tmp_path, lite, ",deal,a1,,exempt,secret,Lieke,2026-12-31\n")
    file = data / WITNESS_FAILING
    assert pq.read_table(file).num_rows
    records = tuple(
        record._replace(mask=0b010) if record.record_id == "a1" else record
        for record in read_failing(file)
    )
    write_failing(file, records)
    with pytest.raises(ProofError) as refusal:
        run.compute(data, run_id="r", progress=Silence())
    assert "deal a1" in str(refusal.value.differences)


def test_a_managers_page_names_what_is_exempt_and_who_approved_it(on_sqlite: Excepting) -> None:
    result = on_sqlite(
        ",deal,a1,,exempt,a secret,Lieke,2026-12-31\n,,,deal.name,exempt,not yet,Board,2027-01-31\n",
    )
    (anna,) = (person for person in result.people if person.id == "a")
    report = manager_report(result, anna)
    (table,) = (table for table in report.tables if table.key == "exempt")
    assert [(row.label, *row.cells[:4]) for row in table.rows] == [
        ("deal: A deal, a1", "client", "31 Dec 2026", "Lieke", "a secret"),
        ("deal: A deal, a1", "amount", "31 Dec 2026", "Lieke", "a secret"),
        ("deal: 1 record", "name", "31 Jan 2027", "Board", "not yet"),
    ]
    (points,) = (table for table in report.tables if table.key == "score")
    assert points.columns[-1] == "Exempt"
    assert [row.cells[-1] and row.cells[-1].numerator for row in points.rows] == [3, None, None]
    opened = html.document_fromstring(render_page(report))
    (link,) = opened.xpath("//a[data[starts-with(@data-figure, 'field_exempt/deal@')]]/@href")
    assert "31 Dec 2026" in opened.get_element_by_id(link[1:]).text_content()
    (score,) = report.element("score")
    words = "".join(cell if isinstance(cell, str) else "#" for cell in score.cells)
    assert words == "## of # records complete; without exceptions # (# exempt)"


def test_what_sales_support_owes_is_exempt_for_sales_support(
    lite: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The amount is Bert's to enter, as an operator: 3 points a deal, on 22 deals; 3 miss it, a1 is exempt."""
    operators = f"{DEAL[:-2]}, owed_by: operator}}\n"
    monkeypatch.setattr("tests.flows.test_exceptions.DEAL", operators)
    monkeypatch.setattr("tests.flows.test_exceptions.MORE", "operators: [b]\n")
    result = audited(tmp_path, lite, ",deal,a1,,exempt,secret,Lieke,2026-12-31\n")
    expected = {
        "points_due/deal@operator": (63, None),
        "points_kept/deal@operator": (57, None),
        "field_exempt/deal.amount@operator": (1, None),
        "field_exempt@operator": (1, None),
        # Anna owes name and client: 3 points a deal; a1's client is exempt, a3 has no name
        f"points_due/deal@{ANNA}": (28, None),
        f"points_kept/deal@{ANNA}": (27, None),
        f"field_exempt@{ANNA}": (1, None),
        "field_exempt@company": (2, None),
        "field_exempt/deal@operator": (1, None),
        f"field_exempt/deal@{ANNA}": (1, None),
        "field_exempt/deal@company": (2, None),
        "points_due/deal@company": (127, None),
        "points_kept/deal@company": (117, None),
    }
    assert pairs(result, *expected) == expected
    assert {(finding.rule.id, str(finding.debtor)) for finding in result.exempt} == {
        ("client", "owner"),
        ("amount", "operator"),
    }
