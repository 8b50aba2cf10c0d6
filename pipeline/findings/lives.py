"""What becomes of a finding from one run to the next. The data decide, and nobody's hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipeline.findings.ids import finding_id
from pipeline.model import FixItem
from pipeline.model.history import Completions
from pipeline.model.lives import FindingKey, Life, LifeEvent, LifeState, Seen, Sight

_STATES: Final[Mapping[Sight, LifeState]] = {
    Sight.FAILING: LifeState.OPEN,
    Sight.WAIVED: LifeState.WAIVED,
    Sight.GOOD: LifeState.REPAIRED,
    Sight.NOT_DUE: LifeState.ENDED_BY_TIME,
    Sight.GONE: LifeState.GONE,
    Sight.DROPPED: LifeState.ENDED_BY_RULE,
}
_BEGINS: Final = (Sight.FAILING, Sight.WAIVED)
"""What a finding's life begins with."""


def begun(audit_id: str, key: FindingKey, seen: Seen) -> tuple[Life, LifeEvent] | None:
    """The life of a finding that no run saw before; None where nothing fails."""
    if seen.sight not in _BEGINS:
        return None
    state = _STATES[seen.sight]
    event = LifeEvent.OPENED if state is LifeState.OPEN else LifeEvent(state)
    named = finding_id(audit_id, key.entity, key.record_id, key.rule)
    return Life(named, key, state, seen.person, seen.debtor, seen.content), event


def continued(life: Life, seen: Seen) -> tuple[Life, LifeEvent | None]:
    """The life after a run, and what the run changed about it."""
    state = _state_after(life, seen)
    after = replace(life, state=state)
    if seen.sight in (Sight.GONE, Sight.DROPPED):  # nobody can tell whose it is now
        return after, None if state is life.state else LifeEvent(state)
    after = replace(after, person=seen.person, debtor=seen.debtor, content=seen.content)
    return after, _event(life, after)


def _state_after(life: Life, seen: Seen) -> LifeState:
    """The state that the run's sight means.

    A rule that asks for something else now, or none, has ended what is not failing: nobody
    repaired it. What ended so stays ended until it fails again.
    """
    if seen.sight in _BEGINS:
        return _STATES[seen.sight]
    if life.state is LifeState.ENDED_BY_RULE:
        return life.state
    was_changed = seen.sight is not Sight.GONE and seen.content != life.content
    was_repaired = life.state is LifeState.REPAIRED and seen.sight is Sight.GOOD
    if was_changed and not was_repaired:
        return LifeState.ENDED_BY_RULE
    return _STATES[seen.sight]


def _event(before: Life, after: Life) -> LifeEvent | None:
    if after.state is before.state:
        passed_on = after.state is LifeState.OPEN and after.person != before.person
        return LifeEvent.HANDED_OVER if passed_on else None
    if after.state is not LifeState.OPEN:
        return LifeEvent(after.state)
    # a rule that asks for more than what was repaired accuses nobody
    came_back = before.state is LifeState.REPAIRED and after.content == before.content
    return LifeEvent.REOPENED if came_back else LifeEvent.RESUMED


def with_open_again(
    items: tuple[FixItem, ...], known: Completions | None
) -> tuple[FixItem, ...]:
    """The records to complete, those findings marked that had been completed before."""
    again = {credit.finding for credit in known.open_again} if known else set[str]()
    if not again:
        return items
    return tuple(
        replace(item, again=tuple(filter(again.__contains__, item.ids)))
        if again.intersection(item.ids)
        else item
        for item in items
    )
