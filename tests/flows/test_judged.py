"""What Python judges, in a whole run: every verdict by hand, on each engine and in files."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Column, MetaData, String, Table, Text, create_engine, insert
from sqlalchemy.engine import URL

from pipeline.config import Audit, load_audit
from pipeline.errors import ProofError
from pipeline.findings.stored import read_failing
from pipeline.flows import run
from pipeline.model import RunResult, Scope, Verdict
from pipeline.progress import Silence
from pipeline.proof.witness import WITNESS_FAILING
from pipeline.reports.content.fix_list import fix_lists
from pipeline.values.hashes import file_sha256
from tests.flows.test_owners import mariadb, postgresql, sqlite
from tests.paths import ROOT

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
COLUMNS = ("id", "owner", "first", "last", "phone", "email", "city", "country", "made")
SOON, LONG_AGO = "2026-11-10 10:00:00", "2026-01-10 10:00:00"
ROWS = (
    ("1", "a", "Jan", "Jansen", "06 2468 1357", "jan@bedrijf.nl", "Delft", None, SOON),
    ("2", "a", "Piet", "Pietersen", "+31 6 24681357 (evenings)", "jan@BEDRIJF.nl", "Paris", None, SOON),
    ("3", "a", "Test", "Test", "12345", "x@x.nl", "test", None, SOON),
    ("4", "a", "Kees", "Kok", "see notes", "kees@", "Gouda", None, SOON),
    ("5", "b", "Ann", " ", "5550100", None, None, None, SOON),
    ("6", "b", "Eva", "Evers", None, None, "Delft", None, SOON),
    ("7", None, "Ron", "Rood", "02 555 12 12", "jan@bedrijf.nl", "Delft", "België", SOON),
    ("8", "b", "Test", "Bakker", "020 555 0100", "kees@bedrijf.nl", "xxx", None, SOON),
    ("9", "a", "Otto", "Oud", "0600000000", None, "Delft", None, LONG_AGO),
    ("10", "b", "Bob", "Beer", "#REF!", None, "Delft", None, SOON),
)  # fmt: skip
PEOPLE = (("a", "Anna", "1"), ("b", "Bo", "1"))

FIELDS = """
entity: contact
fields:
  - {name: last_name, columns: [last_name], not_placeholder: yes}
  - {name: details, columns: [phone, email], weight: 2, valid: yes, not_placeholder: yes}
  - {name: phone, columns: [phone], when: {phone: filled}, valid: yes, not_placeholder: yes, unique: company}
  - {name: email, columns: [email], when: {email: filled}, unique: owner}
  - {name: city, columns: [city], one_of: [Delft, Gouda], not_placeholder: yes, costs: [missing, placeholder, invalid]}
"""
MISSING, HINT, DUPLICATE = Verdict.MISSING, Verdict.HINT, Verdict.DUPLICATE
PLACEHOLDER, INVALID, UNREADABLE = Verdict.PLACEHOLDER, Verdict.INVALID, Verdict.UNREADABLE

BY_HAND: Mapping[str, Mapping[str, Verdict]] = {
    "1": {"phone": DUPLICATE, "email": DUPLICATE},
    "2": {"phone": DUPLICATE, "email": DUPLICATE, "city": INVALID},
    "3": {"last_name": PLACEHOLDER, "details": PLACEHOLDER, "phone": PLACEHOLDER, "city": PLACEHOLDER},
    "4": {"details": INVALID, "phone": INVALID},
    "5": {"last_name": MISSING, "details": HINT, "phone": HINT, "city": MISSING},
    "6": {"details": MISSING},
    "7": {},
    "8": {"city": PLACEHOLDER},
    "9": {"details": PLACEHOLDER, "phone": PLACEHOLDER},
    "10": {"details": INVALID, "phone": INVALID},
}  # fmt: skip
"""Record -> demand -> its verdict, where it is not good. Nobody's e-mail address is nobody else's."""

DUE = {"last_name": 10, "details": 10, "phone": 9, "email": 6, "city": 10}
POINTS_DUE = {"a": 4 + 2 * 4 + 4 + 4 + 4, "b": 4 + 2 * 4 + 3 + 1 + 4}
POINTS_LOST = {
    "a": 1 + (2 + 1 + 1) + (2 + 1),  # of 2 the city, of 3 all but the name, of 4 the details and the phone
    "b": (1 + 1) + 2 + 1 + (2 + 1),  # of 5 name and city, of 6 the details, of 8 the city, of 10 both
}  # fmt: skip
"""In the score, so without record 9."""

VERDICT_COUNTS = {f"{among}_{verdict}" for among in ("field", "base") for verdict in Verdict}

PRESET = """
about: A CRM of contacts
dialects: [{dialect}]
money: decimal
states: {{}}
{formats}
entities:
  user: {{table: people, columns: {{id: id, name: name, active: active, person: active}}}}
  contact:
    table: contacts
    columns: {{id: id, owner_id: owner, first_name: first, last_name: last, phone: phone, email: email,
               city: city, country: country, created_at: made}}
