"""`crm-audit run`: one run by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pipeline.cli.common import AUDIT_FILE, FOLDER, now, shown_progress, warn
from pipeline.errors import AuditError, ConfigError, PublishError

if TYPE_CHECKING:
    from pipeline.config import Audit
    from pipeline.flows.run import Outcome
    from pipeline.registry.fires import Fire, Ledger


_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999


@click.command()
@click.argument("audit_file", type=AUDIT_FILE, default=Path("audit.yaml"))
@click.option(
    "--as-of",
    help="The instant of the audit, with its zone: 2026-11-16T07:00+01:00. Default: now.",
)
@click.option("--output", type=FOLDER, help="Where reports go.")
def run(audit_file: Path, as_of: str | None, output: Path | None) -> None:
    """Audits now: HTML and Excel under the output folder, a summary here, the
    report's path as the last line.

    \b
    Example: crm-audit run audit.yaml --as-of 2026-11-16T07:00+01:00
    """
    run_by_hand(audit_file, None if as_of is None else _instant(as_of), output)


def run_by_hand(audit_file: Path, as_of: datetime | None, output: Path | None) -> None:
    """Runs by hand; the ledger records it like any other run."""
    from pipeline.cli.summary import print_summary
    from pipeline.config import load_audit
    from pipeline.flows.run import run_audit
    from pipeline.registry.fires import MANUAL, Fire, Ledger

    audit = load_audit(audit_file, output=output)
    started = now()
    run_id = f"{started:%Y%m%dT%H%M%S%fZ}-{MANUAL}"
    ledger, fire = (
        Ledger(audit.registry()),
        Fire(audit.settings.name, MANUAL, started),
    )
    with ledger.by_hand(fire.audit, audit.output, started):
        ledger.opened(fire, run_id, started)
        try:
            with shown_progress() as progress:
                outcome = run_audit(
                    audit, run_id=run_id, clock=now, progress=progress, as_of=as_of
                )
        except AuditError as error:
            ledger.failed(fire, error.exit_status, str(error), now())
            raise
        unwritten = _written_down(ledger, fire)
    print_summary(outcome.result)
    click.echo(_held(audit, outcome.transaction_seconds))
    warn((*outcome.warnings, *unwritten))
    click.echo(_report_of(audit, outcome))


def _written_down(ledger: Ledger, fire: Fire) -> tuple[str, ...]:
    """Closes the run in the ledger; a failure there does not undo a published report."""
    try:
        ledger.published(fire, now())
    except PublishError as error:
        return (f"the report is published, and the next run writes that down: {error}",)
    return ()


def _held(audit: Audit, seconds: float) -> str:
    from pipeline.source import duration_text

    limit = duration_text(audit.settings.source.max_hold)
    return (
        f"The CRM was held for {duration_text(round(seconds, 1))}; at most {limit} are allowed."
    )


def _report_of(audit: Audit, outcome: Outcome) -> Path:
    """The path to open: through `latest` if possible, relative to the current folder."""
    report = audit.output / "latest" / "report.html"
    report = (
        report
        if report.resolve().is_relative_to(outcome.folder.resolve())
        else outcome.folder / "report.html"
    )
    here = Path.cwd()
    return report.relative_to(here) if report.is_relative_to(here) else report


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ConfigError(
            f"--as-of: '{text}' is not an instant with a zone; write one like 2026-11-16T07:00+01:00."
        )
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise ConfigError(
            f"--as-of: '{text}' is in no year from {_FIRST_YEAR} to {_LAST_YEAR}; correct it."
        )
    return instant.astimezone(UTC)
