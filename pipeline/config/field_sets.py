"""The minimum field sets: a file per entity, read, checked against what the CRM holds."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from pipeline.config.checks import ChecksFile, checks_of
from pipeline.config.conditions import Known, WhenFile, condition_of, day_of
from pipeline.config.judgements import JudgementFile, costs_of, judgement_of
from pipeline.config.lines import parse
from pipeline.config.settings import Strict
from pipeline.errors import ConfigError, PublishError
from pipeline.language.labels import column_text
from pipeline.language.languages import in_all
from pipeline.language.local_texts import WrittenText
from pipeline.language.marked import marked
from pipeline.model import (
    CHECKED,
    FORMATTED,
    NO_TEXT,
    READ,
    STATES,
    Debtor,
    Demand,
    FieldSet,
    Kind,
    LocalText,
    Schema,
    Verdict,
    same_in_all,
)
from pipeline.model.checks import Check
from pipeline.model.conditions import (
    MOMENT,
    AllOf,
    Condition,
    OlderThan,
    Since,
    columns_in,
    something_in,
)
from pipeline.model.judging import Judgement
from pipeline.queries import columns_of
from pipeline.resources import EXPECTATIONS

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_UNDECIDED: Final = marked("whether it is due depends on the {column}: {why}")
_HEAVIEST: Final = 1_000
"""Points of one demand."""


class FieldFile(ChecksFile, JudgementFile):
    """One demand in a field set's file."""

    name: str
    columns: tuple[str, ...]
    label: WrittenText = NO_TEXT
    weight: int = 1
    required: bool = True  # no: it checks what was entered, and nothing is missing
    when: WhenFile | None = None
    from_: Annotated[date | None, BeforeValidator(day_of)] = Field(None, alias="from")
    grace: Annotated[int, Field(ge=0, le=3_650)] | None = None  # days
    owed_by: Literal["owner", "operator", "created_by"] = "owner"
    why: WrittenText = NO_TEXT
    used_for: WrittenText = NO_TEXT


@dataclass(frozen=True, slots=True)
class Held:
    """The columns of an audit, and why this CRM does not hold some of them."""

    schema: Schema
    absent: Mapping[str, LocalText]  # 'entity.column' -> why


def _fits(field: FieldFile, info: ValidationInfo) -> FieldFile:
    """The demand, if its entity has what it names."""
    entity, held = info.data.get("entity"), info.context
    if entity is None or held is None:  # which is an error of its own
        return field
    if not _NAME.fullmatch(field.name):
        raise ValueError(
            f"field '{field.name}': its name is an id for machines; write a-z, 0-9 and _, a letter first, and what "
            "people read as its label"
        )
    known = {**columns_of(entity), **dict.fromkeys(held.schema[entity])}
    if "owner_id" in field.columns:
        raise ValueError(
            f"field '{field.name}': an owner cannot be demanded: records without one are counted as such; "
            "take owner_id out"
        )
    for column in field.columns:
        if column not in known:
            raise ValueError(
                f"field '{field.name}': {entity} has no '{column}'; it has {', '.join(known)}"
            )
    if field.when is not None:  # to find what is wrong where its line is known
        condition_of(field.when, _known(entity, held), ("when",))
    checks = checks_of(field, field.columns, _known(entity, held))
    _must_be_one_kind(field, checks, judgement_of(field, field.columns, _known(entity, held)))
    if not 0 <= field.weight <= _HEAVIEST or not field.columns:
        raise ValueError(
            f"field '{field.name}': needs a weight from 0 to {_HEAVIEST} and a column"
        )
    _must_ask(field, _known(entity, held))
    _must_have_debtor(field, entity, held)
    return field


def _must_have_debtor(field: FieldFile, entity: str, held: Held) -> None:
    """ValueError where this CRM does not tell who entered a record: then nobody would owe it."""
    why = held.absent.get(f"{entity}.{Debtor.CREATOR}")
    if Debtor(field.owed_by) is Debtor.CREATOR and why is not None:
        raise ValueError(
            f"field '{field.name}': owed_by: created_by: this audit does not know who entered a {entity} ({why}); map "
            f"{entity}.created_by in the preset or under source.add in audit.yaml, or write owed_by: owner"
        )


def _of_what_is_held(judgement: Judgement | None, columns: Collection[str]) -> Judgement | None:
    if judgement is None:
        return None
    kept = tuple(column for column in judgement.columns if column.name in columns)
    return replace(judgement, columns=kept)


