"""What a figure means, in words: those of its measure, and of the field set that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pipeline.flows.explain.opened import OpenRun
from pipeline.language.field_sets import demand_text
from pipeline.language.format import day_text
from pipeline.language.labels import basis_label, period_label
from pipeline.language.languages import ENGLISH
from pipeline.measures.measure import MONTH, PERIOD, SCORED
from pipeline.model import CustomMeasure, Demand, Figure, Window
from pipeline.reports.content.explanations import EXPLANATIONS


def label_of(figure: Figure, run: OpenRun) -> str:
    """'Deals won'; 'In order: meeting.result'."""
    measure = run.stored.measures[figure.metric]
    label = ENGLISH.translate(measure.label)
    return f"{label}: {figure.dimension}" if figure.dimension else label


def words_of(figure: Figure, run: OpenRun) -> tuple[str, ...]:
    """What it counts, over which days, and by whom it was counted."""
    return (
        *_meaning(figure, run),
        f"Over {period_label(figure.period, ENGLISH)}{_days(figure, run.stored.window)}.",
        f"Basis: {basis_label(figure.basis, ENGLISH)}.",
    )


def _meaning(figure: Figure, run: OpenRun) -> Iterator[str]:
    own = {measure.name: measure for measure in run.stored.audit.measures}
    if figure.metric in own:
        yield from _narrowed(own[figure.metric])
    elif figure.metric in EXPLANATIONS:
        yield ENGLISH.translate(EXPLANATIONS[figure.metric])
    demand = _demand_of(figure, run)
    if demand is not None:
        yield demand_text(demand, ENGLISH)


def _narrowed(measure: CustomMeasure) -> Iterator[str]:
    """What a measure of the audit's own counts."""
    asked = [
        f"{column} is {wanted}"
        if isinstance(wanted, str)
        else f"{column} is one of {', '.join(wanted)}"
        for column, wanted in measure.where.items()
    ]
    share = ", as a share of all of these" if measure.share else ""
    yield f"A measure of this audit's own: {measure.counted} where {' and '.join(asked)}{share}."
    if measure.counted in EXPLANATIONS:
        yield f"{measure.counted}: {ENGLISH.translate(EXPLANATIONS[measure.counted])}"


def _demand_of(figure: Figure, run: OpenRun) -> Demand | None:
    """The demand that a figure is about, if it is about one."""
    kind, _, name = figure.dimension.partition(".")
    fields = run.stored.audit.field_sets.get(kind)
    demands = fields.demands if fields and name else ()
    return next((demand for demand in demands if demand.name == name), None)


def _days(figure: Figure, window: Window) -> str:
    """', 1 Nov 2026 to 30 Nov 2026'; '' of what is not bound to days."""
    bounds: dict[str, tuple[date | None, date | None]] = {
        PERIOD: (window.first, window.after_last),
        MONTH: (window.month_first, window.month_after),
        SCORED: (window.score_first, window.score_after),
    }
    first, after = bounds.get(figure.period, (None, None))
    if first is None or after is None:
        return ""
    last = after - timedelta(days=1)
    return f", {day_text(first, ENGLISH)} to {day_text(last, ENGLISH)}"
