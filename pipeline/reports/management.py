"""Management's report: the company at a glance, whom to talk to, and
that everything adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from pipeline.measures.company import MANAGERS, TABLE_AUDITED, TABLE_EXCLUDED, TABLE_ROWS, TEAMS
from pipeline.measures.completeness import BASE_SCORE, RECORDS_FAILING, SCORE
from pipeline.measures.deals import (
    DEALS_OPEN,
    DEALS_OPEN_AMOUNT,
    DEALS_WON,
    DEALS_WON_AMOUNT,
    DEALS_WON_UNDATED,
    DEALS_WON_UNDATED_AMOUNT,
    WON_ON_NO_DAY,
)
from pipeline.measures.meetings import (
    COMPLETE,
    COMPLETE_MEETINGS,
    MEETINGS_HELD,
    MEETINGS_LACKING,
    MEETINGS_OVERDUE,
    lacking_label,
)
from pipeline.measures.plan import PLAN_DONE, PLAN_PROGRESS, PLAN_TARGET
from pipeline.measures.registry import LEFT_OUT, MEASURES, PLANNED
from pipeline.model import Figure, Measure, Person, RunResult, Scope, read_as
from pipeline.reports.elements import (
    Subject,
    counted,
    custom_columns,
    custom_note,
    days_rows,
    fields_table,
    no_plan_row,
    not_checked_table,
    plan_rows,
    proof_rows,
    ratio_row,
    score_rows,
    the_company,
)
from pipeline.reports.report import BESIDE, Cell, Report, Row, Table, period_notes

NO_TEAM: Final = "No team"


def management_report(result: RunResult) -> Report:
    """The content of management's report, in the order of its first screen."""
    company = the_company(result)
    return Report(
        "management",
        result.audit,
        None,
        result,
        headline=tuple(_headline(company)),
        tables=(
            _teams(company),
            _managers(company),
            *_own(company),
            _score_against_plan(company),
            fields_table(company),
            _findings(company),
            _accounting(company),
            not_checked_table(result),
        ),
        fix_list=(),
        notes=(
            *period_notes(result.window),
            *result.caveats,
            "Counts and amounts of managers, inactive owners and records of nobody add up to the company's; "
            "scores and other ratios are computed on the pool and never averaged.",
            "The score looks at the records of the period. The base looks at all live records, those outside the "
            "period included, and is charged to nobody.",
            "Complete meetings borrow names and contact details from the meeting's contact, "
            "whose own record carries their weight.",
        ),
    )


def _headline(company: Subject) -> Iterator[Row]:
    managers, teams = company.find(MANAGERS), company.find(TEAMS)
    if managers is not None and teams is not None:
        who = (
            *counted(managers, "manager", "managers"),
            " in ",
            *counted(teams, "team", "teams"),
        )
        yield Row("Audited", who, element="who")
    yield from proof_rows(company)
    yield from _stake(company)
    yield from _plan(company)
    yield from score_rows(company)
    yield from _meetings(company)
    yield from _people(company)


def _stake(company: Subject) -> Iterator[Row]:
    lost = [
        row for deals, amount in WON_ON_NO_DAY for row in _won_on_no_day(company, deals, amount)
    ]
    yield from lost
    if not lost and company.find(DEALS_WON_UNDATED) is not None:
        yield Row("No closing date", ("Every won deal has a closing date.",), element="stake")
    open_deals = company.find(DEALS_OPEN)
    if open_deals is not None:
        deals = counted(open_deals, *DEALS_OPEN.sentence)
        yield Row("Open", (*deals, *company.amounts(DEALS_OPEN_AMOUNT)), element="stake")


def _won_on_no_day(company: Subject, measure: Measure, amount: Measure) -> Iterator[Row]:
    undated = company.find(measure)
    if undated is not None and undated.numerator:
        won = (*counted(undated, *measure.sentence), *company.amounts(amount))
        verb = "is" if undated.numerator == 1 else "are"
        yield Row("No closing date", (*won, f", {verb} in no result"), element="stake")


