"""What a field set's file leaves to Python: valid contact details, filler values, duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from pipeline.config.conditions import Known, misplaced
from pipeline.config.settings import Strict
from pipeline.model import COSTING, Kind, Verdict
from pipeline.model.judging import (
    ASKED,
    OTHER_NAME,
    Judged,
    JudgedColumn,
    Judgement,
    Reach,
    Syntax,
)

_BY_NAME: Final[Mapping[str, Syntax]] = {
    "phone": Syntax.PHONE,
    "email": Syntax.EMAIL,
    **dict.fromkeys(OTHER_NAME, Syntax.NAME),
}
"""What a column of ours is judged as; any other is text."""

_CONTACT: Final = (Syntax.PHONE, Syntax.EMAIL)


def _valid(value: object) -> object:
    if isinstance(value, bool | Mapping):
        return value
    raise ValueError(
        "write yes for columns named phone and email, or say what others hold, like {mobile: phone}"
    )


def _fillers(value: object) -> object:
    if isinstance(value, bool | list | tuple):
        return value
    raise ValueError("write yes, or a list of words that replaces the program's own")


ValidFile = Annotated[bool | dict[str, Literal["phone", "email"]], BeforeValidator(_valid)]
"""Whether contact details must be valid; of columns that are not named so, what they hold."""

FillersFile = Annotated[bool | tuple[str, ...], BeforeValidator(_fillers)]
"""Whether a value must be no filler, by our words or these."""

CostFile = Literal["missing", "unreadable", "placeholder", "invalid", "duplicate"]


class JudgementFile(Strict):
    """What a demand's file leaves to Python, and what its verdicts cost."""

    valid: ValidFile = False
    not_placeholder: FillersFile = False
    unique: Literal["owner", "company"] | None = None
    costs: Annotated[tuple[CostFile, ...], Field(min_length=1)] | None = None

    def asks(self) -> tuple[Judged, ...]:
        """The verdicts that are asked for."""
        asked = {
            Judged.PLACEHOLDER: self.not_placeholder is not False,
            Judged.INVALID: self.valid is not False,
            Judged.DUPLICATE: self.unique is not None,
        }
        return tuple(verdict for verdict in ASKED if asked[verdict])


def judgement_of(
    written: JudgementFile, columns: Sequence[str], known: Known
) -> Judgement | None:
    """What Python judges of these columns of a demand; None where it is asked for nothing.

    ValidationError where a column holds no text, or nobody could tell what it holds.
    """
    asks = written.asks()
    if not asks:
        return None
    _must_be_text(columns, known)
    syntaxes = _syntaxes(columns, {} if isinstance(written.valid, bool) else written.valid)
    if Judged.INVALID in asks:
        _must_be_contact_details(syntaxes)
    return Judgement(
        tuple(JudgedColumn(name, syntax) for name, syntax in syntaxes.items()),
        asks,
        _words(written.not_placeholder),
        Reach(written.unique or Reach.COMPANY),
    )


def _words(written: bool | tuple[str, ...]) -> tuple[str, ...] | None:
    if isinstance(written, bool):
        return None
    if not all(word.strip() for word in written):
        raise misplaced(("not_placeholder",), "a blank is no word: what is blank is missing")
    return written


def _must_be_text(columns: Sequence[str], known: Known) -> None:
    for column in columns:
        if known.columns[column] is not Kind.TEXT or column.endswith("_id"):
            raise misplaced(
                ("columns",),
                f"valid, not_placeholder and unique are asked of texts, and '{column}' is none; "
                "take the key or the column out",
                column,
            )


def _syntaxes(columns: Sequence[str], named: Mapping[str, str]) -> dict[str, Syntax]:
    if strange := sorted(named.keys() - set(columns)):
        raise misplaced(
            ("valid", strange[0]), f"this demand has no '{strange[0]}' among its columns"
        )
    return {
        column: Syntax(named.get(column, _BY_NAME.get(column, Syntax.TEXT)))
        for column in columns
    }


def _must_be_contact_details(syntaxes: Mapping[str, Syntax]) -> None:
    for column, syntax in syntaxes.items():
        if syntax not in _CONTACT:
            raise misplaced(
                ("valid",),
                f"nobody can tell whether '{column}' is valid; say what it holds, like "
                f"{{{column}: phone}} or {{{column}: email}}, or take it out",
            )


def costs_of(
    written: Sequence[CostFile] | None, judgement: Judgement | None
) -> tuple[Verdict, ...]:
    """The verdicts that lose a demand's points: those that are written, else what is missing,
    unreadable or invalid, and a filler where a phone or an e-mail address is asked for.
    """
    if written is not None:
        return tuple(dict.fromkeys(map(Verdict, written)))
    if judgement is not None and all(of.syntax in _CONTACT for of in judgement.columns):
        return (*COSTING, Verdict.PLACEHOLDER)
    return COSTING
