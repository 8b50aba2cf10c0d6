"""What became of findings, counted for those to whom it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pipeline.measures.completeness import COMPLETED, OPEN_AGAIN
from pipeline.model import Person, Scope, Tally
from pipeline.model.history import Completions, Credit
from pipeline.model.rules import Debtor, counted_under

_COUNTED: Final = (Scope.MANAGER, Scope.INACTIVE)


def credit_tallies(known: Completions, users: Iterable[Person]) -> Iterator[Tally]:
    """What was completed and what is open again, of each user and of the company; nobody's is
    that of somebody whom the CRM knows no more.
    """
    scopes = {user.id: user.scope for user in users}
    for measure, credits in (
        (COMPLETED, known.completed),
        (OPEN_AGAIN, known.open_again),
    ):
        yield Tally(True, None, measure.name, "", "", 0)  # a zero is known too
        for (person, debtor), number in Counter(whose(credits, scopes)).items():
            dimension = counted_under(debtor, "")
            yield Tally(False, person or None, measure.name, dimension, "", number)
            yield Tally(True, None, measure.name, dimension, "", number)


def whose(
    credits: Iterable[Credit], scopes: Mapping[str, Scope]
) -> Iterator[tuple[str, Debtor]]:
    """Of each credit the user to whom it counts, '' for nobody, and as what debtor."""
    for credit in credits:
        debtor = Debtor.OPERATOR if credit.debtor is Debtor.OPERATOR else Debtor.OWNER
        known = scopes.get(credit.person) in _COUNTED
        yield credit.person if known else "", debtor