def _plan(company: Subject) -> Iterator[Row]:
    rows = tuple(plan_rows(company))
    if rows:
        yield from rows
        yield from days_rows(company)
    else:
        yield no_plan_row(company.result.window)


def _meetings(company: Subject) -> Iterator[Row]:
    complete = company.find(COMPLETE_MEETINGS)
    if company.find(MEETINGS_HELD) is None:
        return
    yield ratio_row("meetings", "Complete meetings", complete, "held meetings")
    lacking = sorted(
        company.company_has(MEETINGS_LACKING), key=lambda f: (-f.numerator, f.dimension)
    )
    for figure in lacking:
        if figure.numerator:
            yield Row(lacking_label(figure.dimension), (figure,), element="lacking")
    unseen = [
        thing for thing in COMPLETE if thing not in {figure.dimension for figure in lacking}
    ]
    if unseen:
        named = ", ".join(map(lacking_label, unseen))
        yield Row("not checked", (named,), element="lacking")


# --------------------------------------------------------------------------------------- people


def _people(company: Subject) -> Iterator[Row]:
    """Up to three managers, each for another reason, with the figures that are the evidence."""
    managers = [company.about(Scope.MANAGER, person.id) for person in _by_name(company.result)]
    names = {person.id: person.name for person in company.result.people}
    chosen: set[str] = set()
    for reason in _REASONS:
        found = reason(company, [manager for manager in managers if manager.key not in chosen])
        if found is not None and len(chosen) < 3:
            manager, evidence = found
            chosen.add(manager.key)
            yield Row(names[manager.key], evidence, element="person")
    if not chosen:
        yield Row(
            "Nobody",
            ("No manager stands out by the figures of this period.",),
            element="person",
        )


Found = tuple[Subject, tuple[Cell, ...]] | None
Reason = Callable[[Subject, Sequence[Subject]], Found]


def _by_name(result: RunResult) -> list[Person]:
    managers = (person for person in result.people if person.scope is Scope.MANAGER)
    return sorted(managers, key=lambda person: (person.name, person.id))


def share(figure: Figure | None) -> Fraction | None:
    """A ratio's exact value; None where nothing was due."""
    return (
        Fraction(figure.numerator, figure.denominator)
        if figure and figure.denominator
        else None
    )


def _sells_but_does_not_type(company: Subject, managers: Sequence[Subject]) -> Found:
    """The plan is met and the score under the company's: of these the
    one with the lowest score.
    """
    pool = share(company.find(SCORE))
    found: list[tuple[Fraction, Subject]] = []
    for manager in managers:
        score, target = share(manager.find(SCORE)), manager.value(PLAN_TARGET, DEALS_WON.name)
        ahead = target and manager.value(PLAN_DONE, DEALS_WON.name) >= target
        if pool is not None and score is not None and ahead and score < pool:
            found.append((score, manager))
    if not found:
        return None
    best = min(found, key=lambda pair: pair[0])[1]
    done, target_, score_, all_ = (
        best.plan(PLAN_DONE, DEALS_WON),
        best.plan(PLAN_TARGET, DEALS_WON),
        best.find(SCORE),
        company.find(SCORE),
    )
    return best, (
        done,
        " won of ",
        target_,
        " planned, but only ",
        score_,
        " complete; the company ",
        all_,
    )


def _most(measure: Measure, managers: Sequence[Subject]) -> tuple[Subject, Figure] | None:
    most = max(managers, key=lambda manager: manager.value(measure), default=None)
    figure = most.find(measure) if most else None
    return (most, figure) if most and figure and figure.numerator else None


def _leaves_meetings_open(company: Subject, managers: Sequence[Subject]) -> Found:
    most = _most(MEETINGS_OVERDUE, managers)
    if most is None:
        return None
    manager, overdue = most
    said = counted(overdue, "overdue meeting", "overdue meetings")
    return manager, (
        *said,
        " of the company's ",
        company.find(MEETINGS_OVERDUE),
        "; ",
        manager.find(DEALS_OPEN),
        " open deals",
    )


