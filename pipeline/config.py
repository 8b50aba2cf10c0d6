"""`audit.yaml` and the field sets: read, checked, and refused with file, line, key and what is allowed."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import quote
from zoneinfo import available_timezones

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.catalogue import Terms, columns_of
from pipeline.errors import ConfigError
from pipeline.metrics import PLANNED
from pipeline.model import CHECKED, ENTITIES, STATES, Field, FieldSet, Kind, Schema, Target, Window
from pipeline.presets import Preset, load_preset, preset_names
from pipeline.resources import EXPECTATIONS

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENV: Final = re.compile(r"\$\{(\w+)\}")
_PASSWORD: Final = re.compile(
    r"://(?!/)[^:@/]*:(?!\$\{\w+\}@).*@"  # of an account; what follows is a host, or a password with an @
    r"|[?&](?:password|passwd)=(?!\$\{\w+\}(?:&|$))."
)
_SECRET: Final = re.compile(r"(?<=://)\S*(?=@)|(?<=password=)[^&\s']+|(?<=passwd=)[^&\s']+")


_OF_VIEWS: Final = ("owner", "state", "at_us", "scored", "in_period", "contact", "person_lacks", "excluded")


_DURATION: Final = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hours?)?", re.IGNORECASE
)
_LONGEST_HOLD: Final = 86_400.0


def _seconds(value: object) -> float:
    """'5 min', '90 s', '1 hour' or a number of seconds, in seconds."""
    read = _DURATION.fullmatch(str(value).strip()) if isinstance(value, str | int | float) else None
    factor = {"m": 60, "h": 3600}.get((read["unit"] or "s")[0].lower(), 1) if read else 0
    seconds = float(read["number"]) * factor if read else 0.0
    if not 0 < seconds <= _LONGEST_HOLD:
        raise ValueError("write a duration up to a day, like '5 min', '90 s' or a number of seconds")
    return seconds


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Where the CRM is, and how to read it."""

    url: str  # as written: secrets stay ${ENV} until the connection is opened
    preset: str
    crm_url: str = ""  # the address of the CRM's pages, for links to records
    add: dict[str, str] = {}  # 'meeting.result' -> 'meetings_cstm.result_c'
    end_passed_is_held: bool = False  # where the CRM holds no status of meetings or calls
    max_hold: Annotated[float, BeforeValidator(_seconds)] = 300.0  # seconds of the one transaction; '5 min' is read too

    @field_validator("preset")
    @classmethod
    def _exists(cls, value: str) -> str:
        if not value.endswith((".yaml", ".yml")) and value not in preset_names():
            raise ValueError(f"there is no preset '{value}'; allowed: {', '.join(preset_names())}, or a file of yours")
        return value

    @field_validator("url")
    @classmethod
    def _without_password(cls, value: str) -> str:
        if _PASSWORD.search(value):
            raise ValueError("a password must not stand in the file; write ${NAME} and set that environment variable")
        return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"'{value}' is no time zone; write one like Europe/Amsterdam")
    return value


def _cron(value: str) -> str:
    from pipeline.cron import read_cron

    read_cron(value)
    return value


class Period(_Strict):
    """Half-open: `to` is the first day after the period."""

    first: date
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.to <= self.first:
            raise ValueError("'to' is the day after the last one, so it must come after 'first'")
        return self


class Control(_Strict):
    """A number that a figure must equal, or nothing is published: of the CRM's report, or of a SELECT of one's own."""

    figure: str  # its id in figures.json: deals_won@company
    equals: Decimal | None = None  # a count, or an amount in units of its currency
    select: str | None = None  # one value, asked inside the transaction

    @model_validator(mode="after")
    def _one_of_both(self) -> Control:
        if (self.equals is None) == (self.select is None):
            raise ValueError("give either 'equals: NUMBER' or 'select: SELECT …'")
        return self


class AuditFile(_Strict):
    """The keys of audit.yaml."""

    name: str
    source: Source
    zone: Annotated[str, AfterValidator(_zone)]
    currency: str
    working_week: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = WEEKDAYS[:5]
    period: Literal["month"] | Period = "month"
    field_sets: Path | None = None
    targets: Path | dict[str, dict[str, dict[str, int]]] | None = None
    output: Path = Path("output")
    schedule: dict[str, Annotated[str, AfterValidator(_cron)]] = {}
    controls: tuple[Control, ...] = ()

    @field_validator("currency")
    @classmethod
    def _iso(cls, value: str) -> str:
        if not re.fullmatch("[A-Z]{3}", value):
            raise ValueError(f"'{value}' is no ISO 4217 code; write three capitals like EUR")
        return value


class FieldFile(_Strict):
    """One demand in a field set's file."""

    name: str
    columns: tuple[str, ...]
    label: str = ""
    weight: int = 1
    when: str | None = None
    why: str = ""


