"""Minimum field sets, validated by Great Expectations: one expectation of our own per
entity, over the snapshot.

One scan counts what is due and missing per field and manager; a second one gives every failing
record, without a cap. Only this module imports the library, and its failure is our error,
never a defect of the data.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Final

from sqlalchemy import FromClause, column, select
from sqlalchemy.exc import SQLAlchemyError

from pipeline.complaints import without_values
from pipeline.errors import AuditError, PublishError
from pipeline.lacks import lack_in, lack_of
from pipeline.memory import uncollected
from pipeline.model import Answers, Field, FieldSet, Tally
from pipeline.queries import Grain, asks, failing_records, field_question
from pipeline.queries.ask import ask, failing

os.environ["GX_ANALYTICS_ENABLED"] = (
    "false"  # read at the import: it would tell others of every run
)

import great_expectations as gx
from great_expectations.core.metric_domain_types import MetricDomainTypes
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


def validate(
    url: str,
    views: Mapping[str, FromClause],
    field_sets: Mapping[str, FieldSet],
    *,
    several_owners: bool = False,
) -> Answers:
    """Due, missing and unreadable, and every failing record. `url` names a
    DuckDB that holds the views.

    AuditError where the library failed: a validation that did not run is no verdict.
    """
    try:
        with uncollected():
            found = _validated(url, views, field_sets, several_owners)
    except (
        GreatExpectationsError,
        SQLAlchemyError,
        OSError,
    ) as error:  # a connection of the library is an OSError
        if lack := lack_of(error):
            raise PublishError(lack) from None
        said = f"{type(error).__name__}: {without_values(str(error))}"
        raise AuditError(f"The validation did not run: {said}") from error
    return Answers(
        tuple(tally for answers in found for tally in answers.tallies),
        tuple(record for answers in found for record in answers.failing),
    )


def _validated(
    url: str,
    views: Mapping[str, FromClause],
    field_sets: Mapping[str, FieldSet],
    several_owners: bool,
) -> list[Answers]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    database = context.data_sources.add_sql("snapshot", connection_string=url)
    found: list[Answers] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the library are not the user's
        for entity, view in views.items():
            if asks(field_sets[entity]):
                asset = database.add_table_asset(entity, table_name=f"view_{entity}")
                batch = asset.add_batch_definition_whole_table("all").get_batch()
                demand = {
                    "set": asdict(field_sets[entity]),
                    "columns": [c.key for c in view.c],
                    "several_owners": several_owners,
                }
                found.append(
                    _answers(
                        field_sets[entity], batch.validate(ExpectMinimumFieldSet(demand=demand))
                    )
                )
    return found


def _answers(fields: FieldSet, outcome: Any) -> Answers:
    """The outcome's rows as answers; the two scans must agree on how much
    is missing or unreadable.
    """
    if "counts" not in outcome.result:
        raise _not_run(f"The validation of {fields.entity}", _reason(outcome.exception_info))
    counted = outcome.result["counts"]
    records = tuple(failing(fields.entity, outcome.result["failing"]))
    wrong = sum(
        t.value for t in counted if _of_an_owner(t) and t.name in ("missing.base", "unreadable")
    )
    if wrong != sum(record.mask.bit_count() for record in records):
        raise AuditError(
            f"The validation of {fields.entity} counted {wrong} fields to repair and listed others."
        )
    return Answers(tuple(counted), records)


def _not_run(what: str, why: str) -> AuditError:
    lack = lack_in(why)
    said = why if any(one in why for one in _OF_THE_SQL) else without_values(why)
    return PublishError(lack) if lack else AuditError(f"{what} did not run: {said}")


def _of_an_owner(tally: Tally) -> bool:
    return not tally.company and not tally.is_repeat


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


class ExpectMinimumFieldSet(BatchExpectation):
    """Expects of every record of an entity that all fields which it owes are filled."""

    demand: dict[str, Any]
    metric_dependencies: ClassVar[tuple[str, ...]] = (
        "minimum_field_set.counts",
        "minimum_field_set.failing",
    )
    success_keys: ClassVar[tuple[str, ...]] = ("demand",)
    args_keys: ClassVar[tuple[str, ...]] = ("demand",)

    def _validate(
        self,
        metrics: Mapping[str, Any],
        runtime_configuration: Mapping[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        counts, records = (metrics[name] for name in self.metric_dependencies)
        return {
            "success": not records,
            "result": {"observed_value": len(records), "counts": counts, "failing": records},
        }


class _Scan(MetricProvider):
    """A scan of the batch's view; a metric provider without a name is not registered."""

    value_keys = ("demand",)

    @staticmethod
    def _view(engine: Any, domain: Any, demand: Mapping[str, Any]) -> FromClause:
        """The batch with its columns: what the library gives has none to name."""
        batch, _, _ = engine.get_compute_domain(domain, domain_type=MetricDomainTypes.TABLE)
        return (
            select(*(column(name) for name in demand["columns"]))
            .select_from(batch)
            .subquery("batch")
        )

    @staticmethod
    def _fields(demand: Mapping[str, Any]) -> FieldSet:
        fields = (
            Field(**{**field, "columns": tuple(field["columns"])})
            for field in demand["set"]["fields"]
        )
        return FieldSet(
            demand["set"]["entity"], tuple(fields), {}, tuple(demand["set"]["readable"])
        )


class FieldSetCounts(_Scan):
    """Due and missing per field: per owner by one scan, and of the company as their sum.

    Where records have several owners, a second scan tells what that counts twice.
    """

    metric_name = "minimum_field_set.counts"

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _counts(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        metrics: Any,
        runtime_configuration: Any,
    ) -> list[Any]:
        demand = metric_value_kwargs["demand"]
        view = cls._view(execution_engine, metric_domain_kwargs, demand)
        grain = (Grain.OWNERS, Grain.REPEATS) if demand["several_owners"] else (Grain.OWNERS,)
        questions = [field_question(cls._fields(demand), view, one) for one in grain]
        with execution_engine.get_connection() as connection:
            return _with_company(questions[0].counts, list(ask(connection, questions)))


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


class FieldSetFailing(_Scan):
    """Every record that misses something or holds what cannot be read: (id, owner,
    in_period, again, at_us, *mask).
    """

    metric_name = "minimum_field_set.failing"

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _failing(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: Any,
        metric_value_kwargs: Any,
        metrics: Any,
        runtime_configuration: Any,
    ) -> list[tuple[Any, ...]]:
        demand = metric_value_kwargs["demand"]
        view = cls._view(execution_engine, metric_domain_kwargs, demand)
        with execution_engine.get_connection() as connection:
            found = connection.execute(failing_records(cls._fields(demand), view))
            # plain tuples: a Row of each is made one by one
            return list(found.cursor.fetchall())
