"""What figures are made of that count no records: targets, days, users, settings, other figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from pipeline import snapshot
from pipeline.findings.ids import finding_id
from pipeline.flows.explain.opened import OpenRun, link_to
from pipeline.language.languages import ENGLISH
from pipeline.measures import company, completeness, plan
from pipeline.measures.addends import owners_in
from pipeline.measures.completeness import AMONG
from pipeline.measures.credited import whose
from pipeline.measures.groups import EVERYBODY
from pipeline.measures.scopes import plan_month, with_target
from pipeline.model import SCORED, UNCOMPARED, Debtor, Figure, Figures, Person, Scope, figure_id
from pipeline.model.explanations import Listed, Part

Place = tuple[str, str]
"""(name of a measure, which of its numbers)"""
Lists = Callable[[Figure, OpenRun, Figures], Iterable[Listed]]
DrawnFrom = Callable[[Figure, Figures], Iterable[str]]


def special_part(
    figure: Figure, name: str, number: int, run: OpenRun, figures: Figures
) -> Part | None:
    """One of a figure's numbers, where it is not the number of records; None where it is."""
    place = figure.metric, name
    listed = tuple(_LISTS[place](figure, run, figures)) if place in _LISTS else ()
    part = Part(name, number, listed)
    if place in _LISTS and part.is_sum:
        return part
    ids = _DRAWN[figure.metric](figure, figures) if figure.metric in _DRAWN else ()
    drawn = tuple(figures[each] for each in ids if each in figures)
    if drawn:
        return Part(name, number, drawn_from=drawn)
    return part if place in _LISTS else None


# ------------------------------------------------------------------------------ from other figures


def _in_scope(metric: str, figure: Figure, dimension: str | None = None) -> str:
    """The id of a figure of the same scope, and of the same dimension unless another is given."""
    dimension = figure.dimension if dimension is None else dimension
    return figure_id(metric, dimension, "", figure.scope, figure.key)


def _of_company(metric: str, dimension: str = "") -> str:
    return figure_id(metric, dimension, "", Scope.COMPANY, "")


def _target_and_done(figure: Figure, _: Figures) -> Iterator[str]:
    yield _in_scope(plan.PLAN_TARGET.name, figure)
    yield _in_scope(plan.PLAN_DONE.name, figure)


def _left(figure: Figure, _: Figures) -> Iterator[str]:
    yield _in_scope(plan.PLAN_LEFT.name, figure)


def _rows_of_table(figure: Figure, figures: Figures) -> Iterator[str]:
    """What else is known of the table that the figure is about."""
    of_tables = {company.TABLE_ROWS.name, company.TABLE_AUDITED.name}
    for other in figures.about(Scope.COMPANY):
        own, theirs = figure.dimension, other.dimension
        together = own == theirs or own.startswith(f"{theirs}/") or theirs.startswith(f"{own}/")
        excluded = other.metric == company.TABLE_EXCLUDED.name
        if together and other.id != figure.id and (excluded or other.metric in of_tables):
            yield other.id


def _points_and_shares(figure: Figure, _: Figures) -> Iterator[str]:
    """A whole is no sum of records; nor is the score of a kind of which too little is due."""
    if figure.dimension and figure.denominator:
        return
    among = next(
        among
        for among in AMONG
        if figure.metric in (among.score.name, among.without_exceptions.name)
    )
    for kind in (figure.dimension,) if figure.dimension else SCORED:
        yield _in_scope(among.kept.name, figure, kind)
        yield _in_scope(among.due.name, figure, kind)
        yield _of_company(completeness.SHARE.name, kind)
        if figure.metric == among.without_exceptions.name:
            yield _in_scope(among.exempt.name, figure, kind)


_DRAWN: Final[Mapping[str, DrawnFrom]] = {
    plan.PLAN_LEFT.name: _target_and_done,
    plan.PLAN_OVER.name: _target_and_done,
    plan.PLAN_NEEDED_PER_DAY.name: _left,
    company.TABLE_ROWS.name: _rows_of_table,
    company.TABLE_AUDITED.name: _rows_of_table,
    company.TABLE_EXCLUDED.name: _rows_of_table,
    **{among.score.name: _points_and_shares for among in AMONG},
    **{among.without_exceptions.name: _points_and_shares for among in AMONG},
}
"""Name of a measure -> the ids of the figures from which its own are worked out."""


# ------------------------------------------------------------------------------- from other things


def _targets(figure: Figure, run: OpenRun, _: Figures) -> Iterator[Listed]:
    month, measure = plan_month(run.stored.window), figure.dimension
    owners = owners_in(figure.scope, figure.key, run.inputs.people)
    aimed = with_target(measure, run.inputs)
    targets = {
        target.manager: target.target  # of several the last one counts
        for target in run.stored.audit.targets
        if (target.month, target.metric) == (month, measure)
    }
    names = {user.id: user.name for user in run.users}
    for manager, target in sorted(targets.items()):
        if manager in aimed and (owners is None or manager in owners):
            what = f"{measure}, {month}"
            yield Listed(
                "target", manager, target, what, owner=manager, owner_name=names[manager]
            )


def _working_days(_: Figure, run: OpenRun, __: Figures) -> Iterator[Listed]:
    window = run.stored.window
    day = window.today
    while window.month_after is not None and day < window.month_after:
        if day.weekday() in run.stored.audit.working_week:
            yield Listed("day", day.isoformat(), 1, f"{day:%A}", day=day)
        day += timedelta(days=1)


def _managers(_: Figure, run: OpenRun, __: Figures) -> Iterator[Listed]:
    yield from map(_user, _of_scope(run, manager=True))


