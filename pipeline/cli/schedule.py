"""`crm-audit schedule`: audits by itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.common import AUDIT_FILE, FOLDER, now, shown_progress, warn


@click.command()
@click.argument("audit_file", type=AUDIT_FILE, default=Path("audit.yaml"))
@click.option("--output", type=FOLDER, help="Where reports go.")
@click.option(
    "--unit", type=click.Choice(["systemd", "launchd"]),
    help="Print what makes this machine keep the schedule running, and end: systemd on Linux, launchd on macOS.",
)  # fmt: skip
def schedule(audit_file: Path, output: Path | None, unit: str | None) -> None:
    """Audits by itself at the hours of audit.yaml, until it is stopped. Each hour is published once or is missed.

    It reads audit.yaml, rules and targets anew for each run; another `output` counts from the next start.

    \b
    Example: crm-audit schedule audit.yaml
             crm-audit schedule audit.yaml --unit systemd   prints a unit that keeps it running
    """
    from pipeline.config import load_audit
    from pipeline.ledger import Ledger
    from pipeline.run import run_audit
    from pipeline.schedule import Scheduler, Timetable, read_timetable

    reports = load_audit(audit_file, output=output).output

    def read() -> Timetable:
        settings = load_audit(audit_file, output=reports).settings
        return read_timetable(settings.name, settings.zone, settings.schedule, reports)

    if unit:
        from pipeline.supervisor import Service, unit_text

        read()
        click.echo(unit_text(unit, Service.of(audit_file, reports)), nl=False)
        return

    def publish(run_id: str, due: datetime) -> None:
        audit = load_audit(audit_file, output=reports)
        with shown_progress() as progress:
            outcome = run_audit(audit, run_id=run_id, clock=now, progress=progress, fire=due)
        warn(outcome.warnings)

    ledger = Ledger(reports / "ledger.db")
    Scheduler(read, ledger, now, publish, lambda line: click.echo(line, err=True)).run_forever()
