"""What whoever entered a record owes: debtors of every sort, counted by hand in plain Python."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.schema import Column, MetaData, Table
from sqlalchemy.types import String, Text

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.findings.written import write_findings
from pipeline.flows import run
from pipeline.flows.check import check_audit
from pipeline.flows.disclosure import disclosure
from pipeline.language.field_sets import field_set_lines
from pipeline.language.languages import ENGLISH, language_of
from pipeline.measures.groups import shown_groups
from pipeline.model import JUDGED_TEXT, RunResult, Scope
from pipeline.progress import Silence
from pipeline.reports.content.fix_list import fix_lists
from pipeline.reports.content.report import section_of
from pipeline.reports.write import write_reports
from tests.flows.test_judged import CRMS

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

PEOPLE = {  # id -> whether active, whether a person
    "a": (1, 1),
    "b": (1, 1),
    "c": (1, 1),  # owns nothing
    "n": (1, 1),  # neither owns nor entered anything
    "op": (1, 1),  # sales support, who enters records too
    "x": (0, 1),  # has left
    "sys": (1, 0),
}
MANAGERS = ("a", "b", "c", "op")

PRESET = """
about: A CRM that tells who entered a record
dialects: [{dialect}]
money: decimal
states: {{meeting: {{held: [held], planned: [planned]}}}}
formats: {{instant: ['%Y-%m-%d %H:%M:%S']}}
entities:
  user: {{table: people, columns: {{id: id, name: name, active: active, person: human}}}}
  contact:
    table: contacts
    columns: {{id: id, owner_id: owner, last_name: name, phone: phone, email: email, created_at: made,
               created_by: maker}}
  lead:
    table: leads
    columns: {{id: id, owner_id: owner, last_name: name, email: email, created_at: made, created_by: maker}}
  meeting:
    table: meetings
    columns: {{id: id, owner_id: owner, subject: name, status: state, start_at: made, created_at: made,
               created_by: maker}}
  co_owner: {{table: owners, columns: {{record_kind: kind, record_id: record, owner_id: owner}}}}
"""
SETS = {
    "contact": """
entity: contact
fields:
  - {name: last_name, columns: [last_name]}
  - {name: phone, columns: [phone], weight: 2, owed_by: created_by}
  - {name: email, columns: [email], weight: 3, owed_by: operator}
""",
    "lead": """
entity: lead
fields:
  - {name: last_name, columns: [last_name]}
  - {name: email, columns: [email], owed_by: created_by}
""",
    "meeting": """
entity: meeting
fields:
  - {name: subject, columns: [subject], owed_by: created_by, when: {status: held}}
  - {name: status, columns: [status], owed_by: owner}