"""
FORMATS = "formats: {instant: ['%Y-%m-%d %H:%M:%S']}"


@contextmanager
def files(folder: Path) -> Iterator[URL]:
    (folder / "exports").mkdir()
    yield URL.create("files", database="/exports")


CRMS: Mapping[str, Callable[[Path], AbstractContextManager[URL]]] = {
    "sqlite": sqlite,
    "mysql": mariadb,
    "postgresql": postgresql,
    "files": files,
}


def store(url: URL, folder: Path, rows: Sequence[Sequence[str | None]]) -> None:
    tables = {"people": (("id", "name", "active"), PEOPLE), "contacts": (COLUMNS, rows)}
    if url.drivername == "files":
        for name, (columns, values) in tables.items():
            with (folder / "exports" / f"{name}.csv").open(
                "w", newline="", encoding="utf-8"
            ) as f:
                csv.writer(f).writerows([columns, *values])
        return
    metadata, engine = MetaData(), create_engine(url)
    for name, (columns, values) in tables.items():
        kinds = [Column(key, String(20) if key in ("id", "owner") else Text) for key in columns]
        table = Table(name, metadata, *kinds)
        metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(
                insert(table), [dict(zip(columns, row, strict=True)) for row in values]
            )
    engine.dispose()


def audit_of(url: URL, folder: Path, fields: str = FIELDS, more: str = "region: NL") -> Audit:
    dialect = url.get_backend_name()
    address = (
        "files:///exports"
        if dialect == "files"
        else url.set(drivername=dialect).render_as_string(hide_password=False)
    )
    (folder / "sets").mkdir(exist_ok=True)
    (folder / "sets" / "contact.yaml").write_text(fields, "utf-8")
    (folder / "own.yaml").write_text(PRESET.format(dialect=dialect, formats=FORMATS), "utf-8")
    (folder / "audit.yaml").write_text(
        f"name: T\nsource: {{url: '{address}', preset: own.yaml}}\nzone: UTC\ncurrency: EUR\n"
        f"field_sets: sets\n{more}\n"
    )
    return load_audit(folder / "audit.yaml")


def extracted(audit: Audit) -> Path:
    data = audit.file.parent / "data"
    data.mkdir(exist_ok=True)
    run.extract(audit, data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return data


def computed(data: Path) -> RunResult:
    return run.compute(data, run_id="r", progress=Silence())


@pytest.fixture(scope="module", params=CRMS)
def crm(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of a snapshot."""
    folder = tmp_path_factory.mktemp(request.param)
    with CRMS[request.param](folder) as url:
        store(url, folder, ROWS)
        yield extracted(audit_of(url, folder))


@pytest.fixture(scope="module")
def result(crm: Path) -> RunResult:
    return computed(crm)


def verdicts(crm: Path) -> Mapping[str, Mapping[str, Verdict]]:
    """What was written down; of files an error of a spreadsheet is none of the CRM's text."""
    if "files" not in crm.parent.name:
        return BY_HAND
    return {**BY_HAND, "10": dict.fromkeys(("details", "phone"), UNREADABLE)}


