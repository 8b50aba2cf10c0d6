"""The proof: equal readings pass, and each single difference is caught and named."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ProofError
from pipeline.findings.stored import write_failing
from pipeline.model import (
    ONE_READING,
    FailingRecord,
    Figure,
    Figures,
    Person,
    Scope,
    Span,
    TableAccount,
    Unit,
    figure_id,
)
from pipeline.proof.prove import prove as prove_files
from pipeline.proof.prove import prove_accounts, prove_people, proven
from tests.benches import in_memory


def figure(
    metric: str,
    numerator: int,
    denominator: int | None = None,
    unit: Unit = Unit.COUNT,
    **rest: Any,
) -> Figure:
    scope, key, currency = (
        rest.get("scope", Scope.COMPANY),
        rest.get("key", ""),
        rest.get("currency", ""),
    )
    name = figure_id(metric, "", currency, scope, key)
    return Figure(
        name,
        scope,
        key,
        metric,
        "",
        "period",
        numerator,
        denominator,
        unit,
        currency,
        "database",
    )


FIGURES = (
    figure("deals_won", 0),
    figure("deals_won", 3, scope=Scope.MANAGER, key="m1"),
    figure("deals_won_amount", 2**62 + 1, unit=Unit.MONEY, currency="EUR"),
    figure("deals_won_amount", 5, unit=Unit.MONEY, currency="USD"),
    figure("win_rate", 1, 2, Unit.PERCENT),
    figure("score", 0, 0, Unit.PERCENT, scope=Scope.MANAGER, key="m2"),
    figure("plan_needed_per_day", 7, 11, Unit.PER_DAY, scope=Scope.MANAGER, key="m1"),
)
RECORDS = (
    FailingRecord("call", "1", "m1", 0b1, Span.SCORE),
    FailingRecord("call", "2", "", 0b10, Span.OUTSIDE),
    FailingRecord("meeting", "1", "m1", 0b101, Span.SCORE),
    FailingRecord("meeting", "305184080441754059", "m2", 1 << 40, Span.OUTSIDE),
)


def prove(
    witness: Sequence[Figure],
    ours: Sequence[Figure],
    seen: Sequence[FailingRecord],
    found: Sequence[FailingRecord],
) -> None:
    """The proof, of failing records that are files as in a run."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "it's source.parquet", Path(folder) / "ours.parquet"
        for file, records in zip(files, (seen, found), strict=True):
            write_failing(file, tuple(records))
        prove_files(Figures(witness), Figures(ours), in_memory(), *files)


def refusal(
    ours: list[Figure] | tuple[Figure, ...] = FIGURES,
    found: list[FailingRecord] | tuple[FailingRecord, ...] = RECORDS,
) -> ProofError:
    """What is said of ours against the source; the same is said with both exchanged."""
    with pytest.raises(ProofError) as error:
        prove(FIGURES, ours, RECORDS, found)
    with pytest.raises(ProofError) as exchanged:
        prove(ours, FIGURES, found, RECORDS)
    assert error.value.exit_status == 4
    assert sorted(
        (name, there, here) for name, _, here, there in exchanged.value.differences
    ) == sorted((name, here, there) for name, _, here, there in error.value.differences) or any(
        "more than once" in where for _, where, *_ in error.value.differences
    )
    return error.value


def test_equal_readings_pass() -> None:
    prove(FIGURES, FIGURES, RECORDS, RECORDS)
    prove(FIGURES, tuple(reversed(FIGURES)), RECORDS, tuple(reversed(RECORDS)))
    prove([], [], [], [])
    prove(
        FIGURES, [replace(one) for one in FIGURES], RECORDS, [one._replace() for one in RECORDS]
    )


def test_how_a_figure_was_found_is_no_difference() -> None:
    prove(FIGURES, [replace(one, basis="snapshot") for one in FIGURES], RECORDS, RECORDS)


