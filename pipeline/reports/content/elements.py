"""The elements that management's report and a manager's have in common,
each for whom it is about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.language.field_sets import all_asked, points_text, reasons
from pipeline.language.format import month_text
from pipeline.language.labels import entity_label, field_label, period_label
from pipeline.language.languages import Cells, Language, joined, language_of
from pipeline.language.marked import forms, marked
from pipeline.measures.company import FIGURES_PROVEN
from pipeline.measures.completeness import (
    BASE_GOOD,
    BASE_MISSING,
    BASE_SCORE,
    COMPLETED,
    DUE_WITH_COLLEAGUES,
    DUE_WITH_OPERATORS,
    FIELD_EXEMPT,
    FIELD_GOOD,
    IN_ALL,
    IN_SCORE,
    LACKING_WITH_COLLEAGUES,
    LACKING_WITH_OPERATORS,
    NOT_HELD,
    OPEN_AGAIN,
    POINTS_DUE,
    POINTS_KEPT,
    RECORDS_COMPLETE,
    RECORDS_OF_COLLEAGUES,
    REMEMBERED_OF_FINDINGS,
    SCORE,
    SHARE,
    Among,
)
from pipeline.measures.groups import EVERYBODY
from pipeline.measures.meetings import COMPLETE_MEETINGS, MEETINGS_HELD, MEETINGS_TO_COMPLETE
from pipeline.measures.plan import (
    PLAN_DONE,
    PLAN_LEFT,
    PLAN_NEEDED_PER_DAY,
    PLAN_OVER,
    PLAN_TARGET,
    PLAN_WITHOUT_TARGET,
    WORKING_DAYS_LEFT,
)
from pipeline.measures.registry import PLANNED
from pipeline.model import SCORED, Debtor, Demand, Figure, Measure, RunResult, Scope, Verdict
from pipeline.reports.content.report import Row, Table, halves, rest_of

Company = Mapping[str, tuple[Figure, ...]]
"""Metric -> the company's figures of it: every other scope has the same
dimensions and currencies.
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a part of a report is about: a manager, a team, the company…"""

    result: RunResult
    language: Language
    company: Company
    money: frozenset[tuple[str, str]]  # (metric, currency) of which anybody has any
    scope: Scope
    key: str = ""

    def about(self, scope: Scope, key: str = "") -> Subject:
        """The same result, about somebody else."""
        return replace(self, scope=scope, key=key)

    def find(self, measure: Measure, dimension: str = "", currency: str = "") -> Figure | None:
        """The subject's figure, or None where it does not exist."""
        return self.result.find(measure, self.scope, self.key, dimension, currency)

    def plan(self, figure: Measure, of: Measure) -> Figure | None:
        """The subject's figure of the plan for a measure. With `audience: own` the company's
        counts what everybody did: see measures/groups.py.
        """
        if self.result.audience == "own" and self.scope is Scope.COMPANY:
            return self.about(Scope.GROUP, EVERYBODY).find(figure, of.name)
        return self.find(figure, of.name)

    def value(self, measure: Measure, dimension: str = "", currency: str = "") -> int:
        """A count for sorting and choosing, never for printing; 0 where
        the figure does not exist.
        """
        figure = self.find(measure, dimension, currency)
        return figure.numerator if figure else 0

    def currencies(self, measure: Measure) -> list[str]:
        """The currencies in which the company has such money."""
        return sorted(figure.currency for figure in self.company_has(measure))

    def company_has(self, measure: Measure) -> tuple[Figure, ...]:
        """The company's figures of a measure."""
        return self.company.get(measure.name, ())

    def amounts(self, measure: Measure) -> Cells:
        """The money that is not nothing, as in "€96,200 and JPY 1,000"; currencies
        are never added.
        """
        figures = [
            self.find(measure, currency=currency) for currency in self.currencies(measure)
        ]
        money = [figure for figure in figures if figure and figure.numerator]
        return self.language.listed(money) if money else ()


def the_company(result: RunResult) -> Subject:
    """The company as the subject, with its figures by metric: one walk over all
    figures, for all reports.
    """
    company: dict[str, list[Figure]] = defaultdict(list)
    for figure in result.figures.about(Scope.COMPANY):
        company[figure.metric].append(figure)
    money = {
        (heading.metric, heading.currency)
        for heading, numerator, _ in result.figures.entries()
        if heading.currency and numerator
    }
    figures = {metric: tuple(of_metric) for metric, of_metric in company.items()}
    language = language_of(result.language)
    return Subject(result, language, figures, frozenset(money), Scope.COMPANY)