def test_every_verdict_is_the_one_by_hand(crm: Path, result: RunResult) -> None:
    named: dict[str, dict[str, Verdict]] = {row[0]: {} for row in ROWS}
    for item in result.fix_list:
        for rule in item.rules:
            if item.entity == "contact" and not rule.id.startswith("unreadable."):
                assert rule.id not in named[item.record_id]
                named[item.record_id][rule.id] = rule.verdict
    assert named == verdicts(crm)


def test_every_count_is_the_one_by_hand(crm: Path, result: RunResult) -> None:
    by_hand: Counter[tuple[str, str, str]] = Counter()
    for record, owner, *_, made in ROWS:
        for demand, verdict in verdicts(crm)[record].items():
            for scope in (f"manager:{owner}" if owner else "unassigned", "company"):
                by_hand[f"base_{verdict}", demand, scope] += 1
                by_hand[f"field_{verdict}", demand, scope] += made == SOON
    counted = {
        (figure.metric, figure.dimension.removeprefix("contact."), name.partition("@")[2]): figure.numerator
        for name, figure in result.figures.items()
        if figure.metric in VERDICT_COUNTS
        and figure.dimension.startswith("contact.")
        and figure.scope is not Scope.TEAM
    }  # fmt: skip
    assert +Counter(counted) == +by_hand
    for demand, number in DUE.items():
        assert result.figures[f"base_good/contact.{demand}@company"].denominator == number


def test_points_are_lost_where_the_demand_says(result: RunResult) -> None:
    for owner in ("a", "b"):
        due, lost = POINTS_DUE[owner], POINTS_LOST[owner]
        score = result.figures[f"score/contact@manager:{owner}"]
        kept = result.figures[f"points_kept/contact@manager:{owner}"]
        assert (score.numerator, score.denominator) == (due - lost, due)
        assert kept.numerator == due - lost
    assert result.figures["records_failing/contact@manager:a"].numerator == 3
    assert result.figures["records_complete/contact@company"].numerator == 9 - 3 - 4
    assert result.figures["records_failing_outside/contact@manager:a"].numerator == 1


def test_each_figure_says_on_what_it_stands(crm: Path, result: RunResult) -> None:
    bases = {name: figure.basis for name, figure in result.figures.items()}
    judged = {"base_placeholder", "field_good", "field_hint", "field_duplicate"}
    assert {bases[f"{name}/contact.phone@company"] for name in judged} == {"proven text"}
    for name in ("score", "points_kept", "records_complete", "records_failing"):
        assert bases[f"{name}/contact@company"] == "proven text"
        assert bases.get(f"{name}@company", "proven text") == "proven text"
    for name in ("field_missing/contact.phone", "points_due/contact"):
        assert bases[f"{name}@company"] == "database"
    # what costs nothing changes no points; but what a spreadsheet broke is told by Python too
    points = "proven text" if "files" in crm.parent.name else "database"
    assert bases["field_duplicate/contact.email@company"] == "proven text"
    assert bases["field_good/contact.email@company"] == points
    assert bases["field_good/contact.last_name@company"] == points


def test_what_costs_nothing_is_to_be_checked_apart(result: RunResult) -> None:
    lists = fix_lists(result)
    both = [item for item in lists["a"] if item.record_id == "2"]
    assert [(item.check, [str(rule.verdict) for rule in item.rules]) for item in both] == [
        (False, ["invalid"]),
        (True, ["duplicate", "duplicate"]),
    ]
    [hint] = [item for item in lists["b"] if item.record_id == "5" and item.check]
    assert "details: number not known to be in use" in [str(text) for text in hint.missing]
    [name] = [item for item in lists["a"] if item.record_id == "3" and item.check]
    assert [str(text) for text in name.missing] == ["last name: filler value"]


def test_reports_name_the_numbering_plans(result: RunResult) -> None:
    said = " ".join(str(sentence) for sentence in result.caveats)
    assert "numbering plans of phonenumbers 9." in said
    assert "audit.yaml names no region" not in said
    count = sum(figure.basis == "proven text" for figure in result.figures.values())
    assert f"{count} of the figures depend on what this program judges" in said