@pytest.mark.parametrize("position", range(len(FIGURES)))
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda f: replace(f, numerator=f.numerator + 1), id="numerator"),
        pytest.param(lambda f: replace(f, numerator=-f.numerator - 1), id="sign"),
        pytest.param(lambda f: replace(f, denominator=(f.denominator or 0) + 1), id="denominator"),
        pytest.param(lambda f: replace(f, denominator=0 if f.denominator is None else None), id="no ratio"),
        pytest.param(lambda f: replace(f, unit=Unit.DAYS), id="unit"),
        pytest.param(lambda f: replace(f, currency="GBP"), id="currency"),
        pytest.param(lambda f: replace(f, period="month"), id="period"),
        pytest.param(lambda f: replace(f, metric=f"{f.metric}x"), id="name"),
    ],
)  # fmt: skip
def test_each_change_of_a_figure_is_named(
    position: int, change: Callable[[Figure], Figure]
) -> None:
    changed = change(FIGURES[position])
    error = refusal([*FIGURES[:position], changed, *FIGURES[position + 1 :]])
    names = {name for name, *_ in error.differences}
    assert names == {FIGURES[position].id, *Figures([changed])}
    assert all(where == "figures" for _, where, *_ in error.differences)
    assert str(len(names)) in str(error)


def test_a_ratio_of_the_same_value_is_another_ratio() -> None:
    position = next(i for i, one in enumerate(FIGURES) if one.metric == "win_rate")
    doubled = replace(FIGURES[position], numerator=2, denominator=4)
    ((name, _, source, ours),) = refusal(
        [*FIGURES[:position], doubled, *FIGURES[position + 1 :]]
    ).differences
    assert name == "win_rate@company"
    assert ("1 of 2" in source, "2 of 4" in ours) == (True, True)


def test_large_integers_are_not_floats() -> None:
    position = next(i for i, one in enumerate(FIGURES) if one.numerator > 2**60)
    error = refusal(
        [
            *FIGURES[:position],
            replace(FIGURES[position], numerator=2**62),
            *FIGURES[position + 1 :],
        ]
    )
    ((name, _, source, ours),) = error.differences
    assert name == "deals_won_amount/EUR@company"
    assert (str(2**62 + 1) in source, str(2**62) in ours) == (True, True)


@pytest.mark.parametrize("position", range(len(FIGURES)))
def test_a_figure_that_is_lacking_or_too_many(position: int) -> None:
    less = [*FIGURES[:position], *FIGURES[position + 1 :]]
    ((name, _, source, ours),) = refusal(less).differences
    assert (name, ours) == (FIGURES[position].id, "no such figure")
    assert source != "no such figure"
    more = [*FIGURES, figure("deals_lost", 1)]
    ((name, _, source, ours),) = refusal(more).differences
    assert (name, source) == ("deals_lost@company", "no such figure")


def test_nothing_is_not_equal_to_something() -> None:
    assert {name for name, *_ in refusal([]).differences} == {one.id for one in FIGURES}
    assert len(refusal(FIGURES, []).differences) == len(RECORDS)


def test_a_figure_that_exists_twice() -> None:
    with pytest.raises(ProofError, match=r"win_rate@company.*twice"):
        prove(FIGURES, [*FIGURES, figure("win_rate", 1, 2, Unit.PERCENT)], RECORDS, RECORDS)
    with pytest.raises(ProofError, match=r"win_rate@company.*twice"):
        prove([*FIGURES, figure("win_rate", 5, 6, Unit.PERCENT)], FIGURES, RECORDS, RECORDS)


# ------------------------------------------------------------------------------------------------ records


@pytest.mark.parametrize("position", range(len(RECORDS)))
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: r._replace(mask=0b1000), id="mask"),
        pytest.param(lambda r: r._replace(mask=r.mask | 1 << 62), id="one more field"),
        pytest.param(lambda r: r._replace(owner="m9"), id="owner"),
        pytest.param(
            lambda r: r._replace(span=Span.OUTSIDE if r.span is Span.SCORE else Span.SCORE),
            id="span",
        ),
        pytest.param(
            lambda r: r._replace(occurred_at_us=1), id="moment of a record without one"
        ),
        pytest.param(
            lambda r: r._replace(occurred_at_us=-(2**62)), id="moment before the calendar"
        ),
    ],
)
def test_each_change_of_a_record_is_named(
    position: int, change: Callable[[FailingRecord], FailingRecord]
) -> None:
    record = RECORDS[position]
    error = refusal(found=[*RECORDS[:position], change(record), *RECORDS[position + 1 :]])
    ((name, where, source, ours),) = error.differences
    assert (name, where) == (f"{record.entity} {record.record_id}", "failing records")
    assert source != ours
    assert "1 figures or records differ" in str(error)


