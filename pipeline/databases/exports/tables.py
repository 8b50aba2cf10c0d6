"""Exports of cloud CRMs: matches files to a preset's tables by headers, not by file name.

Under `exports` a preset lists the headers that each column may have. A column that a file
lacks is absent: nobody is charged for it. It must be declared absent, so a column lost between
two exports is never read as empty.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import ConfigError, SourceError
from pipeline.language.languages import in_all
from pipeline.model import ENTITIES, LocalText
from pipeline.presets import CONTACT, Preset
from pipeline.values.white_space import WHITE_SPACE

_SHOWN: Final = 3
_FOLLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "client": ("contact.client_id", "meeting.client_id", "call.client_id", "deal.client_id"),
    "contact": (CONTACT, "call.contact_id"),
    "meeting": ("meeting_contact",),
    CONTACT: ("meeting_contact",),
}
"""Absent entity -> the references to it, which are then useless."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file or sheet that is one of the preset's tables."""

    table: str
    where: str  # 'deals.csv', or 'book.xlsx, sheet Deals'
    columns: Mapping[str, int]  # the preset's column -> its place in the file


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """The files of a folder that are a preset's tables, and the others."""

    exports: Mapping[str, Export]  # by table
    unread: tuple[str, ...]  # files and sheets that are no table of the preset


def folded(header: str) -> str:
    """A header normalised for comparison: case, surrounding white space, character variants."""
    return unicodedata.normalize("NFKC", header).strip(WHITE_SPACE).casefold()


def find(preset: Preset, headers: Mapping[str, Sequence[str]]) -> ExportedFiles:
    """Finds the preset's tables by their headers. Raises SourceError if two files match one."""
    exports: dict[str, Export] = {}
    unread = []
    for where, names in headers.items():
        export = _table_of(preset, where, names)
        if export is None:
            unread.append(where)
        elif other := exports.get(export.table):
            raise SourceError(
                f"{other.where} and {where} are both an export of {export.table} by their headers; "
                "keep the newest in the folder, or join them into one file."
            )
        else:
            exports[export.table] = export
    return ExportedFiles(exports, tuple(unread))


def _table_of(preset: Preset, where: str, names: Sequence[str]) -> Export | None:
    """The table that most of the file's columns belong to, if its key columns are there."""
    places = {folded(name): place for place, name in reversed(list(enumerate(names)))}
    fits = [
        Export(table, where, columns)
        for table, known in preset.known_by.items()
        if (columns := _columns_in(preset.exports[table], places)).keys() >= set(known)
    ]
    most = max(map(_read_from, fits), default=0)
    best = [fit for fit in fits if _read_from(fit) == most]
    if len(best) > 1:
        tables = " and ".join(export.table for export in best)
        raise SourceError(f"{where} fits {tables} equally well; export it with more columns.")
    for export in best:
        _must_be_one(where, names, export)
    return best[0] if best else None


def _read_from(export: Export) -> int:
    """How many columns of the file are read; a column may be read twice."""
    return len(set(export.columns.values()))


def _must_be_one(where: str, names: Sequence[str], export: Export) -> None:
    """Raises SourceError if a header that is read occurs twice."""
    all_of = [folded(name) for name in names]
    for place in export.columns.values():
        if all_of.count(all_of[place]) > 1:
            raise SourceError(
                f"{where}, column {names[place]}: two columns have this name; export it with one."
            )


def _columns_in(
    columns: Mapping[str, Sequence[str]], places: Mapping[str, int]
) -> dict[str, int]:
    """The preset's columns in a file, each by the first of its headers that occurs."""
    known = {}
    for ours, headers in columns.items():
        place = next(
            (places[folded(header)] for header in headers if folded(header) in places), None
        )
        if place is not None:
            known[ours] = place
    return known


# ------------------------------------------------------------------------------ what is lacking


def lacking(preset: Preset, files: ExportedFiles) -> dict[str, LocalText]:
    """'deal.amount', or a whole entity -> why these exports lack it, as under `absent`."""
    reasons = dict(_lacking(preset, files))
    for name in list(reasons):
        entity = name.partition(".")[0]
        reasons |= {
            reference: reasons[name]
            for reference in _FOLLOWS.get(name, ())
            if reference not in reasons and reference not in preset.absent
        }
        # a whole entity replaces its columns
        if "." not in name:
            reasons = {
                other: why
                for other, why in reasons.items()
                if other == entity or other.partition(".")[0] != entity
            }
    return reasons


def _lacking(preset: Preset, files: ExportedFiles) -> Iterator[tuple[str, LocalText]]:
    for entity, parts in preset.entities.items():
        for table in (part.table for part in parts if part.table in preset.exports):
            export = files.exports.get(table)
            if export is None:
                yield entity, _no_export_of(table)
                continue
            for ours in (
                *ENTITIES[entity],
                *([CONTACT.partition(".")[2]] if entity == "meeting" else []),
            ):
                sources = [name for name in preset.exports[table] if _is_of(name, ours, entity)]
                if sources and not export.columns.keys() & set(sources):
                    yield (
                        f"{entity}.{ours}",
                        in_all(
                            "the export has no such column: {headers}",
                            headers=_headers(preset, table, sources),
                        ),
                    )


def _is_of(name: str, ours: str, entity: str) -> bool:
    """Whether a preset's column feeds ours: `phone` and `phone_mobile` feed `phone`."""
    columns = (*ENTITIES[entity], "contact")
    longest = max(
        (column for column in columns if name == column or name.startswith(f"{column}_")),
        key=len,
        default="",
    )
    return longest == ours


def _headers(preset: Preset, table: str, names: Iterable[str]) -> str:
    headers = [header for name in names for header in preset.exports[table][name]]
    return ", ".join(headers[:_SHOWN]) + (", …" if len(headers) > _SHOWN else "")


def must_hold(preset: Preset, files: ExportedFiles) -> None:
    """Raises ConfigError if the exports lack anything that is not declared absent."""
    gone = [table for table in preset.held if table not in files.exports]
    reasons = {
        name: why
        for name, why in lacking(preset, files).items()
        if why not in map(_no_export_of, gone)
    }
    problems = [
        f"{name}: {why}" for name, why in reasons.items() if not _declared(preset, name)
    ]
    problems += [_gone(preset, files, table) for table in gone]
    for table, export in files.exports.items():
        for name in preset.held.get(table, ()):
            if name not in export.columns:
                headers = _headers(preset, table, [name])
                problems.append(
                    f"{export.where}: there is no column {headers}, but there was one when this was set up"
                )
    if problems:
        raise ConfigError(
            f"the exports lack what the preset {preset.name} reads:"
            + "".join(f"\n  {problem}" for problem in problems)
            + "\nExport again with these columns. What you do not export, declare in a preset of your own "
            "(extends: …; absent: {deal.amount: why}; and take it out of `held`): crm-audit init writes one."
        )


def _no_export_of(table: str) -> LocalText:
    return in_all("no export of {table} is in the folder", table=table)


def _gone(preset: Preset, files: ExportedFiles, table: str) -> str:
    known = ", ".join(preset.exports[table][name][0] for name in preset.known_by[table])
    unread = f"; not read: {', '.join(files.unread)}" if files.unread else ""
    return f"{table}: {_no_export_of(table)}, but there was one when this was set up; it is known by {known}{unread}"


def _declared(preset: Preset, name: str) -> bool:
    entity = name.partition(".")[0]
    return name in preset.absent or entity in preset.absent or entity not in preset.entities
