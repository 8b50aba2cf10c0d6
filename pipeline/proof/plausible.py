"""Refuses implausible figures: a wrong mapping proves equal to itself, but is not published.

docs/measures.md has the rules and words. Everything here is a pure function of counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import ImplausibleError
from pipeline.language.languages import in_all, joined_texts
from pipeline.model import (
    READ,
    STATE_COLUMNS,
    STATES,
    UNREADABLE_MARK,
    Kind,
    LocalText,
    Scope,
    TableAccount,
)
from pipeline.values.visible import visible

LEAST_ROWS: Final = 20
"""An entity or table with fewer rows is not judged."""
OWNED: Final = ("deal", "meeting", "call")
NO_MANAGER: Final = "manager.none"


@dataclass(frozen=True, slots=True)
class EntityCounts:
    """The counts of an entity's audited rows."""

    entity: str
    rows: int
    # date, amount or flag -> (values entered, unreadable ones among them)
    read: Mapping[str, tuple[int, int]]
    states: tuple[int, int] = (0, 0)  # (states entered, unknown ones among them)
    unassigned: int = 0
    repeated: Sequence[tuple[str, int]] = ()  # some duplicate ids, and how often each occurs


@dataclass(frozen=True, slots=True)
class Implausible:
    """An implausible count: its name, as in `accept`, and a sentence."""

    name: str
    sentence: LocalText


def implausibilities(
    entities: Iterable[EntityCounts],
    accounts: Iterable[TableAccount],
    scopes: Collection[Scope],
) -> tuple[Implausible, ...]:
    """Everything implausible; `scopes` are those of the CRM's users."""
    implausible = [problem for counts in entities for problem in _of_entity(counts)]
    implausible += [problem for account in accounts for problem in _of_table(account)]
    if Scope.MANAGER not in scopes:
        implausible.append(
            Implausible(
                NO_MANAGER,
                in_all(
                    "None of {users} users is an active person, so there is no account manager; map "
                    "user.active and user.person, or correct the account.",
                    users=len(scopes),
                ),
            )
        )
    return tuple(implausible)


def must_be_plausible(implausible: Sequence[Implausible], accepted: Collection[str]) -> None:
    """Raises ImplausibleError unless audit.yaml accepts everything implausible by name."""
    refused = [problem for problem in implausible if problem.name not in accepted]
    if refused:
        listed = "".join(f"\n  {problem.name}: {problem.sentence}" for problem in refused)
        raise ImplausibleError(
            "Implausible: not published, and the last good report stays. Correct the mapping, or write the name under "
            f"accept in audit.yaml where it is so in the CRM:{listed}"
        )


def names(schema: Mapping[str, Mapping[str, Kind]], tables: Iterable[str]) -> set[str]:
    """The names that `accept` may hold; duplicate ids are never accepted."""
    allowed = {
        f"{entity}.{column}.unreadable"
        for entity, kinds in schema.items()
        for column, kind in kinds.items()
        if kind in (*READ, Kind.FLAG)
    }
    allowed |= {f"{entity}.{column}.unknown" for entity, column in STATE_COLUMNS.items()}
    allowed |= {f"{entity}.owner.unassigned" for entity in OWNED}
    allowed |= {
        f"{table}.{what}" for table in tables for what in ("audited.none", "deleted.unreadable")
    }
    return allowed | {NO_MANAGER}


def _of_entity(counts: EntityCounts) -> Iterator[Implausible]:
    entity = counts.entity
    if counts.repeated:
        ids = (
            in_all("'{record}' ({count} times)", record=visible(record[:60]), count=times)
            for record, times in counts.repeated
        )
        yield Implausible(
            f"{entity}.id.twice",
            in_all(
                "{entity}: an id names one record, and this source has {ids}; correct the source, "
                "or the preset's SELECT where a join doubles rows.",
                entity=entity,
                ids=joined_texts(ids, ", "),
            ),
        )
    if counts.rows < LEAST_ROWS:
        return
    for column, (stated, unreadable) in counts.read.items():
        if 2 * unreadable > stated:
            name = f"{entity}.{column}"
            yield Implausible(
                f"{name}.unreadable",
                in_all(
                    "{unreadable} of the {stated} values of {column} cannot be read; declare how "
                    "they are written (formats in the preset), or map another column.",
                    unreadable=unreadable,
                    stated=stated,
                    column=name,
                ),
            )
    stated, unknown = counts.states
    if entity in STATES and 2 * unknown > stated:
        name = f"{entity}.{STATE_COLUMNS[entity]}"
        yield Implausible(
            f"{name}.unknown",
            in_all(
                "{unknown} of the {stated} values of {column} are no state that the preset knows; "
                "map the CRM's words under states.{entity}.",
                unknown=unknown,
                stated=stated,
                column=name,
                entity=entity,
            ),
        )
    if entity in OWNED and 2 * counts.unassigned > counts.rows:
        name = f"{entity}.owner_id"
        yield Implausible(
            f"{entity}.owner.unassigned",
            in_all(
                "{unassigned} of {rows} records of {entity} have no owner who exists; map {column} "
                "onto the column that holds the ids of users.",
                unassigned=counts.unassigned,
                rows=counts.rows,
                entity=entity,
                column=name,
            ),
        )


def _of_table(account: TableAccount) -> Iterator[Implausible]:
    table = account.table
    if account.rows >= LEAST_ROWS and not account.audited:
        reasons = ", ".join(
            f"{reason} {rows:,}" for reason, rows in sorted(account.excluded.items())
        )
        yield Implausible(
            f"{table}.audited.none",
            in_all(
                "None of the {rows} rows of the table {table} is audited ({reasons}); correct the "
                "conditions of these reasons in the preset.",
                rows=account.rows,
                table=table,
                reasons=reasons,
            ),
        )
    unreadable = sum(
        rows for reason, rows in account.excluded.items() if reason.endswith(UNREADABLE_MARK)
    )
    if unreadable * 1_000 > account.rows:
        yield Implausible(
            f"{table}.deleted.unreadable",
            in_all(
                "In {unreadable} of the {rows} rows of the table {table} the mark of deletion is "
                "neither yes nor no; declare its words in the preset.",
                unreadable=unreadable,
                rows=account.rows,
                table=table,
            ),
        )
