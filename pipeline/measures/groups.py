"""The groups that management sees with `audience: own`.

Nobody can be told by subtraction: the groups share no member, and each difference of what is
shown is a sum of whole groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pipeline.model import Person, Scope

FEWEST: Final = 5
"""Managers of a group that is shown, and former colleagues of a line of their own."""

EVERYBODY: Final = "everybody"
POOLED: Final = "other_teams"
FORMER: Final = "former_colleagues"
_NO_TEAM: Final = "no_team"


@dataclass(frozen=True, slots=True)
class Group:
    """People of whom management sees one line. `teams` are their managers' teams."""

    key: str  # of its figures: never an id of the CRM, since that may be a leader's
    teams: tuple[str, ...]
    managers: tuple[Person, ...]
    former: tuple[Person, ...] = ()

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody whose records its figures count."""
        return (*self.managers, *self.former)


def shown_groups(people: Iterable[Person]) -> tuple[Group, ...]:
    """Teams of five or more, by team, then the other teams as one group, then former
    colleagues. None where the company is the only group that may be shown.

    Fewer than five former colleagues belong to the other teams. Where these hold fewer than
    five managers, the next smallest team joins them.
    """
    managers, former = _teams_of(people)
    large = sorted(team for team, members in managers.items() if len(members) >= FEWEST)
    few = 0 < len(former) < FEWEST
    pooled = _pooled(managers, large, needed=few)
    groups = [
        Group(_key_of(team), (team,), tuple(managers[team]))
        for team in large
        if team not in pooled
    ]
    if pooled:
        own = tuple(person for team in pooled for person in managers[team])
        groups.append(Group(POOLED, tuple(pooled), own, former if few else ()))
    if len(groups) < 2:
        return ()
    if len(former) >= FEWEST:
        groups.append(Group(FORMER, (), (), former))
    return tuple(groups)


def _teams_of(people: Iterable[Person]) -> tuple[dict[str, list[Person]], tuple[Person, ...]]:
    """Team -> its managers; and the former colleagues."""
    teams: dict[str, list[Person]] = defaultdict(list)
    former: list[Person] = []
    for person in people:
        if person.scope is Scope.MANAGER:
            teams[person.team_id].append(person)
        else:
            former.append(person)
    return teams, tuple(former)


def _pooled(
    managers: dict[str, list[Person]], large: Sequence[str], *, needed: bool
) -> list[str]:
    """The teams of the common group; `needed`: also where each team is large enough."""
    pooled = sorted(managers.keys() - set(large))
    joining = sorted(large, key=lambda team: (len(managers[team]), team))
    size = sum(len(managers[team]) for team in pooled)
    while (pooled or needed) and size < FEWEST and joining:
        team = joining.pop(0)
        pooled.append(team)
        size += len(managers[team])
    return pooled


def _key_of(team: str) -> str:
    return sha256(team.encode()).hexdigest()[:12] if team else _NO_TEAM
