"""`audit.yaml` and the field sets: read, checked, and refused with file, line,
key and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pipeline.calendar.cron import WEEKDAYS
from pipeline.config.asked import asked_schema, of_what_is_read
from pipeline.config.custom_measures import custom_measures
from pipeline.config.exceptions import read_exceptions
from pipeline.config.field_sets import (
    of_operators,
    owed_by_owners,
    read_field_sets,
    without_points,
)
from pipeline.config.lines import parse
from pipeline.config.settings import AuditFile, Period, secrets_of
from pipeline.config.targets import read_targets
from pipeline.delivery.signing import Sign, no_signature, signer
from pipeline.errors import ConfigError
from pipeline.language.languages import in_all
from pipeline.measures.asked import context_of
from pipeline.model import (
    CHECKED,
    ENTITIES,
    LEADERS_ADDRESS,
    LOGS,
    CustomMeasure,
    ExceptionLine,
    FieldSet,
    Kind,
    LocalText,
    ResolvedAudit,
    Schema,
    Target,
    Window,
)
from pipeline.presets import Preset, export_columns, load_preset, reading
from pipeline.proof import plausible
from pipeline.queries import QueryContext
from pipeline.registry.database import Registry, open_registry
from pipeline.resources import EXPECTATIONS
from pipeline.values.hashes import json_sha256

__all__ = ["Audit", "Period", "completed", "load_audit", "secrets_of"]

_OF_VIEWS: Final = (
    "owner",
    "is_repeat",
    "state",
    "occurred_at_us",
    "scored",
    "span",
    "contact",
    "contact_lacks_last_name",
    "contact_lacks_first_name",
    "contact_lacks_details",
    "contact_is_anothers",
    "made_in_bulk",
    "client_answers",
    "excluded",
)


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit, ready to run: paths are absolute, the preset and the field sets are loaded."""

    file: Path
    settings: AuditFile
    preset: Preset
    field_sets: Mapping[str, FieldSet]
    targets: tuple[Target, ...]
    output: Path
    absent: Mapping[str, LocalText]  # 'entity.column' -> why the CRM does not hold it
    add: Mapping[str, str]  # 'entity.column' -> 'table.column' of the user's own fields
    schema: (
        Schema  # what is read: our entities, with the columns that the audit asks for or adds
    )
    measures: tuple[CustomMeasure, ...]
    # 'contact.phone' that operators would owe, if any were named: its owner owes it
    left_to_owners: tuple[str, ...] = ()
    exceptions: tuple[ExceptionLine, ...] = ()
    preset_sha256: str = ""  # as it was loaded, whatever is asked of it

    @property
    def operators(self) -> tuple[str, ...]:
        """The users who owe something besides what they own; none where nothing is owed so."""
        return self.settings.operators if of_operators(self.field_sets) else ()

    def registry(self) -> Registry:
        """Its registry, opened; made where there is none."""
        return open_registry(self.output, secrets_of(self.settings.registry, key="registry"))

    def signer(self) -> Sign:
        """What signs its published runs. Raises ConfigError if its key cannot be used."""
        key = self.settings.sign_with
        return signer(self.file.parent / key) if key else no_signature

    @property
    def working_week(self) -> tuple[int, ...]:
        """The weekdays on which people work; 0 is Monday."""
        return tuple(WEEKDAYS.index(day) for day in self.settings.working_week)

    def resolved(self) -> ResolvedAudit:
        """The audit as it is carried out, without any file that it names."""
        source = self.settings.source
        by_time = {"meeting", "call"} if source.end_passed_is_held else set()
        timed = {entity for entity in by_time if f"{entity}.start_at" not in self.absent}
        return ResolvedAudit(
            id=self.settings.id,
            name=self.settings.name,
            language=self.settings.language,
            about=self.preset.about,
            zone=self.settings.zone,
            working_week=self.working_week,
            words=self.preset.states,
            schema=self.schema,
            absent=self.absent,
            held_at_end=tuple(
                sorted(entity for entity in timed if f"{entity}.status" in self.absent)
            ),
            several_owners=source.several_owners == "all",
            reached_nobody=tuple(word.lower() for word in self.preset.reached_nobody),
            field_sets=self.field_sets,
            shares=self.settings.shares,
            measures=self.measures,
            targets=self.targets,
            accept=self.settings.accept,
            tables=self._tables(),
            links=self._links(),
            audience=self.settings.audience,
            agreement=self.settings.agreed(),
            enforced=_enforced(self.preset, self.absent, self.add),
            importers=self.settings.importers,
            operators=self.operators,
            logged_owners=self.preset.logged_owners(),
            region=self.settings.region,
            empty_words=tuple(self.preset.empty),
            from_files="files" in self.preset.dialects,
            exceptions=self.exceptions,
            contact=self.settings.contact,
        )

    def query_context(self, window: Window) -> QueryContext:
        """What every query depends on besides the data."""
        return context_of(self.resolved(), window)

    def _tables(self) -> dict[str, tuple[str, ...]]:
        """Entity -> the tables from which its rows are read; without those entities
        that are not read at all, and without logs that stand in tables of records.
        """
        return {
            entity: tuple(sorted({part.table for part in parts}))
            for entity, parts in self.preset.entities.items()
            if entity not in LOGS or all(part.within for part in parts)
            if any(f"{entity}.{column}" not in self.absent for column in self.schema[entity])
        }

    def _links(self) -> dict[str, str]:
        base = self.settings.source.crm_url.rstrip("/")
        links = {}
        for entity, parts in self.preset.entities.items():
            if link := self.preset.links.get(entity, parts[0].link):
                links[entity] = link if "://" in link else f"{base}/{link}" if base else ""
        return links


