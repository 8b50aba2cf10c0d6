"""Recognises a CRM by its tables, read-only, and finds evidence for what only its owner knows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    case,
    distinct,
    func,
    inspect,
    not_,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import JSON, Enum, String

from pipeline.databases import files
from pipeline.databases.constructs import blank, one_of_words
from pipeline.databases.exports.tables import find
from pipeline.databases.kinds import DATABASES
from pipeline.errors import AuditError
from pipeline.formats import ReadingRules
from pipeline.model import ENTITIES, Kind
from pipeline.presets import Preset, load_preset, preset_names
from pipeline.setup.grants import tables_of
from pipeline.source import ReadSpec, SourceReader, consistent, open_engine
from pipeline.source.names import described
from pipeline.values.zone_names import zone_names

UNNAMED: Final = "XXX"
"""ISO 4217's code for no currency: marks amounts that name none."""

_RESULT: Final = re.compile(
    r"resul|outcome|uitkomst|verslag|conclu|notul|minutes|afloop|opbrengst", re.IGNORECASE
)
_NOTE: Final = re.compile(
    r"descr|omschr|note|notit|comment|opmerk|toelicht|tekst|text", re.IGNORECASE
)
_NO_PROSE: Final = re.compile(
    r"^duration|(^|_)(id|ids|guid|uuid|key|url|type|hash|token|by|zone|color|colour)(_c)?$",
    re.IGNORECASE,
)
_WRITABLE: Final = re.compile(r"[^\W\d][\w ()/&:?,-]*")
"""Column names that source.add accepts; in exports they are headers in words."""
_UTC: Final = frozenset({"UTC", "UCT", "GMT", "Zulu", "Universal", "Greenwich", "localtime"})
_SHOWN: Final = 6
_ALIKE: Final = 20
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A database: its address with secrets filled in, and the base of relative paths."""

    url: str
    base: Path

    @contextmanager
    def opened(self, preset: Preset | None = None) -> Iterator[Connection]:
        """Opens one read-only transaction; without a preset, on any known database."""
        engine = open_engine(self.url, self.base, preset or _ANY)
        try:
            with consistent(engine) as connection:
                yield connection
        finally:
            engine.dispose()

    def headers(self) -> dict[str, tuple[str, ...]]:
        """The headers of every file in a folder of exports; empty for a database."""
        return (
            files.headers_of(make_url(self.url), self.base)
            if self.url.startswith("files:")
            else {}
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may hold a meeting's result."""

    column: str  # 'meetings_cstm.result_c'
    filled: int
    held: int  # meetings
    words: int  # different texts
    samples: tuple[str, ...]  # masked


@dataclass(frozen=True, slots=True)
class Known:
    """What a CRM reveals through a fitting preset."""

    preset: Preset
    rows: Mapping[str, int]  # entity -> audited
    managers: tuple[tuple[str, str], ...]  # id, name
    currencies: Mapping[str, int]  # of deals; '' = none named
    candidates: tuple[Candidate, ...]


_ANY: Final = Preset.model_construct(
    name="of any CRM",
    dialects=tuple(dialect for database in DATABASES for dialect in database.dialects),
)


# --------------------------------------------------------------------------------- which preset


def fitting(place: Place) -> list[tuple[Preset, int]]:
    """The fitting presets, best first, each with the number of tables that match."""
    if exported := exports_in(place):
        return exported
    with place.opened() as connection:
        tables = tables_in(connection)
        dialect = connection.dialect.name
    fits = []
    for name in preset_names():
        preset = load_preset(name, place.base)
        needed, optional = tables_of(preset, {})
        marks = tables.intersection(preset.marks)
        there = tables.issuperset(needed) and (marks or not preset.marks)
        if dialect in preset.dialects and there and _describes(place, preset):
            fits.append((preset, len(needed) + len(tables.intersection(optional) | marks)))
    return sorted(fits, key=lambda fit: -fit[1])


def exports_in(place: Place) -> list[tuple[Preset, int]]:
    """The export presets that know files of this folder, each with its number of columns."""
    headers = place.headers()
    presets = [load_preset(name, place.base) for name in (preset_names() if headers else ())]
    fits = [
        (preset, sum(len(export.columns) for export in find(preset, headers).exports.values()))
        for preset in presets
        if preset.exports
    ]
    return sorted((fit for fit in fits if fit[1]), key=lambda fit: -fit[1])


