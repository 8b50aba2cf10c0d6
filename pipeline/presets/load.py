"""Finds and reads presets: built-in ones by name, and the user's files, which may extend one."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from pipeline.errors import ConfigError
from pipeline.language.languages import in_all
from pipeline.model import ENTITIES
from pipeline.presets.preset import MAY_LACK, Preset
from pipeline.yaml_files import read_yaml

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads our own files; written in C, it takes a ninth of the time."""


def preset_names() -> tuple[str, ...]:
    """The presets that come with the program."""
    entries = (entry.name for entry in files("pipeline.presets").iterdir())
    return tuple(
        sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))
    )


@cache
def export_columns() -> frozenset[tuple[str, str]]:
    """(table, column) of everything under `exports` in built-in presets."""
    exported: set[tuple[str, str]] = set()
    for name in preset_names():
        exports = _ours(name).get("exports", {})
        exported |= {
            (table, column) for table, columns in exports.items() for column in columns
        }
    return frozenset(exported)


def load_preset(name: str, base: Path) -> Preset:
    """A built-in preset by name, or the user's own by its file, relative to `base`.

    Either may extend a built-in one. Raises ConfigError if it does not exist or is wrong.
    """
    if not name.endswith((".yaml", ".yml")):
        return _checked(name, _ours(name))
    document = _document(base / name)
    _must_be_confirmed(base / name, document.pop("unconfirmed", None))
    below = document.pop("extends", None)
    if below is not None:
        return _checked(name, _laid_over(_ours(str(below)), document))
    # in a preset that extends none, what is not mapped is absent; validation reports wrong shapes
    entities, absent = document.get("entities"), document.get("absent", {})
    if not isinstance(entities, dict) or not isinstance(absent, dict):
        return _checked(name, {"states": {}, "absent": {}, **document})
    not_mapped = in_all("not mapped")
    unmapped = dict.fromkeys(ENTITIES.keys() - entities.keys() - MAY_LACK, not_mapped)
    for entity, parts in entities.items():
        mapped = [_columns_in(part) for part in (parts if isinstance(parts, list) else [parts])]
        # the columns of a SELECT are known only to the database
        if all(columns is not None for columns in mapped):
            missing = ENTITIES.get(entity, {}).keys() - {
                name for columns in mapped for name in columns or ()
            }
            unmapped.update({f"{entity}.{column}": not_mapped for column in missing})
    return _checked(name, {"states": {}, **document, "absent": unmapped | absent})


def _columns_in(part: Any) -> dict[str, Any] | None:
    """The columns that a part of the file maps; None for a SELECT."""
    columns = part.get("columns") if isinstance(part, dict) else None
    return columns if isinstance(columns, dict) else None


def _must_be_confirmed(file: Path, guesses: Any) -> None:
    """Refuses guesses of `crm-audit init` until the user confirms them."""
    if guesses:
        listed = (
            [str(guess) for guess in guesses] if isinstance(guesses, list) else [str(guesses)]
        )
        more = f"\n  … and {len(listed) - 20} more" if len(listed) > 20 else ""
        raise ConfigError(
            f"preset {file}: not confirmed yet, so nothing was read. Compare each line under `unconfirmed` with your "
            "CRM, correct the mapping below where it is wrong, and delete the line:"
            + "".join(f"\n  {guess}" for guess in listed[:20])
            + more
        )


def _ours(name: str) -> dict[str, Any]:
    return deepcopy(_built_in(name))


@cache
def _built_in(name: str) -> dict[str, Any]:
    if name not in preset_names():
        raise ConfigError(
            f"source.preset: there is no preset '{name}'; the presets are {', '.join(preset_names())}."
        )
    text = files("pipeline.presets").joinpath(f"{name}.yaml").read_text("utf-8")
    document = dict(yaml.load(text, Loader=_LOADER))  # noqa: S506 - either loader is a safe one
    below = document.pop("extends", None)
    return document if below is None else _laid_over(_built_in(str(below)), document)


def _document(file: Path) -> dict[str, Any]:
    document = read_yaml(file).content
    if not isinstance(document, dict):
        raise ConfigError(f"preset {file}: needs keys such as about, dialects, entities.")
    return document


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merges a preset with the one it extends, key by key; an empty value removes a key."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        if key in ("states", "exports") and isinstance(value, dict):
            inner = below.get(key, {})
            merged[key] = {
                **inner,
                **{name: _over(inner.get(name), new) for name, new in value.items()},
            }
        else:
            merged[key] = _over(old, value)
    return merged


def _over(below: Any, above: Any) -> Any:
    if not isinstance(above, dict):
        return above
    return {
        name: value for name, value in {**(below or {}), **above}.items() if value is not None
    }


def _checked(name: str, document: dict[str, Any]) -> Preset:
    try:
        return Preset.model_validate({**document, "name": name})
    except ValidationError as error:
        messages = [detail["msg"].removeprefix("Value error, ") for detail in error.errors()]
        places = [".".join(map(str, detail["loc"])) for detail in error.errors()]
        sentences = (
            f"{place}: {message}" if place else message
            for place, message in zip(places, messages, strict=True)
        )
        raise ConfigError(f"preset {name}: {'; '.join(sentences)}") from None
