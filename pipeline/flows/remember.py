"""What outlives a run: that it was published, its headline figures, what became of findings."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pipeline import __version__
from pipeline.errors import AuditError
from pipeline.findings import Findings
from pipeline.flows.compute import open_run
from pipeline.flows.lives import Failing, changes, completions, rule_contents
from pipeline.measures.headlines import HEADLINES, drawn
from pipeline.model import ResolvedAudit, RunResult, Window
from pipeline.model.history import Before, History
from pipeline.progress import Progress
from pipeline.registry import runs
from pipeline.registry.database import Registry
from pipeline.registry.lives import record_lives, record_rules
from pipeline.registry.runs import Run
from pipeline.rules.contents import standard_of
from pipeline.snapshot.history import save_history
from pipeline.snapshot.manifest import load_manifest

_HEADLINES: Final = frozenset(measure.name for measure in HEADLINES)

_EARLIER: Final = 11
"""The runs before that a report draws: with itself twelve."""

_FORGOTTEN_AFTER: Final = timedelta(days=1)
"""No run needs so long between being announced and getting its name."""


def recalling(
    registry: Registry, run_id: str, output: Path, data: Path
) -> Callable[[ResolvedAudit, Window, Findings], None]:
    """Keeps beside a snapshot what the registry knows of the runs before it, and what became of
    their findings; nothing of an audit without an id, which nobody can tell from another.
    """

    def recall(audit: ResolvedAudit, window: Window, listed: Findings) -> None:
        if not audit.id:
            return
        run = _run_of(run_id, audit.id, window, output, data)
        with registry.transaction() as connection:
            earlier = runs.earlier(
                connection, run.audit_id, run.period, run.as_of, most=_EARLIER
            )
            known = None
            if earlier and runs.is_later(connection, run):
                failing = Failing(audit, window, data, listed.items, listed.exempt)
                known = completions(connection, run, failing)
        before = earlier[-1] if earlier else None
        save_history(data, History(before, known, run.rules, tuple(map(_drawn, earlier))))

    return recall


def _drawn(run: Before) -> Before:
    """The run with the figures of which a line is drawn."""
    lines = {who: drawn(figures) for who, figures in run.figures.items()}
    return replace(run, figures={who: figures for who, figures in lines.items() if figures})


def announce(registry: Registry, result: RunResult, output: Path, data: Path) -> Run:
    """Writes down that a run is about to be published."""
    run = _run_of(result.run_id, result.audit_id, result.window, output, data)
    with registry.transaction() as connection:
        runs.announce(connection, run)
    return run


def complete(registry: Registry, output: Path, now: datetime, progress: Progress) -> None:
    """Records the runs of this place whose process died after publishing; forgets those whose
    process died before.
    """
    place = _place_of(output)
    with registry.transaction() as connection:
        waiting = runs.announced(connection, place)
    for run_id, as_of in waiting:
        published = output / "runs" / run_id
        if published.is_dir():
            _complete(registry, published, output, progress)
        elif now - as_of > _FORGOTTEN_AFTER:
            with registry.transaction() as connection:
                runs.withdraw(connection, run_id)


def _complete(registry: Registry, published: Path, output: Path, progress: Progress) -> None:
    data = published / "snapshot"
    try:
        result = open_run(published, progress)
    except AuditError:  # of another version, or altered: it is published all the same
        with registry.transaction() as connection:
            number = runs.number_of(connection, published.name)
            if number is not None:
                runs.record(connection, number, observed=False)
        return
    run = _run_of(published.name, result.audit_id, result.window, output, data)
    remember(registry, run, result, data)


def _run_of(run_id: str, audit_id: str, window: Window, output: Path, data: Path) -> Run:
    """The run as the registry keeps it."""
    audit = load_manifest(data).audit
    assert audit is not None, "this version wrote it"
    return Run(
        audit_id=audit_id,
        run_id=run_id,
        place=_place_of(output),
        as_of=window.as_of,
        injected=window.injected,
        day=_day(window),
        period=window.word or "",
        first=window.first,
        after_last=window.after_last,
        program=__version__,
        rules=standard_of(audit.field_sets, audit.shares),
    )


def _place_of(output: Path) -> str:
    """This machine and its output folder."""
    return f"{socket.gethostname()}:{output.resolve()}"


def _day(window: Window) -> date:
    """The last local day that the run's period can hold: of a fire the day before."""
    if window.fire is None:
        return window.today
    return window.fire.astimezone(ZoneInfo(window.zone)).date() - timedelta(days=1)


def remember(registry: Registry, run: Run, result: RunResult, data: Path) -> None:
    """Records a published run, all in one transaction; nothing where another process did."""
    with registry.transaction() as connection:
        number = runs.number_of(connection, run.run_id)
        if number is None:
            return
        observed = bool(run.audit_id) and runs.is_later(connection, run)
        runs.record(connection, number, observed=observed)
        headlines = result.figures.only(lambda heading: heading.metric in _HEADLINES)
        runs.record_headlines(connection, number, headlines.numbers())
        if observed:
            audit = load_manifest(data).audit
            assert audit is not None, "this version wrote it"
            record_rules(connection, run.audit_id, number, rule_contents(audit))
            failing = Failing(audit, result.window, data, result.fix_list, result.exempt)
            record_lives(connection, run.audit_id, number, changes(connection, failing))