def _wins_without_a_date(_: Subject, managers: Sequence[Subject]) -> Found:
    most = _most(DEALS_WON_UNDATED, managers)
    if most is None:
        return None
    manager, undated = most
    said = counted(undated, *DEALS_WON_UNDATED.sentence)
    return manager, (*said, *manager.amounts(DEALS_WON_UNDATED_AMOUNT))


def _has_most_to_repair(_: Subject, managers: Sequence[Subject]) -> Found:
    most = _most(RECORDS_FAILING, managers)
    if most is None:
        return None
    manager, failing = most
    return manager, (
        *counted(failing, "record", "records"),
        " to repair",
        *_complete(manager.find(SCORE)),
    )


def _complete(score: Figure | None) -> tuple[Cell, ...]:
    return () if score is None else ("; ", score, " complete")


_REASONS: tuple[Reason, ...] = (
    _sells_but_does_not_type,
    _leaves_meetings_open,
    _wins_without_a_date,
    _has_most_to_repair,
)


# --------------------------------------------------------------------------------------- tables


def _teams(company: Subject) -> Table:
    money = [
        (measure, currency)
        for measure in (DEALS_OPEN_AMOUNT, DEALS_WON_AMOUNT)
        for currency in company.currencies(measure)
        if (measure.name, currency) in company.money
    ]

    def row(label: str, subject: Subject, *, total: bool = False) -> Row:
        before = [subject.find(SCORE), subject.find(MEETINGS_HELD), subject.find(DEALS_OPEN)]
        amounts = [subject.find(measure, currency=currency) for measure, currency in money]
        after = [
            subject.find(DEALS_WON),
            subject.plan(PLAN_DONE, DEALS_WON),
            subject.plan(PLAN_TARGET, DEALS_WON),
            subject.find(RECORDS_FAILING),
        ]
        return Row(label, (*before, *amounts, *after), total)

    note = "Counts and amounts add up to the company's; “complete” is computed on all records of the group."
    teams = sorted(
        {
            (p.team, p.team_id)
            for p in company.result.people
            if p.scope is Scope.MANAGER and p.team_id
        }
    )
    rows = [row(name or key, company.about(Scope.TEAM, key)) for name, key in teams]
    if any(p.scope is Scope.MANAGER and not p.team_id for p in company.result.people):
        rows.append(row(NO_TEAM, company.about(Scope.TEAM)))
    rows += [row(label, subject) for label, subject in _others(company)]
    if company.about(Scope.DOUBLE_COUNTED).find(RECORDS_FAILING):
        note += (
            " A record of several owners counts for each; what that counts twice is taken off."
        )
    rows.append(row("Company", company, total=True))
    columns = (
        "Team",
        "Complete",
        "Meetings held",
        "Open deals",
        *(f"{measure.label}, {currency}" for measure, currency in money),
        "Deals won",
        "Plan: done",
        "Plan: target",
        "To repair",
    )
    return Table("teams", "Teams", columns, tuple(rows), note)


def _managers(company: Subject) -> Table:
    rows = []
    for person in sorted(
        _by_name(company.result), key=lambda person: (not person.team_id, person.team)
    ):
        manager = company.about(Scope.MANAGER, person.id)
        cells = (
            person.team or NO_TEAM,
            manager.find(SCORE),
            manager.find(BASE_SCORE),
            manager.find(MEETINGS_HELD),
            manager.find(COMPLETE_MEETINGS),
            manager.find(MEETINGS_OVERDUE),
            manager.find(DEALS_OPEN),
            manager.find(DEALS_WON),
            manager.plan(PLAN_TARGET, DEALS_WON),
            manager.plan(PLAN_PROGRESS, DEALS_WON),
            manager.find(RECORDS_FAILING),
        )
        rows.append(Row(person.name, cells))
    columns = (
        "Manager",
        "Team",
        "Complete",
        "Base",
        "Meetings held",
        "Of them complete",
        "Overdue",
        "Open deals",
        "Deals won",
        "Target",
        "Plan done",
        "To repair",
    )
    return Table("managers", "Managers", columns, tuple(rows))