def _fits(field: FieldFile, info: ValidationInfo) -> FieldFile:
    """The demand, if its entity has what it names."""
    entity = info.data.get("entity")
    if entity is None:  # which is an error of its own
        return field
    added = (info.context or {}).get(entity, ())
    known, states = {**columns_of(entity), **dict.fromkeys(added)}, STATES.get(entity, ())
    for column in field.columns:
        if column not in known:
            raise ValueError(f"field '{field.name}': {entity} has no '{column}'; it has {', '.join(known)}")
    if field.when is not None and field.when not in states:
        raise ValueError(f"field '{field.name}': when: '{field.when}' is none of {', '.join(states) or 'no state'}")
    if field.weight < 1 or not field.columns:
        raise ValueError(f"field '{field.name}': needs a weight of 1 or more and a column")
    return field


class FieldSetFile(_Strict):
    """A file of expectations/."""

    entity: Literal["meeting", "call", "deal", "client", "contact", "lead"]
    fields: tuple[Annotated[FieldFile, AfterValidator(_fits)], ...]

    @field_validator("fields")
    @classmethod
    def _each_once(cls, value: tuple[FieldFile, ...]) -> tuple[FieldFile, ...]:
        seen: set[str] = set()
        for field in value:
            if field.name in seen:
                raise ValueError(f"two fields have the same name '{field.name}'; rename one")
            seen.add(field.name)
        return value


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit, ready to run: paths are absolute, the preset and the field sets are loaded."""

    file: Path
    settings: AuditFile
    preset: Preset
    field_sets: Mapping[str, FieldSet]
    targets: tuple[Target, ...]
    output: Path
    absent: Mapping[str, str]  # 'entity.column' -> why the CRM does not hold it
    add: Mapping[str, str]  # 'entity.column' -> 'table.column' of the user's own fields
    schema: Schema  # our entities, with the columns that the audit adds

    def terms(self, window: Window) -> Terms:
        """On what terms the catalogue asks."""
        by_time = {"meeting", "call"} if self.settings.source.end_passed_is_held else set()
        timed = {entity for entity in by_time if f"{entity}.start_at" not in self.absent}
        held_at_end = frozenset(entity for entity in timed if f"{entity}.status" in self.absent)
        return Terms(window, self.preset.states, frozenset(self.absent), held_at_end)


def load_audit(file: Path, *, output: Path | None = None) -> Audit:
    """The audit that `file` describes. ConfigError names file, line, key, what was found and what is allowed."""
    settings = _parse(file, AuditFile)
    preset = load_preset(settings.source.preset, file.parent)
    add = {**preset.add, **settings.source.add}
    schema = _schema(file, preset, add)
    absent = {name: why for name, why in preset.absent_columns().items() if name not in add}
    folder = file.parent / settings.field_sets if settings.field_sets else EXPECTATIONS
    if not folder.is_dir():
        raise ConfigError(f"{file}: field_sets: there is no folder {folder}; correct the path.")
    _must_be_of_entities(folder)
    return Audit(
        file=file,
        settings=settings,
        preset=preset,
        field_sets=_field_sets(file, folder, absent, schema),
        targets=_targets(file, settings.targets),
        output=(output or file.parent / settings.output).resolve(),
        absent=absent,
        add=add,
        schema=schema,
    )


def _schema(file: Path, preset: Preset, add: Mapping[str, str]) -> Schema:
    """Our entities with the columns that the audit adds: those that we have no name for are text."""
    schema = {entity: dict(columns) for entity, columns in ENTITIES.items()}
    for ours, theirs in add.items():
        entity, _, column = ours.partition(".")
        table, _, name = theirs.partition(".")
        if entity not in CHECKED or not re.fullmatch("[a-z][a-z0-9_]*", column) or column in _OF_VIEWS or not name:
            raise ConfigError(
                f"{file}: source.add.{ours}: '{theirs}'; write it like meeting.result: meetings_cstm.result_c, "
                f"the entity one of {', '.join(CHECKED)}."
            )
        own = {part.table for part in preset.entities.get(entity, ())}
        if table not in own and preset.key_of(entity, table) is None:
            raise ConfigError(
                f"{file}: source.add.{ours}: the preset {preset.name} knows no key of {table}; "
                f"columns of {', '.join(sorted(own)) or 'no table'} can be added."
            )
        schema[entity].setdefault(column, Kind.TEXT)
    return schema


def _must_be_of_entities(folder: Path) -> None:
    """A misspelt file would be a field set that nobody owes: refused."""
    allowed = [f"{entity}.yaml" for entity in CHECKED]
    for file in sorted(folder.iterdir()):
        yaml_file = file.suffix.lower() in (".yaml", ".yml") and not file.name.startswith(".")
        if yaml_file and file.name not in allowed:
            raise ConfigError(f"{file}: no field set has this name; rename it to one of {', '.join(allowed)}.")


def _field_sets(file: Path, folder: Path, absent: Mapping[str, str], schema: Schema) -> dict[str, FieldSet]:
    """The field set of every entity. A column that is added and that nobody asks for is likely misspelt: refused."""
    sets = {entity: _field_set(folder / f"{entity}.yaml", entity, absent, schema) for entity in CHECKED}
    for entity, columns in schema.items():
        asked = {column for field in sets[entity].fields for column in field.columns} if entity in sets else set()
        if strange := sorted(columns.keys() - ENTITIES[entity].keys() - asked):
            raise ConfigError(
                f"{file}: source.add.{entity}.{strange[0]}: no such field of ours, and no field set demands it; "
                f"ours are {', '.join(ENTITIES[entity])}."
            )
    return sets


def secrets_of(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """The source's URL with every ${NAME} replaced from the environment: never printed, never stored."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ConfigError(f"source.url: the environment variable {match[1]} is not set; set it and run again.")
        given = environment[match[1]]
        # a password may hold an @ or a slash, which would end it
        return quote(given, safe="") if url[match.end() : match.end() + 1] == "@" else given

    return _ENV.sub(value, url)


