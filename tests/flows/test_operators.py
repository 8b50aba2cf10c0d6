"""What sales support owes leaves the scores of account managers: a CRM of five people, by hand."""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.findings.written import write_findings
from pipeline.flows import run
from pipeline.flows.check import check_audit
from pipeline.flows.disclosure import disclosure
from pipeline.language.languages import ENGLISH
from pipeline.model import JUDGED_TEXT, Debtor, Figure, RunResult
from pipeline.progress import Silence
from pipeline.reports.content.fix_list import fix_lists
from pipeline.reports.content.operators import queue_of
from pipeline.reports.content.report import section_of
from pipeline.reports.write import write_reports
from tests.flows.test_owners import PRESET, mariadb, postgresql, sqlite, store

AS_OF = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
OPERATORS = "operators: [op]\n"
CONTACTS = """
entity: contact
fields:
  - {name: last_name, columns: [last_name]}
  - {name: phone, columns: [phone], weight: 2, owed_by: operator}
"""
MEETINGS = "entity: meeting\nfields: [{name: subject, columns: [subject]}]\n"

# owner -> contacts with both, without a phone, without a name, without either
OF: Mapping[str | None, tuple[int, int, int, int]] = {
    "a": (12, 3, 2, 1),
    "b": (10, 4, 0, 0),
    "x": (1, 3, 0, 0),  # gone
    None: (0, 0, 0, 2),
}


def tables() -> dict[str, Sequence[dict[str, Any]]]:
    """The contact of a's without either is b's too; b is an operator besides."""
    contacts: list[dict[str, Any]] = []
    for owner, (*numbers,) in OF.items():
        kinds = (("Low", "1"), ("Low", None), (None, "1"), (None, None))
        for number, (name, phone) in zip(numbers, kinds, strict=True):
            for _ in range(number):
                contacts.append(
                    {
                        "id": f"c{len(contacts):02d}",
                        "owner": owner,
                        "client": None,
                        "name": name,
                        "phone": phone,
                        "made": datetime(2026, 11, 10, 10),
                    }
                )
    (shared,) = (
        c["id"] for c in contacts if c["owner"] == "a" and not c["name"] and not c["phone"]
    )
    meeting = {"owner": "a", "state": "held", "made": datetime(2026, 11, 9, 9), "client": None}
    people = {"a": 1, "b": 1, "x": 0, "op": 1}
    return {
        "contacts": contacts,
        "meetings": [
            {"id": f"m{number}", "name": "Visit" if number < 9 else None, **meeting}
            for number in range(12)
        ],
        "people": [{"id": p, "name": f"P {p}", "team": "t", "active": on} for p, on in people.items()],
        "owners": [{"kind": "contact", "record": shared, "owner": "b"}],
        "clients": [{"id": "k", "owner": "a", "name": "K", "made": datetime(2026, 1, 1)}],
        "deals": [
            {"id": "d", "owner": "a", "name": "D", "client": "k", "state": "open", "amount": 1,
             "closed": datetime(2026, 12, 1).date(), "made": datetime(2026, 1, 1)}
        ],
    }  # fmt: skip


def write(folder: Path, url: URL, more: str) -> Path:
    """The audit's files."""
    preset = PRESET.replace("last_name: name,", "last_name: name, phone: phone,")
    (folder / "own.yaml").write_text(preset, "utf-8")
    (folder / "sets").mkdir(exist_ok=True)
    for entity in ("call", "deal", "client", "lead"):
        (folder / f"sets/{entity}.yaml").write_text(f"entity: {entity}\nfields: []\n")
    (folder / "sets/contact.yaml").write_text(CONTACTS)
    (folder / "sets/meeting.yaml").write_text(MEETINGS)
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    file = folder / "audit.yaml"
    file.write_text(
        f"name: T\nid: by-hand\nsource: {{url: '{address}', preset: own.yaml, several_owners: all}}\n"
        f"zone: UTC\ncurrency: EUR\nfield_sets: sets\n{more}"
    )
    return file


def audited(folder: Path, url: URL, more: str) -> RunResult:
    return computed(folder, write(folder, url, more))


