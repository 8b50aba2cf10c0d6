"""Management's report: the company at a glance, whom to talk to, and
that everything adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from operator import itemgetter
from typing import Final

from pipeline.language.labels import (
    column_label,
    entity_label,
    excluded_label,
    lackable_label,
)
from pipeline.language.languages import Language, joined
from pipeline.language.marked import forms, marked
from pipeline.measures.calls import CALLS
from pipeline.measures.clients import CLIENTS, CONTACTS, LEADS
from pipeline.measures.company import MANAGERS, TABLE_AUDITED, TABLE_EXCLUDED, TABLE_ROWS, TEAMS
from pipeline.measures.completeness import RECORDS_FAILING, SCORE
from pipeline.measures.deals import (
    DEALS,
    DEALS_OPEN,
    DEALS_OPEN_AMOUNT,
    DEALS_WON,
    DEALS_WON_AMOUNT,
    DEALS_WON_UNDATED,
    WON_ON_NO_DAY,
)
from pipeline.measures.meetings import (
    COMPLETE,
    MEETINGS,
    MEETINGS_HELD,
    MEETINGS_LACKING,
)
from pipeline.measures.plan import PLAN_DONE, PLAN_PROGRESS, PLAN_TARGET
from pipeline.measures.registry import LEFT_OUT, MEASURES
from pipeline.model import Figure, Measure, RunResult, Scope
from pipeline.reports.content.audience import (
    Line,
    agreement_notes,
    beside_lines,
    ended_row,
    group_lines,
    lists_former,
    on_groups,
    shown_row,
)
from pipeline.reports.content.changes import changed_rows
from pipeline.reports.content.checks import MOST_LISTED, of_nobody
from pipeline.reports.content.earlier import earlier_table, lined
from pipeline.reports.content.elements import (
    Subject,
    asked_table,
    completed_rows,
    counted,
    custom_columns,
    custom_note,
    days_rows,
    fields_table,
    meetings_rows,
    no_plan_row,
    not_checked_table,
    plan_rows,
    proof_rows,
    remembered,
    score_rows,
    score_table,
    the_company,
)
from pipeline.reports.content.exceptions import ended_note, exceptions_tables
from pipeline.reports.content.people import (
    by_name,
    columns_of_person,
    drawn_target,
    figures_of_person,
    share,
    worth_discussing,
)
from pipeline.reports.content.report import (
    Report,
    Row,
    Table,
    origin_notes,
    period_notes,
    score_notes,
)

_MANAGERS: Final = forms("{count} account manager", "{count} account managers")
_TEAMS: Final = forms("{count} team", "{count} teams")
_RECORDS: Final = (CLIENTS, CONTACTS, LEADS, MEETINGS, CALLS, DEALS)
_NOT_COUNTED: Final = forms("not counted yet", "not counted yet")


def management_report(result: RunResult) -> Report:
    """The content of management's report, in the order of its first screen."""
    company, unlisted = the_company(result), of_nobody(result)
    return Report(
        "management",
        result.audit,
        None,
        result,
        company.language,
        headline=tuple(lined(_headline(company), company)),
        tables=(
            *_of_people(company),
            *earlier_table(company),
            score_table(company),
            fields_table(company),
            *exceptions_tables(company, _shown(company)),
            _left_out(company),
            _accounting(company),
            not_checked_table(company),
            asked_table(company, marked("What is asked, and why")),
        ),
        fix_list=tuple(unlisted[:MOST_LISTED]),
        notes=tuple(_notes(company, len(unlisted))),
    )


def _shown(company: Subject) -> Iterator[Line]:
    """Everybody of whom management sees a completeness."""
    yield from _parts(company)
    if company.result.audience == "named":
        for person in by_name(company.result):
            yield person.name, company.about(Scope.MANAGER, person.id)


def _of_people(company: Subject) -> Iterator[Table]:
    """Whose figures management sees: with `audience: own` those of groups alone."""
    yield _teams(company)
    if company.result.audience == "own":
        yield from _own(company)
        return
    yield _managers(company)
    yield from _own(company)
    yield _score_against_plan(company)


