"""Presets: one readable YAML file of SELECTs per CRM, mapping its own tables onto our entities."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from pipeline.errors import ConfigError
from pipeline.model import ENTITIES, STATES


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    """A SELECT that yields one row per row of `table`, with `excluded` = why a row is not audited, or NULL."""

    table: str
    select: str
    link: str | None = None  # to the record's edit form; relative to source.crm_url unless it has a scheme


Parts = Annotated[tuple[Part, ...], BeforeValidator(lambda part: [part] if isinstance(part, dict) else part)]


class Preset(_Strict):
    """What a CRM holds, and where."""

    name: str
    about: str
    dialects: tuple[str, ...]
    money: Literal["minor", "decimal"]  # integers of minor units; or decimals, floats by their shortest text
    states: dict[str, dict[str, tuple[str, ...]]]  # entity -> our state -> the CRM's words
    absent: dict[str, str]  # 'entity.column', or an entity as a whole -> why
    optional: dict[str, tuple[str, ...]] = {}  # a table that may be lacking -> its columns
    custom_key: str | None = None  # the column by which a table of custom fields joins its record
    entities: dict[str, Parts]
    tables: dict[str, str] = {}  # further tables that are read -> a SELECT of `excluded`

    @model_validator(mode="after")
    def _speaks_our_words(self) -> Preset:
        for entity in self.entities:
            if entity not in ENTITIES:
                raise ValueError(f"entities.{entity}: no such entity; there are {', '.join(ENTITIES)}")
        for entity, states in self.states.items():
            for state in states:
                if state not in STATES.get(entity, ()):
                    raise ValueError(
                        f"states.{entity}.{state}: no such state; there are {', '.join(STATES.get(entity, ()))}"
                    )
        for name in self.absent:
            entity, _, column = name.partition(".")
            if entity not in ENTITIES or (column and column not in ENTITIES[entity]):
                raise ValueError(f"absent.{name}: no such entity or column of ours")
        if lacking := sorted(ENTITIES.keys() - self.entities.keys() - self.absent.keys()):
            raise ValueError(f"entities: no {', '.join(lacking)}; give a SELECT, or say under absent why there is none")
        return self

    def absent_columns(self) -> dict[str, str]:
        """'entity.column' -> why this CRM does not hold it."""
        found = {}
        for name, why in self.absent.items():
            entity, _, column = name.partition(".")
            found.update({f"{entity}.{one}": why for one in ([column] if column else ENTITIES[entity])})
        return found


def preset_names() -> tuple[str, ...]:
    """The presets that come with the program."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


def load_preset(name: str) -> Preset:
    """The preset of that name. ConfigError where there is none, or where its file is wrong."""
    if name not in preset_names():
        raise ConfigError(f"source.preset: there is no preset '{name}'; there are {', '.join(preset_names())}.")
    document = yaml.safe_load(files(__name__).joinpath(f"{name}.yaml").read_text("utf-8"))
    try:
        return Preset(name=name, **document)
    except ValidationError as error:
        raise ConfigError(f"preset {name}: {error}") from error