def computed(folder: Path, file: Path) -> RunResult:
    return run.compute(extracted(folder, file), run_id="r", progress=Silence())


def extracted(folder: Path, file: Path) -> Path:
    data = folder / f"data{len(list(folder.iterdir()))}"
    data.mkdir()
    run.extract(load_audit(file), data, clock=lambda: AS_OF, as_of=None, progress=Silence())
    return data


Stored = tuple[Path, URL]


@pytest.fixture(
    scope="module",
    params=[sqlite, mariadb, postgresql],
    ids=lambda engine: str(engine.__name__),
)
def stored(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    """A folder, and the CRM on each database."""
    folder = tmp_path_factory.mktemp("stored")
    with request.param(folder) as url:
        store(url, tables())
        yield folder, url


@pytest.fixture(scope="module")
def before(stored: Stored) -> RunResult:
    """Where no operator is named."""
    return audited(*stored, "")


@pytest.fixture(scope="module")
def snapshot(stored: Stored) -> Path:
    """Where one is."""
    return extracted(stored[0], write(*stored, OPERATORS))


@pytest.fixture(scope="module")
def after(snapshot: Path) -> RunResult:
    return run.compute(snapshot, run_id="r", progress=Silence())


def ratio(figure: Figure) -> tuple[int, int | None]:
    return figure.numerator, figure.denominator


def of_all(result: RunResult, metric: str) -> dict[str, tuple[int, int | None]]:
    return {
        scope: ratio(result.figures[f"{metric}@{scope}"])
        for scope in ("manager:a", "manager:b", "team:t", "inactive", "unassigned", "operator",
                      "double_counted", "company")
        if f"{metric}@{scope}" in result.figures
    }  # fmt: skip


def test_operators_owe_what_the_field_set_says(
    stored: Stored, before: RunResult, after: RunResult
) -> None:
    both = audited(*stored, "operators: [op, b]\n")
    assert both.figures == after.figures  # a manager who is an operator keeps his own
    # a name is one point and a phone two, of 18 contacts of a, 15 of b, 4 of x and 2 of nobody
    assert of_all(before, "points_due/contact") == {
        "manager:a": (54, None), "manager:b": (45, None), "team:t": (99, None), "inactive": (12, None),
        "unassigned": (6, None), "double_counted": (3, None), "company": (114, None),
    }  # fmt: skip
    assert of_all(after, "points_due/contact") == {
        "manager:a": (18, None), "manager:b": (15, None), "team:t": (33, None), "inactive": (4, None),
        "unassigned": (2, None), "operator": (76, None), "double_counted": (1, None),
        "company": (114, None),
    }  # fmt: skip
    assert of_all(after, "points_kept/contact") == {
        "manager:a": (15, None), "manager:b": (14, None), "team:t": (29, None), "inactive": (4, None),
        "unassigned": (0, None), "operator": (50, None), "double_counted": (0, None),
        "company": (83, None),
    }  # fmt: skip
    # 12 meetings of a, 9 with a subject: shares of 30 and 20
    score = Fraction(30 * Fraction(9, 12) + 20 * Fraction(43, 54), 50)
    assert Fraction(*ratio(before.figures["score@manager:a"])) == score  # type: ignore[arg-type]
    score = Fraction(30 * Fraction(9, 12) + 20 * Fraction(15, 18), 50)
    assert Fraction(*ratio(after.figures["score@manager:a"])) == score  # type: ignore[arg-type]
    assert ratio(after.figures["score@operator"]) == (25, 38)
    assert before.figures["score@company"] == after.figures["score@company"]


def test_records_count_for_whoever_they_miss_something_of(
    before: RunResult, after: RunResult
) -> None:
    # 12 + 3 of a's 18 have a name; 25 of 38 have a phone; 23 of 38 have both
    assert of_all(after, "records_complete/contact") == {
        "manager:a": (15, 18), "manager:b": (14, 15), "team:t": (29, 33), "inactive": (4, 4),
        "unassigned": (0, 2), "operator": (25, 38), "double_counted": (35, 39), "company": (23, 38),
    }  # fmt: skip
    assert of_all(after, "records_failing/contact") == {
        "manager:a": (3, None), "manager:b": (1, None), "team:t": (4, None), "inactive": (0, None),
        "unassigned": (2, None), "operator": (13, None), "double_counted": (4, None),
        "company": (15, None),
    }  # fmt: skip
    name = "records_complete/contact@company"
    assert before.figures[name] == after.figures[name]
    assert of_all(after, "with_operators_records/contact") == {
        "manager:a": (4, None), "manager:b": (5, None), "team:t": (9, None), "inactive": (3, None),
        "unassigned": (2, None), "double_counted": (1, None), "company": (13, None),
    }  # fmt: skip
    assert of_all(after, "with_operators_due/contact")["manager:a"] == (36, None)
    assert of_all(after, "with_operators_lacking/contact")["manager:a"] == (4, None)
    # a demand has figures of those alone who owe it
    assert of_all(after, "field_good/contact.phone").keys() == {"operator", "company"}
    assert "operator" not in of_all(after, "field_good/contact.last_name")
    assert not [name for name in before.figures if "operator" in name]


@pytest.fixture
def crm(tmp_path: Path) -> URL:
    with sqlite(tmp_path) as url:
        store(url, tables())
        return url


def test_findings_name_the_debtor(tmp_path: Path, crm: URL) -> None:
    result = audited(tmp_path, crm, "operators: [op]\n")
    write_findings(tmp_path, result)
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["entity"] == "contact"]
    phones = [row for row in rows if row["rule"] == "phone"]
    assert len(phones) == 14  # one of them at two owners
    assert {(row["debtor_kind"], row["debtor"]) for row in phones} == {("operator", "")}
    assert {row["owner"] for row in phones} == {"a", "b", "x", ""}
    names = [row for row in rows if row["rule"] == "last_name"]
    assert len(names) == 6
    assert all(row["debtor"] == row["owner"] for row in names)
    assert {row["debtor_kind"] for row in names} == {"owner"}
    once = [i for i in result.fix_list if i.debtor is Debtor.OPERATOR and not i.is_repeat]
    assert len(once) == result.figures["records_failing@operator"].numerator


