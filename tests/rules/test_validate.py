"""Validation by the library: it counts what Python counts, lists every failing record, and never fails silently."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import FromClause, column, create_engine, table

from pipeline import queries
from pipeline.errors import AuditError
from pipeline.findings.stored import FAILING, read_failing
from pipeline.model import SPANS, Answers, Demand, FailingRecord, FieldSet, Tally, Verdict
from pipeline.model.conditions import HELD
from pipeline.queries import WORD, Count, QueryContext, state_code
from pipeline.queries.ask import ask_failing
from pipeline.rules import gx
from tests.factory import window

Rows = Sequence[dict[str, Any]]

MEETING = FieldSet(
    "meeting",
    (
        Demand("date", "date", ("start_at",)),
        Demand("subject", "subject", ("subject",)),
        Demand("contact", "contact", ("contact",)),
        Demand("result", "result", ("result",), 2, HELD),
    ),
    readable=("start_at",),
)
CONTACT = FieldSet(
    "contact",
    (
        Demand("last_name", "last name", ("last_name",)),
        Demand("details", "details", ("phone", "email")),
    ),
)
LEAD = FieldSet("lead", CONTACT.demands)
BLANKS = (None, "", " ", "\t\n", "\u00a0\u3000\u200b")
TEXTS = (*BLANKS, "x", "a b", "\u200bx", "0", "\u65e5")


def database(folder: Path, tables: dict[str, Rows]) -> tuple[str, dict[str, FromClause]]:
    """A DuckDB file with the views of these entities, and its address."""
    url = f"duckdb:///{folder / 'audit.duckdb'}"
    engine = create_engine(url)
    views: dict[str, FromClause] = {}
    with engine.begin() as connection:
        for entity, rows in tables.items():
            file = folder / f"{entity}.parquet"
            pq.write_table(pa.Table.from_pylist(list(rows)), file)
            connection.exec_driver_sql(
                f"CREATE VIEW view_{entity} AS SELECT * FROM read_parquet('{file}')"
            )
            views[entity] = table(f"view_{entity}", *(column(name) for name in rows[0]))
    engine.dispose()
    return url, views


def validate(
    url: str,
    views: dict[str, FromClause],
    sets: dict[str, FieldSet],
    *counts: Count,
    several_owners: bool = False,
) -> Answers:
    """What the library says of these views, and the records that it leaves in a file."""
    context = QueryContext(window(), {}, several_owners=several_owners, counts=counts)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "failing.parquet"
        due = gx.validate(url, queries.scans_of(views, sets, context), file)
        return Answers(due, tuple(read_failing(file)))


def common(seed: random.Random, number: int, owners: Sequence[str | None]) -> dict[str, Any]:
    return {
        "id": f"r{number}",
        "owner": seed.choice(owners),
        "scored": int(seed.random() < 0.9),
        "span": 0,
        "state": 0,
        "is_repeat": 0,
        "occurred_at_us": seed.choice((None, 5, 7)),
    }


def meetings(count: int, *, several_owners: bool = False) -> Rows:
    seed, found = random.Random(count), []
    for number in range(count):
        row = common(seed, number, ("m1", "m2", "m3", None))
        row["span"] = seed.choice((0, 1, 1, 2)) if row["scored"] else 0
        row["is_repeat"] = int(
            several_owners and row["owner"] is not None and seed.random() < 0.2
        )
        row["state"] = seed.choice((-1, 0, 1, 2, 3))
        row["start_at"] = seed.choice((None, 5, 7))
        row["start_at_unreadable"] = int(row["start_at"] is None and seed.random() < 0.3)
        row |= {
            "subject": seed.choice(TEXTS),
            "contact": seed.choice((0, 1)),
            "result": seed.choice(TEXTS),
        }
        found.append(row)
    return found


def persons(count: int, owners: Sequence[str | None] = ("m1", None)) -> Rows:
    seed, found = random.Random(f"persons {count}"), []
    for number in range(count):
        row = common(seed, number, owners)
        row |= {
            "span": seed.choice((0, 1, 3, 4)) if row["scored"] else 0,
            "last_name": seed.choice(TEXTS),
        }
        found.append(row | {"phone": seed.choice(TEXTS), "email": seed.choice(TEXTS)})
    return found


def lacks(row: dict[str, Any], field: Demand) -> bool:
    """The field is due of the row, and missing: in plain Python."""
    return due(row, field) and all(
        row[name] is None and not row["start_at_unreadable"] if name == "start_at"
        else row[name] == 0 if name == "contact"
        else row[name] in BLANKS
        for name in field.columns
    )  # fmt: skip


def due(row: dict[str, Any], demand: Demand | None = None) -> bool:
    """What is still to come is not held yet."""
    always = demand is None or demand.when is None
    held = row["state"] == state_code("meeting", "held") and row["span"] != 2
    return bool(row["scored"] and (always or held))


def unknown(row: dict[str, Any], demand: Demand) -> bool:
    """Nobody entered a status."""
    return bool(row["scored"] and demand.when and row["state"] <= 0)


def counted(fields: FieldSet, rows: Rows) -> Answers:
    """What the library must say."""
    tallies: Counter[tuple[bool, str | None, str, str, bool]] = Counter()
    failing = []
    for row in rows:
        mask = 0
        for bit, field in enumerate(fields.demands):
            mask |= lacks(row, field) << bit
        for demand in {field.when: field for field in fields.demands}.values():
            for company, owner, again in whose(row):
                dimension = f"{fields.entity}.held" if demand.when else fields.entity
                whose_key = (company, owner)
                for name, entity in (("due", dimension), ("records", fields.entity)):
                    if name == "due" or demand.when is None:
                        tallies[*whose_key, f"{name}.base", entity, again] += due(row, demand)
                        tallies[*whose_key, f"{name}.score", entity, again] += (
                            due(row, demand) and row["span"] == 1
                        )
                if demand.when:
                    lost = unknown(row, demand)
                    tallies[*whose_key, "unknown.base", dimension, again] += lost
        for bit, name in enumerate(fields.readable):
            unread = row[f"{name}_unreadable"]
            mask |= (unread and due(row)) << len(fields.demands)  # the demand of its column
            mask |= unread << len(fields.demands) + len(fields.readable) + bit
        if mask:
            again = bool(row["is_repeat"])
            failing.append(
                FailingRecord(
                    fields.entity,
                    row["id"],
                    row["owner"] or "",
                    mask,
                    SPANS[row["span"]],
                    again,
                    row["occurred_at_us"],
                )
            )
    counts = ((what[:4], value, what[4]) for what, value in tallies.items())
    return Answers(
        tuple(Tally(*what, "", value, again) for what, value, again in counts), tuple(failing)
    )


def whose(row: dict[str, Any]) -> list[tuple[bool, str | None, bool]]:
    """For whom the row counts: (the company's, the owner, whether again)."""
    again = [(False, row["owner"], True)] if row["is_repeat"] else [(True, None, False)]
    return [(False, row["owner"], False), *again]


def same(found: Answers, expected: Iterable[Answers]) -> None:
    expected = list(expected)
    assert Counter(found.tallies) == Counter(
        tally for answers in expected for tally in answers.tallies
    )
    assert Counter(found.failing) == Counter(
        record for answers in expected for record in answers.failing
    )


def test_it_counts_what_python_counts_and_mixes_no_entities(tmp_path: Path) -> None:
    rows: dict[str, Rows] = {
        "meeting": meetings(2_000),
        "contact": persons(700),
        "lead": persons(300),
    }
    sets = {"meeting": MEETING, "contact": CONTACT, "lead": LEAD}
    url, views = database(tmp_path, rows)
    found = validate(url, views, sets)
    same(found, (counted(sets[entity], rows[entity]) for entity in rows))
    assert {record.entity for record in found.failing} == set(rows)
    assert all(len([r for r in found.failing if r.entity == entity]) > 20 for entity in rows)
    # and what it found in one place it does not remember in another
    (tmp_path / "other").mkdir()
    fewer: dict[str, Rows] = {"meeting": meetings(50), "contact": persons(20)}
    url, views = database(tmp_path / "other", fewer)
    same(validate(url, views, sets), (counted(sets[entity], fewer[entity]) for entity in fewer))


def test_a_record_of_several_owners_is_the_companys_once(tmp_path: Path) -> None:
    rows = meetings(1_500, several_owners=True)
    url, views = database(tmp_path, {"meeting": rows})
    found = validate(url, views, {"meeting": MEETING}, several_owners=True)
    same(found, [counted(MEETING, rows)])
    assert len([record for record in found.failing if record.is_repeat]) > 20
    assert any(tally.is_repeat and tally.value for tally in found.tallies)


def test_every_failing_record_comes_back_however_many(tmp_path: Path) -> None:
    rows = persons(30_000, ("m1", "m2", None))
    url, views = database(tmp_path, {"contact": rows})
    found = validate(url, views, {"contact": CONTACT})
    expected = counted(CONTACT, rows)
    same(found, [expected])
    assert len(found.failing) > 10_000
    assert len({record.record_id for record in found.failing}) == len(found.failing)


def test_where_nothing_is_missing_there_is_nothing_to_list(tmp_path: Path) -> None:
    good = {
        "id": "1",
        "owner": "m1",
        "scored": 1,
        "span": 1,
        "state": 0,
        "is_repeat": 0,
        "occurred_at_us": 5,
        "last_name": "x",
        "phone": None,
        "email": "y",
    }
    url, views = database(tmp_path, {"contact": [good]})
    found = validate(url, views, {"contact": CONTACT})
    assert found.failing == ()
    assert {
        t.name: t.value for t in found.tallies if t.company and t.dimension == "contact"
    } == {
        **dict.fromkeys(("due.base", "due.score", "records.base", "records.score"), 1),
    }


def test_a_record_that_a_count_names_is_listed_and_is_nothing_to_complete(
    tmp_path: Path,
) -> None:
    rows = persons(500)
    url, views = database(tmp_path, {"contact": rows})
    reached = Count(
        "reached", "contact", lambda view, _: view.c.phone == "x", verdict=Verdict.INVALID
    )
    found = validate(url, views, {"contact": CONTACT}, reached)
    plain = validate(url, views, {"contact": CONTACT})
    assert Counter(found.tallies) == Counter(plain.tallies)  # the demands count as they did
    named = {record.record_id for record in found.failing if record.mask >> 2}
    assert named == {row["id"] for row in rows if row["phone"] == "x"}
    kept = {(r.record_id, r.mask & 3) for r in found.failing if r.mask & 3}
    assert kept == {(r.record_id, r.mask) for r in plain.failing}
    assert len(named) > 20
    assert any(record.mask == 4 for record in found.failing)  # fails nothing else


MANY = FieldSet(
    "contact",
    tuple(
        Demand(
            f"d{number}", f"thing {number}", (("last_name", "phone", "email")[number // WORD],)
        )
        for number in range(2 * WORD + 3)
    ),
)
"""Demands that need three words of bits, each of a column of its own."""


def test_a_mask_of_several_words_is_one_number(tmp_path: Path) -> None:
    rows = persons(400)
    url, views = database(tmp_path, {"contact": rows})
    found = validate(url, views, {"contact": MANY})
    same(found, [counted(MANY, rows)])
    masks = {record.mask for record in found.failing}
    name, phone, email = (1 << WORD) - 1, (1 << WORD) - 1 << WORD, 0b111 << 2 * WORD
    assert {
        name,
        phone,
        email,
        name | email,
    } < masks  # words of zeros before, between and after


@pytest.mark.parametrize("fields", [CONTACT, MANY])
def test_the_file_holds_what_the_scan_gives_row_by_row(
    tmp_path: Path, fields: FieldSet
) -> None:
    """In the same order, with the same texts, and to the byte alike each time."""
    blank = {"id": "", "owner": "", "occurred_at_us": None}
    rows = [*persons(9_000), persons(9_001)[-1] | blank | {"last_name": None}]
    url, views = database(tmp_path, {"contact": rows})
    scans = list(queries.scans_of(views, {"contact": fields}, QueryContext(window(), {})))
    files = [tmp_path / name for name in ("once.parquet", "again.parquet")]
    for file in files:
        gx.validate(url, scans, file)
    with create_engine(url).connect() as connection:
        expected = list(ask_failing(connection, scans))
    assert list(read_failing(files[0])) == expected
    assert {"", "m1"} == {record.owner for record in expected}
    assert len(expected) > 5_000
    assert files[0].read_bytes() == files[1].read_bytes()
    assert pq.read_schema(files[0]) == FAILING


@pytest.mark.parametrize("name", ["id", "owner", "entered_by"])
def test_an_id_that_is_no_text_is_refused(tmp_path: Path, name: str) -> None:
    rows = [row | {"entered_by": "u", "entered_by_owner": 0} for row in persons(50)]
    rows = [row | {name: number} for number, row in enumerate(rows)]
    url, views = database(tmp_path, {"contact": rows})
    with pytest.raises(AuditError, match=f"holds {name} of contact as int64, not as text"):
        validate(url, views, {"contact": CONTACT})


def test_a_record_without_span_is_refused(tmp_path: Path) -> None:
    rows = [row | {"span": None if row["scored"] else 0} for row in persons(50)]
    url, views = database(tmp_path, {"contact": rows})
    with pytest.raises(AuditError, match="contact listed records without span"):
        validate(url, views, {"contact": CONTACT})


def test_a_set_without_fields_is_not_asked(tmp_path: Path) -> None:
    url, views = database(tmp_path, {"contact": persons(10)})
    assert validate(url, views, {"contact": FieldSet("contact", ())}) == Answers((), ())


def test_a_view_that_does_not_exist_is_our_error(tmp_path: Path) -> None:
    url, views = database(tmp_path, {"contact": persons(10)})
    views["lead"] = table("view_lead", *(column(name) for name in persons(1)[0]))
    with pytest.raises(AuditError, match="lead"):
        validate(url, views, {"contact": CONTACT, "lead": LEAD})


@pytest.mark.parametrize("lacking", ["phone", "owner", "span", "scored", "id"])
def test_a_column_that_does_not_exist_is_our_error(tmp_path: Path, lacking: str) -> None:
    rows = persons(10)
    url, views = database(
        tmp_path, {"contact": [{k: v for k, v in row.items() if k != lacking} for row in rows]}
    )
    views["contact"] = table("view_contact", *(column(name) for name in rows[0]))
    with pytest.raises(
        AuditError, match=f"validation of contact did not run.*{lacking}"
    ) as error:
        validate(url, views, {"contact": CONTACT})
    assert error.value.exit_status == 70


def test_a_database_that_cannot_be_opened_is_our_error(tmp_path: Path) -> None:
    _, views = database(tmp_path, {"contact": persons(10)})
    with pytest.raises(AuditError, match="validation did not run"):
        validate(f"duckdb:///{tmp_path / 'no' / 'such.duckdb'}", views, {"contact": CONTACT})


def test_two_scans_that_disagree_are_our_error(tmp_path: Path) -> None:
    url, views = database(tmp_path, {"lead": persons(1_000)})
    engine = create_engine(url)
    with engine.begin() as connection:  # a view that says something else each time
        connection.exec_driver_sql("CREATE SEQUENCE looked")
        connection.exec_driver_sql(
            "CREATE OR REPLACE VIEW view_lead AS SELECT id, owner, is_repeat, occurred_at_us, 1 AS scored,"
            " span, state, CASE WHEN nextval('looked') <= 1000 THEN last_name END AS last_name, phone, email"
            f" FROM read_parquet('{tmp_path / 'lead.parquet'}')"
        )
    engine.dispose()
    with pytest.raises(AuditError, match="records to complete and listed others"):
        validate(url, views, {"lead": LEAD})
