"""Findings: failing records as people read them, and as files that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import stat
from base64 import b32encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import column, create_engine, select, table

from pipeline import findings
from pipeline.calendar.window import microseconds
from pipeline.findings import About, clients_of, labels_of
from pipeline.findings.ids import FINDING_ID, finding_id
from pipeline.findings.stored import groups_in, read_failing, write_failing
from pipeline.findings.tallies import group_of
from pipeline.findings.waived import in_force
from pipeline.findings.written import write_findings
from pipeline.model import (
    Demand,
    ExceptionLine,
    ExceptionState,
    FailingRecord,
    FieldSet,
    FixItem,
    LocalText,
    Rule,
    Span,
    Verdict,
    same_in_all,
)
from pipeline.model.checks import Pattern
from pipeline.model.conditions import HELD
from tests.factory import result

SETS = {
    "meeting": FieldSet(
        "meeting",
        (
            Demand("date", "date", ("start_at",), why="it counts for no week"),
            Demand("subject", "subject", ("subject",)),
            Demand(
                "result",
                "the result",
                ("result",),
                when=HELD,
                why="the next call builds on it",
            ),
        ),
    ),
    "contact": FieldSet(
        "contact", (Demand("last_name", "last name", ("last_name",), why="a letter needs it"),)
    ),
}
LINKS = {"meeting": "https://crm.example/index.php?module=Meetings&record={id}"}


def items(
    records: Sequence[FailingRecord],
    names: Mapping[tuple[str, str], str],
    sets: Mapping[str, FieldSet],
    links: Mapping[str, str],
    zone: str,
) -> tuple[FixItem, ...]:
    labels = {(record.entity, record.record_id): "" for record in records} | dict(names)
    rules = {entity: fields.rules for entity, fields in sets.items()}
    about = About(labels, sets, rules, links, zone, "sales")
    listed = findings.findings_of(records, about)
    made, checks = listed.items, listed.checks
    assert checks == ()
    return made


def found(
    *records: FailingRecord, names: dict[tuple[str, str], str] | None = None, zone: str = "UTC"
) -> tuple[FixItem, ...]:
    return items(records, names or {}, SETS, LINKS, zone)


def one(record: FailingRecord, label: str = "", zone: str = "UTC"):  # type: ignore[no-untyped-def]
    (item,) = found(record, names={(record.entity, record.record_id): label}, zone=zone)
    return item


# ------------------------------------------------------------------------------------------------ as people read them


@pytest.mark.parametrize(
    ("mask", "missing", "why"),
    [
        (0b001, ("date",), ("it counts for no week",)),
        (0b010, ("subject",), ("",)),
        (0b110, ("subject", "the result"), ("", "the next call builds on it")),
        (
            0b111,
            ("date", "subject", "the result"),
            ("it counts for no week", "", "the next call builds on it"),
        ),
    ],
)
def test_what_is_missing_is_said_in_the_sets_words(
    mask: int, missing: tuple[str, ...], why: tuple[str, ...]
) -> None:
    item = one(FailingRecord("meeting", "1", "m1", mask, Span.SCORE))
    assert tuple(map(str, item.missing)) == missing
    assert tuple(map(str, item.why)) == why
    assert (item.entity, item.record_id, item.owner, item.span) == (
        "meeting",
        "1",
        "m1",
        Span.SCORE,
    )


@pytest.mark.parametrize(
    ("mask", "missing"),
    [
        (0b0001, ("subject",)),
        (0b0010, ("start: cannot be read",)),
        (0b0100, ("end: cannot be read",)),
        (0b1000, ("creation date: cannot be read",)),
        (0b1101, ("subject", "end: cannot be read", "creation date: cannot be read")),
    ],
)
def test_what_cannot_be_read_is_said_and_why_it_matters(
    mask: int, missing: tuple[str, ...]
) -> None:
    fields = (Demand("subject", "subject", ("subject",), why="so that it is found"),)
    sets = {
        "meeting": FieldSet("meeting", fields, readable=("start_at", "end_at", "created_at"))
    }
    (item,) = items(
        [FailingRecord("meeting", "1", "m1", mask, Span.SCORE)],
        {},
        sets,
        LINKS,
        "UTC",
    )
    whys = {"subject": "so that it is found"}
    assert tuple(map(str, item.missing)) == missing
    assert tuple(map(str, item.why)) == tuple(
        whys.get(what, "it is not counted until it can be read") for what in missing
    )


def test_of_the_period_first_then_by_kind_and_id() -> None:
    given = [
        FailingRecord("meeting", "b", "m1", 1, Span.OUTSIDE),
        FailingRecord("meeting", "a", "m1", 1, Span.SCORE),
        FailingRecord("contact", "z", "m1", 1, Span.OUTSIDE),
        FailingRecord("contact", "y", "m1", 1, Span.SCORE),
        FailingRecord("meeting", "A", "m1", 1, Span.SCORE),
        FailingRecord("meeting", "10", "", 1, Span.SCORE),
        FailingRecord("meeting", "9", "m2", 1, Span.SCORE),
    ]
    expected = [
        ("contact", "y"),
        ("meeting", "10"),
        ("meeting", "9"),
        ("meeting", "A"),
        ("meeting", "a"),
        ("contact", "z"),
        ("meeting", "b"),
    ]
    for order in (given, list(reversed(given))):
        assert [(r.entity, r.record_id) for r in found(*order)] == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("record", "quoted"),
    [
        ("305184080441754059", "305184080441754059"),
        ("a b", "a%20b"),
        ("a/../b?c=d&e#f", "a%2F..%2Fb%3Fc%3Dd%26e%23f"),
        ("\u00e9\u65e5", "%C3%A9%E6%97%A5"),
        ("{id}", "%7Bid%7D"),
        ("100%", "100%25"),
        ('"><script>', "%22%3E%3Cscript%3E"),
    ],
)
def test_a_link_holds_the_id_quoted(record: str, quoted: str) -> None:
    link = one(FailingRecord("meeting", record, "m1", 1, Span.SCORE)).link
    assert link == f"https://crm.example/index.php?module=Meetings&record={quoted}"


def test_without_an_address_there_is_no_link() -> None:
    assert one(FailingRecord("contact", "1", "m1", 1, Span.SCORE)).link == ""


def test_the_day_is_the_local_one() -> None:
    record = FailingRecord("meeting", "1", "m1", 1, Span.SCORE)
    late = record._replace(
        occurred_at_us=microseconds(datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    )
    assert one(late, "Lunch", "Europe/Amsterdam").day == date(2026, 11, 25)
    assert one(late, "Lunch", "America/Los_Angeles").day == date(2026, 11, 24)
    assert one(late, "Lunch").label == "Lunch"
    assert one(record).day is None
    before = record._replace(
        occurred_at_us=microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    )
    assert one(before).day == date(1969, 12, 31)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_the_ends_of_the_calendar_are_no_defect(moment: datetime, zone: str) -> None:
    item = one(
        FailingRecord(
            "meeting", "1", "m1", 1, Span.OUTSIDE, occurred_at_us=microseconds(moment)
        ),
        zone=zone,
    )
    assert item.record_id == "1"


def test_what_a_manager_knows_a_record_by(tmp_path: Path) -> None:
    engine = create_engine(f"duckdb:///{tmp_path / 'x.duckdb'}")
    names = ("id", "first_name", "last_name", "wrong")
    view = table("view_contact", *(column(name) for name in names))
    meeting = table("view_meeting", column("id"), column("subject"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE view_contact AS SELECT * FROM (VALUES ('1', 'Ada', 'Byron', 1),"
            " ('2', NULL, ' Byron ', 1),"
            " ('3', NULL, NULL, 1), ('4', '', '', 1), ('5', 'Not', 'Wrong', 0))"
            " v(id, first_name, last_name, wrong)"
        )
        connection.exec_driver_sql(
            "CREATE TABLE view_meeting AS SELECT '1' AS id, 'Lunch' AS subject"
        )
    with engine.connect() as connection:
        seen = labels_of(
            connection,
            {"contact": view, "meeting": meeting},
            {
                "contact": select(view.c.id).where(view.c.wrong == 1),
                "meeting": select(meeting.c.id),
            },
        )
    engine.dispose()
    assert seen == {
        ("contact", "1"): "Ada Byron",
        ("contact", "2"): "Byron",
        ("contact", "3"): "",
        ("contact", "4"): "",
        ("meeting", "1"): "Lunch",
    }


def test_a_record_without_a_name_is_known_by_its_client(tmp_path: Path) -> None:
    engine = create_engine(f"duckdb:///{tmp_path / 'x.duckdb'}")
    client = table("view_client", column("id"), column("name"))
    meeting = table("view_meeting", column("id"), column("client_id"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE view_client AS SELECT * FROM (VALUES ('c', ' Aurora Foods '), ('d', NULL)) v(id, name)"
        )
        connection.exec_driver_sql(
            "CREATE TABLE view_meeting AS SELECT * FROM (VALUES ('1', 'c'), ('2', 'd'), ('3', NULL), ('4', 'c'))"
            " v(id, client_id)"
        )
    labels = {("meeting", str(number)): "" for number in range(1, 5)}
    labels["meeting", "4"] = labels["client", "d"] = "Lunch"
    with engine.connect() as connection:
        seen = clients_of(
            connection,
            {"client": client, "meeting": meeting},
            {"client": select(client.c.id), "meeting": select(meeting.c.id)},
            labels,
        )
    engine.dispose()
    assert seen == {("meeting", "1"): "Aurora Foods"}


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        (datetime(2026, 11, 17, 13, 5, tzinfo=UTC), time(14, 5)),
        (datetime(2026, 11, 16, 23, 0, tzinfo=UTC), None),  # midnight there: a day alone
    ],
)
def test_a_record_without_a_name_has_its_hour(moment: datetime, hour: time | None) -> None:
    record = FailingRecord(
        "meeting", "1", "m1", 1, Span.OUTSIDE, occurred_at_us=microseconds(moment)
    )
    item = one(record, "", zone="Europe/Berlin")
    assert (item.day, item.hour) == (date(2026, 11, 17), hour)
    assert one(record, "Lunch", zone="Europe/Berlin").hour is None


# ------------------------------------------------------------------------------------------------ as files

HARMFUL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")')
HARMLESS = (
    "a=1",
    "1-1",
    " =1",
    "'=1",
    "",
    "305184080441754059",
    "\u65e5\u672c",
    'say "hi", twice',
    "two\nlines",
)


def written(folder: Path, records: list[FailingRecord]) -> list[dict[str, str]]:
    write_findings(folder, replace(result(), fix_list=found(*records), checks=()))
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


DAY_US = microseconds(datetime(2026, 11, 3, 12, tzinfo=UTC))


def test_one_row_per_record_and_rule(tmp_path: Path) -> None:
    records = [
        FailingRecord("meeting", "305184080441754059", "m1", 0b110, Span.SCORE),
        FailingRecord("contact", "c,1", "", 0b1, Span.OUTSIDE, occurred_at_us=DAY_US),
    ]
    rows = written(tmp_path, records)
    meeting = {
        "audit": "sales",
        "entity": "meeting",
        "record_id": "305184080441754059",
        "verdict": "missing",
        "span": "score",
        "owner": "m1",
        "debtor_kind": "owner",
        "debtor": "m1",
        "exception": "",
        "owner_name": "Anna Berg",
        "team": "North",
        "day": "",
        "link": LINKS["meeting"].replace("{id}", "305184080441754059"),
    }
    contact = {
        "audit": "sales",
        "entity": "contact",
        "record_id": "c,1",
        "rule": "last_name",
        "verdict": "missing",
        "span": "base",
        "owner": "",
        "debtor_kind": "owner",
        "debtor": "",
        "link": "",
        "exception": "",
        "owner_name": "",
        "team": "",
        "day": "2026-11-03",
    }
    ids = [row.pop("id") for row in rows]
    assert rows == [meeting | {"rule": "subject"}, meeting | {"rule": "result"}, contact]
    assert ids == [
        finding_id("sales", row["entity"], row["record_id"], row["rule"]) for row in rows
    ]
    kept = pq.read_table(tmp_path / "findings.parquet").to_pylist()
    assert [row.pop("id") for row in kept] == ids
    assert kept == rows


def test_an_id_is_that_of_its_four_texts() -> None:
    whole = b"5:sales7:meeting2:427:subject"
    assert finding_id("sales", "meeting", "42", "subject") == (
        b32encode(sha256(whole).digest())[:10].decode()
    )
    assert finding_id("sales", "meeting", "42", "subject") == "VJ5TICPTFB"
    assert finding_id("sales", "meeting", "4", "2subject") != finding_id(
        "sales", "meeting", "42", "subject"
    )
    bytes_of_umlaut = sha256(b"0:4:deal2:\xc3\xa46:amount").digest()
    assert finding_id("", "deal", "ä", "amount") == b32encode(bytes_of_umlaut)[:10].decode()
    assert FINDING_ID.fullmatch(finding_id("", "deal", "\ud800", "amount"))


def test_the_verdict_is_no_part_of_an_id() -> None:
    sets = {
        "deal": FieldSet("deal", (Demand("day", "day", ("close_day",)),), {}, ("close_day",))
    }
    missing, unreadable = (
        items([FailingRecord("deal", "1", "m1", mask, Span.SCORE)], {}, sets, LINKS, "UTC")[0]
        for mask in (0b01, 0b10)
    )
    assert missing.rules != unreadable.rules
    assert missing.ids == unreadable.ids


def test_what_a_count_names_is_a_finding_too(tmp_path: Path) -> None:
    rules = {
        "meeting": (
            *SETS["meeting"].rules,
            Rule("meeting", "check.meetings_overdue", Verdict.OVERDUE, "meetings_overdue"),
        )
    }
    records = [
        FailingRecord("meeting", "1", "m1", 0b1010, Span.SCORE),
        FailingRecord("meeting", "2", "m1", 0b1000, Span.OUTSIDE),
    ]
    labels = {("meeting", "1"): "Lunch", ("meeting", "2"): ""}
    listed = findings.findings_of(records, About(labels, SETS, rules, LINKS, "UTC"))
    made, checks = listed.items, listed.checks
    assert [(item.record_id, item.missing) for item in made] == [("1", ("subject",))]
    assert [(check.record_id, check.rule.id, check.label) for check in checks] == [
        ("1", "check.meetings_overdue", "Lunch"),
        ("2", "check.meetings_overdue", ""),
    ]
    write_findings(tmp_path, replace(result(), fix_list=made, checks=checks))
    rows = pq.read_table(tmp_path / "findings.parquet").to_pylist()
    assert [(row["record_id"], row["rule"], row["verdict"], row["span"]) for row in rows] == [
        ("1", "subject", "missing", "score"),
        ("1", "check.meetings_overdue", "overdue", "score"),
        ("2", "check.meetings_overdue", "overdue", "base"),
    ]


@pytest.mark.parametrize("text", HARMFUL)
@pytest.mark.parametrize("where", ["record_id", "owner"])
def test_what_looks_like_a_formula_is_kept_text_in_the_csv(
    tmp_path: Path, text: str, where: str
) -> None:
    record = FailingRecord(
        "contact",
        text if where == "record_id" else "1",
        text if where == "owner" else "m1",
        1,
        Span.SCORE,
    )
    (row,) = written(tmp_path, [record])
    assert row[where] == f"'{text}"
    (exact,) = pq.read_table(tmp_path / "findings.parquet").to_pylist()
    assert exact[where] == text  # which no spreadsheet reads


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    (row,) = written(tmp_path, [FailingRecord("contact", "1", text, 1, Span.SCORE)])
    assert row["owner"] == text


def test_failing_records_are_read_and_counted_as_they_were_written(tmp_path: Path) -> None:
    records = (
        FailingRecord("meeting", "1", "m1", 0b1010, Span.SCORE, occurred_at_us=-1),
        FailingRecord("meeting", "2", "m1", 0b1010, Span.SCORE),
        FailingRecord("meeting", "2", "m2", 0b1010, Span.SCORE, is_repeat=True),
        FailingRecord("contact", "0", "", 0x1A << 100, Span.OUTSIDE),
    )
    file = tmp_path / "failing.parquet"
    write_failing(file, records)
    assert tuple(read_failing(file)) == records
    assert groups_in(file) == Counter(map(group_of, records))


def test_the_list_does_not_depend_on_the_order_in_which_records_come() -> None:
    """A database that joins with several threads gives them in another order each time."""
    records = [
        FailingRecord("meeting", "2", "m1", 0b10, Span.OUTSIDE),
        FailingRecord("meeting", "1", "m3", 0b10, Span.SCORE),
        FailingRecord("meeting", "1", "m1", 0b10, Span.SCORE, is_repeat=True),
        FailingRecord("meeting", "1", "m2", 0b10, Span.SCORE, is_repeat=True),
    ]
    listed = [("1", "m3"), ("1", "m1"), ("1", "m2"), ("2", "m1")]  # the first owner's first
    for order in permutations(records):
        assert [(item.record_id, item.owner) for item in found(*order)] == listed


def test_the_names_of_clients_stay_in_the_crm(tmp_path: Path) -> None:
    record = FailingRecord("contact", "1", "m1", 1, Span.SCORE)
    made = found(record, names={("contact", "1"): "Ada Byron"})
    write_findings(tmp_path, replace(result(), fix_list=made, checks=()))
    assert b"Byron" not in (tmp_path / "findings.csv").read_bytes()
    assert b"Byron" not in (tmp_path / "findings.parquet").read_bytes()


def test_nothing_found_is_two_files_without_rows(tmp_path: Path) -> None:
    assert written(tmp_path, []) == []
    assert pq.read_table(tmp_path / "findings.parquet").num_rows == 0
    header = (tmp_path / "findings.csv").read_text(encoding="utf-8").strip()
    assert (
        header
        == "id,audit,entity,record_id,rule,verdict,span,owner,debtor_kind,debtor,link,exception,"
        "owner_name,team,day"
    )
    assert stat.S_ISREG((tmp_path / "findings.csv").stat().st_mode)


def test_what_is_not_valid_is_called_so() -> None:
    """In both languages; of two columns that are asked together the demand's label."""
    checked = FieldSet(
        "contact",
        (
            Demand(
                "city",
                LocalText("city", "plaats"),
                ("city", "street"),
                checks=(Pattern("[A-Z].*"),),
                why="the post office asks for it",
            ),
        ),
    )
    rules = [rule.verdict for rule in checked.rules]
    assert rules == [Verdict.MISSING, Verdict.INVALID]
    record = FailingRecord("contact", "c1", "u1", 0b10, Span.SCORE)
    (item,) = items((record,), {}, {"contact": checked}, {}, "UTC")
    (text,) = item.missing
    assert (text.chosen("en"), text.chosen("nl")) == ("city: not valid", "plaats: ongeldig")
    assert [rule.verdict for rule in item.rules] == [Verdict.INVALID]
    assert not item.check  # it costs points