def test_an_operator_whom_the_crm_does_not_know_is_named(tmp_path: Path, crm: URL) -> None:
    with pytest.raises(ConfigError, match=r"line 7: operators: .* 'P op'\. Did you mean op\?"):
        audited(tmp_path, crm, "operators: [b, P op]\n")
    audit = load_audit(tmp_path / "audit.yaml")
    with pytest.raises(ConfigError, match="the CRM has no user with the id 'P op'"):
        check_audit(audit, AS_OF)


def test_few_operators_are_no_audience_of_their_own(tmp_path: Path, crm: URL) -> None:
    with pytest.raises(ConfigError, match="line 7: operators: 1 active users are named"):
        audited(tmp_path, crm, "operators: [op, x]\naudience: own\n")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("operators: [op]\n", "With sales support (op): contact.phone."),
        (
            "",
            "Left to the owners of records: contact.phone. The field sets say owed_by: operator",
        ),
    ],
)
def test_check_says_who_owes_it(
    tmp_path: Path, crm: URL, more: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_audit(load_audit(write(tmp_path, crm, more)), AS_OF)
    assert sentence in " ".join(capsys.readouterr().out.split())


def test_operators_who_owe_nothing_are_pointed_out(
    tmp_path: Path, crm: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, crm, "operators: [op]\n")
    (tmp_path / "sets/contact.yaml").write_text(CONTACTS.replace(", owed_by: operator", ""))
    check_audit(load_audit(file), AS_OF)
    said = " ".join(capsys.readouterr().out.split())
    assert "Operators are named (op) and owe nothing" in said


def text_of(page: Path) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.read_text("utf-8")).split())


