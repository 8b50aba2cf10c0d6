"""`crm-audit schedule`: audits by itself."""

from __future__ import annotations

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

    \b
    Example: crm-audit schedule audit.yaml
             crm-audit schedule audit.yaml --unit systemd   prints a unit that keeps it running
    """
    from pipeline.config import load_audit
    from pipeline.ledger import Ledger
    from pipeline.run import run_audit
    from pipeline.schedule import Scheduler, read_timetable

    audit = load_audit(audit_file, output=output)
    settings = audit.settings
    timetable = read_timetable(settings.name, settings.zone, settings.schedule, audit.output)
    if unit:
        from pipeline.supervisor import Service, unit_text

        click.echo(unit_text(unit, Service.of(audit_file, audit.output)), nl=False)
        return

    def publish(run_id: str) -> None:
        with shown_progress() as progress:
            outcome = run_audit(audit, run_id=run_id, clock=now, progress=progress)
        warn(outcome.warnings)

    ledger = Ledger(audit.output / "ledger.db")
    Scheduler(timetable, ledger, now, publish, lambda line: click.echo(line, err=True)).run_forever()