def _former(_: Figure, run: OpenRun, __: Figures) -> Iterator[Listed]:
    yield from map(_user, _of_scope(run, manager=False))


def _teams(_: Figure, run: OpenRun, __: Figures) -> Iterator[Listed]:
    teams = {person.team_id: person.team for person in _of_scope(run, manager=True)}
    yield from (Listed("team", team, 1, name) for team, name in sorted(teams.items()) if team)


def _of_scope(run: OpenRun, *, manager: bool) -> list[Person]:
    return [
        person for person in run.inputs.people if (person.scope is Scope.MANAGER) == manager
    ]


def _user(person: Person) -> Listed:
    return Listed("user", person.id, 1, person.name)


def _share(figure: Figure, run: OpenRun, _: Figures) -> Iterator[Listed]:
    kind = figure.dimension
    yield Listed("setting", f"shares.{kind}", run.stored.audit.shares[kind], "audit.yaml")


def _not_held(figure: Figure, run: OpenRun, _: Figures) -> Iterator[Listed]:
    kind = figure.dimension
    for name, why in run.stored.audit.field_sets[kind].absent.items():
        yield Listed("field", f"{kind}.{name}", 1, ENGLISH.chosen(why))


def _compared(_: Figure, __: OpenRun, figures: Figures) -> Iterator[Listed]:
    for figure in figures.values():
        if figure.basis not in UNCOMPARED and figure.metric != company.FIGURES_PROVEN.name:
            yield Listed("figure", figure.id, 1)


def _audited(figure: Figure, run: OpenRun, _: Figures) -> Iterator[Listed]:
    """The rows of all kinds of record that are read from this table alone; nothing where a
    kind is read from others too, since a row does not say from which.
    """
    tables = run.stored.audit.tables
    kinds = [kind for kind, of in tables.items() if figure.dimension in of]
    if any(len(tables[kind]) > 1 for kind in kinds):
        return
    entities = snapshot.entities(run.stored.manifest.stored, run.stored.audit.schema)
    for kind in kinds:
        if kind not in entities:
            continue
        columns = entities[kind].c
        keys = (
            [columns.id]
            if "id" in columns
            else [c for c in columns if str(c.key).endswith("_id")]
        )
        asked = select(func.concat_ws(" ", *keys))
        for (record,) in run.connection.execute(asked):
            yield Listed(kind, str(record), 1)


def _findings(figure: Figure, run: OpenRun, _: Figures) -> Iterator[Listed]:
    """What became of findings, each with the record that it was about."""
    history, names = run.stored.history, {user.id: user.name for user in run.users}
    known = history.completions if history else None
    if known is None:
        return
    completed = figure.metric == completeness.COMPLETED.name
    credits = known.completed if completed else known.open_again
    scopes = {user.id: user.scope for user in run.users}
    mine = [
        (credit.finding, person)
        for credit, (person, debtor) in zip(credits, whose(credits, scopes), strict=True)
        if _counts_for(figure, person, debtor, run)
    ]
    records = _records_of({finding for finding, _ in mine}, run)
    for finding, person in mine:
        kind, record = records.get(finding, ("finding", finding))
        yield Listed(
            kind,
            record,
            1,
            f"finding {finding}",
            owner=person,
            owner_name=names.get(person, ""),
            link=link_to(kind, record, run.stored.audit),
        )


def _counts_for(figure: Figure, person: str, debtor: Debtor, run: OpenRun) -> bool:
    if figure.scope is Scope.COMPANY or (figure.scope, figure.key) == (Scope.GROUP, EVERYBODY):
        return True
    if figure.scope in (Scope.OPERATOR, Scope.DOUBLE_COUNTED):
        return debtor is Debtor.OPERATOR and figure.scope is Scope.OPERATOR
    owners = owners_in(figure.scope, figure.key, run.inputs.people)
    return debtor is not Debtor.OPERATOR and owners is not None and person in owners


def _records_of(wanted: set[str], run: OpenRun) -> dict[str, Place]:
    """Finding -> (kind, record). An id tells no record: each record is tried with each rule."""
    found: dict[str, Place] = {}
    audit = run.stored.audit
    for kind, fields in audit.field_sets.items() if wanted else ():
        if kind not in run.views:
            continue
        rules = {rule.id for rule in fields.rules}
        for (record,) in run.connection.execute(select(run.views[kind].c.id).distinct()):
            for rule in rules:
                finding = finding_id(audit.id, kind, str(record), rule)
                if finding in wanted:
                    found[finding] = kind, str(record)
    return found


_LISTS: Final[Mapping[Place, Lists]] = {
    (plan.PLAN_TARGET.name, "number"): _targets,
    (plan.PLAN_PROGRESS.name, "denominator"): _targets,
    (plan.PLAN_NEEDED_PER_DAY.name, "denominator"): _working_days,
    (plan.WORKING_DAYS_LEFT.name, "number"): _working_days,
    (company.MANAGERS.name, "number"): _managers,
    (company.INACTIVE_USERS.name, "number"): _former,
    (company.TEAMS.name, "number"): _teams,
    (company.TABLE_AUDITED.name, "number"): _audited,
    (company.FIGURES_PROVEN.name, "number"): _compared,
    (completeness.SHARE.name, "number"): _share,
    (completeness.NOT_HELD.name, "number"): _not_held,
    (completeness.COMPLETED.name, "number"): _findings,
    (completeness.OPEN_AGAIN.name, "number"): _findings,
}
"""The numbers that are counted of something else than records."""
