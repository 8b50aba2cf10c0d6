"""Minimum field sets, validated by Great Expectations: one expectation of our own per
entity, over the snapshot.

One scan counts what is due and how many records fail, per manager; a second one gives every
failing record, without a cap. Only this module imports the library, and its failure is our error,
never a defect of the data.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
from sqlalchemy.exc import SQLAlchemyError

from pipeline.complaints import without_values
from pipeline.errors import AuditError, PublishError
from pipeline.findings.stored import failing_writer, groups_of
from pipeline.findings.tallies import CountsOf, Group, Place
from pipeline.lacks import lack_in, lack_of
from pipeline.memory import uncollected
from pipeline.model import FieldSet, Tally
from pipeline.queries import Scan
from pipeline.queries.ask import ask
from pipeline.rules.failing import failing_records

os.environ["GX_ANALYTICS_ENABLED"] = (
    "false"  # read at the import: it would tell others of every run
)

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.execution_engine.sqlalchemy_execution_engine import (
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value

# what it has to say comes back in its results
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

_OF_THE_SQL: Final = ("Binder Error", "Catalog Error")
"""Complaints that quote names of ours only: whatever else is quoted may be a client's."""

_ALL: Final = "all"
"""The name of the batch that is a whole view."""


def validate(url: str, scans: Sequence[Scan], file: Path) -> tuple[Tally, ...]:
    """The tallies of what is due of every entity; writes every failing record to `file`. `url`
    names a DuckDB that holds the views which the scans ask.

    AuditError where the library failed: a validation that did not run is no verdict.
    """
    try:
        with uncollected():
            return tuple(_validated(url, scans, file))
    except (
        GreatExpectationsError,
        SQLAlchemyError,
        OSError,
    ) as error:  # a connection of the library is an OSError
        if lack := lack_of(error):
            raise PublishError(lack) from None
        reason = f"{type(error).__name__}: {without_values(str(error))}"
        raise AuditError(f"The validation did not run: {reason}") from error


def _validated(url: str, scans: Sequence[Scan], file: Path) -> list[Tally]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # all at once: what is added one by one is written out as YAML each time, to be stored nowhere
    assets: dict[str, Any] = {"assets": [_asset(scan.entity) for scan in scans]}
    database = context.data_sources.add_sql("snapshot", connection_string=url, **assets)
    due: list[Tally] = []
    with failing_writer(file) as writer, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the library are not the user's
        for scan in scans:
            batch = database.get_asset(scan.entity).get_batch_definition(_ALL).get_batch()
            outcome = batch.validate(ExpectMinimumFieldSet(scan=_Asked(scan)))
            tallies, records = _answers(scan, outcome)
            due += tallies
            writer.write_table(records)
    return due


def _asset(entity: str) -> dict[str, Any]:
    """The view of an entity as the library's configuration has it, to be taken as one batch."""
    return {
        "type": "table",
        "name": entity,
        "table_name": f"view_{entity}",
        "batch_definitions": [{"name": _ALL}],
    }


def _answers(scan: Scan, outcome: Any) -> tuple[list[Tally], pa.Table]:
    """What is due, and the failing records, of an outcome; the two scans must agree on how many
    records fail a demand, owner by owner.
    """
    if "counts" not in outcome.result:
        raise _not_run(f"The validation of {scan.entity}", _reason(outcome.exception_info))
    records = failing_records(scan.entity, outcome.result["failing"])
    counted = [tally for tally in outcome.result["counts"] if not tally.company]
    claimed: Counter[_Claim] = Counter()
    for tally in filter(_is_failing, counted):
        claimed[_key(tally)] += tally.value  # an owner's id may be blank, as nobody's is
    if +claimed != _listed(groups_of(records), scan.fields):
        raise AuditError(
            f"The validation of {scan.entity} counted {_total(claimed)} records to complete and listed others."
        )
    return [tally for tally in outcome.result["counts"] if not _is_failing(tally)], records


_Claim = tuple[str, str, str, bool]
"""(name of the count, its dimension, owner or '', whether another owner has the record already)"""


def _key(tally: Tally) -> _Claim:
    return tally.name, tally.dimension, tally.owner or "", tally.is_repeat


def _is_failing(tally: Tally) -> bool:
    return tally.name.startswith("failing.")