def load_audit(file: Path, *, output: Path | None = None) -> Audit:
    """The audit that `file` describes. ConfigError names file, line, key, what was
    found and what is allowed.
    """
    settings = parse(file, AuditFile)
    preset = load_preset(settings.source.preset, file.parent)
    loaded = json_sha256(preset.model_dump(mode="json"))
    audit = _audit(file, settings, preset, output, preset.on_demand())
    return replace(audit, preset_sha256=loaded)


def completed(audit: Audit, not_given: Mapping[str, LocalText]) -> Audit:
    """The audit, now that its source says which columns no SELECT gives:
    'entity.column' -> why each is absent.

    ConfigError where the audit needs one of them.
    """
    if not not_given:
        return audit
    preset = audit.preset.model_copy(update={"absent": {**audit.preset.absent, **not_given}})
    made = _audit(audit.file, audit.settings, preset, audit.output, _names_in(audit.schema))
    return replace(made, preset_sha256=audit.preset_sha256)


def _names_in(schema: Schema) -> set[str]:
    """Each entity, and 'entity.column' of each of its columns."""
    columns = {f"{entity}.{column}" for entity, of in schema.items() for column in of}
    return columns | schema.keys()


def _audit(
    file: Path,
    settings: AuditFile,
    preset: Preset,
    output: Path | None,
    on_demand: Collection[str],
) -> Audit:
    add = {**preset.add, **settings.source.add}
    schema = _schema(file, preset, add)
    _must_be_read(preset, add)
    absent = _absent(file, settings, preset, add)
    folder = file.parent / settings.field_sets if settings.field_sets else EXPECTATIONS
    if not folder.is_dir():
        raise ConfigError(f"{file}: field_sets: there is no folder {folder}; correct the path.")
    field_sets = read_field_sets(
        folder, absent, schema, preset.mapped(), cells="files" in preset.dialects
    )
    left_to_owners = () if settings.operators else of_operators(field_sets)
    if left_to_owners:
        field_sets = owed_by_owners(field_sets)
    measures = custom_measures(file, settings.measures, absent, schema, settings.audience)
    _must_be_asked(file, schema, field_sets, measures)
    _must_be_known(file, settings.accept, plausible.names(schema, _tables_of(preset, add)))
    needed = {*add}
    if "user.leader_id" not in absent and LEADERS_ADDRESS in on_demand:
        needed.add(LEADERS_ADDRESS)
    asked = asked_schema(schema, on_demand, needed, field_sets, measures)
    return Audit(
        file=file,
        settings=settings,
        preset=reading(preset, asked, add),
        field_sets=without_points(
            of_what_is_read(field_sets, asked), _enforced(preset, absent, add)
        ),
        targets=read_targets(file, settings.targets),
        output=_output(file, output or file.parent / settings.output),
        absent={name: why for name, why in absent.items() if name.partition(".")[0] in asked},
        add=add,
        schema=asked,
        measures=measures,
        left_to_owners=left_to_owners,
        exceptions=read_exceptions(file.parent, settings.exceptions, settings.id, field_sets),
    )


def _enforced(
    preset: Preset, absent: Mapping[str, LocalText], add: Mapping[str, str]
) -> tuple[str, ...]:
    """'entity.column' that the CRM holds where the preset says, and demands itself."""
    named = {
        f"{entity}.{column}"
        for entity, columns in preset.enforces.items()
        for column in columns
    }
    return tuple(sorted(named - absent.keys() - add.keys()))


