"""Published runs and the registry as pandas frames, for analysts: `from pipeline import open_run`.

Frames hold what lies in a run's folder or in the registry, with names, teams and local times added;
nothing is computed anew, and nothing is written. See docs/analysts.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, select

from pipeline.delivery.sums import must_be_as_published
from pipeline.errors import ConfigError
from pipeline.flows.counting import audit_and_period
from pipeline.model import Kind, ResolvedAudit, Unit
from pipeline.model.lives import LifeEvent
from pipeline.registry import database
from pipeline.registry.tables import HEADLINES, LIFE_EVENTS, LIVES, RUNS
from pipeline.reports.figures_file import TABLE
from pipeline.snapshot.manifest import Manifest, load_manifest
from pipeline.values.money import digits_of

_FINDINGS: Final = "findings.parquet"
_NAMED: Final = "owner_id"
_WHOLE: Final = {pa.int64(): pd.Int64Dtype(), pa.int8(): pd.Int8Dtype()}
"""Integers stay integers beside gaps."""

_BEGINS: Final = (LifeEvent.OPENED, LifeEvent.REOPENED, LifeEvent.RESUMED)
_DAY: Final = 24 * 60 * 60
_FINDING: Final = ["audit", "entity", "record_id", "rule"]


class RunFrames:
    """A published run. Each frame is read when it is asked for, after its file was compared with
    the hash that was written when it was published.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest: Manifest = load_manifest(folder / "snapshot")
        self.audit: ResolvedAudit
        self.audit, period = audit_and_period(self._manifest, folder / "snapshot")
        self.run_id = self._manifest.run_id or folder.name
        self.as_of: datetime = self._manifest.as_of
        self.first: date = period.first
        self.after_last: date = period.after_last

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Every figure, a row each, by `id`.

        `numerator` and `denominator` are exact integers (no denominator: the figure is no
        ratio; 0: it has no value); amounts are in minor units. `value` is their quotient as a
        float, amounts in units: good for drawing, not exact.
        """
        frame = self._table(TABLE).set_index("id")
        numbers = [_integers(frame[name]) for name in ("numerator", "denominator")]
        frame["numerator"], frame["denominator"] = numbers
        frame["value"] = [_value(row) for row in frame.itertuples()]
        return frame

    @cached_property
    def findings(self) -> pd.DataFrame:
        """What is to be completed or checked: a row per record, owner and rule."""
        frame = self._table(_FINDINGS)
        frame["day"] = pd.to_datetime(frame["day"].replace("", None), format="%Y-%m-%d")
        return frame

    @property
    def entities(self) -> tuple[str, ...]:
        """The kinds of records that `entity` gives."""
        return tuple(entry.entity for entry in self._manifest.stored)

    def entity(self, name: str) -> pd.DataFrame:
        """The audited records of a kind as they were read, a row each.

        Instants are in the audit's zone, amounts integers of minor units. `owner` and `team`
        are names.
        """
        if name not in self.entities:
            raise ConfigError(
                f"there is no kind of record {name!r} in this run; there are {', '.join(self.entities)}."
            )
        frame = self._rows(name)
        if _NAMED not in frame:
            return frame
        users = self._rows("user").drop_duplicates("id").set_index("id")
        frame["owner"] = frame[_NAMED].map(users["name"])
        frame["team"] = frame[_NAMED].map(users["team"]) if "team" in users else None
        return frame

    def _rows(self, entity: str) -> pd.DataFrame:
        [file] = [e.file for e in self._manifest.stored if e.entity == entity]
        frame = self._table(f"snapshot/{file}")
        kinds = self.audit.schema[entity]
        for name in (name for name in frame if kinds.get(str(name)) is Kind.INSTANT):
            frame[name] = frame[name].dt.tz_convert(self.audit.zone)
        return frame

    def _table(self, path: str) -> pd.DataFrame:
        file = self.folder / path
        if not file.is_file():
            raise ConfigError(
                f"{file} is not there: the run's data are kept only for a while, or an earlier version "
                "of this program published it."
            )
        must_be_as_published(self.folder, (path,), f"{path} cannot be read")
        frame: pd.DataFrame = pq.read_table(file).to_pandas(types_mapper=_WHOLE.get)
        return frame


def open_run(folder: Path | str) -> RunFrames:
    """The published run in this folder, such as output/latest. Raises ConfigError if it is none."""
    run = Path(folder).resolve()
    if not (run / "snapshot" / "manifest.json").is_file():
        raise ConfigError(
            f"There is no run in {folder}; name output/latest, or a folder below output/runs."
        )
    return RunFrames(run)


def _integers(column: pd.Series[Any]) -> pd.Series[Any]:
    """Exact decimals as integers: of 64 bits where all fit, else Python's own."""
    numbers = [None if pd.isna(number) else int(number) for number in column]
    fits = all(number is None or abs(number) < 2**63 for number in numbers)
    return pd.Series(numbers, index=column.index, dtype="Int64" if fits else object)