def counted(figure: Figure, sentence: tuple[str, str], language: Language) -> Cells:
    """A sentence about a count, in the form that goes with it."""
    return language.plural_sentence(*sentence, figure.numerator, count=figure)


@dataclass(frozen=True, slots=True)
class RatioWords:
    """What a ratio is said to be over."""

    label: str
    sentence: str  # with the places {part} and {whole}
    nothing: str  # where nothing was due


_RECORDS: Final = marked("{part} of {whole} records complete")
_NO_RECORDS: Final = marked("No records to look at yet.")
_TOO_FEW: Final = marked("{part} of {whole} records complete: too few for a percentage")


def ratio_row(
    element: str,
    words: RatioWords,
    figure: Figure | None,
    language: Language,
    *further: Cells,
) -> Row:
    """ "91.3%" in big type, then "212 of 240 held meetings", and what is said `further`; without
    a value, or a figure at all, why.
    """
    label, nothing = language.translate(words.label), language.translate(words.nothing)
    if figure is None:
        return Row(label, (nothing,), element=element)
    if not figure.denominator:
        return Row(label, (figure, f" {nothing}"), element=element, big=1)
    part, whole = halves(figure)
    sentence = language.sentence(words.sentence, part=part, whole=whole)
    return Row(
        label,
        (figure, *joined((sentence, *further), "; ")),
        element=element,
        big=1,
        bar=(part.numerator, whole.numerator),
    )


_HELD_MEETINGS: Final = RatioWords(
    marked("Complete meetings"),
    marked("{part} of {whole} held meetings"),
    marked("No held meetings to look at yet."),
)

_WHOSE: Final[Mapping[str, str]] = {
    "own": marked("{count} with their owner"),
    "colleague": marked("{count} with a colleague"),
    "operators": marked("{count} with sales support"),
}
_YOURS: Final[Mapping[str, str]] = {
    "own": marked("{count} yours"),
    "colleague": marked("{count} a colleague's"),
    "operators": marked("{count} with sales support"),
}
"""Whose meetings are to complete, as a manager is told."""


def meetings_rows(subject: Subject) -> Iterator[Row]:
    """The complete ones of the held meetings, and whose the others are to complete."""
    if subject.find(MEETINGS_HELD) is not None:
        complete = subject.find(COMPLETE_MEETINGS)
        further = [_was(subject, complete), _to_complete(subject, complete)] if complete else []
        yield ratio_row("meetings", _HELD_MEETINGS, complete, subject.language, *further)


def _to_complete(subject: Subject, complete: Figure) -> Cells:
    """ "28 to complete: 15 yours, 9 a colleague's, 4 with sales support"; nothing where none is."""
    words, language = _YOURS if subject.scope is Scope.MANAGER else _WHOSE, subject.language
    counts = (subject.find(MEETINGS_TO_COMPLETE, who) for who in words)
    some = [figure for figure in counts if figure is not None and figure.numerator]
    if not some:
        return ()
    parts = [language.sentence(words[figure.dimension], count=figure) for figure in some]
    return language.sentence(
        "{all} to complete: {whose}", all=rest_of(complete), whose=joined(parts, ", ")
    )


_COMPLETED: Final = forms("{count} field", "{count} fields")
_OPEN_AGAIN: Final = forms("{count} open again", "{count} open again")


def remembered(subject: Subject) -> tuple[Measure, ...]:
    """What became of findings; nothing where the run does not know."""
    known = (measure for measure in REMEMBERED_OF_FINDINGS if subject.company_has(measure))
    return tuple(known)


def completed_rows(subject: Subject) -> Iterator[Row]:
    """How much was completed in the period, and what of it is open again; nothing where there
    is neither.
    """
    language = subject.language
    completed, again = subject.find(COMPLETED), subject.find(OPEN_AGAIN)
    if completed is None or again is None or not (completed.numerator or again.numerator):
        return
    fields = counted(completed, _COMPLETED, language)
    back = counted(again, _OPEN_AGAIN, language) if again.numerator else ()
    cells = joined((fields, back), "; ")
    yield Row(language.translate(COMPLETED.label), cells, element="completed", big=1)