def _notes(company: Subject, unlisted: int) -> Iterator[str]:
    """`unlisted`: how many records stand on no account manager's page."""
    language = company.language
    yield from period_notes(company.result, language)
    yield from agreement_notes(company.result, language)
    yield from map(language.chosen, company.result.caveats)
    yield from ended_note(company.result, language)
    yield language.translate(
        "Counts and amounts of account managers, former colleagues and records without an owner "
        "add up to the company's. Percentages are computed on all records together, never averaged."
    )
    yield from score_notes(company.result.window, language)
    yield from origin_notes(company.result, language)
    yield language.translate(
        "All records stand beside completeness: those outside its days, coming up, taken over or imported are among "
        "them, and count for nobody's completeness."
    )
    yield _where_listed(company)
    if unlisted > MOST_LISTED:
        yield language.translate(
            "Of {all} records without an account manager the first {listed} are listed.",
            all=unlisted,
            listed=MOST_LISTED,
        )
    yield language.translate(
        "A complete meeting also needs its contact's name and contact details; those count in the "
        "contact's own record."
    )
    yield language.translate(
        "Which records does a figure count? “crm-audit explain RUN FIGURE” lists them, each with a "
        "link. The run is named on each page and sheet; pointing at a figure of the page shows its name, "
        "and the sheet Index of the workbook has all names."
    )


def _where_listed(company: Subject) -> str:
    if lists_former(company.result):
        return company.language.translate(
            "Records that a count names stand on the page of the account manager who owns them; "
            "those without one are listed in this report. findings.csv holds all of them, by "
            "record and rule."
        )
    return company.language.translate(
        "Records that a count names stand on the page of the account manager who owns them; those "
        "without an owner are listed in this report. findings.csv, which is for the analysts, holds "
        "all of them."
    )


def _headline(company: Subject) -> Iterator[Row]:
    language = company.language
    managers, teams = company.find(MANAGERS), company.find(TEAMS)
    if managers is not None and teams is not None:
        who = language.sentence(
            "{managers} in {teams}",
            managers=counted(managers, _MANAGERS, language),
            teams=counted(teams, _TEAMS, language),
        )
        yield Row(language.translate("Audited"), who, element="who")
    if company.result.audience == "own":
        yield shown_row(language)
    yield from ended_row(company.result, language)
    yield from proof_rows(company)
    yield from changed_rows(company, _teams_by_name(company))
    yield from _stake(company)
    yield from _plan(company)
    yield from score_rows(company)
    yield from _meetings(company)
    yield from completed_rows(company)
    if company.result.audience == "named":
        yield from _people(company)


def _stake(company: Subject) -> Iterator[Row]:
    language = company.language
    open_deals = company.find(DEALS_OPEN)
    if open_deals is not None:
        deals = counted(open_deals, DEALS_OPEN.sentence, language)
        cells = joined((deals, company.amounts(DEALS_OPEN_AMOUNT)), ", ")
        yield Row(language.translate("Open deals"), cells, element="stake")
    lost = [
        row for deals, amount in WON_ON_NO_DAY for row in _won_on_no_day(company, deals, amount)
    ]
    yield from lost
    if not lost and company.find(DEALS_WON_UNDATED) is not None:
        every = language.translate("Every won deal has a closing date.")
        yield Row(language.translate("Closing dates"), (every,), element="stake")


def _won_on_no_day(company: Subject, measure: Measure, amount: Measure) -> Iterator[Row]:
    language, undated = company.language, company.find(measure)
    if undated is not None and undated.numerator:
        won = counted(undated, measure.sentence, language)
        not_counted = (language.translate_plural(*_NOT_COUNTED, undated.numerator),)
        cells = joined((won, company.amounts(amount), not_counted), ", ")
        yield Row(language.translate("Closing dates"), cells, element="stake")


def _plan(company: Subject) -> Iterator[Row]:
    rows = tuple(plan_rows(company))
    if rows:
        yield from rows
        yield from days_rows(company)
    else:
        yield no_plan_row(company)


def _meetings(company: Subject) -> Iterator[Row]:
    language = company.language
    if company.find(MEETINGS_HELD) is None:
        return
    yield from meetings_rows(company)
    lacking = sorted(
        company.company_has(MEETINGS_LACKING), key=lambda f: (-f.numerator, f.dimension)
    )
    for figure in lacking:
        if figure.numerator:
            thing = lackable_label(figure.dimension, language)
            yield Row(thing, (figure,), element="lacking")
    looked_at = {figure.dimension for figure in lacking}
    unseen = [lackable_label(thing, language) for thing in COMPLETE if thing not in looked_at]
    if unseen:
        yield Row(language.translate("not checked"), (", ".join(unseen),), element="lacking")


def _people(company: Subject) -> Iterator[Row]:
    """Those whom management might talk to, each with the figures that are the evidence."""
    language = company.language
    names = {person.id: person.name for person in company.result.people}
    discussed = worth_discussing(company)
    for key, evidence in discussed.items():
        yield Row(names[key], evidence, element="person")
    if not discussed:
        nobody = language.translate("Nobody stands out by the figures of this period.")
        yield Row(language.translate("Nobody"), (nobody,), element="person")


