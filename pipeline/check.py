"""`crm-audit check`: what would be audited, before anything is."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console
from rich.table import Table

from pipeline import source
from pipeline.config import Audit, secrets_of
from pipeline.model import FieldSet, TableAccount
from pipeline.run import window_of


def check_audit(audit: Audit, now: datetime) -> None:
    """Opens the source, counts, and prints what it found to standard output. Raises as a run would."""
    console = Console() if sys.stdout.isatty() else Console(width=120)
    window = window_of(audit, now, injected=False)
    engine = source.open_engine(secrets_of(audit.settings.source.url), audit.file.parent, audit.preset)
    demand = source.Demand(audit.preset, audit.settings.source.add, audit.settings.currency, frozenset(audit.absent))
    try:
        with source.consistent(engine) as connection:
            reading = source.Reading(connection, demand)
            accounts, advice = reading.accounts(), source.advice(connection)
    finally:
        engine.dispose()
    console.print(f"[bold]{audit.settings.name}[/]: {audit.preset.about}")
    console.print(
        f"Period {window.first} up to, not including, {window.after_last}; {window.zone}; today {window.today}"
    )
    console.print(_accounts(accounts))
    console.print(_field_sets(audit))
    for line in advice:
        console.print(line)
    console.print("[green]Ready:[/] crm-audit run " + audit.file.name)


def _accounts(accounts: list[TableAccount]) -> Table:
    table = Table("Table", title="What would be read", title_justify="left")
    for heading in ("Rows", "Audited", "Excluded"):
        table.add_column(heading, justify="right")
    table.add_column("by reason")
    for account in accounts:
        reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(account.excluded.items()))
        excluded = sum(account.excluded.values())
        table.add_row(account.table, f"{account.rows:,}", f"{account.audited:,}", f"{excluded:,}", reasons)
    return table


def _field_sets(audit: Audit) -> Table:
    table = Table("Record", "owes", "not checked", title="Minimum field sets", title_justify="left")
    for entity, fields in audit.field_sets.items():
        absent = "; ".join(f"{name}: {why}" for name, why in fields.absent.items())
        table.add_row(entity, _owed(fields), absent or "–")
    return table


def _owed(fields: FieldSet) -> str:
    return ", ".join(f.label + (f" (once {f.when})" if f.when else "") for f in fields.fields) or "nothing"
