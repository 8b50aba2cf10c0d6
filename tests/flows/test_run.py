"""Whole runs on the demo CRM: what is published, what a reader may rely on, and what is never published."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import source
from pipeline.config import Audit, load_audit
from pipeline.errors import ProofError, PublishError, SourceError
from pipeline.flows import run
from pipeline.flows.compute import compute, open_run
from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH
from pipeline.measures.deals import DEALS_WON, DEALS_WON_AMOUNT
from pipeline.measures.meetings import MEETINGS_HELD
from pipeline.measures.registry import COUNTED
from pipeline.model import RunResult, Scope
from pipeline.progress import Silence
from pipeline.reports import write
from pipeline.reports.content.checks import to_check
from pipeline.reports.figures_file import TABLE, table_differences
from pipeline.rules import validating
from pipeline.workers import apart
from tests.small_demo import MANAGERS, write_small_demo, write_tiny_demo

TODAY = date(2026, 11, 24)
AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class At(Silence):
    """Does something at the moment at which a run enters a stage, as another process might."""

    def __init__(self, title: str, act: Callable[[], None]) -> None:
        self.title, self.act, self.acted = title, act, 0

    def stage(self, title: str, total: int | None = None) -> None:
        if title.startswith(self.title):
            self.acted += 1
            self.act()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_small_demo(folder, TODAY)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_demo(folder, TODAY)
    return folder


@pytest.fixture
def demo(tiny: Path, tmp_path: Path) -> Path:
    """A tiny demo CRM of the test's own."""
    return Path(
        shutil.copytree(tiny, tmp_path / "demo", ignore=shutil.ignore_patterns("output"))
    )


def audit_of(folder: Path) -> Audit:
    return load_audit(folder / "audit.yaml")


def go(audit: Audit, run_id: str = "r1", progress: Silence | None = None) -> run.Outcome:
    return run.run_audit(
        audit, run_id=run_id, clock=lambda: AS_OF, progress=progress or Silence()
    )


def computed(audit: Audit, data: Path, progress: Silence | None = None) -> RunResult:
    """What a run comes to, without its reports."""
    data.mkdir()
    told = progress or Silence()
    run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=told)
    return compute(data, run_id=data.name, progress=told)


def hash_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def source_before(small: Path) -> str:
    """The hash of the CRM that nobody has read yet."""
    return hash_of(small / "crm.db")


@pytest.fixture(scope="module")
def published(small: Path, source_before: str) -> run.Outcome:
    return go(audit_of(small), "good")


@pytest.fixture(scope="module")
def tiny_published(tiny: Path) -> run.Outcome:
    return go(audit_of(tiny), "good")


# ------------------------------------------------------------------------------------------------ published


def test_a_column_that_nobody_is_asked_for_is_not_called_unchecked(
    published: run.Outcome,
) -> None:
    """The demo's log of changes does not tell by what a change was made."""
    assert published.result.not_checked == {}


