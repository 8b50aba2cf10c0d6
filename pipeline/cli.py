"""The command line: parses, delegates, and leaves an exit status that says how it ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

import click

from pipeline import __version__
from pipeline.errors import AuditError, ConfigError, ProofError

if TYPE_CHECKING:
    from pipeline.config import Audit
    from pipeline.progress import Progress
    from pipeline.run import Outcome

_EXIT = """\b
Exit status: 0 published; 2 configuration or usage; 3 the source could not be read; 4 the proof failed;
5 the result could not be written; 70 a defect of ours; 130 interrupted."""

_AUDIT_FILE = click.Path(path_type=Path, dir_okay=False)


def _now() -> datetime:
    return datetime.now(UTC)


@click.group(epilog=_EXIT, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="crm-audit")
def cli() -> None:
    """Audits the data quality of a CRM, per manager, and publishes reports that equal it to the last digit.

    \b
    Examples:
      crm-audit demo demo --run          a demo CRM, and its reports
      crm-audit init --source URL        recognises your CRM and writes an audit.yaml
      crm-audit grants --preset suitecrm the account that may read it, and nothing else
      crm-audit check audit.yaml         what would be audited
      crm-audit run audit.yaml           audit now
      crm-audit schedule audit.yaml      audit by itself, at the hours that audit.yaml names
    """


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Lay the records around this day; audit as of 09:00.")
@click.option("--run", "and_run", is_flag=True, help="Audit the demo at once.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Where reports go.")
def demo(folder: Path, today: datetime | None, and_run: bool, output: Path | None) -> None:
    """Writes a demo CRM into FOLDER: fictional people, believable dirt, plans, and an audit.yaml.

    \b
    Example: crm-audit demo demo --today 2026-11-24 --run
    """
    from pipeline.demo import DEMO_ZONE, write_demo

    zone = ZoneInfo(DEMO_ZONE)
    day: date = today.date() if today else _now().astimezone(zone).date()
    files = write_demo(folder, day)
    click.echo(f"A demo CRM of fictional people, around {day}: {files.database}", err=True)
    if and_run:
        as_of = datetime.combine(day, time(9), zone).astimezone(UTC) if today else None
        _run(files.config, as_of, output)
    else:
        click.echo(files.config)


@cli.command()
@click.option("--source", "address", required=True, help="The database; write its password as ${NAME}.")
@click.option("--output", type=_AUDIT_FILE, default=Path("audit.yaml"), show_default=True, help="The file to write.")
@click.option("--yes", is_flag=True, help="Ask nothing: what changes a figure stays open, and is named.")
@click.option("--preset", "preset_name", help="The preset, where it is not to be recognised.")
def init(address: str, output: Path, yes: bool, preset_name: str | None) -> None:
    """Recognises the CRM from its tables, asks only what it cannot know, and writes a commented audit.yaml.

    \b
    Example: crm-audit init --source 'mysql+pymysql://reader:${CRM_PASSWORD}@127.0.0.1/suitecrm'
    """
    from pipeline.setup import initialise

    asking = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    initialise(address, output, preset=preset_name, asking=asking, now=_now())


@cli.command()
@click.argument("audit_file", type=_AUDIT_FILE, required=False)
@click.option("--preset", "preset_name", help="The preset, where there is no audit.yaml yet.")
@click.option("--account", help="The account to make, as NAME or NAME@HOST. Default: that of source.url, or crm_audit.")
@click.option("--database", help="The CRM's database. Default: that of source.url, or the preset's name.")
@click.option("--dialect", help="mariadb, mysql, postgresql or sqlite. Default: that of source.url or of the preset.")
def grants(
    audit_file: Path | None, preset_name: str | None, account: str | None, database: str | None, dialect: str | None
) -> None:
    """Prints the SQL that makes a read-only account: SELECT on what the preset reads, and nothing else.

    \b
    Example: crm-audit grants --preset suitecrm --database suitecrm
             crm-audit grants audit.yaml           with the custom fields that audit.yaml adds
    """
    from pipeline.config import load_audit
    from pipeline.grants import grants as text_of
    from pipeline.presets import load_preset

    audit = load_audit(audit_file) if audit_file else None
    if audit is None and preset_name is None:
        raise ConfigError("grants: name an audit.yaml, or a preset with --preset.")
    if audit and preset_name not in (None, audit.settings.source.preset):
        raise ConfigError(f"--preset: {audit_file} names {audit.settings.source.preset}; leave one of them out.")
    preset = audit.preset if audit else load_preset(str(preset_name), Path.cwd())
    click.echo(text_of(preset, audit=audit, account=account, database=database, dialect=dialect))


@cli.command()
@click.argument("audit_file", type=_AUDIT_FILE, default=Path("audit.yaml"))
def check(audit_file: Path) -> None:
    """Checks configuration, field sets and connection, and shows what would be audited. Publishes nothing.

    \b
    Example: crm-audit check audit.yaml
    """
    from pipeline.check import check_audit
    from pipeline.config import load_audit

    check_audit(load_audit(audit_file), _now())


@cli.command()
@click.argument("audit_file", type=_AUDIT_FILE, default=Path("audit.yaml"))
@click.option("--as-of", help="The instant of the audit, with its zone: 2026-11-16T07:00+01:00. Default: now.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Where reports go.")
def run(audit_file: Path, as_of: str | None, output: Path | None) -> None:
    """Audits now: HTML and Excel under the output folder, a summary here, the report's path as the last line.

    \b
    Example: crm-audit run audit.yaml --as-of 2026-11-16T07:00+01:00
    """
    _run(audit_file, _instant(as_of) if as_of else None, output)


@cli.command()
@click.argument("audit_file", type=_AUDIT_FILE, default=Path("audit.yaml"))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Where reports go.")
def schedule(audit_file: Path, output: Path | None) -> None:
    """Audits by itself at the hours of audit.yaml, until it is stopped. Each hour is published once or is missed.

    \b
    Example: crm-audit schedule audit.yaml
    """
    from pipeline.config import load_audit
    from pipeline.ledger import Ledger
    from pipeline.run import run_audit
    from pipeline.schedule import Scheduler, read_timetable

    audit = load_audit(audit_file, output=output)
    settings = audit.settings
    timetable = read_timetable(settings.name, settings.zone, settings.schedule, audit.output)

    def publish(run_id: str) -> None:
        with _progress() as progress:
            outcome = run_audit(audit, run_id=run_id, clock=_now, progress=progress)
        _warn(outcome)

    ledger = Ledger(audit.output / "ledger.db")
    Scheduler(timetable, ledger, _now, publish, lambda line: click.echo(line, err=True)).run_forever()


# ------------------------------------------------------------------------------------------------ one run


def _run(audit_file: Path, as_of: datetime | None, output: Path | None) -> None:
    """A run by hand, written into the ledger like any other."""
    from pipeline.config import load_audit
    from pipeline.ledger import MANUAL, Fire, Ledger
    from pipeline.run import run_audit
    from pipeline.summary import print_summary

    audit = load_audit(audit_file, output=output)
    started = _now()
    run_id = f"{started:%Y%m%dT%H%M%S%fZ}-{MANUAL}"
    ledger, fire = Ledger(audit.output / "ledger.db"), Fire(audit.settings.name, MANUAL, started)
    ledger.opened(fire, run_id, started)
    try:
        with _progress() as progress:
            outcome = run_audit(audit, run_id=run_id, clock=_now, progress=progress, as_of=as_of)
    except AuditError as error:
        ledger.failed(fire, error.exit_status, str(error), _now())
        raise
    ledger.published(fire, _now())
    print_summary(outcome.edition)
    click.echo(_held(audit, outcome.held_seconds))
    _warn(outcome)
    click.echo(_report_of(audit, outcome))


def _held(audit: Audit, seconds: float) -> str:
    from pipeline.source import said_duration

    limit = said_duration(audit.settings.source.max_hold)
    return f"The CRM was held for {said_duration(round(seconds, 1))}; at most {limit} are allowed."


def _warn(outcome: Outcome) -> None:
    for line in outcome.warnings:
        click.echo(f"Warning: {line}", err=True)


def _report_of(audit: Audit, outcome: Outcome) -> Path:
    """The path to open: through `latest`, relative where the user stands above it."""
    report = audit.output / "latest" / "report.html"
    report = report if report.resolve().is_relative_to(outcome.folder.resolve()) else outcome.folder / "report.html"
    here = Path.cwd()
    return report.relative_to(here) if report.is_relative_to(here) else report


@contextmanager
def _progress() -> Iterator[Progress]:
    from pipeline.progress import Bars, Lines

    progress: Progress = Bars(sys.stderr) if sys.stderr.isatty() else Lines(sys.stderr)
    try:
        yield progress
    finally:
        progress.close()


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ConfigError(f"--as-of: '{text}' is no instant with its zone; write one like 2026-11-16T07:00+01:00.")
    return instant.astimezone(UTC)


# ------------------------------------------------------------------------------------------------ how it ends


def main() -> NoReturn:
    """The program: runs a command and exits with the status that the help promises."""
    sys.exit(_guarded(lambda: cli.main(standalone_mode=False)))


def _guarded(command: Callable[[], object]) -> int:
    try:
        command()
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except click.ClickException as error:
        error.show()
        return ConfigError.exit_status
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing half-written was published.", err=True)
        return 130
    except AuditError as error:
        click.echo(f"crm-audit: {error}", err=True)
        if isinstance(error, ProofError) and error.differences:
            from pipeline.summary import print_differences

            print_differences(error.differences)
        return error.exit_status
    except Exception as error:  # noqa: BLE001 a defect of ours must not look like a result, nor quote the CRM's data
        click.echo(f"crm-audit: {_defect(error)}", err=True)
        return AuditError.exit_status
    return 0


def _defect(error: Exception) -> str:
    """What broke and where; the error's own text may quote the CRM's data and is left out."""
    from traceback import extract_tb

    frames = [frame for frame in extract_tb(error.__traceback__) if "pipeline" in Path(frame.filename).parts]
    where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"
    return f"a defect of crm-audit: {type(error).__name__} in {where}. Nothing was published; please report this line."
