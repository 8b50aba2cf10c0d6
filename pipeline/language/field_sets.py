"""Minimum field sets in words: what is asked of each record, when, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.language.checks import check_text, judgement_texts
from pipeline.language.conditions import alternatives, condition_text
from pipeline.language.format import day_text
from pipeline.language.labels import column_label, entity_label, verdict_label
from pipeline.language.languages import Language
from pipeline.model import COSTING, SCORED, Debtor, Demand, FieldSet
from pipeline.model.conditions import MOMENT, AllOf, Condition, OlderThan, Since, something_in
from pipeline.model.rules import IN_ORDER


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand in words."""

    entity: str
    name: str  # its label: 'next step'
    points: int
    text: str  # 'Fill in: next step, if the status is open. It must be …'
    why: str
    used_for: str


def all_asked(field_sets: Mapping[str, FieldSet], language: Language) -> list[Asked]:
    """Everything that is asked, kind by kind, as the sets have it."""
    return [asked for fields in field_sets.values() for asked in _asked_of(fields, language)]


def _asked_of(fields: FieldSet, language: Language) -> Iterator[Asked]:
    for demand in fields.demands:
        yield Asked(
            fields.entity,
            language.chosen(demand.label),
            demand.weight,
            demand_text(demand, language),
            language.chosen(demand.why),
            language.chosen(demand.used_for),
        )


def demand_text(demand: Demand, language: Language) -> str:
    """'Fill in: next step, if the status is open. It must be …'"""
    return " ".join(_sentences(demand, language))


def _sentences(demand: Demand, language: Language) -> Iterator[str]:
    """What is asked, then what each value must be, then of which records."""
    apart = something_in(demand.columns)
    own = tuple(part for part in demand.conditions if part != apart and not _is_timing(part))
    columns = [column_label(column, language) for column in demand.columns]
    what = alternatives(columns, language)
    if own:
        when = condition_text(own[0] if len(own) == 1 else AllOf(own), language)
        what = f"{what}, {when}"
    if demand.is_required:
        yield language.translate("Fill in: {what}.", what=what)
    else:
        yield language.translate("May stay empty: {what}.", what=what)
    if demand.owed_by is Debtor.OPERATOR:
        yield language.translate("Asked of sales support.")
    if demand.owed_by is Debtor.CREATOR:
        yield language.translate("Asked of whoever entered the record.")
    for check in demand.checks:
        yield _sentence(check_text(check, language))
    if demand.judgement is not None:
        for text in judgement_texts(demand.judgement, language):
            yield _sentence(text)
    if demand.weight and demand.costs != COSTING:
        yield _costs(demand, language)
    for part in demand.conditions:
        match part:
            case Since(day):
                yield language.translate(
                    "Asked of records of {day} or later.", day=day_text(day, language)
                )
            case OlderThan(column, days) if column == MOMENT:
                yield language.translate_plural(
                    "Asked once the record is more than {days} day old.",
                    "Asked once the record is more than {days} days old.",
                    days,
                    days=days,
                )


def _costs(demand: Demand, language: Language) -> str:
    """What costs its points, where that is not what usually does."""
    costs = [
        verdict_label(verdict, language) for verdict in IN_ORDER if verdict in demand.costs
    ]
    return language.translate(
        "It costs points where it is: {verdicts}.", verdicts=", ".join(costs)
    )


def _is_timing(part: Condition) -> bool:
    return isinstance(part, Since) or (isinstance(part, OlderThan) and part.column == MOMENT)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def points_text(asked: Asked, language: Language) -> str:
    """'2 points', 'no points'; '' of a kind of record that is in nobody's completeness."""
    if asked.entity not in SCORED:
        return ""
    if not asked.points:
        return language.translate("no points")
    return language.translate_plural(
        "{points} point", "{points} points", asked.points, points=asked.points
    )


def field_set_lines(field_sets: Mapping[str, FieldSet], language: Language) -> Iterator[str]:
    """The sets as lines of text, a paragraph for each kind of record."""
    for entity, fields in field_sets.items():
        yield entity_label(entity, language).upper()
        asked = list(_asked_of(fields, language))
        if not asked:
            yield "  " + language.translate("Nothing is asked of it.")
        for demand in asked:
            points = points_text(demand, language)
            yield f"  {demand.name} ({points})" if points else f"  {demand.name}"
            yield f"    {demand.text}"
            if explained := reasons(demand, language):
                yield f"    {explained}"
        for name, why in fields.absent.items():
            yield "  " + language.translate(
                "Not checked: {field} ({why}).", field=name.replace("_", " "), why=why
            )
        yield ""


def reasons(asked: Asked, language: Language) -> str:
    """Why it is asked, and what uses it; '' where nobody wrote it down."""
    why = _sentence(asked.why) if asked.why else ""
    used_for = (
        language.translate("Used for: {what}.", what=asked.used_for) if asked.used_for else ""
    )
    return " ".join(filter(None, (why, used_for)))