def score_rows(subject: Subject) -> Iterator[Row]:
    """The completeness of its own days, and that of all records beside it, apart."""
    yield score_row(SCORE.name, marked("Completeness"), subject, IN_SCORE)
    yield score_row(BASE_SCORE.name, marked("All records"), subject, IN_ALL)


def score_row(element: str, label: str, subject: Subject, among: Among) -> Row:
    """A completeness, how many records are complete, and what it is without exceptions; where
    there is no percentage, why.
    """
    language = subject.language
    named = language.translate(label)
    score, complete = subject.find(among.score), subject.find(among.complete)
    if complete is None or not complete.denominator:
        return Row(named, (language.translate(_NO_RECORDS),), element=element)
    part, whole = halves(complete)
    if score is None or not score.denominator:
        few = language.sentence(_TOO_FEW, part=part, whole=whole)
        return Row(named, few, element=element)
    records = language.sentence(_RECORDS, part=part, whole=whole)
    before = [_was(subject, score)]
    if subject.result.is_first and among is IN_SCORE:
        before.append((language.translate("first report"),))
    return Row(
        named,
        (score, *joined((*before, records, _without_exceptions(subject, among)), "; ")),
        element=element,
        big=1,
        bar=(score.numerator, score.denominator),
    )


def _without_exceptions(subject: Subject, among: Among) -> Cells:
    """What a completeness is without exceptions, where there are any."""
    without, exempt = subject.find(among.without_exceptions), subject.find(among.exempt)
    if without is None or exempt is None or not exempt.numerator:
        return ()
    return subject.language.sentence(
        "without exceptions {score} ({count} exempt)", score=without, count=exempt
    )


def _was(subject: Subject, figure: Figure) -> Cells:
    """ "was 88.1%"; nothing where there is nothing to compare with."""
    before = subject.result.was(figure)
    return () if before is None else subject.language.sentence("was {figure}", figure=before)


def score_table(subject: Subject) -> Table:
    """How completeness is made: of each kind of record its share, its points and its records,
    and what is in none of these points.
    """
    language, apart = subject.language, _apart_from_points(subject)
    points = {figure.dimension for figure in subject.company_has(POINTS_DUE)}
    kinds = [kind for kind in SCORED if kind in points and _has_points(subject, kind)]
    rows = [_kind_row(subject, kind, apart) for kind in kinds]
    total = (None, subject.find(SCORE), None, None, *_records(subject, ""))
    in_all = (subject.find(of) if of is RECORDS_OF_COLLEAGUES else None for _, of in apart)
    cells = (*total, *in_all)
    rows.append(Row(language.translate("Completeness"), cells, total=True))
    columns = (
        language.translate("Kind of record"),
        language.translate("Share"),
        language.translate("Complete"),
        language.translate("Points kept"),
        language.translate("Points in all"),
        language.translate("Complete records"),
        language.translate("Records"),
        *(language.translate(heading) for heading, _ in apart),
    )
    title = language.translate("How completeness is made")
    note = " ".join(_on_points(subject, kinds))
    return Table("score", title, columns, tuple(rows), note)


_AMONG_OTHERS: Final[Mapping[Measure, str]] = {
    DUE_WITH_OPERATORS: marked("Points with sales support"),
    LACKING_WITH_OPERATORS: marked("Missing there"),
    DUE_WITH_COLLEAGUES: marked("Points with colleagues"),
    LACKING_WITH_COLLEAGUES: marked("Missing with colleagues"),
    RECORDS_OF_COLLEAGUES: marked("Colleagues' records to complete"),
}
"""What of one's records is with others, and of others' with oneself -> its column's heading."""


def _apart_from_points(subject: Subject) -> list[tuple[str, Measure]]:
    """What is in nobody's points, or in somebody else's: its heading, and its count. Nothing
    of which there is none.
    """
    apart: list[tuple[str, Measure]] = []
    if any(figure.numerator for figure in subject.company_has(NOT_HELD)):
        apart.append((NOT_HELD.label, NOT_HELD))
    if subject.scope is not Scope.OPERATOR:
        others = ((heading, of) for of, heading in _AMONG_OTHERS.items())
        apart += (column for column in others if subject.company_has(column[1]))
    if _has_exempt(subject):
        apart.append((FIELD_EXEMPT.label, FIELD_EXEMPT))
    return apart


