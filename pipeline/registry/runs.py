"""Published runs: announced before their folder has its name, and recorded after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, case, delete, func, insert, select, update

from pipeline.measures.headlines import drawn
from pipeline.model import Scope
from pipeline.model.figures import Numbers, who_of
from pipeline.model.history import Before
from pipeline.registry.database import execute_many, instant_text
from pipeline.registry.tables import HEADLINES, RUNS

_PUBLISHING: Final = "publishing"
_PUBLISHED: Final = "published"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the registry knows it."""

    audit_id: str
    run_id: str
    place: str  # machine and folder that publish it
    as_of: datetime
    injected: bool  # its as-of was given and is not the clock's
    day: date  # the last local day that its period can hold
    period: str  # 'last month'; '' where audit.yaml names the days
    first: date
    after_last: date
    program: str
    rules: str  # SHA-256 of what decides completeness


def announce(connection: Connection, run: Run) -> None:
    """Writes down that a run is about to be published."""
    ours = delete(RUNS).where(RUNS.c.run_id == run.run_id, RUNS.c.state == _PUBLISHING)
    connection.execute(ours)
    values = {
        "audit": run.audit_id,
        "run_id": run.run_id,
        "state": _PUBLISHING,
        "place": run.place,
        "as_of": instant_text(run.as_of),
        "day": run.day.isoformat(),
        "period": run.period,
        "first_day": run.first.isoformat(),
        "after_day": run.after_last.isoformat(),
        "is_observed": 0,
        "program": run.program,
        "rules": run.rules,
    }
    connection.execute(insert(RUNS).values(values))


def withdraw(connection: Connection, run_id: str) -> None:
    """Forgets a run that was announced and never got its name."""
    connection.execute(delete(RUNS).where(RUNS.c.run_id == run_id, RUNS.c.state == _PUBLISHING))


def announced(connection: Connection, place: str) -> list[tuple[str, datetime]]:
    """The runs of a place that were announced and not recorded: id and as-of."""
    ours = select(RUNS).where(RUNS.c.place == place, RUNS.c.state == _PUBLISHING)
    rows = connection.execute(ours.order_by(RUNS.c.id))
    return [(row.run_id, datetime.fromisoformat(row.as_of)) for row in rows]


def number_of(connection: Connection, run_id: str) -> int | None:
    """The number of a run that waits to be recorded; None where another process did."""
    ours = select(RUNS.c.id).where(RUNS.c.run_id == run_id, RUNS.c.state == _PUBLISHING)
    return connection.execute(ours).scalar()


def is_later(connection: Connection, run: Run) -> bool:
    """Whether lives take notice of a run: its as-of is the clock's, and later than that of every
    run of the audit of which they did.
    """
    last = select(func.max(RUNS.c.as_of)).where(
        RUNS.c.audit == run.audit_id, RUNS.c.is_observed == 1
    )
    before = connection.execute(last).scalar()
    return not run.injected and (before is None or instant_text(run.as_of) > before)


def record(connection: Connection, number: int, *, observed: bool) -> None:
    """Writes down that a run is published."""
    done = {"state": _PUBLISHED, "is_observed": int(observed)}
    connection.execute(update(RUNS).where(RUNS.c.id == number).values(done))


def record_headlines(
    connection: Connection,
    number: int,
    figures: Iterable[tuple[Scope, str, Mapping[str, Numbers]]],
) -> None:
    """Keeps the headline figures of a run, a row for each scope."""
    rows = (
        {
            "run": number,
            "scope": str(scope),
            "key": key,
            "figures": json.dumps(of_scope),
            "lines": json.dumps(drawn(of_scope)),
        }
        for scope, key, of_scope in figures
    )
    execute_many(connection, insert(HEADLINES), rows)


def earlier(
    connection: Connection, audit_id: str, period: str, as_of: datetime, *, most: int
) -> list[Before]:
    """The last published runs of an audit before an instant, the oldest first: of the same
    period word, as-of the clock's. The last of them has all its headline figures, the others
    those of which a line is drawn.
    """
    wanted = (
        select(RUNS)
        .where(
            RUNS.c.audit == audit_id,
            RUNS.c.is_observed == 1,
            RUNS.c.period == period,
            RUNS.c.as_of < instant_text(as_of),
        )
        .order_by(RUNS.c.as_of.desc())
        .limit(most)
    )
    rows = connection.execute(wanted).all()
    last = rows[0].id if rows else None
    return [
        Before(
            run_id=row.run_id,
            as_of=datetime.fromisoformat(row.as_of),
            first=date.fromisoformat(row.first_day),
            after_last=date.fromisoformat(row.after_day),
            rules=row.rules,
            figures=_headlines(connection, row.id, whole=row.id == last),
        )
        for row in reversed(rows)
    ]


def _headlines(
    connection: Connection, number: int, *, whole: bool
) -> dict[str, dict[str, Numbers]]:
    """'manager:m1' -> 'score/deal' -> its numbers; of those of which a line is drawn, unless the
    `whole` of them is asked.
    """
    all_of_them = HEADLINES.c.figures
    lines = case((HEADLINES.c.lines == "", all_of_them), else_=HEADLINES.c.lines)
    text = (all_of_them if whole else lines).label("text")
    asked = select(HEADLINES.c.scope, HEADLINES.c.key, text).where(HEADLINES.c.run == number)
    found = {
        who_of(Scope(scope), key): _numbers(figures)
        for scope, key, figures in connection.execute(asked)
    }
    return found if whole else {who: drawn(figures) for who, figures in found.items()}


def _numbers(text: str) -> dict[str, Numbers]:
    return {name: (part, whole) for name, (part, whole) in json.loads(text).items()}