""",
}
ASKED = {  # kind -> demand -> (column of the table, points, who owes it)
    "contact": {"last_name": ("name", 1, "owner"), "phone": ("phone", 2, "creator"),
                "email": ("email", 3, "operator")},
    "lead": {"last_name": ("name", 1, "owner"), "email": ("email", 1, "creator")},
    "meeting": {"subject": ("name", 1, "creator"), "status": ("state", 1, "owner")},
}  # fmt: skip
TABLES = {"contact": "contacts", "lead": "leads", "meeting": "meetings"}

Row = dict[str, str | None]


def rows_of(seed: int) -> dict[str, list[Row]]:
    """Records of every sort of owner and maker, some of several owners."""
    rng = random.Random(seed)
    owners = ("a", "a", "b", "b", "x", None, "gone")
    makers = ("a", "b", "b", "c", "c", "x", "op", "sys", None, "gone")
    tables: dict[str, list[Row]] = {}
    for kind, number in (("contact", 150), ("lead", 50), ("meeting", 120)):
        tables[TABLES[kind]] = [
            {
                "id": f"{kind[0]}{place:03d}",
                "owner": rng.choice(owners),
                "maker": rng.choice(makers),
                "name": rng.choice(("Low", "Low", None, " ")),
                "phone": rng.choice(("1", "1", None)),
                "email": rng.choice(("e", "e", None)),
                "state": rng.choice(("held", "held", "planned", None)),
                "made": f"2026-{_day(rng, kind)} 10:{place % 60:02d}:00",
            }
            for place in range(number)
        ]
    shared = [
        (kind, str(rng.choice(tables[table])["id"]), rng.choice(("a", "b", "x", "c")))
        for kind, table in TABLES.items()
        for _ in range(50)
    ]
    tables["owners"] = [{"kind": k, "record": r, "owner": o} for k, r, o in shared]
    tables["people"] = [
        {"id": key, "name": f"P {key}", "active": str(active), "human": str(human)}
        for key, (active, human) in PEOPLE.items()
    ]
    return tables


def _day(rng: random.Random, kind: str) -> str:
    days = ["11-03", "11-10", "11-18", "01-05"]
    return rng.choice([*days, "11-29"] if kind == "meeting" else days)


def store(url: URL, folder: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    if url.drivername == "files":
        for name, rows in tables.items():
            with (folder / f"exports/{name}.csv").open("w", newline="", encoding="utf-8") as f:
                writer = csv.DictWriter(f, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return
    metadata, engine = MetaData(), create_engine(url)
    for name, rows in tables.items():
        keys = ("id", "owner", "maker", "record", "kind")
        kinds = [Column(key, String(20) if key in keys else Text) for key in rows[0]]
        Table(name, metadata, *kinds)
    metadata.create_all(engine)
    with engine.begin() as connection:
        for name, rows in tables.items():
            connection.execute(metadata.tables[name].insert(), list(rows))
    engine.dispose()


def write(url: URL, folder: Path, more: str = "operators: [op]\n") -> Path:
    dialect = url.get_backend_name()
    address = "files:///exports"
    if dialect != "files":
        address = url.set(drivername=dialect).render_as_string(hide_password=False)
    (folder / "sets").mkdir(exist_ok=True)
    for entity in ("call", "deal", "client"):
        (folder / f"sets/{entity}.yaml").write_text(f"entity: {entity}\nfields: []\n")
    for entity, fields in SETS.items():
        (folder / f"sets/{entity}.yaml").write_text(fields)
    (folder / "own.yaml").write_text(PRESET.format(dialect=dialect), "utf-8")
    file = folder / "audit.yaml"
    file.write_text(
        f"name: T\nid: by-hand\nsource: {{url: '{address}', preset: own.yaml, several_owners: all}}\n"
        f"zone: UTC\ncurrency: EUR\nfield_sets: sets\n{more}"
    )
    return file


def computed(file: Path) -> RunResult:
    data = file.parent / f"data{len(list(file.parent.iterdir()))}"
    data.mkdir()
    run.extract(load_audit(file), data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return run.compute(data, run_id="r", progress=Silence())


# ------------------------------------------------------------------------------------ by hand


@dataclass(frozen=True)
class Record:
    """A record as its table has it; '' is nobody."""

    kind: str
    id: str
    owners: tuple[str, ...]  # those who exist, the first first
    creator: str
    span: str
    due: frozenset[str]
    lacks: frozenset[str]

    def owed_by(self, who: str) -> frozenset[str]:
        return frozenset(d for d in self.due if ASKED[self.kind][d][2] == who)

    def is_own(self, place: int) -> bool:
        """Whether the owner in that place entered it and is the first."""
        return place == 0 and self.owners[0] == self.creator


def records(tables: Mapping[str, Sequence[Row]]) -> Iterator[Record]:
    for kind, table in TABLES.items():
        for row in tables[table]:
            more = {
                o["owner"]
                for o in tables["owners"]
                if (o["kind"], o["record"]) == (kind, row["id"])
            }
            own = [row["owner"]] if row["owner"] in PEOPLE else []
            owners = tuple(own + sorted(more - set(own)))  # type: ignore[type-var]
            due = set(ASKED[kind])
            if kind == "meeting" and row["state"] != "held":
                due.discard("subject")
            lacks = {d for d in due if not (row[ASKED[kind][d][0]] or "").strip()}
            maker = row["maker"] if row["maker"] in PEOPLE else ""
            yield Record(
                kind, str(row["id"]), owners or ("",), maker or "", _span(row, kind),  # type: ignore[arg-type]
                frozenset(due), frozenset(lacks),
            )  # fmt: skip


def _span(row: Row, kind: str) -> str:
    if "-11-29" in str(row["made"]):
        return "coming up"
    if row["maker"] == "sys":
        return "imported"
    return "outside" if "-01-" in str(row["made"]) else "score"


Counts = Mapping[str, Counter[str]]
"""Figure -> whose ('a', …, '' = nobody, 'operator', 'twice', 'company') -> number."""

FAILING = {
    "score": "",
    "coming up": "_coming_up",
    "imported": "_imported",
    "outside": "_outside",
}


def counted(tables: Mapping[str, Sequence[Row]]) -> Counts:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records(tables):
        _points(record, counts)
        _complete(record, counts)
        _colleagues(record, counts)
    return counts


def _points(record: Record, counts: dict[str, Counter[str]]) -> None:
    for demand in record.due:
        _, weight, debtor = ASKED[record.kind][demand]
        owing = {
            "owner": record.owners,
            "creator": (record.creator,),
            "operator": ("operator",),
        }
        good = demand not in record.lacks
        among = ("", "base_") if record.span == "score" else ("base_",)
        for prefix in among:
            made = {
                f"{prefix}points_due/{record.kind}": weight,
                f"{prefix}points_kept/{record.kind}": weight * good,
                f"{prefix or 'field_'}good/{record.kind}.{demand}": int(good),
                f"{prefix or 'field_'}missing/{record.kind}.{demand}": int(not good),
            }
            for name, number in made.items():
                for who in (*owing[debtor], "company"):
                    counts[name][who] += number
                counts[name]["twice"] += number * (len(owing[debtor]) - 1)


def _complete(record: Record, counts: dict[str, Counter[str]]) -> None:
    """A record counts for its owner, what they entered themselves included, and for operators."""
    asked, failing = Counter[str](), Counter[str]()
    for place, owner in enumerate(record.owners):
        owed = record.owed_by("owner")
        if record.is_own(place):
            owed |= record.owed_by("creator")
        asked[owner] += bool(owed)
        failing[owner] += bool(owed & record.lacks)
    first = record.owners[0]
    in_all, lost = asked[first], failing[first]
    if record.owed_by("operator"):
        asked["operator"] = 1
        failing["operator"] = int(bool(record.owed_by("operator") & record.lacks))
        in_all, lost = max(in_all, 1), max(lost, failing["operator"])
    for numbers, company in ((asked, in_all), (failing, lost)):
        numbers["twice"] = numbers.total() - company
        numbers["company"] = company
    counts[f"records_failing{FAILING[record.span]}/{record.kind}"].update(failing)
    counts[f"base records/{record.kind}"].update(asked)
    if record.span == "score":
        counts[f"records/{record.kind}"].update(asked)


def _colleagues(record: Record, counts: dict[str, Counter[str]]) -> None:
    owed = record.owed_by("creator")
    others = [owner for owner in record.owners if owner != record.creator]
    if not owed or not others:
        return
    first = record.owners[0] != record.creator
    everybody = [*others, *["company"] * first, *["twice"] * (len(others) - first)]
    lost = owed & record.lacks
    for who in everybody:
        counts[f"with_colleagues_records/{record.kind}"][who] += bool(lost)
        if record.span == "score":
            points = sum(ASKED[record.kind][d][1] for d in owed)
            counts[f"with_colleagues_due/{record.kind}"][who] += points
            counts[f"with_colleagues_lacking/{record.kind}"][who] += len(lost)
    if first:
        scored = record.span == "score" and record.kind != "lead"
        name = "of_colleagues_records" if scored else "of_colleagues_records_beside"
        counts[f"{name}/{record.kind}"][record.creator] += bool(lost)
        counts[f"{name}/{record.kind}"]["company"] += bool(lost)


def scopes_of(numbers: Mapping[str, int]) -> dict[str, int]:
    """Scope -> number."""
    number = defaultdict(int, numbers)
    return {
        **{f"manager:{who}": number[who] for who in MANAGERS},
        "inactive": number["x"] + number["sys"],
        "unassigned": number[""],
        "operator": number["operator"],
        "double_counted": number["twice"],
        "company": number["company"],
    }


# ------------------------------------------------------------------------------------ figures


@pytest.fixture(scope="module")
def tables() -> dict[str, list[Row]]:
    return rows_of(11)


@pytest.fixture(scope="module", params=CRMS)
def result(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    tables: dict[str, list[Row]],
) -> Iterator[RunResult]:
    folder = tmp_path_factory.mktemp(request.param)
    with CRMS[request.param](folder) as url:
        store(url, folder, tables)
        yield computed(write(url, folder))


def test_every_figure_is_the_one_by_hand(
    result: RunResult, tables: dict[str, list[Row]]
) -> None:
    by_hand, compared = counted(tables), 0
    for name, numbers in by_hand.items():
        if "records/" in name and "_" not in name:
            continue  # the denominators of what is compared below
        for scope, number in scopes_of(numbers).items():
            figure = result.figures.get(f"{name}@{scope}")
            if figure is None:
                assert not number, (name, scope)
            else:
                assert figure.numerator == number, (name, scope)
                compared += number > 0
    assert compared > 250


def test_complete_records_are_their_owners(
    result: RunResult, tables: dict[str, list[Row]]
) -> None:
    by_hand = counted(tables)
    for kind in TABLES:
        asked = scopes_of(by_hand[f"records/{kind}"])
        failing = scopes_of(by_hand[f"records_failing/{kind}"])
        for scope in asked:
            figure = result.figures.get(f"records_complete/{kind}@{scope}")
            if figure is None:
                assert scope == "operator"
            else:
                complete = asked[scope] - failing[scope], asked[scope]
                assert (figure.numerator, figure.denominator) == complete, (kind, scope)
    # c owns nothing but what b and others share with them, and yet has points
    assert result.figures["points_due/meeting@manager:c"].numerator > 10
    assert by_hand["records_failing/contact"]["twice"] > 5
    assert {person.id for person in result.people if person.scope is Scope.MANAGER} == {
        *MANAGERS
    }


def test_findings_name_the_debtor(
    result: RunResult, tables: dict[str, list[Row]], tmp_path: Path
) -> None:
    write_findings(tmp_path, result)
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if not r["rule"].startswith("check.")]
    named = "record_id", "rule", "owner", "debtor_kind", "debtor"
    listed = Counter(tuple(row[name] for name in named) for row in rows)
    by_hand: Counter[tuple[str, ...]] = Counter()
    for record in records(tables):
        for place, owner in enumerate(record.owners):
            creator = ("owner" if record.is_own(place) else "created_by", record.creator)
            debtors = {
                "owner": ("owner", owner),
                "creator": creator,
                "operator": ("operator", ""),
            }
            for demand in record.lacks:
                debtor = debtors[ASKED[record.kind][demand][2]]
                by_hand[record.id, demand, owner, *debtor] += 1
    assert listed == by_hand


def test_fix_lists_are_the_debtors(result: RunResult, tables: dict[str, list[Row]]) -> None:
    by_hand: dict[str, Counter[tuple[str, str, tuple[str, ...]]]] = defaultdict(Counter)
    for record in records(tables):
        lacks = {
            who: record.owed_by(who) & record.lacks for who in ("owner", "creator", "operator")
        }

        def line(
            section: str, demands: frozenset[str], of: Record = record
        ) -> tuple[str, str, tuple[str, ...]]:
            return of.id, section, tuple(sorted(demands))

        own = {"score": "now", "coming up": "coming up", "imported": "imported"}
        section = own.get(record.span, "outside")
        if record.kind == "lead":
            section = "leads" if section == "now" else "leads outside"
        for place, owner in enumerate(record.owners):
            theirs = lacks["owner"] | (
                lacks["creator"] if record.is_own(place) else frozenset()
            )
            elsewhere = owner != record.creator
            by_hand[owner][line(section, theirs)] += bool(theirs)
            by_hand[owner][line("with others", lacks["operator"])] += bool(lacks["operator"])
            if elsewhere:
                by_hand[owner][line("with colleagues", lacks["creator"])] += bool(
                    lacks["creator"]
                )
        if not record.is_own(0):
            section = "now" if section == "now" else "of colleagues"
            by_hand[record.creator][line(section, lacks["creator"])] += bool(lacks["creator"])
    lists = fix_lists(result)
    for who in MANAGERS:
        listed = Counter(
            (
                item.record_id,
                section_of(item).removesuffix(" later"),
                tuple(sorted(rule.id for rule in item.rules)),
            )
            for item in lists[who]
            if section_of(item) != "check"
        )
        assert listed == +by_hand[who], who


def text_of(page: Path) -> str:
    shown = re.sub(r"<[^>]+>", " ", page.read_text("utf-8"))
    return " ".join(unescape(shown).split())


def test_pages_and_workbooks_are_read_back(
    result: RunResult, tables: dict[str, list[Row]], tmp_path: Path
) -> None:
    write_reports(result, tmp_path, Silence())
    (page,) = (tmp_path / "managers").glob("p-c-*/report.html")
    own = text_of(page)
    by_hand = counted(tables)
    beside = sum(by_hand[f"of_colleagues_records_beside/{kind}"]["c"] for kind in TABLES)
    assert f"{beside} colleagues' records that you entered, beside your completeness" in own
    assert "owner: P a" in own
    assert (
        "With whoever entered the record: meeting: subject, contact: phone, lead: email." in own
    )
    (page,) = (tmp_path / "managers").glob("p-a-*/report.html")
    own = text_of(page)
    with_others = sum(by_hand[f"with_colleagues_records/{kind}"]["a"] for kind in TABLES)
    assert (
        f"{with_others} records with colleagues who entered them: they cost you nothing" in own
    )
    assert "P c" not in own  # of a colleague's work no more than of one's own records


# ------------------------------------------------------------------------------------ refusals


@pytest.fixture
def crm(tmp_path: Path, tables: dict[str, list[Row]]) -> Path:
    url = URL.create("sqlite", database=str(tmp_path / "crm.db"))
    store(url, tmp_path, tables)
    return write(url, tmp_path)


@pytest.mark.parametrize("start", [lambda file: check_audit(load_audit(file), AS_OF), computed])
def test_a_crm_that_does_not_tell_who_entered_it_is_refused(crm: Path, start: object) -> None:
    preset = crm.parent / "own.yaml"
    left = preset.read_text().replace(",\n               created_by: maker", "", 1)
    preset.write_text(left)
    with pytest.raises(ConfigError) as error:
        start(crm)  # type: ignore[operator]
    said = str(error.value)
    assert "sets/contact.yaml, line 5: fields.1: field 'phone': owed_by: created_by" in said
    assert "map contact.created_by in the preset or under source.add in audit.yaml" in said
    assert "or write owed_by: owner" in said


def test_a_column_that_is_added_tells_it_too(crm: Path) -> None:
    preset = crm.parent / "own.yaml"
    left = preset.read_text().replace(",\n               created_by: maker", "", 1)
    preset.write_text(left)
    before = crm.read_text()
    crm.write_text(
        before.replace(
            "several_owners: all",
            "several_owners: all, add: {contact.created_by: contacts.maker}",
        )
    )
    assert computed(crm).figures["points_due/contact@manager:c"].numerator > 10


def test_another_column_is_no_debtor(crm: Path) -> None:
    file = crm.parent / "sets/contact.yaml"
    file.write_text(file.read_text().replace("owed_by: created_by", "owed_by: last_name"))
    with pytest.raises(ConfigError, match=r"line 5: .*'owner', 'operator' or 'created_by'"):
        load_audit(crm)


def test_without_operators_creators_owe_what_they_owed(
    crm: Path, tables: dict[str, list[Row]]
) -> None:
    crm.write_text(crm.read_text().replace("operators: [op]\n", ""))
    figures = computed(crm).figures
    assert not [name for name in figures if name.endswith("@operator")]
    by_hand = counted(tables)["of_colleagues_records/contact"]["c"]
    assert figures["of_colleagues_records/contact@manager:c"].numerator == by_hand > 0


def test_words_say_who_owes_it(crm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit = load_audit(crm)
    check_audit(audit, AS_OF)
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "Asked of whoever entered the record (created_by): meeting.subject, contact.phone, lead.email."
        in said
    )
    english, dutch = (
        " ".join("\n".join(field_set_lines(audit.field_sets, language)).split())
        for language in (ENGLISH, language_of("nl"))
    )
    assert "Fill in: phone. Asked of whoever entered the record." in english
    assert "Gevraagd van wie het record invoerde." in dutch
    disclosed = " ".join(disclosure(audit, "en", AS_OF).split())
    assert "contact: phone (asked of whoever entered the record)" in disclosed
    assert "Points with colleagues" in disclosed


def test_nobody_entered_is_nobodys(crm: Path) -> None:
    """Summed by the CRM's own database, in SQL written by hand."""
    engine = create_engine(f"sqlite:///{crm.parent / 'crm.db'}")
    with engine.connect() as connection:
        due = connection.execute(
            text(
                "SELECT 2 * count(*) FROM contacts WHERE made LIKE '2026-11%' AND"
                " coalesce(maker, '') NOT IN (SELECT id FROM people)"
            )
        ).scalar()
        own = connection.execute(
            text(
                "SELECT count(*) FROM contacts WHERE made LIKE '2026-11%' AND coalesce(maker, '') <> 'sys' AND"
                " coalesce(owner, '') NOT IN (SELECT id FROM people) AND"
                " id NOT IN (SELECT record FROM owners)"
            )
        ).scalar()
    engine.dispose()
    assert due
    assert own
    figure = computed(crm).figures["points_due/contact@unassigned"]
    assert figure.numerator == due + own


