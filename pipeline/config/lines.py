"""Parses a user's file into a model; errors name the key's line, the value, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError
from pipeline.values.addresses import holds_account, holds_secret, hushed
from pipeline.yaml_files import read_yaml

_Model = TypeVar("_Model", bound=BaseModel)


def parse(file: Path, model: type[_Model], *, context: Any = None) -> _Model:
    """Parses the file. Raises ConfigError with the line of every wrong key."""
    document = read_yaml(file)
    try:
        return model.model_validate(
            document.content if document.content is not None else {}, context=context
        )
    except ValidationError as error:
        problems = (
            _explained(file, document.lines, model, problem) for problem in error.errors()
        )
        raise ConfigError("\n".join(problems)) from None


def _explained(
    file: Path, lines: Mapping[tuple[str, ...], int], model: type[BaseModel], problem: Any
) -> str:
    """A problem as a sentence: place, value and what is allowed, without possible secrets."""
    # if a value may have several types, the library adds the type's name to the path
    path = tuple(str(part) for part in problem["loc"] if "[" not in str(part))
    known = path
    while known and known not in lines:
        known = known[:-1]
    where = f"{file}, line {lines[known]}" if known else str(file)
    key = hushed(".".join(path)) or "the file"
    if problem["type"] == "missing":
        return f"{where}: the key '{key}' is missing; add it."
    if problem["type"] == "extra_forbidden":
        allowed = f"; allowed here: {', '.join(model.model_fields)}" if len(path) == 1 else ""
        return f"{where}: there is no key '{key}'{allowed}."
    return f"{where}: {key}: {_complaint(path, problem)}."


def _complaint(path: tuple[str, ...], problem: Any) -> str:
    """The mistake and the value, unless the value is an address that may hold a secret."""
    message, value = str(problem["msg"]).removeprefix("Value error, "), problem["input"]
    if isinstance(value, str) and (holds_secret(value) or holds_account(value)):
        return hushed(message.replace(value, "…"))
    if not isinstance(value, str | int | float | bool) or "url" in path:
        return hushed(message)
    return hushed(f"{message} (found {value!r})")