def tables_in(connection: Connection) -> frozenset[str]:
    """Every table and view that the account sees."""
    inspector = inspect(connection)
    return frozenset(inspector.get_table_names()) | frozenset(inspector.get_view_names())


def _describes(place: Place, preset: Preset) -> bool:
    """Whether every column that the preset names exists.

    Each preset gets its own transaction, because an error may end it.
    """
    try:
        with place.opened(preset) as connection:
            reading_of(connection, preset)
    except (AuditError, SQLAlchemyError):
        return False
    return True


def reading_of(
    connection: Connection, preset: Preset, add: Mapping[str, str] | None = None
) -> SourceReader:
    """A reader of the CRM through a preset; columns in `add` are text."""
    schema = {entity: dict(columns) for entity, columns in ENTITIES.items()}
    for ours in add or {}:
        entity, _, column = ours.partition(".")
        schema[entity].setdefault(column, Kind.TEXT)
    rules = ReadingRules.of(preset, "UTC", UNNAMED)
    return SourceReader(
        connection,
        ReadSpec(preset, add or {}, UNNAMED, frozenset(preset.absent_columns()), schema, rules),
    )


# --------------------------------------------------------------------------------- what it says


def survey(place: Place, preset: Preset, *, results: bool = True) -> Known:
    """Counts rows, lists managers and currencies, and looks for meeting results.

    Results are looked for only if the preset does not map them.
    """
    absent = preset.absent_columns()
    asked = results and "meeting.result" in absent and "meeting" in preset.entities
    with place.opened(preset) as connection:
        columns = _prose_of(connection, preset) if asked else []
        added = {f"meeting.candidate_{number}": name for number, name in enumerate(columns)}
        reader = reading_of(connection, preset, {**preset.add, **added})
        reader.must_understand_marks()
        entities = reader.entities()
        rows = {
            entity: reader.count(entity) for entity in preset.entities if reader.columns(entity)
        }
        candidates: tuple[Candidate, ...] = ()
        if columns:
            meetings = entities["meeting"]
            words = preset.states.get("meeting", {}).get("held", ())
            held = (
                one_of_words(meetings.c.status, words)
                if words and "meeting.status" not in absent
                else None
            )
            named = {name: meetings.c[ours.partition(".")[2]] for ours, name in added.items()}
            candidates = candidates_in(connection, meetings, named, held)
        managers = _managers(connection, entities["user"]) if "user" in preset.entities else ()
        currencies = (
            _currencies(connection, entities["deal"]) if "deal.currency" not in absent else {}
        )
    return Known(preset, rows, managers, currencies, candidates)


def _managers(connection: Connection, users: FromClause) -> tuple[tuple[str, str], ...]:
    wanted = select(users.c.id, users.c.name).where(users.c.active == 1, users.c.person == 1)
    return tuple(
        (str(key), str(name or ""))
        for key, name in connection.execute(wanted.order_by(users.c.id))
    )[:_MANY]


def _currencies(connection: Connection, deals: FromClause) -> dict[str, int]:
    counted = select(deals.c.currency, func.count()).group_by(deals.c.currency)
    counts: dict[str, int] = {}
    for code, number in connection.execute(counted):
        named = "" if code in (None, UNNAMED) else str(code).strip().upper()
        counts[named] = counts.get(named, 0) + int(number)
    return counts


# -------------------------------------------------------------------------------------- results


def _prose_of(connection: Connection, preset: Preset) -> list[str]:
    """Text columns that the preset does not read, in the meetings' table and those joined to it."""
    part, tables = preset.entities["meeting"][0], tables_in(connection)
    used = set(re.findall(r"\w+", part.select or "")) | {
        mapped.column for mapped in part.columns.values() if mapped.column
    }
    used |= preset.exports.get(part.table, {}).keys()
    # an added field is joined by the key
    joinable = part.columns or preset.key_of("meeting", part.table) in described(
        connection, part.table
    )
    own = prose_in(connection, part.table) if joinable else []
    names = [f"{part.table}.{name}" for name in own if name not in used]
    if preset.custom_key != "id":
        for table in sorted(tables - {part.table}):  # meetings_cstm, vtiger_activitycf
            key, shared = preset.key_of("meeting", table), table in preset.tables
            if (shared or table.startswith(part.table)) and key in described(connection, table):
                prose = prose_in(connection, table)
                names += [f"{table}.{name}" for name in prose if not (shared and name in used)]
    return names


