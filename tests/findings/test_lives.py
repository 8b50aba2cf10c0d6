"""What becomes of a finding, run by run: every state seen in every way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.findings.ids import finding_id
from pipeline.findings.lives import begun, continued, with_open_again
from pipeline.model import Debtor, FixItem, Span
from pipeline.model.history import Completions, Credit
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState, Seen, Sight

KEY = FindingKey("meeting", "m1", "result")
SIGHTS = {
    "F": Sight.FAILING, "W": Sight.WAIVED, "G": Sight.GOOD, "N": Sight.NOT_DUE, "X": Sight.GONE, "D": Sight.DROPPED,
}  # fmt: skip


def told(history: str) -> list[str]:
    """What each run changes of a finding: 'F1a' is failing under content 1, of person a."""
    life: Life | None = None
    events: list[str] = []
    for letter, content, person in history.split():
        seen = Seen(SIGHTS[letter], person, content=content)
        if life is None:
            begins = begun("acme", KEY, seen)
            life, event = begins or (None, None)
        else:
            life, event = continued(life, seen)
        events.append(str(event or "-"))
    return events


@pytest.mark.parametrize(
    ("history", "events"),
    [
        ("F1a F1a G1a G1a", "opened - repaired -"),
        ("G1a N1a X1a F1a", "- - - opened"),
        ("F1a G1a F1a G1a", "opened repaired reopened repaired"),
        ("F1a F1b G1b", "opened handed_over repaired"),
        ("F1a W1a F1a", "opened waived resumed"),
        ("W1a F1a", "waived resumed"),
        ("W1a G1a F1a", "waived repaired reopened"),
        ("F1a X1a F1a", "opened gone resumed"),
        ("F1a X1a X1a G1a", "opened gone - repaired"),
        ("F1a N1a F1a", "opened ended_by_time resumed"),
        ("F1a N1a G1a", "opened ended_by_time repaired"),
        # a rule that is dropped or asks for something else completes nothing
        ("F1a D1a D1a", "opened ended_by_rule -"),
        ("F1a D1a G1a", "opened ended_by_rule -"),
        ("F1a D1a X1a", "opened ended_by_rule -"),
        ("F1a D1a F1a", "opened ended_by_rule resumed"),
        ("F1a G2a G2a F2a", "opened ended_by_rule - resumed"),
        ("F1a N2a", "opened ended_by_rule"),
        ("F1a W1a G2a", "opened waived ended_by_rule"),
        ("F1a F2a G2a", "opened - repaired"),
        # and accuses nobody: what was completed was completed by another standard
        ("F1a G1a F2a", "opened repaired resumed"),
        ("F1a G1a G2a F2a", "opened repaired - reopened"),
        ("F1a G1a N2a", "opened repaired ended_by_rule"),
        # what was completed and is gone, or no longer asked for, is not good now
        ("F1a G1a X1a F1a", "opened repaired gone resumed"),
        ("F1a G1a N1a G1a", "opened repaired ended_by_time repaired"),
        ("F1a G1a W1a G1a", "opened repaired waived repaired"),
        # a repaired one may change hands, which is no event
        ("F1a G1a G1b F1b", "opened repaired - reopened"),
    ],
)
def test_a_history(history: str, events: str) -> None:
    assert told(history) == events.split()


def test_it_keeps_its_id_and_knows_whose_it_is() -> None:
    begins = begun("acme", KEY, Seen(Sight.FAILING, "a", content="1"))
    assert begins is not None
    life, _ = begins
    assert life.id == finding_id("acme", "meeting", "m1", "result")
    gone, _ = continued(life, Seen(Sight.GONE))
    assert (gone.id, gone.person, gone.content) == (life.id, "a", "1")
    back, _ = continued(gone, Seen(Sight.FAILING, "b", content="1"))
    assert (back.id, back.person, back.state) == (life.id, "b", LifeState.OPEN)


@given(
    st.lists(st.tuples(st.sampled_from([*Sight]), st.sampled_from("12"), st.sampled_from("ab")))
)
def test_only_the_data_close_a_finding(history: list[tuple[Sight, str, str]]) -> None:
    """Open exactly where it fails; repaired only where it is good; the same sight twice changes nothing."""
    life: Life | None = None
    for sight, content, person in history:
        seen = Seen(sight, person, content=content)
        if life is None:
            life = (begun("acme", KEY, seen) or (None,))[0]
            continue
        before = life.state
        life, event = continued(life, seen)
        assert (life.state is LifeState.OPEN) == (sight is Sight.FAILING)
        assert (life.state is LifeState.WAIVED) == (sight is Sight.WAIVED)
        if event is LifeEvent.REPAIRED:
            assert sight is Sight.GOOD
            assert before is not LifeState.ENDED_BY_RULE
        if event is LifeEvent.REOPENED:
            assert before is LifeState.REPAIRED
        assert continued(life, seen) == (life, None)


def test_of_a_record_only_the_finding_that_came_back_is_marked() -> None:
    twice = FixItem("deal", "d1", "a", "", (), (), "", Span.SCORE, ids=("FIRST", "SECOND"))
    other = FixItem("deal", "d2", "a", "", (), (), "", Span.SCORE, ids=("THIRD",))
    known = Completions((), (Credit("SECOND", "a", Debtor.OWNER),))
    marked = with_open_again((twice, other), known)
    assert [item.again for item in marked] == [("SECOND",), ()]
    assert with_open_again((twice, other), None) == (twice, other)