def change(crm: URL, *statements: str) -> None:
    engine = create_engine(crm)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_pages_say_what_is_with_sales_support(tmp_path: Path, crm: URL) -> None:
    change(
        crm,
        "INSERT INTO contacts (id, owner, made) VALUES ('old', 'a', '2026-01-05 10:00:00')",
    )
    result = audited(tmp_path, crm, "operators: [op]\n")
    write_reports(result, tmp_path, Silence())  # which reads every figure back
    queue = text_of(tmp_path / "sales-support/report.html")
    assert "13 records for you to complete, oldest first" in queue
    assert "1 record outside these days" in queue
    assert "P a, 14 days old" in queue
    assert "no owner, 14 days old" in queue
    assert "contact: last name" not in queue
    (own,) = (tmp_path / "managers").glob("p-a-*/report.html")
    assert "5 records with sales support: they cost you nothing" in text_of(own)
    assert "With sales support: contact: phone." in text_of(own)
    items = re.findall(
        r'data-item="contact:\w+" data-section="([\w ]+)"', own.read_text("utf-8")
    )
    assert Counter(items) == {"now": 3, "outside": 1, "with others": 5}
    company = text_of(tmp_path / "report.html")
    assert re.search(r"Sales support 65\.8%", company)  # 25 of 38
    assert "Less: double-counted" in company
    unlisted = (tmp_path / "report.html").read_text("utf-8")
    assert len(re.findall(r'data-item="contact:', unlisted)) == 2  # a name is their owner's


def test_the_queue_is_oldest_first(tmp_path: Path, crm: URL) -> None:
    change(
        crm,
        "UPDATE contacts SET made = '2026-11-02 10:00:00' WHERE owner = 'b'",
        "UPDATE contacts SET made = NULL WHERE owner = 'x'",
    )
    queue = queue_of(audited(tmp_path, crm, "operators: [op]\n"), ENGLISH)
    ages = [item.queued and (item.queued.owner, item.queued.age) for item in queue]
    assert (
        ages
        == [("P b", 22)] * 4 + [("P a", 14)] * 4 + [("no owner", 14)] * 2 + [("P x", None)] * 3
    )


def test_what_python_judges_is_theirs_too(tmp_path: Path, crm: URL) -> None:
    change(
        crm,
        "UPDATE contacts SET phone = '+31 20 624 1111' WHERE id IN ('c00', 'c01')",  # both good
    )
    file = write(tmp_path, crm, "operators: [op]\nregion: NL\n")
    judged = CONTACTS.replace(
        "owed_by: operator", "owed_by: operator, valid: yes, unique: company"
    )
    (tmp_path / "sets/contact.yaml").write_text(judged)
    result = computed(tmp_path, file)
    # 13 of 38 have no phone, of 23 it is "1", and two have the same
    assert result.figures["points_kept/contact@operator"].numerator == 4
    assert result.figures["field_invalid/contact.phone@operator"].numerator == 23
    assert result.figures["field_duplicate/contact.phone@operator"].numerator == 2
    assert result.figures["points_kept/contact@operator"].basis == JUDGED_TEXT
    assert result.figures["points_kept/contact@manager:a"].basis == "database"
    assert result.figures["with_operators_lacking/contact@manager:a"].basis == JUDGED_TEXT
    assert of_all(result, "points_kept/contact")["manager:a"] == (15, None)
    queue = queue_of(result, ENGLISH)
    assert Counter(section_of(item) for item in queue) == {"now": 36, "check": 2}
    own = Counter(
        section_of(item) for item in fix_lists(result)["a"] if item.entity == "contact"
    )
    assert own == {"now": 3, "with others": 16}


