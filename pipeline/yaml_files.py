"""Reads the user's YAML files: bounded, without duplicate keys, errors with their line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline.errors import ConfigError
from pipeline.values.addresses import hushed

_MOST_BYTES: Final = 5_000_000
_MOST_REPEATED: Final = 10_000
"""Values that aliases (*name) may add: ten lines can repeat a value a billion times."""

_NO_TEXT: Final = re.compile("[\ud800-\udfff]")
"""Halves of characters, which neither files nor databases can hold."""

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content, and the line of each key by its path."""

    content: Any
    lines: Mapping[KeyPath, int]


class _Loader(yaml.SafeLoader):
    """Leaves dates as text, so their errors are reported like any other."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(file: Path) -> Document:
    """Reads a file. Raises ConfigError with the mistake and its line."""
    known = _parsed(file, bounded_text(file))
    return replace(known, content=deepcopy(known.content))


@lru_cache(maxsize=32)
def _parsed(file: Path, text: str) -> Document:
    """The same text is parsed once: an audit's files are read again for each run, and more often
    where several audits share them.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        _must_not_repeat(file, root)
        lines = dict(_lines(file, root))
        # made of the same nodes, so the file is parsed once
        return Document(None if root is None else loader.construct_document(root), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            f"{file}, line {line}: this is not valid YAML: {error.problem}."
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(
            f"{file}, line {line}: this is not valid YAML: {error.reason}."
        ) from None
    # the library's own errors, for a tag or for deep nesting
    except (ValueError, AttributeError, RecursionError):
        raise ConfigError(
            f"{file}: this YAML cannot be used: a value does not match its tag, or is nested too deeply."
        ) from None


def bounded_text(file: Path) -> str:
    """The file's text, without a byte order mark. Raises ConfigError if it cannot be read.

    Its size is bounded, so a device or a data file named by mistake cannot fill the memory.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ConfigError(
                f"{file} has more than {_MOST_BYTES:,} bytes, so it is not a configuration; name another file."
            )
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read ({error.strerror}); name an existing file."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is not UTF-8 text; save it as UTF-8.") from None
    except ValueError:  # a NUL in the name
        raise ConfigError(
            f"{str(file)!r} is not a valid file name; name an existing file."
        ) from None


def _must_not_repeat(file: Path, root: yaml.Node | None) -> None:
    """Raises ConfigError if aliases repeat too much, or a value contains itself."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        """The number of values in the node once aliases are expanded."""
        if id(node) in open_nodes:
            line = node.start_mark.line + 1
            raise ConfigError(
                f"{file}, line {line}: a value contains itself through an alias (*name); write it out."
            )
        if isinstance(node, yaml.ScalarNode) and _NO_TEXT.search(node.value):
            line = node.start_mark.line + 1
            raise ConfigError(
                f"{file}, line {line}: half of a character is not text; write it out."
            )
        if id(node) not in sizes:
            open_nodes.add(id(node))
            sizes[id(node)] = 1 + sum(map(size, _inside(node)))
            open_nodes.remove(id(node))
        return sizes[id(node)]

    whole = size(root) if root is not None else 0
    if whole - len(sizes) > _MOST_REPEATED:
        raise ConfigError(
            f"{file}: its aliases (*name) repeat more than {_MOST_REPEATED:,} values; write out what you need."
        )


def _inside(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _lines(
    file: Path, node: yaml.Node | None, path: KeyPath = ()
) -> Iterator[tuple[KeyPath, int]]:
    """Every key's path and its line. Raises ConfigError for a duplicate key."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise ConfigError(
                    f"{file}, line {line}: the key '{hushed(name)}' occurs twice; remove one."
                )
            seen.add(name)
            yield (*path, name), line
            yield from _lines(file, value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield (*path, str(position)), item.start_mark.line + 1
            yield from _lines(file, item, (*path, str(position)))
