"""`crm-audit check`: what would be audited."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.common import AUDIT_FILE, now


@click.command()
@click.argument("audit_file", type=AUDIT_FILE, default=Path("audit.yaml"))
def check(audit_file: Path) -> None:
    """Checks configuration, field sets and connection, and shows what would be
    audited. Publishes nothing.

    \b
    Example: crm-audit check audit.yaml
    """
    from pipeline.config import load_audit
    from pipeline.flows.check import check_audit

    check_audit(load_audit(audit_file), now())
