"""The results of `check` as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from pipeline.flows.check.looking import Profile
from pipeline.flows.check.masking import NOTHING
from pipeline.model import DATED, Kind, TableAccount
from pipeline.presets import Part

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def account_table(
    accounts: Iterable[TableAccount], entities: Mapping[str, Sequence[Part]]
) -> Table:
    """Per table: rows = audited + excluded, by reason."""
    table = _ruled("Record", "Table", "Rows>", "Audited>", "Excluded>", "by reason")
    for account in accounts:
        reasons = ", ".join(
            f"{reason} {rows:,}" for reason, rows in sorted(account.excluded.items())
        )
        excluded = sum(account.excluded.values())
        records = [
            entity
            for entity, parts in entities.items()
            if any(part.table == account.table for part in parts)
        ]
        cells = (
            ", ".join(records),
            account.table,
            f"{account.rows:,}",
            f"{account.audited:,}",
            f"{excluded:,}",
            reasons,
        )
        table.add_row(*map(escape, cells))
    return table


def range_table(profiles: Iterable[Profile], zone: ZoneInfo) -> Table:
    """Per instant and day: the first, the last, and how many cannot be read."""
    table = _ruled("Record", "Moment", "First", "Last", "Unreadable>")
    for profile in profiles:
        for column in profile.columns:
            if column.kind in DATED and profile.rows:
                ends = (_moment(end, column.kind, zone) for end in (column.first, column.last))
                table.add_row(profile.entity, column.name, *ends, f"{column.unreadable:,}")
    return table


def _moment(value: Any, kind: Kind, zone: ZoneInfo) -> str:
    """An end of a range: an instant in microseconds since 1970, or a day."""
    if value is None:
        return NOTHING
    if kind is Kind.DAY:
        return str(value)[:10]
    try:
        return (
            f"{(_EPOCH + timedelta(microseconds=int(value))).astimezone(zone):%Y-%m-%d %H:%M}"
        )
    except OverflowError:
        return "beyond the calendar"


def column_table(profile: Profile) -> Table:
    """Per column: how often it is empty, and masked cells of some rows."""
    headings = [f"{number}" for number in range(1, len(profile.samples) + 1)]
    table = _ruled("Column", "Empty>", *headings)
    for position, column in enumerate(profile.columns):
        cells = (sample[position] for sample in profile.samples)
        table.add_row(column.name, share(column.empty, profile.rows), *map(escape, cells))
    return table


def share(part: int, whole: int) -> str:
    """A percentage; 0 % and 100 % appear only when exact."""
    if part in (0, whole):
        return "0%" if part == 0 else "100%"
    return f"{min(99.9, max(0.1, 100 * part / whole)):.1f}%"


def _ruled(*headings: str) -> Table:
    """A table with these headings; one that ends in '>' is for numbers.

    The first column is never cut.
    """
    table = Table()
    for position, heading in enumerate(headings):
        number = heading.endswith(">")
        table.add_column(
            heading.removesuffix(">"),
            justify="right" if number else "left",
            no_wrap=number or position == 0,
        )
    return table
