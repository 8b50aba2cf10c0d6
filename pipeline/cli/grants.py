"""`crm-audit grants`: the account that may read the CRM."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from pipeline.cli.common import AUDIT_FILE
from pipeline.errors import ConfigError


@click.command()
@click.argument("audit_file", type=AUDIT_FILE, required=False)
@click.option("--preset", "preset_name", help="The preset, if there is no audit.yaml yet.")
@click.option(
    "--account",
    help="The account to make, as NAME or NAME@HOST. Default: that of source.url, or crm_audit.",
)
@click.option(
    "--database", help="The CRM's database. Default: that of source.url, or the preset's name."
)
@click.option(
    "--dialect",
    help="mariadb, mysql, postgresql or sqlite. Default: that of source.url or of the preset.",
)
@click.option(
    "--custom",
    is_flag=True,
    help="Tables of custom fields too, if there are any; init looks into them.",
)
def grants(
    audit_file: Path | None,
    preset_name: str | None,
    account: str | None,
    database: str | None,
    dialect: str | None,
    custom: bool,
) -> None:
    """Prints the SQL for a read-only account: SELECT on the tables that the preset
    reads, and nothing else.

    Its password is the environment variable CRM_PASSWORD; if that is not set, one is
    made up and printed.

    \b
    Example: crm-audit grants --preset suitecrm --database suitecrm
             crm-audit grants --preset suitecrm --database suitecrm --custom | mariadb
             crm-audit grants audit.yaml           with the custom fields that audit.yaml adds
    """
    from pipeline.config import load_audit
    from pipeline.presets import load_preset
    from pipeline.setup.grants import grants as text_of

    audit = load_audit(audit_file) if audit_file else None
    if audit is None and preset_name is None:
        raise ConfigError("grants: name an audit.yaml, or a preset with --preset.")
    if audit and preset_name not in (None, audit.settings.source.preset):
        raise ConfigError(
            f"--preset: {audit_file} names {audit.settings.source.preset}; leave one of them out."
        )
    preset = audit.preset if audit else load_preset(str(preset_name), Path.cwd())
    configured = os.environ.get("CRM_PASSWORD")
    password = configured or secrets.token_urlsafe(18)
    sql = text_of(
        preset,
        audit=audit,
        account=account,
        database=database,
        dialect=dialect,
        custom=custom,
        password=password,
    )
    click.echo(sql)
    if not configured and password in sql:
        click.echo(
            f"Its password was made up, and is kept nowhere else: export CRM_PASSWORD='{password}'",
            err=True,
        )