def prose_in(connection: Connection, table: str) -> list[str]:
    """The columns of a table that people may write in."""
    return [
        name
        for name, kind in described(connection, table).items()
        if isinstance(kind, String | Enum)
        and not isinstance(kind, JSON)
        and not _NO_PROSE.search(name)
        and _WRITABLE.fullmatch(name)
    ]


def candidates_in(
    connection: Connection,
    meetings: FromClause,
    columns: Mapping[str, ColumnElement[Any]],
    held: Any = None,
) -> tuple[Candidate, ...]:
    """How full each column is over the held meetings, likeliest first.

    An empty column, or one with the same text in many meetings, counts only by its name.
    """
    counts: list[ColumnElement[Any]] = [func.count()]
    for column in columns.values():
        counts += [func.sum(case((blank(column), 0), else_=1)), func.count(distinct(column))]
    asked = select(*counts).select_from(meetings)
    number, *answers = connection.execute(asked if held is None else asked.where(held)).one()
    candidates = []
    for position, (name, column) in enumerate(columns.items()):
        filled, words = int(answers[2 * position] or 0), int(answers[2 * position + 1] or 0)
        alike = words == 1 and filled == number > _ALIKE  # the CRM fills it in itself
        if (filled and not alike) or _RESULT.search(name.partition(".")[2]):
            written = select(column).select_from(meetings).where(not_(blank(column))).distinct()
            texts = connection.execute(
                (written if held is None else written.where(held)).limit(2)
            ).scalars()
            candidates.append(
                Candidate(name, filled, int(number), words, tuple(map(masked, texts)))
            )
    return tuple(sorted(candidates, key=_likeliness)[:_SHOWN])


def _likeliness(candidate: Candidate) -> tuple[int, int]:
    """Sorts by name, then by number of distinct texts: results rarely have only three."""
    name = candidate.column.partition(".")[2]
    return 0 if _RESULT.search(name) else 1 if _NOTE.search(name) else 2, -candidate.words


def likely(candidate: Candidate) -> bool:
    """Whether the column's name suggests a result."""
    return bool(_RESULT.search(candidate.column.partition(".")[2]))


def masked(value: Any) -> str:
    """The first letter of a text, and its length."""
    text = (
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    ).strip()
    first = text[:1] if text[:1].isprintable() else "?"
    return f"{first}… ({len(text):,} characters)"


def share(part: int, whole: int) -> str:
    """A percentage; 0 % and 100 % appear only when exact."""
    if part in (0, whole):
        return "100%" if part else "0%"
    return f"{min(99, max(1, round(100 * part / whole)))}%"


# --------------------------------------------------------------------------------- this machine


def machine_zone(
    environment: Mapping[str, str] = os.environ, root: Path = Path("/")
) -> str | None:
    """This machine's zone, unless it is UTC: servers often run in UTC wherever they are."""
    for zone in _configured_zones(environment, root):
        if zone in zone_names():
            return None if zone in _UTC or zone.startswith("Etc/") else zone
    return None


def _configured_zones(environment: Mapping[str, str], root: Path) -> Iterable[str]:
    yield environment.get("TZ", "").lstrip(":")
    clock = root / "etc/localtime"
    if clock.is_symlink():
        yield str(clock.readlink()).rpartition("zoneinfo/")[2]
    name = root / "etc/timezone"
    if name.is_file():
        yield name.read_text("utf-8", errors="replace").strip()


def best(fits: Sequence[tuple[Preset, int]]) -> tuple[Preset, ...]:
    """The presets that fit best: one, several that fit equally well, or none."""
    return tuple(preset for preset, tables in fits if tables == fits[0][1])