# --------------------------------------------------------------------------------------- tables


def _teams(company: Subject) -> Table:
    language = company.language
    money = [
        (measure, currency)
        for measure in (DEALS_OPEN_AMOUNT, DEALS_WON_AMOUNT)
        for currency in company.currencies(measure)
        if (measure.name, currency) in company.money
    ]
    rows = [_team_row(label, subject, money) for label, subject in _parts(company)]
    total = replace(_team_row(language.translate("Company"), company, money), total=True)
    columns = (
        language.translate("Team"),
        language.translate("Complete"),
        language.translate("Meetings held"),
        language.translate("Open deals"),
        *(f"{language.translate(measure.label)}, {currency}" for measure, currency in money),
        language.translate("Deals won"),
        language.translate("Target: done"),
        language.translate("Target"),
        language.translate("To complete"),
        *(language.translate(measure.label) for measure in remembered(company)),
    )
    note = " ".join(_on_teams(company))
    return Table("teams", language.translate("Teams"), columns, (*rows, total), note)


def _parts(company: Subject) -> Iterator[Line]:
    """The rows that add up to the company's."""
    if company.result.audience == "own":
        yield from group_lines(company)
        return
    yield from _teams_by_name(company)
    if any(p.scope is Scope.MANAGER and not p.team_id for p in company.result.people):
        yield _no_team(company.language), company.about(Scope.TEAM)
    yield from beside_lines(company)


def _teams_by_name(company: Subject) -> Iterator[Line]:
    """The teams whose figures management sees by their names: none with `audience: own`."""
    if company.result.audience == "named":
        for name, key in _named_teams(company):
            yield name or key, company.about(Scope.TEAM, key)


def _named_teams(company: Subject) -> list[tuple[str, str]]:
    """(name, id) of every team that has a manager, by name."""
    managers = (p for p in company.result.people if p.scope is Scope.MANAGER)
    return sorted({(manager.team, manager.team_id) for manager in managers if manager.team_id})


def _team_row(label: str, subject: Subject, money: Sequence[tuple[Measure, str]]) -> Row:
    amounts = (subject.find(measure, currency=currency) for measure, currency in money)
    return Row(
        label,
        (
            subject.find(SCORE),
            subject.find(MEETINGS_HELD),
            subject.find(DEALS_OPEN),
            *amounts,
            subject.find(DEALS_WON),
            subject.plan(PLAN_DONE, DEALS_WON),
            subject.plan(PLAN_TARGET, DEALS_WON),
            subject.find(RECORDS_FAILING),
            *(subject.find(measure) for measure in remembered(subject)),
        ),
    )


def _on_teams(company: Subject) -> Iterator[str]:
    if company.result.audience == "own":
        yield on_groups(company)
    yield company.language.translate(
        "Counts and amounts add up to the company's; “complete” is computed on all records of the "
        "group."
    )
    if company.about(Scope.OPERATOR).find(RECORDS_FAILING):
        yield company.language.translate(
            "What sales support completes counts for sales support alone, whoever owns the record. "
            "A record that lacks something of both counts for both; what that counts twice is "
            "subtracted."
        )
    if _has_several_owners(company):
        yield company.language.translate(
            "A record of several owners counts for each of them; what that counts twice is "
            "subtracted."
        )


def _has_several_owners(company: Subject) -> bool:
    """Whether any record counts for more than one owner."""
    twice = company.about(Scope.DOUBLE_COUNTED)
    return any(twice.value(measure) for measure in _RECORDS)


def _no_team(language: Language) -> str:
    return language.translate("No team")


def _managers(company: Subject) -> Table:
    language, rows = company.language, []
    for person in sorted(
        by_name(company.result), key=lambda person: (not person.team_id, person.team)
    ):
        figures = figures_of_person(company.about(Scope.MANAGER, person.id))
        rows.append(Row(person.name, (person.team or _no_team(language), *figures)))
    columns = (
        language.translate("Account manager"),
        language.translate("Team"),
        *columns_of_person(company),
    )
    return Table("managers", language.translate("Account managers"), columns, tuple(rows))


def _owners(company: Subject) -> Iterator[Line]:
    """Every manager, or group of these, that may be shown, and what adds up to the company."""
    if company.result.audience == "own":
        yield from group_lines(company)
        return
    for person in by_name(company.result):
        yield person.name, company.about(Scope.MANAGER, person.id)
    yield from beside_lines(company)