def _must_be_one_kind(
    field: FieldFile, checks: Sequence[Check], judgement: Judgement | None
) -> None:
    """Of several columns one that is good is enough, and of no value both a database and Python
    could tell.
    """
    if checks and judgement is not None and len(field.columns) > 1:
        raise ValueError(
            f"field '{field.name}': valid, not_placeholder and unique cannot be asked of several columns together "
            "with other checks; write two demands"
        )


def _must_ask(field: FieldFile, known: Known) -> None:
    """ValueError for a demand that no record could fail."""
    texts = all(known.columns[column] is Kind.TEXT for column in field.columns)
    asks = checks_of(field, field.columns, known) or field.asks()
    if not field.required and texts and not asks:
        raise ValueError(
            f"field '{field.name}': with 'required: no' it only checks what was entered, and it checks nothing; "
            "add a check, or take 'required: no' out"
        )


def _known(entity: str, held: Held) -> Known:
    """What a condition may name. An owner is none of it: an account of a CRM is no reason to
    ask for more.
    """
    columns = {**columns_of(entity), **held.schema[entity]}
    columns.pop("owner_id")
    return Known(entity, columns, STATES.get(entity, ()))


def _due_when(field: FieldFile, columns: Sequence[str], known: Known) -> Condition | None:
    """The condition under which a demand is due: its own; and its record is of `from` or later,
    is older than its grace, and, where nothing is required, holds something.
    """
    parts: list[Condition] = []
    if field.when is not None:
        parts.append(condition_of(field.when, known, ("when",)))
    if field.from_ is not None:
        parts.append(Since(field.from_))
    if field.grace is not None:
        parts.append(OlderThan(MOMENT, field.grace))
    if not field.required:
        parts.append(something_in(columns))
    if len(parts) < 2:
        return parts[0] if parts else None
    return AllOf(tuple(parts))


class FieldSetFile(Strict):
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