def _own(company: Subject) -> Iterator[Table]:
    """The audit's own measures, per manager and adding up; no table where there are none."""
    columns = custom_columns(company)
    note = custom_note(company)
    if not columns:
        if note:
            yield Table("own", "Your own measures", ("Manager",), (), note)
        return

    def row(label: str, subject: Subject, *, total: bool = False) -> Row:
        return Row(
            label,
            tuple(subject.find(measure, currency=money) for _, measure, money in columns),
            total,
        )

    rows = [
        row(person.name, company.about(Scope.MANAGER, person.id))
        for person in _by_name(company.result)
    ]
    rows += [row(label, subject) for label, subject in _others(company)]
    headings = ("Manager", *(heading for heading, *_ in columns))
    yield Table(
        "own", "Your own measures", headings, (*rows, row("Company", company, total=True)), note
    )


def _others(company: Subject) -> Iterator[tuple[str, Subject]]:
    for scope, label in BESIDE.items():
        subject = company.about(scope)
        if subject.find(RECORDS_FAILING) is not None:
            yield label, subject


def _score_against_plan(company: Subject) -> Table:
    """One point per manager with a target and a score; the extremes
    on either side are named.
    """
    planned = next(
        (measure for measure in PLANNED if company.plan(PLAN_TARGET, measure)), DEALS_WON
    )
    points: list[tuple[Fraction, Fraction, Row]] = []
    without: list[str] = []
    for person in _by_name(company.result):
        manager = company.about(Scope.MANAGER, person.id)
        score, progress = manager.find(SCORE), manager.plan(PLAN_PROGRESS, planned)
        height, reach = share(score), share(progress)
        if height is None or reach is None:
            without.append(person.name)
        else:
            points.append((height, reach, Row(person.name, (score, progress))))
    named: list[Row] = []
    for ranked in (
        sorted(points, key=lambda point: point[0]),
        sorted(points, key=lambda point: point[1]),
    ):
        named += [row for *_, row in (*ranked[:1], *ranked[-1:]) if row not in named]
    note = "Up and down, the scale shows only the part in which the managers are."
    if without:
        note += f" Without a target or a score, and so without a point: {', '.join(without)}."
    title = f"Completeness against plan: {planned.label.lower()}"
    return Table(
        "scatter",
        title,
        ("Manager", "Complete", "Plan done"),
        tuple(named),
        note,
        look="scatter",
        drawn=tuple(row for _, _, row in points),
    )


def _findings(company: Subject) -> Table:
    """Records that are in no figure, by reason."""
    figures = [figure for measure in LEFT_OUT for figure in company.company_has(measure)]
    rows = tuple(Row(_reason(figure), (figure,)) for figure in figures if figure.numerator)
    note = "Of every other reason there is none." if rows else "There is none, for any reason."
    return Table("findings", "Records that are in no result", ("Reason", "Company"), rows, note)


def _reason(figure: Figure) -> str:
    """'Unreadable: deal, close date'; of all other reasons their own names."""
    record, _, column = figure.dimension.partition(".")
    return MEASURES[figure.metric].label + (f": {record}, {read_as(column)}" if column else "")


def _accounting(company: Subject) -> Table:
    tables = [figure.dimension for figure in company.company_has(TABLE_ROWS)]
    excluded = {figure.dimension for figure in company.company_has(TABLE_EXCLUDED)}
    reasons = sorted(
        {
            what.removeprefix(f"{table}/")
            for table in tables
            for what in excluded
            if what.startswith(f"{table}/")
        }
    )
    rows = tuple(
        Row(
            table,
            (
                company.find(TABLE_ROWS, table),
                company.find(TABLE_AUDITED, table),
                *(company.find(TABLE_EXCLUDED, f"{table}/{reason}") for reason in reasons),
            ),
        )
        for table in tables
    )
    columns = (
        "Table of the CRM",
        "Rows",
        "Audited",
        *(f"Excluded: {reason.replace('_', ' ')}" for reason in reasons),
    )
    note = (
        "Rows are audited or excluded, never lost. Audited rows are counted twice, by the CRM's database and as they "
        "were read; rows and reasons of exclusion by the CRM's database alone."
    )
    return Table("accounting", "Every row accounted for", columns, rows, note)
