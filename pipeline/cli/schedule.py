"""`crm-audit schedule`: audits by itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.common import AUDIT_FILE, FOLDER, now, shown_progress, warn

if TYPE_CHECKING:
    from pipeline.config import Audit
    from pipeline.schedule.scheduler import Scheduler, Timetable


@click.command()
@click.argument("audit_file", type=AUDIT_FILE, default=Path("audit.yaml"))
@click.option("--output", type=FOLDER, help="Where reports go.")
@click.option(
    "--unit",
    type=click.Choice(["systemd", "launchd"]),
    help="Print a unit that keeps the schedule running, and exit: systemd on Linux, launchd on macOS.",
)
def schedule(audit_file: Path, output: Path | None, unit: str | None) -> None:
    """Audits at the hours in audit.yaml until it is stopped. Each hour is published
    once, or missed.

    It reads audit.yaml, rules and targets again for each run; a changed `output`
    takes effect at the next start.

    \b
    Example: crm-audit schedule audit.yaml
             crm-audit schedule audit.yaml --unit systemd   prints a unit that keeps it running
    """
    if unit:
        from pipeline.schedule.supervisor import Service, unit_text

        click.echo(
            unit_text(unit, Service.of(audit_file, _timetable(audit_file, output).output)),
            nl=False,
        )
    else:
        scheduler_of(audit_file, output).run_forever()


def _timetable(audit_file: Path, output: Path | None) -> Timetable:
    from pipeline.config import load_audit

    return _timetable_of(load_audit(audit_file, output=output))


def _timetable_of(audit: Audit) -> Timetable:
    from pipeline.schedule.scheduler import read_timetable

    return read_timetable(
        audit.settings.name, audit.settings.zone, audit.settings.schedule, audit.output
    )


def scheduler_of(audit_file: Path, output: Path | None) -> Scheduler:
    """The scheduler of an audit.yaml.

    It reads the file and everything it names again for the hours and for each run, except the
    output folder and the registry.
    """
    from pipeline.config import load_audit
    from pipeline.flows.run import run_audit
    from pipeline.registry.fires import Ledger
    from pipeline.schedule.scheduler import Scheduler

    audit = load_audit(audit_file, output=output)
    reports = _timetable_of(audit).output
    registry = audit.registry()

    def read() -> Timetable:
        return _timetable(audit_file, reports)

    def publish(run_id: str, due: datetime) -> None:
        audit = load_audit(audit_file, output=reports)
        with shown_progress() as progress:
            outcome = run_audit(audit, run_id=run_id, clock=now, progress=progress, fire=due)
        warn(outcome.warnings)

    def tell(line: str) -> None:
        click.echo(line, err=True)

    return Scheduler(read, Ledger(registry), now, publish, tell)