# ------------------------------------------------------------- exceptions, Python's verdicts, groups


def test_an_exemption_takes_it_off_whoever_entered_it(crm: Path) -> None:
    """A contact of a's that c entered has neither a name nor a phone number."""
    engine = create_engine(f"sqlite:///{crm.parent / 'crm.db'}")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO contacts (id, owner, maker, email, made)"
                " VALUES ('shared', 'a', 'c', 'e', '2026-11-10 11:30:00')"
            )
        )
    engine.dispose()
    before = computed(crm)
    (crm.parent / "exceptions.csv").write_text(
        "finding,kind,record,rule,state,reason,approver,until\n"
        ",contact,shared,,exempt,asked for,boss,2026-12-31\n"
    )
    crm.write_text(crm.read_text() + "exceptions: exceptions.csv\n")
    after = computed(crm)
    changed = {
        "points_due/contact@manager:c": -2,
        "points_due/contact@manager:a": -1,
        "points_kept/contact@manager:c": 0,
        "with_colleagues_due/contact@manager:a": -2,
        "with_colleagues_lacking/contact@manager:a": -1,
        "with_colleagues_records/contact@manager:a": -1,
        "of_colleagues_records/contact@manager:c": -1,
        "records_failing/contact@manager:a": -1,
        "points_due/contact@company": -3,
        "points_due/contact@operator": 0,
    }
    for figure, change in changed.items():
        difference = after.figures[figure].numerator - before.figures[figure].numerator
        assert difference == change, figure
    assert after.figures["field_exempt/contact.phone@manager:c"].numerator == 1
    assert after.figures["field_exempt/contact.phone@manager:a"].numerator == 0
    exempt = {(e.rule.id, e.person) for e in after.exempt if e.owner == "a"}
    assert exempt == {("phone", "c"), ("last_name", "a")}
    write_reports(after, crm.parent, Silence())
    (page,) = (crm.parent / "managers").glob("p-c-*/report.html")
    assert "asked for" in text_of(page)


