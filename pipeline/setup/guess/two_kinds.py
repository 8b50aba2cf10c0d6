"""A table that holds both companies and persons, and the column that tells them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, String, cast, column, func, select, table

from pipeline.setup.look.contents import Looked, plain
from pipeline.setup.look.vocabulary import EMPTY
from pipeline.values.flags import read_flag

COMPANY: Final = "company"
PERSON: Final = "person"

_SAYS: Final[Mapping[str, str]] = {
    COMPANY: r"(is )?(bedrijf|company|organi[sz]ati\w+|zakelijk|business|firma)",
    PERSON: r"(is )?(persoon|person|contactpersoon|particulier|private?|individual)",
}
"""Names of yes/no columns."""

_CALLED: Final = r"(soort|type|kind|categorie|category|rol|role|is)( .*)?|.* (soort|type|kind|categorie|category)"
_MEANS: Final[Mapping[str, str]] = {
    PERSON: r"persoon|person|contact|particulier|privaat|private|individu|natuurlijk|mens|human",
    COMPANY: r"bedrij|compan|organi[sz]|zakelijk|business|firma|account|rechtspersoon|instelling|b v$|bv$|nv$|ltd|inc$",
}
"""The first match counts: a 'contactpersoon' is a person, a 'rechtspersoon' is not."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The column that marks a row as company or person, its words and their counts."""

    column: str
    words: Mapping[str, int]
    means: Mapping[str, str]  # word -> 'company' or 'person'; others are neither

    def of(self, meaning: str) -> tuple[str, ...]:
        """The words of a meaning."""
        return tuple(word for word in self.words if self.means.get(word) == meaning)

    def evidence(self) -> str:
        """'soort says: 12 bedrijf, 30 persoon'."""
        return f"{self.column} says: " + ", ".join(
            f"{times:,} {word}" for word, times in self.words.items()
        )


def kinds_in(connection: Connection, looked: Looked) -> Kinds | None:
    """The column of the table that tells companies from persons, if there is one."""
    for contents in looked.columns:
        yes_means = next(
            (
                meaning
                for meaning, called in _SAYS.items()
                if re.fullmatch(called, plain(contents.name))
            ),
            "",
        )
        if (contents.what == "flag" and yes_means) or (
            contents.what == "word" and re.fullmatch(_CALLED, plain(contents.name))
        ):
            words = _words(connection, looked.name, contents.name)
            means = {
                word: meaning
                for word in words
                if (meaning := _flagged(word, yes_means) or meaning_of(word))
            }
            # the words become part of an SQL condition
            sql = all(word.isprintable() and "\\" not in word for word in words)
            if sql and set(means.values()) == {COMPANY, PERSON}:
                return Kinds(contents.name, words, means)
    return None


def _flagged(word: str, yes_means: str) -> str:
    """What yes or no means in a column of that meaning."""
    other = {COMPANY: PERSON, PERSON: COMPANY}
    answer = read_flag(word)
    if not yes_means or answer not in (0, 1):
        return ""
    return yes_means if answer else other[yes_means]


def meaning_of(word: str) -> str | None:
    """Whether a word means a company or a person."""
    text = plain(word)
    if re.search(r"rechtspersoon|legal ?person", text):
        return COMPANY
    return next(
        (meaning for meaning, pattern in _MEANS.items() if re.search(pattern, text)), None
    )


def _words(connection: Connection, name: str, own: str) -> dict[str, int]:
    value = cast(column(own), String)
    counted = select(value, func.count()).select_from(table(name)).group_by(value)
    counts = {
        str(word): int(times)
        for word, times in connection.execute(counted)
        if word and str(word).strip()
    }
    filled = {
        word: times for word, times in counts.items() if word.strip().lower() not in EMPTY
    }
    return dict(sorted(filled.items(), key=lambda item: (-item[1], item[0])))
