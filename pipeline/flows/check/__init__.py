"""`crm-audit check`: shows what would be audited."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding

from pipeline.config import Audit, completed
from pipeline.flows.check.demands import on_unfailed, on_unused
from pipeline.flows.check.looking import Seen, look
from pipeline.flows.check.sentences import (
    on_creators,
    on_exceptions,
    on_field_sets,
    on_formats,
    on_not_given,
    on_operators,
    on_origins,
    on_the_account,
    on_the_agreement,
    on_the_hold,
    on_the_id,
    on_the_region,
    on_unmarked,
)
from pipeline.flows.check.tables import account_table, column_table, range_table
from pipeline.flows.compute import targets_of_strangers
from pipeline.flows.extract import window_of
from pipeline.language.languages import joined_texts
from pipeline.model import Window
from pipeline.proof.plausible import must_be_plausible

_WIDTH: Final = 100


def check_audit(audit: Audit, now: datetime) -> None:
    """Opens the source, counts, and prints the results. Raises the errors of a run."""
    # as wide as reads well, but not wider than the terminal
    width = min(_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else _WIDTH
    console = Console(width=width, highlight=False)
    audit.signer()  # a run would find out before it reads anything
    window = window_of(audit, now, injected=False)
    seen = look(audit, window)
    audit = completed(audit, seen.not_given)
    for part in _parts(audit, window, seen):
        console.print(part)
    must_be_plausible(seen.implausible, audit.settings.accept)
    console.print("[green]Ready:[/] crm-audit run " + escape(audit.file.name))


def _parts(audit: Audit, window: Window, seen: Seen) -> Iterator[RenderableType]:
    source = joined_texts((audit.preset.about, seen.moment), "; ")
    yield f"[bold]{escape(audit.settings.name)}[/]: {escape(str(source))}"
    yield f"Period {window.first} up to, not including, {window.after_last}; {window.zone}; today {window.today}\n"
    yield _title("What would be read")
    yield account_table(seen.accounts, audit.preset.entities)
    yield _title("From when to when")
    yield range_table(seen.profiles, ZoneInfo(window.zone))
    for profile in seen.profiles:
        if profile.rows:
            yield _title(
                f"{profile.entity}: {profile.rows:,} audited; how often a column is empty, some rows masked"
            )
            yield column_table(profile)
    yield _title("Minimum field sets")
    for line in (
        *on_field_sets(audit.field_sets),
        *on_operators(audit),
        *on_creators(audit.field_sets),
        *on_not_given(seen.not_given),
        *on_origins(audit.resolved()),
    ):
        indent = 2 + len(line) - len(line.lstrip())
        yield Padding(escape(line.strip()), (0, 0, 0, indent), expand=False)
    yield ""
    yield from on_the_account(seen.rights)
    yield escape(on_the_hold(seen.pace, audit.settings.source.max_hold))
    yield from map(escape, seen.advice)
    yield from map(escape, on_unmarked(audit.preset))
    warnings = (
        *on_the_id(audit.settings.id),
        *on_the_region(audit.resolved()),
        *on_the_agreement(audit.settings.agreed(), window.today),
        *on_exceptions(audit.exceptions, window.today),
        *on_unused(audit.field_sets, audit.measures),
        *on_unfailed(seen.unfailed),
        *targets_of_strangers(audit.targets, seen.people),
    )
    yield from (f"[yellow]Warning:[/] {escape(line)}" for line in warnings)
    if seen.fit:
        unread = on_formats(seen.fit, ZoneInfo(window.zone))
        yield from (f"[yellow]Warning:[/] {escape(line)}" for line in unread)
    for problem in seen.implausible:
        accepted = (
            "[yellow]Accepted:[/]"
            if problem.name in audit.settings.accept
            else "[red]Not plausible:[/]"
        )
        yield f"{accepted} {escape(f'{problem.name}: {problem.sentence}')}"


def _title(text: str) -> str:
    return f"[bold cyan]{escape(text)}[/]"