def test_the_crm_is_not_asked_what_only_python_can_tell(crm: Path, result: RunResult) -> None:
    """The witness knows what is missing, and what a check of the database finds invalid."""
    rules = result.field_sets["contact"].judged
    told = {
        (record.record_id, rule.id, rule.verdict)
        for record in read_failing(crm / WITNESS_FAILING)
        for bit, (_, rule) in enumerate(rules)
        if record.mask >> bit & 1
    }
    cities = {(number, "city", INVALID) for number in ("2", "3", "8")}
    missing = {
        (number, demand, verdict)
        for number, found in BY_HAND.items()
        for demand, verdict in found.items()
        if verdict is MISSING
    }
    assert told == cities | missing


# -------------------------------------------------------------------------- what is refused


@pytest.fixture
def other(tmp_path: Path) -> Callable[..., Path]:
    """A snapshot of these rows in SQLite."""

    def made(
        *rows: Sequence[str | None], fields: str = FIELDS, more: str = "region: NL"
    ) -> Path:
        with sqlite(tmp_path) as url:
            store(url, tmp_path, rows or ROWS)
            return extracted(audit_of(url, tmp_path, fields, more))

    return made


def rewritten(file: Path, selected: str, where: str = "") -> None:
    """The Parquet file with other rows."""
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE rows AS {selected} FROM '{file}' {where}")
        db.execute(f"COPY rows TO '{file}' (FORMAT parquet)")


@pytest.mark.parametrize("column", ["phone", "email", "city", "country"])
def test_a_judged_text_that_is_not_the_crms_is_refused(
    other: Callable[..., Path], column: str
) -> None:
    """One character of one record differs, and its verdict need not."""
    data = other()
    manifest, file = data / "manifest.json", data / "contact.parquet"
    before = file_sha256(file)
    changed = f"CASE WHEN id = '7' THEN {column} || '.' ELSE {column} END AS {column}"
    rewritten(file, f"SELECT * REPLACE ({changed})")
    text = manifest.read_text("utf-8").replace(before, file_sha256(file))
    manifest.write_text(text, "utf-8")
    with pytest.raises(ProofError) as refusal:
        computed(data)
    assert f"contact.{column} of nobody" in {name for name, *_ in refusal.value.differences}


def test_a_record_that_the_crm_misses_otherwise_is_refused(other: Callable[..., Path]) -> None:
    """What is missing keeps its witness beside what is judged."""
    data = other()
    rewritten(data / WITNESS_FAILING, "SELECT *", "WHERE record_id <> '6'")
    with pytest.raises(ProofError) as refusal:
        computed(data)
    assert "contact 6" in {name for name, *_ in refusal.value.differences}


# ------------------------------------------------------------------------------- without


def test_without_a_region_a_local_number_is_not_judged(other: Callable[..., Path]) -> None:
    result = computed(other(more=""))
    named = {
        (item.record_id, rule.verdict)
        for item in result.fix_list
        for rule in item.rules
        if rule.id == "phone"
    }
    assert named == {("3", PLACEHOLDER), ("9", PLACEHOLDER)}
    assert "audit.yaml names no region" in " ".join(map(str, result.caveats))


NOTHING_JUDGED = "entity: contact\nfields:\n  - {name: details, columns: [phone, email]}\n"


def test_without_such_demands_nothing_is_judged_or_read_for_it(
    other: Callable[..., Path], tmp_path: Path
) -> None:
    data = other(fields=NOTHING_JUDGED, more="")
    with duckdb.connect() as db:
        columns = {
            name
            for name, *_ in db.sql(f"DESCRIBE FROM '{data / 'contact.parquet'}'").fetchall()
        }
    assert "country" not in columns
    code = (
        "import sys; from pathlib import Path; from pipeline.flows import run; from pipeline.progress import Silence\n"
        f"run.compute(Path({str(data)!r}), run_id='r', progress=Silence())\n"
        "assert not {'phonenumbers', 'email_validator'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