def test_groups_and_sales_support_add_up(tmp_path: Path) -> None:
    """Management sees groups, sales support as one, and nobody by name."""
    rows, rng = dict(tables()), random.Random(3)
    managers = {f"m{number}": "north" if number < 5 else "south" for number in range(10)}
    rows["people"] = [
        *(
            {"id": key, "name": f"Zed {key}", "team": team, "active": 1}
            for key, team in managers.items()
        ),
        *(
            {"id": f"o{number}", "name": f"Zed o{number}", "team": None, "active": 1}
            for number in range(5)
        ),
    ]
    rows["contacts"] = [
        {
            "id": f"c{number}",
            "owner": rng.choice([*managers, None]),
            "client": None,
            "name": rng.choice(("Low", None)),
            "phone": rng.choice(("1", None)),
            "made": datetime(2026, 11, 10, 10),
        }
        for number in range(200)
    ]
    rows["meetings"] = [{**row, "owner": "m1"} for row in rows["meetings"]]
    rows["owners"] = [
        {"kind": "contact", "record": f"c{number}", "owner": rng.choice([*managers])}
        for number in range(40)
    ]
    with sqlite(tmp_path) as url:
        store(url, rows)
        result = audited(tmp_path, url, "audience: own\noperators: [o0, o1, o2, o3, o4]\n")
    figures = result.figures
    groups = {name.partition("@")[2] for name in figures if "@group:" in name} - {
        "group:everybody"
    }
    assert len(groups) == 2
    for name in (
        "points_due/contact",
        "points_kept/contact",
        "records_complete",
        "records_failing",
    ):
        parts = [figures[f"{name}@{who}"] for who in (*groups, "unassigned", "operator")]
        twice, company = figures[f"{name}@double_counted"], figures[f"{name}@company"]
        assert sum(part.numerator for part in parts) - twice.numerator == company.numerator
        assert sum(part.denominator or 0 for part in parts) == (company.denominator or 0) + (
            twice.denominator or 0
        )
        assert figures[f"{name}@operator"].numerator > 30
        assert twice.numerator > 5
    write_reports(result, tmp_path, Silence())
    page = text_of(tmp_path / "report.html")
    assert "Sales support" in page
    assert "Zed" not in page


def test_the_disclosure_says_what_sales_support_is(tmp_path: Path, crm: URL) -> None:
    audit = load_audit(write(tmp_path, crm, "operators: [op, b]\n"))
    english, dutch = (" ".join(disclosure(audit, code, AS_OF).split()) for code in ("en", "nl"))
    assert "Sales support (users that the audit names: 2)" in english
    assert "never by person" in english
    assert "contact: phone (with sales support)" in english
    assert "sales-support/" in english
    assert "Binnendienst (gebruikers die de audit noemt: 2)" in dutch
    assert "phone (bij de binnendienst)" in dutch
    without = disclosure(load_audit(write(tmp_path, crm, "")), "en", AS_OF)
    assert "sales support" not in without.lower()


# ---------------------------------------------------------------------------- with exceptions

SHARED = "c17"  # a's and b's, with neither name nor phone


def with_exceptions(folder: Path, url: URL, lines: str) -> Path:
    """The audit's files."""
    (folder / "exceptions.csv").write_text(
        f"finding,kind,record,rule,state,reason,approver,until\n{lines}\n", "utf-8"
    )
    return write(folder, url, f"{OPERATORS}exceptions: exceptions.csv\n")


@pytest.fixture
def excepted(snapshot: Path, stored: Stored, tmp_path: Path) -> Callable[[str], RunResult]:
    """What the run with operators comes to with these exceptions."""

    def computed(lines: str) -> RunResult:
        audit = load_audit(with_exceptions(tmp_path, stored[1], lines)).resolved()
        return run.compute(snapshot, run_id="r", progress=Silence(), audit=audit)

    return computed


def test_an_exception_takes_a_demand_off_sales_support_alone(
    excepted: Callable[[str], RunResult],
) -> None:
    """The phone is two points of sales support's, be the record of two owners or not."""
    result = excepted(f",contact,{SHARED},phone,exempt,secret,L,2026-12-31")
    expected = {
        # without the exception: operators 76 and 50, company 114 and 83
        "points_due/contact": (18, 15, 33, 4, 2, 74, 1, 112),
        "points_kept/contact": (15, 14, 29, 4, 0, 50, 0, 83),
        # the record still lacks its name: for a, for b, and once too often
        "records_failing/contact": (3, 1, 4, 0, 2, 12, 3, 15),
        "with_operators_records/contact": (3, 4, 7, 3, 2, None, 0, 12),
        "with_operators_due/contact": (34, 28, 62, 8, 4, None, 0, 74),
        "with_operators_lacking/contact": (3, 4, 7, 3, 2, None, 0, 12),
        "field_exempt/contact.phone": (None, None, None, None, None, 1, None, 1),
        "field_exempt/contact": (None, None, None, None, None, 1, None, 1),
    }
    for metric, numbers in expected.items():
        assert counts_of(result, metric) == numbers, metric
    assert of_all(result, "records_complete/contact")["operator"] == (26, 38)
    # without the exception: 50 of 76
    assert ratio(result.figures["score@operator"]) == (25, 37)
    assert ratio(result.figures["score_without_exceptions@operator"]) == (25, 38)