def _own(company: Subject) -> Iterator[Table]:
    """The audit's own measures, per manager and adding up; no table where there are none."""
    language, columns, note = company.language, custom_columns(company), custom_note(company)
    named = company.result.audience == "named"
    title = language.translate("Your own measures")
    who = language.translate("Account manager") if named else language.translate("Team")
    if not columns:
        if note:
            yield Table("own", title, (who,), (), note)
        return

    def row(label: str, subject: Subject, *, total: bool = False) -> Row:
        cells = (subject.find(measure, currency=money) for _, measure, money in columns)
        return Row(label, tuple(cells), total)

    rows = [row(label, subject) for label, subject in _owners(company)]
    rows.append(row(language.translate("Company"), company, total=True))
    yield Table("own", title, (who, *(heading for heading, *_ in columns)), tuple(rows), note)


def _score_against_plan(company: Subject) -> Table:
    """One point per manager with a target and a score; the extremes
    on either side are named.
    """
    language, planned = company.language, drawn_target(company)
    points: list[tuple[Fraction, Fraction, Row]] = []
    without: list[str] = []
    for person in by_name(company.result):
        manager = company.about(Scope.MANAGER, person.id)
        score, progress = manager.find(SCORE), manager.plan(PLAN_PROGRESS, planned)
        height, reach = share(score), share(progress)
        if height is None or reach is None:
            without.append(person.name)
        else:
            points.append((height, reach, Row(person.name, (score, progress))))
    return Table(
        "scatter",
        language.translate(
            "Completeness and target: {measure}", measure=language.translate(planned.label)
        ),
        (
            language.translate("Account manager"),
            language.translate("Complete"),
            language.translate("Target reached"),
        ),
        _extremes(points),
        " ".join(_on_points(without, language)),
        look="scatter",
        drawn=tuple(row for _, _, row in points),
    )


def _extremes(points: Sequence[tuple[Fraction, Fraction, Row]]) -> tuple[Row, ...]:
    """The lowest and the highest on either side, each once."""
    ranked = [sorted(points, key=itemgetter(side)) for side in (0, 1)]
    ends = (row for line in ranked for *_, row in (*line[:1], *line[-1:]))
    return tuple(dict.fromkeys(ends))


def _on_points(without: Sequence[str], language: Language) -> Iterator[str]:
    yield language.translate(
        "The vertical scale covers only the range in which the account managers are."
    )
    if without:
        yield language.translate(
            "Not drawn, because there is no target or no completeness: {names}.",
            names=", ".join(without),
        )


def _left_out(company: Subject) -> Table:
    """Records that are in no figure, by reason."""
    language = company.language
    figures = [figure for measure in LEFT_OUT for figure in company.company_has(measure)]
    rows = tuple(
        Row(_reason(figure, language), (figure,)) for figure in figures if figure.numerator
    )
    none = language.translate("Every record is counted.")
    note = language.translate("No records for other reasons.") if rows else none
    columns = language.translate("Reason"), language.translate("Company")
    return Table("findings", language.translate("Records not counted yet"), columns, rows, note)


def _reason(figure: Figure, language: Language) -> str:
    """'Cannot be read: deal, close date'; of all other reasons their own names."""
    label = language.translate(MEASURES[figure.metric].label)
    entity, _, column = figure.dimension.partition(".")
    if not column:
        return label
    kind, what = entity_label(entity, language), column_label(column, language)
    return f"{label}: {kind}, {what}"


def _accounting(company: Subject) -> Table:
    language = company.language
    tables = [figure.dimension for figure in company.company_has(TABLE_ROWS)]
    reasons = sorted({reason for table in tables for reason in _excluded_of(company, table)})
    rows = tuple(_account_row(company, table, reasons) for table in tables)
    columns = (
        language.translate("Table of the CRM"),
        language.translate("Rows"),
        language.translate("Audited"),
        *(
            language.translate("Excluded: {reason}", reason=excluded_label(reason, language))
            for reason in reasons
        ),
    )
    note = language.translate(
        "Every row is audited or excluded, never lost. Audited rows are counted twice: by the "
        "CRM's database, and as they were read. Rows and reasons for excluding them are counted by "
        "the CRM's database alone."
    )
    return Table(
        "accounting", language.translate("Every row accounted for"), columns, rows, note
    )


def _excluded_of(company: Subject, table: str) -> Iterator[str]:
    """The reasons for which rows of a table are excluded."""
    for figure in company.company_has(TABLE_EXCLUDED):
        if figure.dimension.startswith(f"{table}/"):
            yield figure.dimension.removeprefix(f"{table}/")


def _account_row(company: Subject, table: str, reasons: Sequence[str]) -> Row:
    excluded = (company.find(TABLE_EXCLUDED, f"{table}/{reason}") for reason in reasons)
    return Row(
        table, (company.find(TABLE_ROWS, table), company.find(TABLE_AUDITED, table), *excluded)
    )