def _has_exempt(subject: Subject) -> bool:
    """Whether anything in the score is exempt, and such a thing could be asked of the subject."""
    exempt = [figure for figure in subject.company_has(FIELD_EXEMPT) if figure.numerator]
    return any(
        figure.dimension and subject.find(FIELD_EXEMPT, figure.dimension) for figure in exempt
    )


def _on_points(subject: Subject, kinds: Sequence[str]) -> Iterator[str]:
    language = subject.language
    yield language.translate(
        "Each field that is asked of a record is a point, or as many as it weighs. A kind's "
        "percentage is the part of its points that is kept; completeness is the mean of these, "
        "weighted by the shares. Kinds with fewer than ten points are left out, and under twenty "
        "in all there is no percentage."
    )
    not_held = [
        field_label(f"{kind}.{name}", language)
        for kind in kinds
        for name in subject.result.field_sets[kind].absent
    ]
    if not_held:
        yield language.translate("Not held by this CRM: {fields}.", fields=", ".join(not_held))


def _has_points(subject: Subject, kind: str) -> bool:
    """Whether anything is asked of the subject, or of others on the subject's records."""
    return any(subject.find(due, kind) for due in (POINTS_DUE, *_AMONG_OTHERS))


def _kind_row(subject: Subject, kind: str, apart: Sequence[tuple[str, Measure]]) -> Row:
    company = subject.about(Scope.COMPANY)
    cells = (
        company.find(SHARE, kind),
        subject.find(SCORE, kind),
        subject.find(POINTS_KEPT, kind),
        subject.find(POINTS_DUE, kind),
        *_records(subject, kind),
        *((company if of is NOT_HELD else subject).find(of, kind) for _, of in apart),
    )
    return Row(entity_label(kind, subject.language), cells)


def _records(subject: Subject, kind: str) -> tuple[Figure | None, Figure | None]:
    """Complete records, and those of which something is due."""
    complete = subject.find(RECORDS_COMPLETE, kind)
    return halves(complete) if complete else (None, None)


def plan_rows(subject: Subject) -> Iterator[Row]:
    """Done of target, what was done at the report before, how much is to go, and what a working
    day needs, for every metric with targets.
    """
    for measure in PLANNED:
        done, target = subject.plan(PLAN_DONE, measure), subject.plan(PLAN_TARGET, measure)
        if done is None or target is None:
            continue
        bar = (done.numerator, target.numerator)
        large = subject.language.sentence("{done} of {target}", done=done, target=target)
        further = (_was(subject, done), *_still(subject, measure))
        cells = (*large, *joined(further, "; "))
        label = subject.language.translate(measure.label)
        yield Row(label, cells, element="plan", big=len(large), bar=bar)


def _still(subject: Subject, measure: Measure) -> Iterator[Cells]:
    language = subject.language
    left, over = subject.plan(PLAN_LEFT, measure), subject.plan(PLAN_OVER, measure)
    pace = subject.plan(PLAN_NEEDED_PER_DAY, measure)
    others = subject.plan(PLAN_WITHOUT_TARGET, measure)
    if left is not None and left.numerator:
        yield language.sentence("{left} to go", left=left)
        if pace is not None and pace.denominator:
            yield language.sentence("pace: {pace} needed per working day", pace=pace)
    elif over is not None and over.numerator:
        yield language.sentence("{over} over target", over=over)
    else:
        yield (language.translate("target reached"),)
    if others is not None and others.numerator:
        yield language.sentence("{others} by colleagues without a target", others=others)


def no_plan_row(subject: Subject) -> Row:
    """Why there is no plan: the period leaves its month, or nobody
    has a target in that month.
    """
    language, month = subject.language, subject.result.window.month_first
    if month is None:
        why = language.translate(
            "The period is not inside one calendar month, so it has no target."
        )
    else:
        why = language.translate(
            "No targets are set for {month}.", month=month_text(month, language)
        )
    return Row(language.translate("Target"), (why,), element="plan")


_DAYS_LEFT: Final = forms(
    "{count} working day left, today included", "{count} working days left, today included"
)


def days_rows(subject: Subject) -> Iterator[Row]:
    """The working days that are left in the month, the day of as-of included."""
    days = subject.about(Scope.COMPANY).find(WORKING_DAYS_LEFT)
    if days is not None:
        cells = counted(days, _DAYS_LEFT, subject.language)
        yield Row(subject.language.translate("Time left"), cells, element="days")