def _output(file: Path, folder: Path) -> Path:
    """The folder of the reports. ConfigError where its path is no text: half of what writes
    there could not name it.
    """
    folder = folder.resolve()
    try:
        str(folder).encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigError(
            f"{file}: output: the folder's path holds bytes that are no UTF-8; choose another."
        ) from None
    return folder


def _absent(
    file: Path, settings: AuditFile, preset: Preset, add: Mapping[str, str]
) -> dict[str, LocalText]:
    """'entity.column' -> why the CRM does not hold it, or why it is not read."""
    absent = {name: why for name, why in preset.absent_columns().items() if name not in add}
    if settings.source.several_owners == "first":
        why = in_all("of several owners the first counts (source.several_owners)")
        return {
            **dict.fromkeys((f"co_owner.{column}" for column in ENTITIES["co_owner"]), why),
            **absent,
        }
    if "co_owner" not in preset.entities:
        raise ConfigError(
            f"{file}: source.several_owners: all: the preset {preset.name} tells of no owners but the first; give it a "
            "SELECT of co_owner (record_kind, record_id, owner_id) in a preset that extends it, or write first."
        )
    return absent


def _schema(file: Path, preset: Preset, add: Mapping[str, str]) -> Schema:
    """Our entities with the columns that the audit adds: those that we
    have no name for are text.
    """
    schema = {entity: dict(columns) for entity, columns in ENTITIES.items()}
    for ours, theirs in add.items():
        entity, _, column = ours.partition(".")
        table, name = preset.place_of(theirs)
        if (
            entity not in CHECKED
            or not re.fullmatch("[a-z][a-z0-9_]*", column)
            or column in _OF_VIEWS
            or not name
        ):
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


def _must_be_read(preset: Preset, add: Mapping[str, str]) -> None:
    """A column under `exports` that nothing reads is likely misspelt, and its headers
    would be read as nothing.
    """
    if not preset.exports:
        return
    read = _words_in(preset) | {preset.place_of(theirs)[1] for theirs in add.values()}
    for table, columns in preset.exports.items():
        ours = {column for known, column in export_columns() if known == table}
        if strange := sorted(columns.keys() - read - ours - {*preset.known_by[table]}):
            near = get_close_matches(strange[0], columns.keys() & read, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(
                f"preset {preset.name}: exports.{table}.{strange[0]}: no SELECT of the preset reads this column, and "
                f"nothing adds it{hint or '; take it out.'}"
            )


def _words_in(preset: Preset) -> set[str]:
    """Every word of the preset's SQL, and every column that it maps."""
    parts = [part for parts in preset.entities.values() for part in parts]
    texts = [part.select for part in parts if part.select]
    texts += [*preset.derived.values(), *preset.tables.values()]
    for part in parts:
        for mapped in (*part.columns.values(), *part.excluded.values()):
            texts.append(mapped.column or mapped.sql or "")
    return {word for sql in texts for word in re.findall(r"\w+", sql)}


def _tables_of(preset: Preset, add: Mapping[str, str]) -> set[str]:
    own = {part.table for parts in preset.entities.values() for part in parts}
    return own | preset.tables.keys() | {preset.place_of(theirs)[0] for theirs in add.values()}


def _must_be_known(file: Path, accepted: Collection[str], known: set[str]) -> None:
    """A name under `accept` that is none would let nothing through, and nobody would know."""
    for name in accepted:
        if name.endswith(".id.twice"):
            raise ConfigError(
                f"{file}: accept: {name} cannot be accepted: each figure would count that record twice. Correct the "
                "source, or the preset's SELECT."
            )
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(
                f"{file}: accept: there is no {name}; names are like deal.close_day.unreadable, "
                f"meeting.status.unknown, call.owner.unassigned, TABLE.audited.none and manager.none.{hint}"
            )


def _must_be_asked(
    file: Path,
    schema: Schema,
    field_sets: Mapping[str, FieldSet],
    measures: Collection[CustomMeasure],
) -> None:
    """A column that is added and that nobody asks for is likely misspelt: refused."""
    for entity, columns in schema.items():
        fields = field_sets[entity].demands if entity in CHECKED else ()
        asked = {column for demand in fields for column in demand.looked_at}
        asked |= {
            column
            for measure in measures
            if measure.entity == entity
            for column in measure.where
        }
        if strange := sorted(columns.keys() - ENTITIES[entity].keys() - asked):
            raise ConfigError(
                f"{file}: source.add.{entity}.{strange[0]}: no such field of ours, and neither a field set nor a "
                f"measure asks for it; ours are {', '.join(ENTITIES[entity])}."
            )