@pytest.mark.parametrize("position", range(len(RECORDS)))
def test_a_record_that_is_lacking(position: int) -> None:
    record = RECORDS[position]
    ((name, _, source, ours),) = refusal(
        found=[*RECORDS[:position], *RECORDS[position + 1 :]]
    ).differences
    assert (name, ours) == (f"{record.entity} {record.record_id}", "not failing")
    assert f"mask {record.mask:b}" in source


@pytest.mark.parametrize(
    "extra",
    [
        FailingRecord("deal", "1", "", 1, Span.SCORE),
        FailingRecord("call", "3", "m1", 1, Span.SCORE),
    ],
)
def test_a_record_that_is_too_many(extra: FailingRecord) -> None:
    ((name, _, source, _),) = refusal(found=[*RECORDS, extra]).differences
    assert (name, source) == (f"{extra.entity} {extra.record_id}", "not failing")


def test_one_record_in_the_place_of_another() -> None:
    moved = [RECORDS[0]._replace(record_id="9"), *RECORDS[1:]]
    assert {name for name, *_ in refusal(found=moved).differences} == {"call 1", "call 9"}


@pytest.mark.parametrize("position", range(len(RECORDS)))
def test_a_record_that_is_listed_twice(position: int) -> None:
    twice = [*RECORDS, RECORDS[position]]
    differences = refusal(found=twice).differences
    assert [where for _, where, *_ in differences] == ["listed more than once in ours"]
    with pytest.raises(ProofError, match="1 figures or records differ"):
        prove(FIGURES, FIGURES, twice, RECORDS)
    with pytest.raises(
        ProofError, match="2 figures or records differ"
    ):  # twice in both is no excuse
        prove(FIGURES, FIGURES, twice, twice)


def test_all_differences_are_told() -> None:
    changed = [replace(one, numerator=one.numerator + 1) for one in FIGURES]
    masked = [one._replace(mask=one.mask + 1) for one in RECORDS]
    assert len(refusal(changed, masked).differences) == len(FIGURES) + len(RECORDS)


# ------------------------------------------------------------------------------------------------ people


PEOPLE = (
    Person("m1", "Anna", "t1", "North", Scope.MANAGER, "m2"),
    Person("m2", "Bert", "t1", "North", Scope.MANAGER),
    Person("x1", "Carla", "", "", Scope.INACTIVE),
)


def stranger(
    found: list[Person], seen: tuple[Person, ...] = PEOPLE
) -> dict[str, tuple[str, str]]:
    """user -> what is said of them in the source and in ours."""
    with pytest.raises(ProofError, match="users differ between the source") as caught:
        prove_people(seen, found)
    return {
        name: (there, here)
        for name, where, there, here in caught.value.differences
        if where == "people"
    }


def test_equal_people_pass_in_any_order() -> None:
    prove_people(PEOPLE, reversed(PEOPLE))
    prove_people([], [])


def test_two_names_that_are_exchanged() -> None:
    """No figure differs then."""
    anna, bert, carla = PEOPLE
    found = stranger([replace(anna, name="Bert"), replace(bert, name="Anna"), carla])
    assert found == {
        "user m1": ("name Anna", "name Bert"),
        "user m2": ("name Bert", "name Anna"),
    }


@pytest.mark.parametrize("position", range(len(PEOPLE)))
@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("name", "Dora"),
        ("team", "South"),
        ("team_id", "t9"),
        ("leader_id", "m9"),
        ("scope", Scope.TEAM),
    ],
)
def test_each_part_of_a_person_is_compared(position: int, part: str, value: str) -> None:
    changed: dict[str, Any] = {part: value}
    people = [*PEOPLE[:position], replace(PEOPLE[position], **changed), *PEOPLE[position + 1 :]]
    assert stranger(people) == {
        f"user {PEOPLE[position].id}": (
            f"{part} {getattr(PEOPLE[position], part) or 'none'}",
            f"{part} {value}",
        )
    }