def _value(row: Any) -> float | None:
    if pd.isna(row.denominator):
        value = float(row.numerator)
    elif row.denominator == 0:
        return None
    else:
        value = row.numerator / row.denominator
    return value / 10 ** digits_of(row.currency) if row.unit == Unit.MONEY else value


# ------------------------------------------------------------------------------------ the registry


class RegistryFrames:
    """What outlives runs. Frames are read when they are asked for."""

    def __init__(self, registry: database.Registry) -> None:
        self._registry = registry

    @property
    def runs(self) -> pd.DataFrame:
        """The published runs, by `run`, the oldest first."""
        frame = self._read(select(RUNS).where(RUNS.c.state == "published"))
        frame = frame.drop(columns=["id", "state"]).rename(columns={"run_id": "run"})
        for name in ("day", "first_day", "after_day"):
            frame[name] = pd.to_datetime(frame[name])
        frame["as_of"] = pd.to_datetime(frame["as_of"], utc=True)
        frame["is_observed"] = frame["is_observed"].astype(bool)
        return frame.sort_values(["as_of", "run"]).set_index("run")

    @property
    def figures(self) -> pd.DataFrame:
        """The headline figures of each run and of whom they are about: a row for each, `what` as
        in a figure's id before @.
        """
        asked = select(
            RUNS.c.run_id.label("run"),
            RUNS.c.as_of,
            HEADLINES.c.scope,
            HEADLINES.c.key,
            HEADLINES.c.figures,
        ).join_from(HEADLINES, RUNS)
        rows = self._read(asked.order_by(RUNS.c.as_of, RUNS.c.id))
        columns = ["run", "as_of", "scope", "key", "what", "numerator", "denominator"]
        frame = pd.DataFrame(_headlines(rows), columns=columns)
        frame["as_of"] = pd.to_datetime(frame["as_of"], utc=True)
        for name in ("numerator", "denominator"):
            frame[name] = _integers(frame[name])
        return frame

    @property
    def lives(self) -> pd.DataFrame:
        """Every finding that a run ever saw, by `id`, and its state now."""
        return self._read(select(LIVES)).drop(columns="content").set_index("id")

    @property
    def events(self) -> pd.DataFrame:
        """What became of findings, run by run: opened, completed, open again, handed over, …"""
        asked = select(
            RUNS.c.run_id.label("run"),
            RUNS.c.audit,
            RUNS.c.as_of,
            *(
                LIFE_EVENTS.c[name]
                for name in ("entity", "record_id", "rule", "event", "person", "debtor")
            ),
        ).join_from(LIFE_EVENTS, RUNS)
        frame = self._read(asked.order_by(RUNS.c.as_of, LIFE_EVENTS.c.id))
        frame["as_of"] = pd.to_datetime(frame["as_of"], utc=True)
        return frame

    @property
    def open_times(self) -> pd.DataFrame:
        """How long findings were open: a row for each time that one was, `since` the run that first
        saw it so, `until` the one that no longer did (missing: still open), `ended_by` what event, and
        `person`, whose it was in the end. `days` are between the runs' moments.
        """
        events = self.events
        begins = events["event"].isin(list(_BEGINS))
        events["time"] = begins.groupby([events[name] for name in _FINDING]).cumsum()
        events = events[events["time"] > 0]  # what was never open has no time
        each = events.groupby([*_FINDING, "time"], sort=False)
        ends = events[~events["event"].isin([*_BEGINS, LifeEvent.HANDED_OVER])]
        # the first end counts: a finding may be gone after it was completed
        ended = ends.groupby([*_FINDING, "time"], sort=False)[["as_of", "event"]].first()
        frame = each.agg(since=("as_of", "first"), person=("person", "last")).join(ended)
        frame = frame.rename(columns={"as_of": "until", "event": "ended_by"})
        frame["days"] = (frame["until"] - frame["since"]).dt.total_seconds() / _DAY
        return frame.reset_index().drop(columns="time")

    def _read(self, asked: Select[Any]) -> pd.DataFrame:
        with self._registry.transaction() as connection:
            rows = connection.execute(asked)
            return pd.DataFrame(rows.all(), columns=list(rows.keys()))


def open_registry(output: Path | str = "output", address: str = "") -> RegistryFrames:
    """The registry of an output folder, or the one at the address of a PostgreSQL. Raises
    ConfigError if there is none in the folder.
    """
    folder = Path(output)
    if not address and not (folder / database.FILE).is_file():
        raise ConfigError(
            f"There is no registry in {folder}; name the output folder of an audit that ran."
        )
    return RegistryFrames(database.open_registry(folder, address))


def _headlines(rows: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    for run, as_of, scope, key, text in rows.itertuples(index=False):
        for what, (numerator, denominator) in json.loads(text).items():
            yield run, as_of, scope, key, what, numerator, denominator