def test_an_exception_for_a_record_is_for_all_who_owe(
    excepted: Callable[[str], RunResult],
) -> None:
    """Its name is a's and b's, its phone sales support's; the company counts each once."""
    result = excepted(f",contact,{SHARED},,exempt,secret,L,2026-12-31")
    expected = {
        "points_due/contact": (17, 14, 31, 4, 2, 74, 0, 111),
        "points_kept/contact": (15, 14, 29, 4, 0, 50, 0, 83),
        "records_failing/contact": (2, 0, 2, 0, 2, 12, 2, 14),
        "field_exempt/contact.last_name": (1, 1, 2, 0, 0, None, 1, 1),
        "field_exempt/contact.phone": (None, None, None, None, None, 1, None, 1),
        "field_exempt/contact": (1, 1, 2, 0, 0, 1, 1, 2),
        "field_exempt": (1, 1, 2, 0, 0, 1, 1, 2),
    }
    for metric, numbers in expected.items():
        assert counts_of(result, metric) == numbers, metric
    assert of_all(result, "records_complete/contact") == {
        "manager:a": (16, 18), "manager:b": (15, 15), "team:t": (31, 33), "inactive": (4, 4),
        "unassigned": (0, 2), "operator": (26, 38), "double_counted": (37, 39), "company": (24, 38),
    }  # fmt: skip
    (use,) = result.exceptions
    assert (use.outcome, use.findings) == ("exempt", 2)  # not once more for the second owner


def counts_of(result: RunResult, metric: str) -> tuple[int | None, ...]:
    """Of a, b, their team, former colleagues, nobody, sales support, twice, the company."""
    scopes = ("manager:a", "manager:b", "team:t", "inactive", "unassigned", "operator",
              "double_counted", "company")  # fmt: skip
    figures = (result.figures.get(f"{metric}@{scope}") for scope in scopes)
    return tuple(figure and figure.numerator for figure in figures)


def test_pages_say_what_is_exempt_or_disputed_of_whom(tmp_path: Path, crm: URL) -> None:
    lines = (
        f",contact,{SHARED},,exempt,a secret,Lieke,2026-12-31",
        ",contact,c12,phone,disputed,asked the client,,",  # a's, of whom the phone alone is missing
    )
    result = computed(tmp_path, with_exceptions(tmp_path, crm, "\n".join(lines)))
    write_reports(result, tmp_path, Silence())  # which reads every figure back
    write_findings(tmp_path, result)
    support = text_of(tmp_path / "sales-support/report.html")
    assert support.count(f"contact: {SHARED}") == 1
    assert f"contact: {SHARED} phone 31 Dec 2026 Lieke a secret" in support
    assert "12 records for you to complete" in support
    assert "phone (under discussion)" in support
    for person in ("a", "b"):
        (own,) = (tmp_path / "managers").glob(f"p-{person}-*/report.html")
        assert f"contact: {SHARED} last name 31 Dec 2026 Lieke a secret" in text_of(own)
        assert f'data-item="contact:{SHARED}"' not in own.read_text("utf-8")
        assert ("phone (under discussion)" in text_of(own)) is (person == "a")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["exception"]]
    assert sorted(
        (row["record_id"], row["rule"], row["owner"], row["debtor_kind"], row["debtor"], row["exception"])
        for row in rows
    ) == [
        ("c12", "phone", "a", "operator", "", "disputed"),
        (SHARED, "last_name", "a", "owner", "a", "exempt"),
        (SHARED, "last_name", "b", "owner", "b", "exempt"),
        (SHARED, "phone", "a", "operator", "", "exempt"),
        (SHARED, "phone", "b", "operator", "", "exempt"),
    ]  # fmt: skip
