"""`crm-audit init`: the first ten minutes with a CRM."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from pipeline.cli.common import AUDIT_FILE, now


@click.command()
@click.option(
    "--source", "address", required=True, help="The database; write its password as ${NAME}."
)
@click.option(
    "--output",
    type=AUDIT_FILE,
    default=Path("audit.yaml"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--yes", is_flag=True, help="Ask nothing: what changes a figure stays open, and is named."
)
@click.option("--preset", "preset_name", help="The preset; without it, the CRM is recognised.")
def init(address: str, output: Path, yes: bool, preset_name: str | None) -> None:
    """Recognises the CRM from its tables, asks only what it cannot know, and
    writes a commented audit.yaml.

    \b
    Example: crm-audit init --source 'mysql+pymysql://reader:${CRM_PASSWORD}@127.0.0.1/suitecrm'
    """
    from pipeline.setup import initialise

    asking = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    initialise(
        address,
        output,
        preset=preset_name,
        asking=asking,
        now=now(),
        new_id=lambda: f"audit-{secrets.token_hex(4)}",
    )
