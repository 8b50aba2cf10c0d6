"""The proof: compares what the CRM's own database counts with what the snapshot gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from pipeline.errors import ProofError
from pipeline.language.format import display_value, format_figure
from pipeline.language.languages import ENGLISH
from pipeline.model import UNCOMPARED, Difference, Figure, Figures, Person, TableAccount
from pipeline.values.visible import distinguishable, visible

_SHOWN: Final = ("name", "team", "team_id", "leader_id", "scope", "email")
"""The parts of a person that reports print or count by."""


def prove(
    witness: Figures, ours: Figures, connection: Connection, seen: Path, computed: Path
) -> None:
    """Raises ProofError unless every figure and every failing record is the same in both.

    Of a record its mask, owner, span and moment are compared, and who entered it where they
    owe something.

    `seen` and `computed` are Parquet files of failing records, the source's and ours; only what
    differs is read from them, on a connection to any DuckDB.
    """
    _must_be_none(
        [*_figures(witness, ours), *_records(connection, seen, computed)],
        "figures or records differ",
    )


def prove_people(seen: Iterable[Person], computed: Iterable[Person]) -> None:
    """Raises ProofError unless every user has the same name, team, leader and scope in both."""
    source, ours = (Counter(users) for users in (seen, computed))
    both = [
        sorted((source - ours).elements(), key=_identity),
        sorted((ours - source).elements(), key=_identity),
    ]
    there, here = ({user.id: user for user in users} for users in both)
    _must_be_none(
        [
            _person_differs(there.get(name), here.get(name))
            for name in dict.fromkeys((*there, *here))
        ],
        "users differ",
    )


def prove_accounts(
    accounts: Collection[TableAccount],
    tables: Mapping[str, Collection[str]],
    rows: Mapping[str, int],
) -> None:
    """Raises ProofError unless as many rows were read as the source counts as audited.

    `tables` maps an entity to the tables it is read from, `rows` to its rows in the snapshot.
    Entities that share a table are compared together.
    """
    audited = {account.table: account.audited for account in accounts}
    differences = []
    for entities in _sharing(tables):
        names = sorted(
            {table for entity in entities for table in tables[entity]} & audited.keys()
        )
        counted, read = (
            sum(audited[table] for table in names),
            sum(rows.get(entity, 0) for entity in entities),
        )
        if counted != read:
            differences.append(
                (f"audited rows of {', '.join(names)}", "accounting", str(counted), str(read))
            )
    _must_be_none(differences, "counts of audited rows differ")


def proven(figures: Figures) -> int:
    """How many of these figures both readings made independently."""
    by_basis = figures.by_basis()
    return sum(number for basis, number in by_basis.items() if basis not in UNCOMPARED)


def _must_be_none(differences: Sequence[Difference], what: str) -> None:
    if differences:
        raise ProofError(
            f"{len(differences)} {what} between the source and what was computed; "
            "nothing was published, and the last good report stays.",
            tuple(
                (visible(name), visible(where), *distinguishable(source, ours))
                for name, where, source, ours in differences
            ),
        )


def _identity(user: Person) -> tuple[str, ...]:
    return (user.id, *(str(getattr(user, part)) for part in _SHOWN))


def _person_differs(there: Person | None, here: Person | None) -> Difference:
    """The parts that differ; all parts if a user is in only one reading."""
    parts = [
        part
        for part in _SHOWN
        if there is None or here is None or getattr(there, part) != getattr(here, part)
    ]
    user = there or here
    descriptions = tuple(
        ", ".join(f"{part} {getattr(person, part) or 'none'}" for part in parts)
        if person
        else "no such user"
        for person in (there, here)
    )
    return (f"user {user.id if user else ''}", "people", descriptions[0], descriptions[1])


def _sharing(tables: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """The entities in groups that share tables with no other group."""
    left = dict(tables)
    while left:
        first, names = left.popitem()
        group, reached = [first], set(names)
        while near := [entity for entity, own in left.items() if not reached.isdisjoint(own)]:
            for entity in near:
                group.append(entity)
                reached |= set(left.pop(entity))
        yield sorted(group)


def prove_controls(figures: Mapping[str, Figure], controls: Iterable[tuple[str, str]]) -> None:
    """Raises ProofError unless every control total (figure, number as text) equals its figure."""
    differences = [
        (
            name,
            "control total",
            number,
            format_figure(figures[name], ENGLISH) if name in figures else "no such figure",
        )
        for name, number in controls
        if name not in figures or not _says(figures[name], number)
    ]
    _must_be_none(differences, "control totals differ")


def _says(figure: Figure, number: str) -> bool:
    try:
        return display_value(figure) == Decimal(number)
    except InvalidOperation:
        return False


def _figures(witness: Figures, ours: Figures) -> Iterator[Difference]:
    for figures in (witness, ours):
        for name in figures.repeated():
            raise ProofError(f"the figure {visible(name)} exists twice")
    for name in sorted(witness.unlike(ours)):
        there, here = _written(witness.get(name)), _written(ours.get(name))
        if there != here:
            yield name, "figures", there, here


def _written(figure: Figure | None) -> str:
    """The parts of a figure that are compared; its basis is not."""
    if figure is None:
        return "no such figure"
    number = (
        f"{figure.numerator}"
        if figure.denominator is None
        else f"{figure.numerator} of {figure.denominator}"
    )
    return " ".join(filter(None, (number, figure.unit, figure.currency, f"({figure.period})")))


_HELD: Final = (
    "SELECT *, CASE WHEN is_repeat THEN owner ELSE '' END AS holder FROM read_parquet"
)
_REPEATED: Final = """
    SELECT 'source', (SELECT count(*) FROM source)
           - (SELECT count(*) FROM (SELECT DISTINCT entity, record_id, is_repeat, holder FROM source))
    UNION ALL
    SELECT 'ours', (SELECT count(*) FROM ours)
           - (SELECT count(*) FROM (SELECT DISTINCT entity, record_id, is_repeat, holder FROM ours))
