"""What a field set leaves to Python: which columns it judges, as what, and the outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from pipeline.model.schema import ENTITIES, PROVEN_TEXT, Schema, TextColumns


class Judged(IntEnum):
    """The verdict on a value. Of several values the lowest is the record's: a good one
    suffices, and it misses nothing unless all are missing.
    """

    GOOD = 0
    HINT = 1  # good; a phone number of no range that has been issued
    NOT_JUDGED = 2  # good; a phone number without + of nobody knows which country
    UNREADABLE = 3
    PLACEHOLDER = 4
    INVALID = 5
    DUPLICATE = 6
    MISSING = 7


class Syntax(StrEnum):
    """What a column is judged as."""

    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    NAME = "name"  # one of a person's two names: a filler only if the other is one too


class Reach(StrEnum):
    """Where a value must be unique."""

    OWNER = "owner"
    COMPANY = "company"


ASKED: Final = (Judged.PLACEHOLDER, Judged.INVALID, Judged.DUPLICATE)
"""The verdicts that a demand may ask for; the others come by themselves."""


@dataclass(frozen=True, slots=True)
class JudgedColumn:
    """A column of the entity, and what its values are judged as."""

    name: str
    syntax: Syntax = Syntax.TEXT


@dataclass(frozen=True, slots=True)
class Judgement:
    """What Python judges of a demand: one verdict per record, over all values in its columns.

    A verdict that is not asked for counts as good. Values that are fillers or invalid are
    never duplicates, asked for or not.
    """

    columns: tuple[JudgedColumn, ...]
    asks: tuple[Judged, ...]  # some of ASKED
    words: tuple[str, ...] | None = None  # declared fillers; None: the program's own
    reach: Reach = Reach.COMPANY

    @property
    def has_phones(self) -> bool:
        """Whether a verdict depends on the country."""
        return any(column.syntax is Syntax.PHONE for column in self.columns)

    @property
    def judges_phones(self) -> bool:
        """Whether numbering plans decide."""
        return self.has_phones and Judged.INVALID in self.asks


COUNTRIES: Final[Mapping[str, tuple[str, ...]]] = {
    "client": ("client.country",),
    "contact": ("contact.country", "client.country"),
    "lead": ("lead.country",),
}
"""Entity -> the columns that name a phone number's country, the first known one first."""

OTHER_NAME: Final[Mapping[str, str]] = {"first_name": "last_name", "last_name": "first_name"}
"""The column beside which a person's name is judged."""


def country_columns(entity: str, schema: Schema = ENTITIES) -> tuple[str, ...]:
    """The columns ('client.country') that this CRM holds and that name an entity's country."""
    return tuple(
        name
        for name in COUNTRIES.get(entity, ())
        if "country" in schema.get(name.partition(".")[0], {})
    )


def judged_columns(
    judgements: Mapping[str, Iterable[Judgement]], schema: Schema = ENTITIES
) -> tuple[str, ...]:
    """Every column ('contact.phone') that decides a verdict, countries among them."""
    columns = (
        name
        for entity, of_entity in judgements.items()
        for judgement in of_entity
        for name in _columns(entity, judgement, schema)
    )
    return tuple(dict.fromkeys(columns))


def _columns(entity: str, judgement: Judgement, schema: Schema) -> Iterator[str]:
    for column in judgement.columns:
        yield f"{entity}.{column.name}"
        if column.syntax is Syntax.NAME:
            yield f"{entity}.{OTHER_NAME[column.name]}"
    if judgement.has_phones:
        yield from country_columns(entity, schema)


def proven_text(
    judgements: Mapping[str, Iterable[Judgement]], schema: Schema = ENTITIES
) -> TextColumns:
    """Entity -> the text columns that an audit prints or judges, and so must fingerprint."""
    columns = {entity: dict.fromkeys(printed) for entity, printed in PROVEN_TEXT.items()}
    for judged in judged_columns(judgements, schema):
        entity, _, name = judged.partition(".")
        columns.setdefault(entity, {})[name] = None
    return {entity: tuple(names) for entity, names in columns.items()}