def _field_set(file: Path, entity: str, absent: Mapping[str, str], schema: Schema) -> FieldSet:
    """The field set without the fields that this CRM does not hold: those are listed as not checked."""
    if not file.is_file():
        return FieldSet(entity, ())
    parsed = _parse(file, FieldSetFile, context=schema)
    if parsed.entity != entity:
        raise ConfigError(f"{file}: entity: found '{parsed.entity}', but the file's name says '{entity}'.")
    due: list[Field] = []
    unchecked: dict[str, str] = {}
    for demand in parsed.fields:
        held = tuple(column for column in demand.columns if f"{entity}.{column}" not in absent)
        if held:
            label = demand.label or demand.name.replace("_", " ")
            due.append(Field(demand.name, label, held, demand.weight, demand.when, demand.why))
        else:
            unchecked[demand.name] = absent[f"{entity}.{demand.columns[0]}"]
    return FieldSet(entity, tuple(due), unchecked)


# ------------------------------------------------------------------------------------------------ targets


def _targets(file: Path, given: Path | Mapping[str, Mapping[str, Mapping[str, int]]] | None) -> tuple[Target, ...]:
    """Targets from a CSV (manager, month, metric, target), or from the file: manager -> month -> metric -> target."""
    if given is None:
        return ()
    if isinstance(given, Path):
        return tuple(_targets_of_csv(file.parent / given))
    found = [
        Target(manager, month, metric, target)
        for manager, months in given.items()
        for month, metrics in months.items()
        for metric, target in metrics.items()
    ]
    for target in found:
        _check_target(target, f"{file}: targets")
    return tuple(found)


def _targets_of_csv(file: Path) -> list[Target]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return list(_targets_in(csv.DictReader(stream), file))
    except OSError as error:
        raise ConfigError(
            f"targets: {file} cannot be read ({error.strerror}); correct the path in audit.yaml."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file} is no UTF-8 text; save it as UTF-8.") from None
    except csv.Error as error:
        raise ConfigError(f"{file} is no CSV: {error}.") from None


def _targets_in(rows: csv.DictReader[str], file: Path) -> Iterator[Target]:
    if lacking := [name for name in ("manager", "month", "metric", "target") if name not in (rows.fieldnames or ())]:
        raise ConfigError(
            f"{file}, line 1: there is no column {', '.join(lacking)}; needed are manager, month, metric, target."
        )
    found: set[tuple[str, str, str]] = set()
    for row in rows:
        where = f"{file}, line {rows.line_num}"
        try:
            target = Target(row["manager"], row["month"], row["metric"], int(row["target"]))
        except (ValueError, TypeError):
            raise ConfigError(
                f"{where}: found {dict(row)}; needed are manager, month, metric and a whole number as target."
            ) from None
        _check_target(target, where)
        key = (target.manager, target.month, target.metric)
        if key in found:
            raise ConfigError(f"{where}: a second target of {target.manager} for {target.metric} in {target.month}.")
        found.add(key)
        yield target


def _check_target(target: Target, where: str) -> None:
    if target.metric not in PLANNED:
        raise ConfigError(f"{where}: no target can be set for '{target.metric}'; allowed: {', '.join(PLANNED)}.")
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", target.month) or target.target < 0:
        raise ConfigError(
            f"{where}: '{target.month}', {target.target}: write a month like 2026-11 and a target from 0."
        )


# ------------------------------------------------------------------------------------------------ YAML with lines


_Model = TypeVar("_Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written: an error of theirs is then told like any other."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parse(file: Path, model: type[_Model], *, context: Any = None) -> _Model:
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
