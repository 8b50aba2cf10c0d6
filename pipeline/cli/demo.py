"""`crm-audit demo`: a CRM to try everything with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from pipeline.cli.common import FOLDER, now
from pipeline.cli.run import run_by_hand
from pipeline.errors import ConfigError

_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2998


@click.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Place the records around this day; audit as of 09:00.",
)
@click.option("--run", "and_run", is_flag=True, help="Audit the demo at once.")
@click.option("--output", type=FOLDER, help="Where reports go.")
def demo(folder: Path, today: datetime | None, and_run: bool, output: Path | None) -> None:
    """Writes a demo CRM into FOLDER: fictional people, believable dirt,
    plans, and an audit.yaml.

    \b
    Example: crm-audit demo demo --today 2026-11-24 --run
    """
    from pipeline.demo import DEMO_ZONE, write_demo

    zone = ZoneInfo(DEMO_ZONE)
    if today and not _FIRST_YEAR <= today.year <= _LAST_YEAR:
        raise ConfigError(f"--today: write a day of the years {_FIRST_YEAR} to {_LAST_YEAR}.")
    day: date = today.date() if today else now().astimezone(zone).date()
    files = write_demo(folder, day)
    click.echo(f"A demo CRM of fictional people, around {day}: {files.database}", err=True)
    if and_run:
        as_of = datetime.combine(day, time(9), zone).astimezone(UTC) if today else None
        run_by_hand(files.config, as_of, output)
    else:
        click.echo(files.config)
