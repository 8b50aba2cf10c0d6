"""Sales support, as an audit names it, among the users of its CRM."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pipeline.config import Audit
from pipeline.errors import ConfigError
from pipeline.measures.groups import FEWEST
from pipeline.model import Person, Scope
from pipeline.yaml_files import read_yaml


def must_be_users(audit: Audit, people: Iterable[Person]) -> None:
    """ConfigError unless the CRM knows every operator, and there are enough of them for the
    audience of the figures.
    """
    users = {person.id: person for person in people}
    for position, operator in enumerate(audit.settings.operators):
        if operator not in users:
            raise ConfigError(
                f"{_where(audit, position)}: operators: the CRM has no user with the id "
                f"'{operator}'.{_hint(operator, users.values())} Write ids of users, as targets do."
            )
    active = [name for name in audit.operators if users[name].scope is Scope.MANAGER]
    if audit.operators and audit.settings.audience == "own" and len(active) < FEWEST:
        raise ConfigError(
            f"{_where(audit)}: operators: {len(active)} active users are named. With audience: own nobody sees "
            f"what fewer than {FEWEST} people did, and what operators owe could be worked out from the company's "
            f"figures. Name {FEWEST} or more, or take owed_by: operator out of the field sets."
        )


def _where(audit: Audit, position: int | None = None) -> str:
    key = ("operators",) if position is None else ("operators", str(position))
    lines = read_yaml(audit.file).lines
    return f"{audit.file}, line {lines[key]}" if key in lines else str(audit.file)


def _hint(operator: str, users: Iterable[Person]) -> str:
    """The user whose id or name is nearest to what was written."""
    ids = {text: user.id for user in users for text in (user.id, user.name)}
    near = get_close_matches(operator, ids, 1)
    return f" Did you mean {ids[near[0]]}?" if near else ""