def fields_table(subject: Subject) -> Table:
    """Where fields are missing, the most missed first; what is filled
    everywhere is named below.
    """
    language = subject.language
    verdicts = _verdicts_of(subject)
    exempt = _has_exempt(subject)
    rows: list[tuple[int, str, Row]] = []
    spotless: list[str] = []
    never: list[str] = []
    for dimension, label in _fields_of(subject):
        good, everything = (
            subject.find(FIELD_GOOD, dimension),
            subject.find(BASE_GOOD, dimension),
        )
        if everything is None:
            never.append(label)
        elif _short_of(good) or _short_of(everything) or subject.find(FIELD_EXEMPT, dimension):
            row = _field_row(subject, dimension, label, verdicts, exempt=exempt)
            rows.append((-_short_of(good), label, row))
        else:
            spotless.append(label)
    most = max((-order for order, _, _ in rows), default=0)
    return Table(
        "fields",
        language.translate("Where fields are missing"),
        (
            language.translate("Field"),
            *(language.translate(IN_SCORE.verdicts[verdict].label) for verdict in verdicts),
            language.translate("Of"),
            *([language.translate("Exempt")] if exempt else []),
            language.translate("In order"),
            language.translate("Missing in all records"),
        ),
        tuple(_scaled(row, most) for _, _, row in sorted(rows, key=lambda row: row[:2])),
        " ".join(
            (
                *_on_other_fields(spotless, never, _weightless(subject), language),
                *_on_fields_of_others(subject),
            )
        ),
        look="bars",
    )


def _verdicts_of(subject: Subject) -> list[Verdict]:
    """Missing, and whatever else anybody's fields are."""
    company = subject.about(Scope.COMPANY)
    return [
        verdict
        for verdict, measure in IN_SCORE.verdicts.items()
        if verdict is Verdict.MISSING
        or any(figure.numerator for figure in company.company_has(measure))
    ]


def _short_of(ratio: Figure | None) -> int:
    """How many of a ratio's whole are not in its part."""
    return (ratio.denominator or 0) - ratio.numerator if ratio else 0


def _fields_of(subject: Subject) -> Iterator[tuple[str, str]]:
    """('meeting.result', 'meeting: result') of every field that is asked of the subject."""
    for entity, fields in subject.result.field_sets.items():
        for demand in fields.demands:
            if _is_asked(subject, demand):
                yield _named(entity, demand, subject.language)


def _named(entity: str, demand: Demand, language: Language) -> tuple[str, str]:
    label = f"{entity_label(entity, language)}: {language.chosen(demand.label)}"
    return f"{entity}.{demand.name}", label


def _is_asked(subject: Subject, demand: Demand) -> bool:
    """Whether the subject owes it; the company owes all."""
    if subject.scope is Scope.COMPANY:
        return True
    return (demand.owed_by is Debtor.OPERATOR) == (subject.scope is Scope.OPERATOR)


_OWED_BY: Final[Mapping[Debtor, str]] = {
    Debtor.OPERATOR: marked("With sales support: {fields}."),
    Debtor.CREATOR: marked("With whoever entered the record: {fields}."),
}


def _on_fields_of_others(subject: Subject) -> Iterator[str]:
    """Which fields are with sales support, and which with whoever entered a record."""
    if subject.scope is Scope.OPERATOR:
        return
    for debtor, sentence in _OWED_BY.items():
        others = [
            _named(entity, demand, subject.language)[1]
            for entity, fields in subject.result.field_sets.items()
            for demand in fields.demands
            if demand.owed_by is debtor
        ]
        if others:
            yield subject.language.translate(sentence, fields=", ".join(others))


def _weightless(subject: Subject) -> list[str]:
    """The fields that cost nobody a point."""
    heavy = {
        f"{entity}.{demand.name}"
        for entity, fields in subject.result.field_sets.items()
        for demand in fields.demands
        if demand.weight
    }
    return [label for dimension, label in _fields_of(subject) if dimension not in heavy]


