"""Python's verdicts over failing records: each demand has one verdict, and nothing else changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.findings.amended import with_judged
from pipeline.model import Demand, FailingRecord, FieldSet, Span, same_in_all
from pipeline.model.checks import OneOf
from pipeline.model.judging import ASKED, JudgedColumn, Judgement, Syntax

PHONE = Judgement((JudgedColumn("phone", Syntax.PHONE),), ASKED)
TEXT = Judgement((JudgedColumn("city"),), ASKED[::2])
FIELDS = FieldSet(
    "contact",
    (
        Demand("phone", same_in_all("phone"), ("phone",), judgement=PHONE),
        Demand("city", same_in_all("city"), ("city",), checks=(OneOf(("x",)),), judgement=TEXT),
        Demand("name", same_in_all("name"), ("last_name",)),
    ),
    readable=("phone", "created_at"),
)
SETS = {"contact": FIELDS}
NOTED = 1 << len(FIELDS.rules)
"""The bit of a rule that a count names."""
BY_PYTHON = sum(
    1 << bit
    for bit, (demand, rule) in enumerate(FIELDS.judged)
    if demand.is_judged(rule.verdict)
)

owners = st.sampled_from(["", "a", "b"])
keys = st.tuples(st.sampled_from("123"), owners, st.booleans())


def records(bits: int) -> st.SearchStrategy[dict[tuple[str, str, bool], FailingRecord]]:
    """Failing records by record, owner and whether they are repeats; with some of these bits."""
    made = st.builds(
        lambda key, mask, span: FailingRecord("contact", *key[:2], mask & bits, span, key[2], 5),
        keys, st.integers(0, 2 * NOTED - 1), st.sampled_from(Span),
    )  # fmt: skip
    return st.lists(made, max_size=6).map(
        lambda found: {
            (of.record_id, of.owner if of.is_repeat else "", of.is_repeat): of for of in found
        }
    )


@given(records(~BY_PYTHON), records(BY_PYTHON))
def test_each_demand_has_one_verdict_and_the_rest_stays(
    told: dict[tuple[str, str, bool], FailingRecord],
    judged: dict[tuple[str, str, bool], FailingRecord],
) -> None:
    amended = list(with_judged(told.values(), judged.values(), SETS))
    assert len(amended) == len(told.keys() | judged.keys())
    for record in amended:
        key = record.record_id, record.owner if record.is_repeat else "", record.is_repeat
        before, python = told.get(key), judged.get(key)
        kept = before or python
        assert kept is not None
        assert record._replace(mask=0) == kept._replace(mask=0)
        both = (before.mask if before else 0) | (python.mask if python else 0)
        demands = (1 << len(FIELDS.judged)) - 1
        assert record.mask & ~demands == both & ~demands
        for demand in FIELDS.demands:
            bits = [1 << bit for bit, (of, _) in enumerate(FIELDS.judged) if of is demand]
            found = [bit for bit in bits if both & bit]
            assert [bit for bit in bits if record.mask & bit] == found[:1]


def test_a_duplicate_that_a_database_finds_invalid_is_invalid() -> None:
    bits = {
        (rule.id, str(rule.verdict)): 1 << bit for bit, (_, rule) in enumerate(FIELDS.judged)
    }
    told = FailingRecord("contact", "1", "a", bits["city", "invalid"] | NOTED, Span.SCORE)
    duplicate = told._replace(mask=bits["city", "duplicate"])
    filler = told._replace(mask=bits["city", "placeholder"])
    assert list(with_judged([told], [duplicate], SETS)) == [told]
    [first] = with_judged([told], [filler], SETS)
    assert first.mask == bits["city", "placeholder"] | NOTED
    assert list(with_judged([], [filler], SETS)) == [filler]
    assert list(with_judged([told], [], SETS)) == [told]