def test_what_python_judges_is_theirs_too(crm: Path, tables: dict[str, list[Row]]) -> None:
    """A phone number "1" is not valid: whoever entered it loses the points of all they entered."""
    file = crm.parent / "sets/contact.yaml"
    file.write_text(file.read_text().replace("created_by}", "created_by, valid: yes}"))
    crm.write_text(crm.read_text() + "region: NL\n")
    figures = computed(crm).figures
    for who in ("a", "b", "c", "op"):
        entered = [r for r in records(tables) if r.kind == "contact" and r.creator == who]
        scored = [r for r in entered if r.span == "score"]
        invalid = sum("phone" not in r.lacks for r in scored)
        assert invalid
        assert figures[f"field_invalid/contact.phone@manager:{who}"].numerator == invalid
        assert figures[f"field_good/contact.phone@manager:{who}"].numerator == 0
        others = sum(r.owners[0] != who for r in scored)
        of_colleagues = figures[f"of_colleagues_records/contact@manager:{who}"]
        assert of_colleagues.numerator == others
        assert of_colleagues.basis == JUDGED_TEXT


GROUPED = (
    "points_due/contact",
    "points_kept/contact",
    "base_points_due/lead",
    "field_missing/meeting.subject",
    "records_failing",
    "with_colleagues_due/contact",
    "with_colleagues_lacking/meeting",
    "with_colleagues_records",
    "of_colleagues_records",
    "of_colleagues_records_beside",
)


