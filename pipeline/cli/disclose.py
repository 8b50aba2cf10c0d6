"""`crm-audit disclose`: what is measured of whom, for staff representatives."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from pipeline.cli.common import AUDIT_FILE, now
from pipeline.model import LanguageCode


@click.command()
@click.argument("audit_file", type=AUDIT_FILE, default=Path("audit.yaml"))
@click.option(
    "--language",
    type=click.Choice(get_args(LanguageCode)),
    help="The language of the text. Default: that of audit.yaml.",
)
def disclose(audit_file: Path, language: LanguageCode | None) -> None:
    """Prints what is measured of whom, who sees it and how long it is kept.

    The text is for a works council, or as an annex to a data protection impact assessment. It
    needs no connection to the CRM.

    \b
    Example: crm-audit disclose audit.yaml --language nl > works-council.txt
    """
    from pipeline.config import load_audit
    from pipeline.flows.disclosure import disclosure

    audit = load_audit(audit_file)
    click.echo(disclosure(audit, language or audit.settings.language, now()), nl=False)
