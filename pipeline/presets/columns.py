"""The values under `columns` and `excluded` in a preset: a column, expression or constant."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_ANSWERS: Final = {"yes": True, "no": False}


def _answer(value: object) -> object:
    """Reads yes or no; YAML turns a bare one into a truth value, a quoted one into a word."""
    if isinstance(value, bool):
        return value
    if value not in _ANSWERS:
        raise ValueError("write yes or no")
    return _ANSWERS[str(value)]


class Mapped(BaseModel):
    """The source of a value. In the file a bare word is a column; other forms are mappings.

    `{sql: …}` is an expression and `{value: …}` a constant. `{column: is_active, is: no}` is
    yes if the column, read as yes or no, is no.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    column: str | None = Field(default=None, min_length=1)
    sql: str | None = Field(default=None, min_length=1)
    value: bool | int | float | str | None = None
    says: Annotated[bool, BeforeValidator(_answer)] = Field(default=True, validation_alias="is")

    @model_validator(mode="after")
    def _one_form(self) -> Mapped:
        forms = [form for form in (self.column, self.sql, self.value) if form is not None]
        if len(forms) != 1:
            raise ValueError(
                "write a column's name, {sql: EXPRESSION}, {value: CONSTANT} or {column: NAME, is: no}"
            )
        if self.column is None and not self.says:
            raise ValueError("'is' goes with 'column' only")
        return self


def _mapped(value: object) -> object:
    """Reads a bare word as a column's name."""
    if isinstance(value, str):
        return {"column": value}
    if isinstance(value, bool):
        raise ValueError(
            "YAML does not read yes, no, on and off as text; quote the column's name"
        )
    if isinstance(value, int | float):
        raise ValueError(
            f"a constant is written as {{value: {value}}}, and a column's name between quotes"
        )
    return value


Where = Annotated[Mapped, BeforeValidator(_mapped)]
"""A `Mapped` as written in the file."""