def test_a_person_who_is_lacking_or_too_many() -> None:
    assert stranger(list(PEOPLE[1:]))["user m1"][1] == "no such user"
    assert stranger(list(PEOPLE), PEOPLE[1:])["user m1"][0] == "no such user"
    assert stranger([*PEOPLE, PEOPLE[0]])["user m1"][0] == "no such user"  # one of them twice


# ------------------------------------------------------------------------------------------------ accounting

ACCOUNTS = (
    TableAccount("deals", 12, 10, {"deleted": 2}),
    TableAccount("people", 9, 7, {"supplier": 2}),
    TableAccount("old people", 3, 3, {}),
    TableAccount("custom", 5, 5, {}),
)
TABLES = {
    "deal": {"deals"},
    "client": {"people"},
    "contact": {"people", "old people"},
    "lead": {"gone"},
}
ROWS = {"deal": 10, "client": 4, "contact": 6, "lead": 0, "call": 0}


def test_audited_rows_are_as_many_as_were_read() -> None:
    prove_accounts(ACCOUNTS, TABLES, ROWS)


@pytest.mark.parametrize(
    ("entity", "named", "source", "ours"),
    [("deal", "deals", "10", "11"), ("client", "old people, people", "10", "11"),
     ("contact", "old people, people", "10", "11")],
)  # fmt: skip
def test_rows_that_were_read_and_not_accounted_for(
    entity: str, named: str, source: str, ours: str
) -> None:
    with pytest.raises(ProofError, match="1 counts of audited rows differ") as caught:
        prove_accounts(ACCOUNTS, TABLES, {**ROWS, entity: ROWS[entity] + 1})
    assert caught.value.differences == (
        (f"audited rows of {named}", "accounting", source, ours),
    )


def test_entities_that_share_by_way_of_a_third_are_compared_together() -> None:
    """Nobody can tell which of them has which of a shared table's rows."""
    accounts = [TableAccount("one", 3, 3, {}), TableAccount("other", 2, 2, {})]
    tables = {"client": {"one"}, "contact": {"one", "other"}, "lead": {"other"}}
    prove_accounts(accounts, tables, {"client": 2, "contact": 2, "lead": 1})
    with pytest.raises(ProofError, match="1 counts of audited rows differ"):
        prove_accounts(accounts, tables, {"client": 2, "contact": 2, "lead": 2})


def test_what_one_reading_says_alone_is_no_proven_figure() -> None:
    alone = [replace(FIGURES[0], basis=basis) for basis in (ONE_READING, "targets", "calendar")]
    assert proven(Figures([*FIGURES, *alone])) == len(FIGURES)


# ------------------------------------------------------------------------------------------------ what is invisible


@pytest.mark.parametrize(
    "odd", ["EUR\r", "EUR ", "\u202eEUR", "EUR\u200b", "EUR\x00", "ＥＵＲ", "EUR\ud800"]
)
def test_what_differs_invisibly_is_written_out(odd: str) -> None:
    """Rows that look alike tell nobody what to mend."""
    euro = replace(PEOPLE[0], name="EUR")
    ((source, ours),) = stranger([replace(euro, name=odd)], (euro,)).values()
    assert source != ours
    assert source.isprintable()
    assert ours.isascii()
    assert ours.isprintable()


def test_so_are_letters_that_are_composed_otherwise() -> None:
    anna = replace(PEOPLE[0], name="Ren\xe9")
    assert stranger([replace(anna, name="Rene\u0301")], (anna,)) == {
        "user m1": ("'name Ren\\xe9'", "'name Rene\\u0301'")
    }


def test_a_record_whose_id_is_odd_is_named_visibly() -> None:
    with pytest.raises(ProofError) as caught:
        prove([], [], [FailingRecord("deal", "1\t2\u202e", "m", 1, Span.SCORE)], [])
    assert caught.value.differences[0][0] == "deal 1\\t2\\u202e"