SELLERS = [f"m{number}" for number in range(11)]


def in_two_teams(crm: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """Gives the records to SELLERS and to x, who has left; the first two own none. Management sees groups."""
    rng, left = random.Random(5), "x"
    rows = {name: [dict(row) for row in of] for name, of in tables.items()}
    rows["people"] = [
        {"id": who, "name": f"Zed {who}", "active": "1", "human": "1",
         "team": "north" if place < 6 else "south"}
        for place, who in enumerate(SELLERS)
    ]  # fmt: skip
    rows["people"].append(
        {"id": left, "name": "Zed gone", "active": "0", "human": "1", "team": "north"}
    )
    for table in TABLES.values():
        for row in rows[table]:
            row["owner"] = rng.choice([*SELLERS[2:], left, None])
            row["maker"] = rng.choice([*SELLERS, left, None])
    rows["owners"] = [{**row, "owner": rng.choice(SELLERS[2:])} for row in rows["owners"]]
    preset = crm.parent / "own.yaml"
    preset.write_text(
        preset.read_text().replace(
            "name: name, active", "name: name, team_id: team, team: team, active"
        )
    )
    (crm.parent / "crm.db").unlink()
    store(URL.create("sqlite", database=str(crm.parent / "crm.db")), crm.parent, rows)
    crm.write_text(crm.read_text().replace("operators: [op]\n", "audience: own\n"))


def test_groups_are_closed(crm: Path, tables: dict[str, list[Row]]) -> None:
    """With audience own each figure of a group is its people's, and together with nobody's they
    are the company's: nothing is left of which somebody outside a group could be told.
    """
    sellers, left = SELLERS, "x"
    enters_only = sellers[:2]
    in_two_teams(crm, tables)
    result = computed(crm)
    assert {person.id for person in result.people} == {*sellers, left}
    groups = {
        group.key: [person.id for person in group.people]
        for group in shown_groups(result.people)
    }
    assert sorted(map(len, groups.values())) == [6, 6]
    for who in enters_only:
        assert result.figures[f"points_due/contact@manager:{who}"].numerator
    for name in GROUPED:

        def number(scope: str, name: str = name) -> int:
            return result.figures[f"{name}@{scope}"].numerator

        for key, people in groups.items():
            managers = [who for who in people if who != left]
            members = sum(number(f"manager:{who}") for who in managers)
            members += number("inactive") if left in people else 0
            assert number(f"group:{key}") == members, name
        whole = sum(number(f"group:{key}") for key in groups) + number("unassigned")
        assert whole - number("double_counted") == number("company") > 0, name
    write_reports(result, crm.parent, Silence())
    assert "Zed" not in text_of(crm.parent / "report.html")
