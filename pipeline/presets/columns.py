"""What `columns` and `excluded` of a preset may say: a column of the table, an
expression, or a constant.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_ANSWERS: Final = {"yes": True, "no": False}


def _answer(given: object) -> object:
    """YAML reads a bare yes or no as a truth value; between quotes it is a word."""
    if isinstance(given, bool):
        return given
    if given not in _ANSWERS:
        raise ValueError("write yes or no")
    return _ANSWERS[str(given)]


class Mapped(BaseModel):
    """Where a value comes from. In the file a bare word is a column; the
    other forms are mappings.

    `{sql: …}` is an expression, `{value: …}` a constant, and `{column: is_active, is: no}` is
    yes where the column, read as yes and no, says no.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    column: str | None = Field(default=None, min_length=1)
    sql: str | None = Field(default=None, min_length=1)
    value: bool | int | float | str | None = None
    says: Annotated[bool, BeforeValidator(_answer)] = Field(default=True, validation_alias="is")

    @model_validator(mode="after")
    def _one_form(self) -> Mapped:
        given = [form for form in (self.column, self.sql, self.value) if form is not None]
        if len(given) != 1:
            raise ValueError(
                "write a column's name, {sql: EXPRESSION}, {value: CONSTANT} or {column: NAME, is: no}"
            )
        if self.column is None and not self.says:
            raise ValueError("'is' goes with 'column' only")
        return self


def _mapped(given: object) -> object:
    """A bare word is a column's name, whatever stands in it."""
    if isinstance(given, str):
        return {"column": given}
    if isinstance(given, bool):
        raise ValueError(
            "yes, no, on and off are no texts in YAML; put the column's name between quotes"
        )
    if isinstance(given, int | float):
        raise ValueError(
            f"a constant is written as {{value: {given}}}, and a column's name between quotes"
        )
    return given


Where = Annotated[Mapped, BeforeValidator(_mapped)]
"""A `Mapped` as it stands in the file."""
