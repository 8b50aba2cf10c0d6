"""A file of the user's as a model of ours: an error names the line of the key, what was
found and what is allowed.
"""

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
    """The file as that model; an error names the line of the key that is wrong."""
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
    """One problem as a sentence: where, what was found, what is allowed;
    without what may be a secret.
    """
    # of several types that a value may have, the library puts the type's name into the path
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
    return f"{where}: {key}: {_said(path, problem)}."


def _said(path: tuple[str, ...], problem: Any) -> str:
    """What is wrong, and what was found, unless that is an address in
    which a secret may stand.
    """
    message, found = str(problem["msg"]).removeprefix("Value error, "), problem["input"]
    if isinstance(found, str) and (holds_secret(found) or holds_account(found)):
        return hushed(message.replace(found, "…"))
    if not isinstance(found, str | int | float | bool) or "url" in path:
        return hushed(message)
    return hushed(f"{message} (found {found!r})")