def json_schema() -> str:
    """The JSON Schema of a field set's file, by which editors complete and check it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FieldSetFile.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _must_be_of_entities(folder: Path) -> None:
    """A misspelt file would be a field set that nobody reads: refused."""
    allowed = [f"{entity}.yaml" for entity in CHECKED]
    try:
        files = sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(
            f"field_sets: {folder} cannot be read ({error.strerror}); let this user read it."
        ) from None
    for file in files:
        yaml_file = file.suffix.lower() in (".yaml", ".yml") and not file.name.startswith(".")
        if yaml_file and file.name not in allowed:
            raise ConfigError(
                f"{file}: no field set has this name; rename it to one of {', '.join(allowed)}."
            )


def read_field_sets(
    folder: Path,
    absent: Mapping[str, LocalText],
    schema: Schema,
    mapped: Collection[str] = (),
    *,
    cells: bool = False,
) -> dict[str, FieldSet]:
    """The field set of every entity, without the fields that this CRM does not hold.

    A set that the folder lacks is ours; a set without fields owes nothing. `mapped` are the
    columns, as 'entity.column', that a preset names instead of making them in a SELECT.
    `cells`: texts come from files, where a spreadsheet may have left an error instead of one.
    """
    _must_be_of_entities(folder)
    return {
        entity: read_field_set(
            _file_of(folder, entity), entity, absent, schema, mapped, cells=cells
        )
        for entity in CHECKED
    }


def read_field_set(
    file: Path,
    entity: str,
    absent: Mapping[str, LocalText],
    schema: Schema,
    mapped: Collection[str] = (),
    *,
    cells: bool = False,
) -> FieldSet:
    """The field set of one entity; the rest as in `read_field_sets`."""
    fields = _field_set(file, entity, absent, schema, mapped)
    return _with_texts(fields, schema) if cells else fields


def _file_of(folder: Path, entity: str) -> Path:
    """The set of that folder, else ours. What is there and no file is an error of `parse`."""
    own = folder / f"{entity}.yaml"
    return own if own.exists() or own.is_symlink() else EXPECTATIONS / own.name


def copy_field_sets(folder: Path) -> tuple[list[Path], list[Path]]:
    """Copies our field sets into a folder: (the files written, those that were
    there and stay as they are).
    """
    written, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entity in CHECKED:
            file = folder / f"{entity}.yaml"
            if file.exists() or file.is_symlink():
                kept.append(file)
                continue
            shutil.copyfile(EXPECTATIONS / file.name, file)
            written.append(file)
    except OSError as error:
        raise PublishError(
            f"{folder} cannot be written ({error.strerror}); choose another folder."
        ) from None
    return written, kept


def _with_texts(fields: FieldSet, schema: Schema) -> FieldSet:
    """The set, in which the texts that are due may be unreadable too; of a
    reference it is one to nothing.
    """
    due = dict.fromkeys(
        column
        for demand in fields.demands
        for column in demand.looked_at
        if not column.endswith("_id")
    )
    texts = tuple(column for column in due if schema[fields.entity].get(column) is Kind.TEXT)
    return replace(fields, readable=(*fields.readable, *texts))


def without_points(
    field_sets: Mapping[str, FieldSet], enforced: Collection[str]
) -> dict[str, FieldSet]:
    """The field sets, in which what the CRM itself demands weighs nothing: nobody can lose it.

    `enforced` are columns, as 'entity.column'; of several columns of a demand one is enough.
    A CRM demands that something is entered, and no more: a demand with checks keeps its weight.
    """
    return {
        entity: replace(
            fields,
            demands=tuple(
                replace(demand, weight=0)
                if not _looks_at_what_is_entered(demand)
                and any(f"{entity}.{column}" in enforced for column in demand.columns)
                else demand
                for demand in fields.demands
            ),
        )
        for entity, fields in field_sets.items()
    }


def _looks_at_what_is_entered(demand: Demand) -> bool:
    """Whether its points can be lost though something was entered."""
    judged = (verdict for verdict in demand.costs if verdict is not Verdict.UNREADABLE)
    return bool(demand.checks) or any(map(demand.is_judged, judged))


def owed_by_owners(field_sets: Mapping[str, FieldSet]) -> dict[str, FieldSet]:
    """The field sets where no audit names operators: owners owe what these would."""
    return {
        entity: replace(
            fields,
            demands=tuple(map(_owed_by_owner, fields.demands)),
        )
        for entity, fields in field_sets.items()
    }


def _owed_by_owner(demand: Demand) -> Demand:
    if demand.owed_by is Debtor.OPERATOR:
        return replace(demand, owed_by=Debtor.OWNER)
    return demand


def of_operators(field_sets: Mapping[str, FieldSet]) -> tuple[str, ...]:
    """'contact.phone' of every demand that operators owe."""
    return of_debtor(field_sets, Debtor.OPERATOR)


def of_debtor(field_sets: Mapping[str, FieldSet], debtor: Debtor) -> tuple[str, ...]:
    """'contact.phone' of every demand that such a debtor owes."""
    return tuple(
        f"{entity}.{demand.name}"
        for entity, fields in field_sets.items()
        for demand in fields.demands
        if demand.owed_by is debtor
    )


def _field_set(
    file: Path,
    entity: str,
    absent: Mapping[str, LocalText],
    schema: Schema,
    mapped: Collection[str],
) -> FieldSet:
    """The field set without the fields that this CRM does not hold: those
    are listed as not checked.
    """
    readable = tuple(
        name
        for name, kind in schema[entity].items()
        if f"{entity}.{name}" not in absent
        and (kind in FORMATTED or (kind in READ and f"{entity}.{name}" in mapped))
    )
    held = Held(schema, absent)
    parsed = parse(file, FieldSetFile, context=held)
    if parsed.entity != entity:
        raise ConfigError(
            f"{file}: entity: found '{parsed.entity}', but the file's name says '{entity}'."
        )
    known = _known(entity, held)
    demands = {field.name: _demand_of(field, known, absent) for field in parsed.fields}
    return FieldSet(
        entity,
        tuple(demand for demand in demands.values() if isinstance(demand, Demand)),
        {name: why for name, why in demands.items() if isinstance(why, LocalText)},
        readable,
    )


def _demand_of(
    field: FieldFile, known: Known, absent: Mapping[str, LocalText]
) -> Demand | LocalText:
    """The demand of the columns that this CRM holds, or why it cannot be checked."""

    def why_not(column: str) -> LocalText | None:
        return absent.get(f"{known.entity}.{column}")

    columns = tuple(column for column in field.columns if why_not(column) is None)
    if not columns:
        return absent[f"{known.entity}.{field.columns[0]}"]
    when = _due_when(field, columns, known)
    for column in columns_in(when):
        if why := why_not(column):
            return in_all(_UNDECIDED, column=column_text(column), why=why)
    judgement = _of_what_is_held(judgement_of(field, field.columns, known), columns)
    return Demand(
        field.name,
        field.label or same_in_all(field.name.replace("_", " ")),
        columns,
        field.weight,
        when,
        field.why,
        checks_of(field, columns, known),
        judgement,
        costs_of(field.costs, judgement),
        Debtor(field.owed_by),
        field.used_for,
    )