"""
"""A failing record is known by these, the owner among them if it is a repeat: an owner's id may
be blank.
"""
_DIFFERING: Final = """
    SELECT entity, record_id, source.mask, source.owner, source.span,
           make_timestamp(source.occurred_at_us)::VARCHAR,
           source.entered_by,
           ours.mask, ours.owner, ours.span, make_timestamp(ours.occurred_at_us)::VARCHAR,
           ours.entered_by
    FROM source FULL JOIN ours USING (entity, record_id, is_repeat, holder)
    WHERE source.mask IS DISTINCT FROM ours.mask OR source.owner IS DISTINCT FROM ours.owner
       OR source.span IS DISTINCT FROM ours.span OR source.occurred_at_us IS DISTINCT FROM ours.occurred_at_us
       OR source.entered_by IS DISTINCT FROM ours.entered_by
    ORDER BY entity, record_id, is_repeat, holder
"""


def _records(connection: Connection, seen: Path, computed: Path) -> Iterator[Difference]:
    for name, file in (("source", seen), ("ours", computed)):
        path = str(file).replace("'", "''")
        connection.exec_driver_sql(f"CREATE OR REPLACE TEMP VIEW {name} AS {_HELD}('{path}')")
    for name, repeated in connection.exec_driver_sql(_REPEATED):
        if repeated:
            yield "failing records", f"listed more than once in {name}", str(repeated), "0"
    for entity, record, *sides in connection.exec_driver_sql(_DIFFERING):
        yield (
            f"{entity} {record}",
            "failing records",
            _failing(*sides[:5]),
            _failing(*sides[5:]),
        )


def _failing(
    mask: str | None,
    owner: str | None,
    span: str | None,
    moment: str | None,
    entered_by: str | None,
) -> str:
    """`mask` is written to the base of 16."""
    if mask is None:
        return "not failing"
    at = f"at {moment} UTC" if moment else "no moment"
    entered = f", entered by {entered_by}" if entered_by else ""
    return f"mask {int(mask, 16):b}, owner {owner or 'nobody'}{entered}, {span}, {at}"