def _listed(groups: Mapping[Group, int], fields: FieldSet) -> Counter[_Claim]:
    """The same counts from the list."""
    listed: Counter[_Claim] = Counter()
    counts = CountsOf(fields)

    @cache  # many owners have records that fail alike
    def losing(mask: int, place: Place) -> tuple[str, ...]:
        return tuple(counts.losing(mask, place))

    for (owner, _, span, is_repeat, mask, _, entered_by), number in groups.items():
        name, place = f"failing.{span}", Place(span, is_repeat, entered_by == owner)
        for dimension in losing(mask, place):
            listed[name, dimension, owner, False] += number
            listed[name, dimension, owner, True] += number * is_repeat
        for dimension in counts.losing_creator(mask, place):
            listed[name, dimension, entered_by, False] += number
    return +listed


def _total(claimed: Counter[_Claim]) -> int:
    return sum(number for (*_, is_repeat), number in claimed.items() if not is_repeat)


def _not_run(what: str, why: str) -> AuditError:
    lack = lack_in(why)
    reason = why if any(part in why for part in _OF_THE_SQL) else without_values(why)
    return PublishError(lack) if lack else AuditError(f"{what} did not run: {reason}")


def _reason(info: Mapping[str, Any]) -> str:
    """The library's own words: it gives one entry, or one for every metric that failed."""
    entries = [info] if "exception_message" in info else list(info.values())
    return "; ".join(
        sorted(
            {
                str(entry["exception_message"])
                for entry in entries
                if entry.get("exception_message")
            }
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A scan as an argument of an expectation: the library copies arguments, and knows a
    metric by their text.
    """

    scan: Scan

    def __str__(self) -> str:
        return self.scan.entity

    def __deepcopy__(self, _: Any) -> _Asked:
        return self


class ExpectMinimumFieldSet(BatchExpectation):
    """Expects of every record of an entity that it fails no rule."""

    scan: Any
    metric_dependencies: ClassVar[tuple[str, ...]] = (
        "minimum_field_set.counts",
        "minimum_field_set.failing",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("scan",)
    args_keys: ClassVar[tuple[str, ...]] = ("scan",)

    def _validate(
        self,
        metrics: Mapping[str, Any],
        runtime_configuration: Mapping[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        counts, records = (metrics[name] for name in self.metric_dependencies)
        return {
            "success": not records.num_rows,
            "result": {
                "observed_value": records.num_rows,
                "counts": counts,
                "failing": records,
            },
        }


class FieldSetCounts(MetricProvider):
    """Due and failing: per owner by one scan, and of the company as their sum.

    Where records have several owners, a second scan tells what that counts twice.
    """

    metric_name = "minimum_field_set.counts"
    value_keys = ("scan",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _counts(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        metrics: Any,
        runtime_configuration: Any,
    ) -> list[Any]:
        questions = metric_value_kwargs["scan"].scan.counts
        with execution_engine.get_connection() as connection:
            counts = [name for question in questions for name in question.counts]
            return _with_company(counts, list(ask(connection, questions)))


def _with_company(counts: Iterable[tuple[str, str]], owners: list[Tally]) -> list[Tally]:
    """The owners' tallies, and their sums as the company's: the witness asks for
    those by a query of its own.
    """
    company = Counter(dict.fromkeys(counts, 0))  # zeros where there is no record at all
    for tally in owners:
        company[tally.name, tally.dimension] += -tally.value if tally.is_repeat else tally.value
    return [
        *owners,
        *(
            Tally(True, None, name, dimension, "", value)
            for (name, dimension), value in company.items()
        ),
    ]


class FieldSetFailing(MetricProvider):
    """Every record that fails a rule, as an Arrow table of (id, owner, span, is_repeat,
    occurred_at_us, entered_by, *mask).
    """

    metric_name = "minimum_field_set.failing"
    value_keys = ("scan",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _failing(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        metrics: Any,
        runtime_configuration: Any,
    ) -> pa.Table:
        statement = metric_value_kwargs["scan"].scan.failing
        with execution_engine.get_connection() as connection:
            sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
            # asked of DuckDB itself: what SQLAlchemy executes is in rows before it is in columns
            return connection.connection.driver_connection.sql(sql).to_arrow_table()