CLOSING = FieldSet(
    "deal",
    (
        Demand("close", same_in_all("close date"), ("close_day",)),
        Demand("name", same_in_all("name"), ("name",)),
    ),
    readable=("close_day",),
)


@pytest.mark.parametrize(
    ("mask", "demanded", "exempt"),
    [
        (0b1100, [("close",)], []),  # its day cannot be read
        (0b1110, [("name", "close")], [("name",)]),
        (0b0010, [("name",)], [("name",)]),
        (0b1000, [("unreadable.close_day",)], [("unreadable.close_day",)]),  # none is asked for
    ],
)
def test_a_day_that_is_exempt_need_not_be_readable_either(
    mask: int, demanded: list[tuple[str, ...]], exempt: list[tuple[str, ...]]
) -> None:
    until = date(2027, 1, 31)
    line = ExceptionLine("line 2", ExceptionState.EXEMPT, "", "deal", "", "close", until=until)
    sets = {"deal": CLOSING}
    for lines, expected in (((), demanded), ((line,), exempt)):
        exceptions = in_force(lines, date(2026, 11, 24), "sales", sets)
        about = About(
            {("deal", "d1"): ""},
            sets,
            {"deal": CLOSING.rules},
            {},
            "UTC",
            exceptions=exceptions,
        )
        record = FailingRecord("deal", "d1", "a", mask, Span.SCORE)
        listed = findings.findings_of([record], about).items
        assert [tuple(rule.id for rule in item.rules) for item in listed] == expected
