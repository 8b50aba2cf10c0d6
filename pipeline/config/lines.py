"""YAML with its lines: an error names the line of the key that is wrong, what was found and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigError

_SECRET: Final = re.compile(r"(?<=://)\S*(?=@)|(?<=password=)[^&\s']+|(?<=passwd=)[^&\s']+")


_Model = TypeVar("_Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written: an error of theirs is then told like any other."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(file: Path, model: type[_Model], *, context: Any = None) -> _Model:
    """The file as that model; an error names the line of the key that is wrong."""
    try:
        text = file.read_text("utf-8")
        root = yaml.compose(text, _Loader)
        document = yaml.load(text, _Loader)  # noqa: S506 - a safe one
        lines = dict(_lines(file, root))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}); name an existing file.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is no UTF-8 text; save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{file}, line {line}: this is no YAML: {error.problem}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{file}, line {line}: this is no YAML: {error.reason}.") from None
    except (ValueError, AttributeError, RecursionError):  # the library's own, from a tag or an alias
        raise ConfigError(
            f"{file}: this is no YAML that can be used: a value is not what its tag says, or it holds itself."
        ) from None
    try:
        return model.model_validate(document if document is not None else {}, context=context)
    except ValidationError as error:
        raise ConfigError("\n".join(_explained(file, lines, model, problem) for problem in error.errors())) from None


def _lines(file: Path, node: yaml.Node | None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every key's path and its line. ConfigError where a mapping has a key twice."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise ConfigError(f"{file}, line {line}: the key '{key.value}' stands twice; remove one.")
            seen.add(key.value)
            yield (*path, key.value), line
            yield from _lines(file, value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield (*path, str(position)), item.start_mark.line + 1
            yield from _lines(file, item, (*path, str(position)))


def _explained(file: Path, lines: Mapping[tuple[str, ...], int], model: type[BaseModel], problem: Any) -> str:
    """One problem as a sentence: where, what was found, what is allowed; without what may be a secret."""
    # of several types that a value may have, the library puts the type's name into the path
    path = tuple(str(part) for part in problem["loc"] if "[" not in str(part))
    known = path
    while known and known not in lines:
        known = known[:-1]
    where = f"{file}, line {lines[known]}" if known else str(file)
    key = _SECRET.sub("…", ".".join(path)) or "the file"
    if problem["type"] == "missing":
        return f"{where}: the key '{key}' is missing; add it."
    if problem["type"] == "extra_forbidden":
        allowed = f"; allowed here: {', '.join(model.model_fields)}" if len(path) == 1 else ""
        return f"{where}: there is no key '{key}'{allowed}."
    found = problem["input"]
    said = f" (found {found!r})" if isinstance(found, str | int | float | bool) and "url" not in path else ""
    return f"{where}: {key}: {_SECRET.sub('…', str(problem['msg']).removeprefix('Value error, ') + said)}."