def test_everything_is_there_and_private(published: run.Outcome) -> None:
    managers = [p for p in published.result.people if p.scope is Scope.MANAGER]
    pairs = sorted(path.parent.name for path in published.folder.glob("managers/*/report.html"))
    assert sorted(p.id for p in managers) == sorted(MANAGERS)
    assert pairs == sorted(write.folder_of(person) for person in managers)
    for name in (
        "report.html",
        "report.xlsx",
        "figures.json",
        "figures.parquet",
        "findings.csv",
        "findings.parquet",
        "snapshot/manifest.json",
        "snapshot/source.json",
    ):
        assert (published.folder / name).is_file(), name
    for path in [published.folder, *published.folder.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    latest = published.folder.parent.parent / "latest"
    assert latest.is_symlink()
    assert latest.resolve() == published.folder.resolve()
    left = [
        path.name for path in published.folder.parent.iterdir() if path.name.startswith(".")
    ]
    assert left == []


def test_files_of_figures_and_findings_name_whom_they_are_about(published: run.Outcome) -> None:
    """And a figure that figures.parquet has otherwise is told, by another reader."""
    people = {person.id: person for person in published.result.people}
    teams = {person.team_id: person.team for person in people.values()}
    table = pq.read_table(published.folder / TABLE).to_pylist()
    document = json.loads((published.folder / "figures.json").read_text("utf-8"))
    assert [
        {**row, "numerator": int(row["numerator"])}
        for row in table
        if row["denominator"] is None
    ] == [figure for figure in document["figures"] if figure["denominator"] is None]
    named = {(row["scope"], row["key"]): row["name"] for row in table}
    assert {named["manager", key] for key in MANAGERS} == {people[key].name for key in MANAGERS}
    assert {name for (scope, _), name in named.items() if scope == "team"} == set(
        teams.values()
    ) - {""}
    findings = pq.read_table(published.folder / "findings.parquet").to_pylist()
    told = {
        (row["owner"], row["owner_name"], row["team"])
        for row in findings
        if row["owner"] in people
    }
    assert told == {(key, people[key].name, people[key].team) for key, *_ in told}
    assert len(told) >= len(MANAGERS)


def test_an_altered_table_of_figures_is_told(published: run.Outcome, tmp_path: Path) -> None:
    table = pq.read_table(published.folder / TABLE)
    assert list(table_differences(published.result, published.folder / TABLE)) == []
    numbers = table["numerator"].to_pylist()
    numbers[7] += 1
    at = table.column_names.index("numerator")
    field = table.schema.field(at)
    pq.write_table(
        table.set_column(at, field, pa.array(numbers, field.type)), tmp_path / "altered"
    )
    pq.write_table(table.slice(1), tmp_path / "shorter")
    [(name, where, *_)] = table_differences(published.result, tmp_path / "altered")
    assert (name, where) == (table["id"][7].as_py(), TABLE)
    assert len(list(table_differences(published.result, tmp_path / "shorter"))) == len(table)


def test_in_dutch_it_is_the_same_run(tiny_published: run.Outcome, demo: Path) -> None:
    file = demo / "audit.yaml"
    file.write_text(file.read_text("utf-8") + "language: nl\n", "utf-8")
    dutch = go(audit_of(demo), "dutch")
    assert dutch.result.figures == tiny_published.result.figures
    assert dutch.result.fix_list == tiny_published.result.fix_list
    assert open_run(dutch.folder, Silence()).language == "nl"
    for name in ("findings.csv", "findings.parquet"):
        assert (dutch.folder / name).read_bytes() == (tiny_published.folder / name).read_bytes()
    pages = list(dutch.folder.rglob("report.html"))
    assert len(pages) == len(MANAGERS) + 1
    for page in pages:
        assert '<html lang="nl">' in page.read_text("utf-8")


def test_figures_json_holds_every_figure_exactly(published: run.Outcome) -> None:
    document = json.loads((published.folder / "figures.json").read_text("utf-8"))
    stored = {
        figure["id"]: (figure["numerator"], figure["denominator"])
        for figure in document["figures"]
    }
    assert stored == {
        f.id: (f.numerator, f.denominator) for f in published.result.figures.values()
    }
    assert len(stored) > 2_000


def test_what_a_process_of_its_own_validates_is_the_same(
    published: run.Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does where a snapshot is large."""
    tasks: list[str] = []

    def told(task: Callable[..., Any], *given: object) -> Any:
        tasks.append(task.__name__)
        return apart(task, *given)

    monkeypatch.setattr(validating, "_FEWEST_ROWS", 1)
    monkeypatch.setattr(validating, "apart", told)
    again = open_run(published.folder, Silence())
    assert tasks == ["_validate"]
    assert again.figures == published.result.figures
    assert again.fix_list == published.result.fix_list
    assert len(again.fix_list) > 200


def test_a_few_figures_by_plain_sql(published: run.Outcome, small: Path) -> None:
    """Counted without our catalogue: what the manager entered is what he sees."""
    first, until = (
        "2026-10-31 23:00:00",
        "2026-11-24 08:00:00",
    )  # midnight of 1 November in Amsterdam; as-of
    with sqlite3.connect(small / "crm.db") as db:
        held = dict(db.execute(
            "SELECT owner_id, count(*) FROM meetings WHERE NOT is_deleted AND status = 'held'"
            " AND coalesce(starts_at, created_at) >= ? AND coalesce(starts_at, created_at) <= ? GROUP BY 1",
            (first, until),
        ))  # fmt: skip
        won = dict(db.execute(
            "SELECT owner_id, sum(amount_cents) FROM deals WHERE NOT is_deleted AND stage = 'won' AND currency = 'EUR'"
            " AND closed_on >= '2026-11-01' AND closed_on <= '2026-11-24' GROUP BY 1"
        ))  # fmt: skip
    for person in published.result.people:
        if person.scope is Scope.MANAGER:
            find = published.result.find
            assert (
                find(MEETINGS_HELD, Scope.MANAGER, person.id).numerator
                == held.get(person.id, 0)
                > 0
            )
            assert find(
                DEALS_WON_AMOUNT, Scope.MANAGER, person.id, currency="EUR"
            ).numerator == (won.get(person.id) or 0)


def test_findings_hold_every_failing_record(published: run.Outcome) -> None:
    with (published.folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    table = pq.read_table(published.folder / "findings.parquet").to_pylist()
    assert len(rows) == len(table) > len(published.result.fix_list) > 1_000
    assert {row["audit"] for row in rows} == {"demo"}
    listed = Counter((row["entity"], row["rule"], row["verdict"]) for row in table)
    company = {
        (f.metric, f.dimension): f.numerator
        for f in published.result.figures.values()
        if f.scope is Scope.COMPANY
    }
    for (metric, dimension), number in company.items():
        if metric == "base_missing":
            entity, _, name = dimension.partition(".")
            exempt = company.get(("base_exempt", dimension), 0)
            assert listed[entity, name, "missing"] == number + exempt
        elif metric == "unreadable":
            entity, _, name = dimension.partition(".")
            assert listed[entity, f"unreadable.{name}", "unreadable"] == number
    # every count that names a defect has its records
    named = {
        ".".join(filter(None, ("check", measure.name, dimension))): company[
            measure.name, dimension
        ]
        for measure in COUNTED
        for count in measure.numerator
        if count.verdict is not None
        for metric, dimension in company
        if metric == measure.name
    }
    assert len(named) > 15
    assert {
        rule: number for (_, rule, _), number in listed.items() if rule.startswith("check.")
    } == {rule: number for rule, number in named.items() if number}
    assert sum(named.values()) > 300


def test_text_stays_text_and_no_database_is_left(published: run.Outcome) -> None:
    data = published.folder / "snapshot"
    ids = duckdb.sql(
        f"SELECT id FROM read_parquet('{data}/meeting.parquet') WHERE id LIKE '305184%'"
    ).fetchall()
    assert ("305184080441754059",) in ids or ids
    assert not list(published.folder.rglob("*.duckdb"))


def test_managers_see_nobody_else(published: run.Outcome) -> None:
    """A manager's page and workbook name no record, client or colleague of another one."""
    result = published.result
    for person in result.people:
        if person.scope is not Scope.MANAGER:
            continue
        page = (
            published.folder / "managers" / write.folder_of(person) / "report.html"
        ).read_text("utf-8")
        listed = (*result.fix_list, *to_check(result))
        own = {r.record_id for r in listed if r.owner == person.id}
        shown = set(re.findall(r'data-item="[a-z]+:([^"]+)"', page))
        assert shown == own
        page = re.sub(
            r'data-cell="label">[^<]*<', "", page
        )  # a client of his may bear a colleague's name
        others = [p.name for p in result.people if p.id != person.id and p.id != person.team_id]
        assert not [name for name in others if name in page and name not in person.team]


def test_the_source_is_not_touched(
    source_before: str, published: run.Outcome, small: Path
) -> None:
    assert published.folder.is_dir()
    assert hash_of(small / "crm.db") == source_before


def test_an_injected_instant_is_said(demo: Path) -> None:
    audit = audit_of(demo)
    outcome = run.run_audit(
        audit, run_id="r", clock=lambda: AS_OF, progress=Silence(), as_of=AS_OF
    )
    assert outcome.result.window.injected
    assert "set by hand" in (outcome.folder / "report.html").read_text("utf-8")
    assert not (audit.output / "latest").is_symlink()


def test_a_fire_that_is_made_up_later_keeps_its_month(demo: Path) -> None:
    """Due at 23:50 on 30 November, published at 00:05 on 1 December; two deals are won, one in each month."""
    with sqlite3.connect(demo / "crm.db") as db:
        db.execute(
            "UPDATE deals SET stage = 'won', closed_on = '2026-11-30' WHERE id = (SELECT min(id) FROM deals)"
        )
        db.execute(
            "UPDATE deals SET stage = 'won', closed_on = '2026-12-01' WHERE id = (SELECT max(id) FROM deals)"
        )
        [won] = db.execute(
            "SELECT count(*) FROM deals WHERE NOT is_deleted AND stage = 'won'"
            " AND closed_on BETWEEN '2026-11-01' AND '2026-11-30'"
        ).fetchone()
    audit, late = audit_of(demo), datetime(2026, 11, 30, 23, 5, tzinfo=UTC)
    due = datetime(2026, 11, 30, 22, 50, tzinfo=UTC)
    outcome = run.run_audit(audit, run_id="r", clock=lambda: late, progress=Silence(), fire=due)
    document = json.loads((outcome.folder / "figures.json").read_text("utf-8"))
    assert document["as_of"] == late.isoformat()
    assert document["period"] == {
        "word": "month", "first": "2026-11-01", "to": "2026-12-01", "due": due.isoformat(),
    }  # fmt: skip
    assert outcome.result.find(DEALS_WON).numerator == won
    page = (outcome.folder / "report.html").read_text("utf-8")
    assert 'data-meta="period">November 2026<' in page
    assert "due on Mon 30 Nov 2026 23:50 CET and was made later" in page
    assert (audit.output / "latest").resolve() == outcome.folder.resolve()

    replaced(demo / "audit.yaml", "period: month", "period: week")
    assert open_run(outcome.folder, Silence()).window == outcome.result.window


# ------------------------------------------------------------------------------------------------ never published


def partial(audit: Audit) -> Path:
    [folder] = (audit.output / "runs").glob(".partial-*")
    return folder


@pytest.fixture
def good(tiny_published: run.Outcome, tiny: Path, tmp_path: Path) -> Iterator[Audit]:
    """An audit with a good report, which has to stay whatever happens next."""
    audit = audit_of(Path(shutil.copytree(tiny, tmp_path / "demo", symlinks=True)))
    before = (tiny_published.folder / "report.html").read_bytes()
    yield audit
    assert sorted(path.name for path in (audit.output / "runs").iterdir()) == ["good"]
    assert (audit.output / "latest").resolve().name == "good"
    assert (audit.output / "latest" / "report.html").read_bytes() == before


@pytest.fixture
def extracted(tiny_published: run.Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """The good run's extraction stands for those of the next, which would read the same."""

    def extract(_audit: Audit, data: Path, **_more: object) -> None:
        shutil.copytree(tiny_published.folder / "snapshot", data, dirs_exist_ok=True)

    monkeypatch.setattr(run, "extract", extract)


@pytest.fixture
def measured(
    tiny_published: run.Outcome, extracted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it came to."""
    monkeypatch.setattr(run, "compute", lambda *_, **_more: tiny_published.result)


@pytest.mark.usefixtures("measured")
def test_a_run_of_the_same_name_is_refused(good: Audit) -> None:
    with pytest.raises(PublishError):
        go(good, "good")


def replaced(file: Path, pattern: str, by: str) -> None:
    text, times = re.subn(pattern, by, file.read_text("utf-8"), count=1)
    assert times == 1, pattern
    file.write_text(text, "utf-8")


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (r'(data-figure="score@company"[^>]*>)[^<]*', r"\g<1>99.9 %"),
        (
            r'(data-figure="deals_won_undated_amount/EUR@company"[^>]*>)[^<]*',
            r"\g<1>73,400.01 EUR",
        ),
    ],
)
def test_an_altered_page_is_not_published(good: Audit, pattern: str, by: str) -> None:
    tamper = At(
        "Reading every figure back",
        lambda: replaced(partial(good) / "report.html", pattern, by),
    )
    with pytest.raises(ProofError) as caught:
        go(good, "bad", tamper)
    assert tamper.acted == 1
    assert any("report.html" in where for _, where, _, _ in caught.value.differences)


@pytest.mark.usefixtures("measured")
def test_an_altered_fix_list_is_not_published(good: Audit) -> None:
    def drop_a_row() -> None:
        page = next((partial(good) / "managers").glob("daan*/report.html"))
        replaced(page, r"(?s)<tr data-item=.*?</tr>", "")

    with pytest.raises(ProofError, match="not written as computed"):
        go(good, "bad", At("Reading every figure back", drop_a_row))


def rewrite(data: Path, entity: str, change: str) -> None:
    """Alters a Parquet file with another tool, and rewrites its hash in the manifest: a forger who knows the house."""
    file, new = data / f"{entity}.parquet", data / "new.parquet"
    duckdb.sql(
        f"COPY (SELECT {change} FROM read_parquet('{file}')) TO '{new}' (FORMAT parquet)"
    )
    new.replace(file)
    manifest = json.loads((data / "manifest.json").read_text("utf-8"))
    [entry] = [stored for stored in manifest["stored"] if stored["entity"] == entity]
    entry["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (data / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.mark.usefixtures("extracted")
@pytest.mark.parametrize(
    ("entity", "change", "figure"),
    [
        ("deal", "* REPLACE (amount + (id = (SELECT min(id) FROM open_deals))::BIGINT AS amount)", "open_amount/EUR"),
        ("meeting", "* REPLACE (CASE WHEN start_at > '2026-11-10' THEN 'planned' ELSE status END AS status)", "_held"),
        ("contact", "* REPLACE (CASE WHEN row_number() OVER () > 5 THEN last_name END AS last_name)", "last_name"),
        # two names are exchanged, and no figure differs
        ("user", "* REPLACE (coalesce(lead(name) OVER (ORDER BY id), min(name) OVER ()) AS name)", "user.name"),
    ],
)  # fmt: skip
def test_an_altered_snapshot_is_not_published(
    good: Audit, entity: str, change: str, figure: str
) -> None:
    def forge() -> None:
        data = partial(good) / "snapshot"
        open_deals = f"(SELECT id FROM read_parquet('{data}/deal.parquet') WHERE stage = 'new' AND currency = 'EUR'"
        open_deals += " AND amount IS NOT NULL)"
        rewrite(data, entity, change.replace("open_deals", open_deals))

    with pytest.raises(ProofError) as caught:
        go(good, "bad", At("Validating", forge))
    assert any(re.search(figure, what) for what, *_ in caught.value.differences), (
        caught.value.differences[:5]
    )


@pytest.mark.usefixtures("extracted")
def test_an_altered_accounting_is_not_published(good: Audit) -> None:
    def forge() -> None:
        file = partial(good) / "snapshot" / "manifest.json"
        manifest = json.loads(file.read_text("utf-8"))
        account = next(one for one in manifest["accounts"] if one["table"] == "deals")
        account["audited"], account["rows"] = account["audited"] + 1, account["rows"] + 1
        file.write_text(json.dumps(manifest), "utf-8")

    with pytest.raises(ProofError, match="1 counts of audited rows differ"):
        go(good, "bad", At("Validating", forge))


@pytest.mark.usefixtures("extracted")
def test_an_altered_file_without_its_manifest_is_not_read(good: Audit) -> None:
    def forge() -> None:
        file = partial(good) / "snapshot" / "client.parquet"
        file.write_bytes(file.read_bytes()[:-1] + b"x")

    with pytest.raises(SourceError, match=r"client\.parquet is not the file"):
        go(good, "bad", At("Validating", forge))


def test_a_row_lost_while_extracting_is_noticed(
    good: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = source.SourceReader.rows

    def leaky(self: source.SourceReader, entity: str) -> Iterator[object]:
        for number, batch in enumerate(whole(self, entity)):
            yield batch[1:] if entity == "call" and number == 0 else batch

    monkeypatch.setattr(source.SourceReader, "rows", leaky)
    with pytest.raises(SourceError, match="call: 151 rows came out"):
        go(good, "bad")


# ------------------------------------------------------------------------------------------------ other writers


def sell(db: Path) -> None:
    """Another process closes a deal and types a last name, and commits."""
    with sqlite3.connect(db, timeout=0.2) as writer:
        writer.execute(
            "UPDATE deals SET stage = 'won', closed_on = '2026-11-20' WHERE stage = 'negotiation'"
        )
        writer.execute("UPDATE contacts SET last_name = 'Typed' WHERE last_name IS NULL")


def test_a_commit_during_the_transaction_is_not_seen(
    tiny_published: run.Outcome, demo: Path, tmp_path: Path
) -> None:
    audit, before = audit_of(demo), tiny_published.result.find(DEALS_WON).numerator
    writer = At("Asking the CRM's own database", lambda: sell(demo / "crm.db"))
    during = computed(audit, tmp_path / "during", writer)
    assert writer.acted == 1
    assert during.find(DEALS_WON).numerator == before
    assert computed(audit, tmp_path / "after").find(DEALS_WON).numerator > before


def test_a_source_without_its_transaction_is_caught(good: Audit) -> None:
    writer = At("Asking the CRM's own database", lambda: sell(good.file.parent / "crm.db"))
    with pytest.raises(ProofError) as caught:
        run.run_audit(good, run_id="bad", clock=lambda: AS_OF, progress=writer, begin=())
    assert any(what == "deals_won@company" for what, *_ in caught.value.differences)


def test_in_rollback_mode_the_writer_waits(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.flows.check import check_audit

    with sqlite3.connect(demo / "crm.db") as db:
        assert db.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    refused = []

    def try_to_sell() -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            sell(demo / "crm.db")
        refused.append(True)

    computed(audit_of(demo), tmp_path / "r", At("Asking the CRM's own database", try_to_sell))
    assert refused == [True]
    check_audit(audit_of(demo), AS_OF)
    assert "writers wait" in " ".join(capsys.readouterr().out.split())


def test_shown_as_printed(published: run.Outcome) -> None:
    """The same text on the page as `show` gives, for a figure of every unit."""
    page = (published.folder / "report.html").read_text("utf-8")
    for name in (
        "score@company",
        "deals_won_undated@company",
        "deals_won_undated_amount/EUR@company",
    ):
        assert f">{format_figure(published.result.figures[name], ENGLISH)}<" in page, name
