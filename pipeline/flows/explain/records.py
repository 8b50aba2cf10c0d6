"""The records that a number counts, from the open snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import FromClause, Select, column, select, table

from pipeline.findings import local_moment
from pipeline.flows.explain.opened import OpenRun, link_to
from pipeline.measures.addends import addends_of
from pipeline.model import RECORD_NAMES, FailingRecord
from pipeline.model.explanations import Listed, Part
from pipeline.model.rules import bits_in
from pipeline.queries.listed import (
    VALUE,
    Counting,
    counting_of,
    counting_without_failing,
    exempt_name,
    listing,
    with_exempt,
)
from pipeline.queries.verdicts import with_verdicts

Asked = Mapping[str, Select[Any]]
"""Kind of record -> the SELECT of those that a number counts."""


class Records:
    """Lists the records of an open run."""

    def __init__(self, run: OpenRun) -> None:
        self._run = run
        self._users = {user.id: user.name for user in run.users}
        self.exempt = dict(_exempt_of(run.exempt))
        self._countings = {entity: self._counting(entity) for entity in run.views}

    def part(self, name: str, number: int) -> Part:
        """A number that remembers its counts, with the records of these."""
        listed = [
            record
            for entity, asked in self.asked(number).items()
            for record in self._listed(entity, asked)
        ]
        return Part(name, int(number), tuple(listed))

    def asked(self, number: int) -> Asked:
        """The SELECTs of the records that such a number counts."""
        addends = addends_of(number)
        asked: dict[str, Select[Any]] = {}
        for entity, countings in self._countings.items():
            own = {each: times for each, times in addends.items() if countings[-1].has(each)}
            if own:
                simplest = next(of for of in countings if all(map(of.has, own)))
                asked[entity] = listing(simplest, own)
        return asked

    def _counting(self, entity: str) -> tuple[Counting, Counting]:
        """The counts of an entity but for those of failing records, on its bare view; then all
        of them, with Python's verdicts and exceptions beside each record.
        """
        run, view = self._run, self._run.views[entity]
        fields, context = run.stored.audit.field_sets[entity], run.stored.context
        seen, bits = view, tuple[int, ...]()
        if entity in run.verdicts:
            seen = with_verdicts(seen, run.verdicts[entity])
        if entity in self.exempt:
            exempt = self.exempt[entity]
            run.connection.exec_driver_sql(exempt.sql)
            seen, bits = with_exempt(seen, exempt.table), exempt.bits
        return (
            counting_without_failing(fields, view, context),
            counting_of(fields, seen, context, bits),
        )

    def _listed(self, entity: str, asked: Select[Any]) -> Iterator[Listed]:
        names, zone = RECORD_NAMES[entity], self._run.stored.window.zone
        # all at once: DuckDB ends a result when its connection is asked for clients
        for row in self._run.connection.execute(asked).mappings().all():
            record, owner = str(row["id"]), row["owner"] or ""
            name = " ".join(row[part] for part in names if row[part]).strip()
            client = row.get("client_id") if not name else None
            local = local_moment(row["occurred_at_us"], zone)
            yield Listed(
                entity,
                record,
                int(row[VALUE]),
                name,
                self._clients.get(client, "") if client else "",
                local.date() if local else None,
                row.get("close_day"),
                owner,
                self._users.get(owner, ""),
                link_to(entity, record, self._run.stored.audit),
            )

    @cached_property
    def _clients(self) -> dict[str, str]:
        """Client -> its name, by which a record is known that has none."""
        if "client" not in self._run.views:
            return {}
        client = self._run.views["client"].c
        rows = self._run.connection.execute(select(client.id, client.name).distinct())
        return {str(key): str(name or "").strip() for key, name in rows}


@dataclass(frozen=True, slots=True)
class Exempt:
    """The records of an entity of which exceptions waive demands."""

    entity: str
    bits: tuple[int, ...]  # of a mask, that are waived of any
    waived: Mapping[str, int]  # record -> those that are waived of it

    @property
    def table(self) -> FromClause:
        """Their table: id, _exempt_3, …"""
        return table(f"exempt_{self.entity}", column("id"), *map(column, self._names))

    @property
    def sql(self) -> str:
        """What makes it in DuckDB."""
        rows = (
            "("
            + ", ".join((_literal(record), *(str(mask >> bit & 1) for bit in self.bits)))
            + ")"
            for record, mask in self.waived.items()
        )
        named = f"t(id, {', '.join(self._names)})"
        return (
            f"CREATE OR REPLACE TEMP TABLE exempt_{self.entity} AS "
            f"SELECT * FROM (VALUES {', '.join(rows)}) {named}"
        )

    @property
    def _names(self) -> list[str]:
        return [exempt_name(bit) for bit in self.bits]


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _exempt_of(failing: Iterable[FailingRecord]) -> Iterator[tuple[str, Exempt]]:
    waived: dict[str, dict[str, int]] = defaultdict(dict)
    for record in failing:
        waived[record.entity][record.record_id] = record.waived
    for entity, masks in waived.items():
        bits = sorted({bit for mask in masks.values() for bit in bits_in(mask)})
        yield entity, Exempt(entity, tuple(bits), masks)