def _on_other_fields(
    spotless: Sequence[str], never: Sequence[str], weightless: Sequence[str], language: Language
) -> Iterator[str]:
    if spotless:
        yield language.translate("Complete everywhere: {fields}.", fields=", ".join(spotless))
    if never:
        yield language.translate("No records need these: {fields}.", fields=", ".join(never))
    if weightless:
        yield language.translate(
            "Without points, because the CRM itself asks for them or none are given: {fields}.",
            fields=", ".join(weightless),
        )


def _field_row(
    subject: Subject,
    dimension: str,
    label: str,
    verdicts: Sequence[Verdict],
    *,
    exempt: bool,
) -> Row:
    good = subject.find(FIELD_GOOD, dimension)
    due = halves(good)[1] if good else subject.language.translate("none")
    return Row(
        label,
        (
            *(subject.find(IN_SCORE.verdicts[verdict], dimension) for verdict in verdicts),
            due,
            *([subject.find(FIELD_EXEMPT, dimension)] if exempt else []),
            good,
            subject.find(BASE_MISSING, dimension),
        ),
        bar=(_short_of(good), 0),
    )


def _scaled(row: Row, most: int) -> Row:
    missing = row.bar[0] if row.bar else 0
    return replace(row, bar=(missing, most))


def custom_columns(subject: Subject) -> list[tuple[str, Measure, str]]:
    """(heading, measure, currency) of every figure that the audit's own measures make."""
    columns = []
    for measure in subject.result.custom:
        for currency in subject.currencies(measure):
            if currency and (measure.name, currency) not in subject.money:
                continue  # a column of nothing but zeros is no news
            heading = f"{measure.label}, {currency}" if currency else measure.label
            columns.append((heading, measure, currency))
    return columns


def custom_table(subject: Subject) -> Iterator[Table]:
    """What one subject has of the audit's own measures; no table where there are none."""
    language = subject.language
    rows = tuple(
        Row(
            heading,
            (
                subject.find(measure, currency=currency),
                period_label(measure.period, language),
            ),
        )
        for heading, measure, currency in custom_columns(subject)
    )
    if rows or custom_note(subject):
        columns = (
            language.translate("Measure"),
            language.translate("You"),
            language.translate("Over"),
        )
        title = language.translate("Further measures")
        yield Table("own", title, columns, rows, custom_note(subject))


def custom_note(subject: Subject) -> str:
    """Names the shares of nothing: they have no figure, of anybody."""
    empty = [own.label for own in subject.result.custom if own.name not in subject.company]
    if not empty:
        return ""
    return subject.language.translate(
        "Nothing to take a share of: {measures}.", measures=", ".join(empty)
    )


def not_checked_table(subject: Subject) -> Table:
    """The fields that this CRM does not hold: they count for nobody, and every report says so."""
    language, fields = subject.language, subject.result.not_checked
    rows = tuple(
        Row(field_label(name, language), (language.chosen(why),))
        for name, why in sorted(fields.items())
    )
    note = "" if rows else language.translate("Every field of the minimum data is checked.")
    columns = language.translate("Field"), language.translate("Why")
    return Table("not_checked", language.translate("Not checked"), columns, rows, note)


def asked_table(subject: Subject, title: str, most: int | None = None) -> Table:
    """What is asked of every kind of record, for how many points, and why; so many at most."""
    language = subject.language
    demands = all_asked(subject.result.field_sets, language)
    rows = tuple(
        Row(
            f"{entity_label(asked.entity, language)}: {asked.name}",
            (points_text(asked, language), asked.text, reasons(asked, language)),
        )
        for asked in demands[:most]
    )
    columns = (
        language.translate("Field"),
        language.translate("Points"),
        language.translate("What is asked"),
        language.translate("Why"),
    )
    note = ""
    if len(rows) < len(demands):
        note = language.translate(
            "{count} more fields are asked; sales management's report lists them.",
            count=len(demands) - len(rows),
        )
    return Table("asked", language.translate(title), columns, rows, note)


_PROVEN: Final = forms(
    "{count} figure compared with the CRM: equal",
    "{count} figures compared with the CRM: all equal",
)


def proof_rows(subject: Subject) -> Iterator[Row]:
    """How many figures were compared with the CRM's own counts; nothing before the proof."""
    proven = subject.about(Scope.COMPANY).find(FIGURES_PROVEN)
    if proven is not None:
        cells = counted(proven, _PROVEN, subject.language)
        yield Row(subject.language.translate("Proof"), cells, element="proof")
