"""Exports of cloud CRMs: which file is which table of the preset, told by its headers,
whatever the file is called.

A preset says under `exports` which headers a column of its own may have. What a file lacks is
absent: nobody is charged for it, and it must have been declared, so that a column that is lost
between two exports is never read as empty.
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
"""What says nothing where these are lacking: a reference to a record that is in no file."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file, or a sheet of one, that is a table of the preset."""

    table: str
    where: str  # 'deals.csv', or 'book.xlsx, sheet Deals'
    columns: Mapping[str, int]  # the preset's column -> its place in the file


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds of a preset's tables."""

    exports: Mapping[str, Export]  # by table
    unread: tuple[str, ...]  # files and sheets that are none of them


def folded(header: str) -> str:
    """A header as headers are compared: case, white space around it and ways of
    writing a character aside.
    """
    return unicodedata.normalize("NFKC", header).strip(WHITE_SPACE).casefold()


def find(preset: Preset, headers: Mapping[str, Sequence[str]]) -> Found:
    """The preset's tables among files that have these headers. SourceError where two
    files are the same table.
    """
    exports: dict[str, Export] = {}
    unread = []
    for where, names in headers.items():
        export = _told(preset, where, names)
        if export is None:
            unread.append(where)
        elif other := exports.get(export.table):
            raise SourceError(
                f"{other.where} and {where} are both an export of {export.table}, told by their headers; "
                "keep the newest in the folder, or join them into one file."
            )
        else:
            exports[export.table] = export
    return Found(exports, tuple(unread))


def _told(preset: Preset, where: str, names: Sequence[str]) -> Export | None:
    """The table of which the file has most columns, if it has those by
    which that one is known.
    """
    places = {folded(name): place for place, name in reversed(list(enumerate(names)))}
    fits = [
        Export(table, where, columns)
        for table, known in preset.known_by.items()
        if (columns := _columns_in(preset.exports[table], places)).keys() >= set(known)
    ]
    most = max(map(_read_from, fits), default=0)
    best = [one for one in fits if _read_from(one) == most]
    if len(best) > 1:
        tables = " and ".join(one.table for one in best)
        raise SourceError(f"{where} fits {tables} equally well; export it with more columns.")
    for export in best:
        _must_be_one(where, names, export)
    return best[0] if best else None


def _read_from(export: Export) -> int:
    """How many columns of the file are read; one may be read twice."""
    return len(set(export.columns.values()))


def _must_be_one(where: str, names: Sequence[str], export: Export) -> None:
    """SourceError where a header that is read stands twice; what is not read may."""
    all_of = [folded(name) for name in names]
    for place in export.columns.values():
        if all_of.count(all_of[place]) > 1:
            raise SourceError(
                f"{where}, column {names[place]}: two columns have this name; export it with one."
            )


def _columns_in(
    columns: Mapping[str, Sequence[str]], places: Mapping[str, int]
) -> dict[str, int]:
    """The preset's columns that a file has, each by the first of its headers that is there."""
    found = {}
    for ours, headers in columns.items():
        place = next((places[folded(one)] for one in headers if folded(one) in places), None)
        if place is not None:
            found[ours] = place
    return found


# ------------------------------------------------------------------------------ what is lacking


def lacking(preset: Preset, found: Found) -> dict[str, LocalText]:
    """'deal.amount', or an entity as a whole -> why these exports do not hold
    it, as `absent` says it.
    """
    told = dict(_lacking(preset, found))
    for name in list(told):
        entity = name.partition(".")[0]
        told |= {
            one: told[name]
            for one in _FOLLOWS.get(name, ())
            if one not in told and one not in preset.absent
        }
        # the entity as a whole; what of it the preset declares absent, is so all the same
        if "." not in name:
            told = {
                one: why
                for one, why in told.items()
                if one == entity or one.partition(".")[0] != entity
            }
    return told


def _lacking(preset: Preset, found: Found) -> Iterator[tuple[str, LocalText]]:
    for entity, parts in preset.entities.items():
        for table in (part.table for part in parts if part.table in preset.exports):
            export = found.exports.get(table)
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
    """Whether a preset's column feeds this one of ours: `phone` and
    `phone_mobile` feed `phone`.
    """
    columns = (*ENTITIES[entity], "contact")
    longest = max(
        (one for one in columns if name == one or name.startswith(f"{one}_")),
        key=len,
        default="",
    )
    return longest == ours


def _headers(preset: Preset, table: str, names: Iterable[str]) -> str:
    headers = [header for name in names for header in preset.exports[table][name]]
    return ", ".join(headers[:_SHOWN]) + (", …" if len(headers) > _SHOWN else "")


def must_hold(preset: Preset, found: Found) -> None:
    """ConfigError where the exports lack what is neither declared absent nor was lacking
    when the audit was set up.
    """
    gone = [table for table in preset.held if table not in found.exports]
    told = {
        name: why
        for name, why in lacking(preset, found).items()
        if why not in map(_no_export_of, gone)
    }
    problems = [f"{name}: {why}" for name, why in told.items() if not _declared(preset, name)]
    problems += [_gone(preset, found, table) for table in gone]
    for table, export in found.exports.items():
        for name in preset.held.get(table, ()):
            if name not in export.columns:
                headers = _headers(preset, table, [name])
                problems.append(
                    f"{export.where}: there is no column {headers}, and there was when this was set up"
                )
    if problems:
        raise ConfigError(
            f"the exports lack what the preset {preset.name} reads:"
            + "".join(f"\n  {one}" for one in problems)
            + "\nExport again with these columns. What you do not export, declare in a preset of your own "
            "(extends: …; absent: {deal.amount: why}; and take it out of `held`): crm-audit init writes one."
        )


def _no_export_of(table: str) -> LocalText:
    return in_all("no export of {table} is in the folder", table=table)


def _gone(preset: Preset, found: Found, table: str) -> str:
    known = ", ".join(preset.exports[table][name][0] for name in preset.known_by[table])
    unread = f"; not read: {', '.join(found.unread)}" if found.unread else ""
    return f"{table}: {_no_export_of(table)}, and one was when this was set up; it is known by {known}{unread}"


def _declared(preset: Preset, name: str) -> bool:
    entity = name.partition(".")[0]
    return name in preset.absent or entity in preset.absent or entity not in preset.entities
