"""Writes audit.yaml and an example plan; custom_preset.py writes a preset.

They are written as text, because their comments matter as much as their keys. Everything
from the CRM or the user passes `quoted` or `clean`, so no name breaks a line or becomes a key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import yaml

from pipeline.model import Audience, LanguageCode, LocalText
from pipeline.values.visible import printable

_WIDEST: Final = 60
_ID_CELLS: Final = ("=", "+", "-", "@")


def quoted(text: str) -> str:
    """The text as a YAML scalar on one line, whatever it holds."""
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=2**31)).strip()


def in_languages(text: LocalText) -> str:
    """A text in every language as a YAML value on one line."""
    wordings = asdict(text).items()
    return f"{{{', '.join(f'{code}: {quoted(wording)}' for code, wording in wordings)}}}"


def clean(text: object, most: int = _WIDEST) -> str:
    """The text for a comment or a terminal: printable, on one line, not too long."""
    shown = printable(str(text))
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


# ----------------------------------------------------------------------------------- audit.yaml


@dataclass(slots=True)
class Settings:
    """The contents of audit.yaml. The user must fill in whatever is None."""

    url: str
    preset: str
    recognised: str  # how, as a comment
    audit_id: str
    # whether the user's own preset maps the tables; missing columns are then added there
    own_mapping: bool = False
    zone: str | None = None
    currency: str | None = None
    currency_comment: str = ""
    language: LanguageCode = "en"
    audience: Audience = "own"
    crm_url: str = ""
    result: str | None = None  # 'meetings_cstm.result_c'
    result_comments: Sequence[str] = ()  # comments
    end_passed_is_held: bool = False
    targets_example: str | None = None
    open_keys: list[str] = field(default_factory=list)  # what is left to fill in, in words


def audit_text(settings: Settings) -> str:
    """audit.yaml with a comment at each key."""
    return "\n".join(_audit_lines(settings)) + "\n"


def _audit_lines(settings: Settings) -> Iterator[str]:
    yield "# What crm-audit audits, and how. Written by `crm-audit init`; it is yours to edit."
    yield "# Relative paths start at this file."
    if settings.open_keys:
        yield "#"
        yield "# STILL OPEN, because only you can know it:"
        yield from (f"#   - {clean(key, 110)}" for key in settings.open_keys)
    yield ""
    yield "# What the reports call the whole."
    yield "name: Sales"
    yield ""
    yield "# By this id its findings are known from run to run. Never change it, whatever the name."
    yield f"id: {settings.audit_id}"
    yield ""
    yield from _source_lines(settings)
    yield ""
    yield "# The zone of the people whose days are counted."
    yield f"zone: {quoted(settings.zone)}" if settings.zone else "# zone: Europe/Amsterdam"
    yield ""
    yield "# The currency of the plan, and of amounts that name none."
    reason = f"  # {clean(settings.currency_comment, 90)}" if settings.currency_comment else ""
    yield (
        f"currency: {quoted(settings.currency)}{reason}"
        if settings.currency
        else f"# currency: EUR{reason}"
    )
    yield ""
    yield "# The language of pages and workbooks: en or nl."
    yield f"language: {settings.language}"
    yield ""
    yield "# Whom management sees. own: teams of five or more; managers see their own page. named: everybody by"
    yield "# name, which may need the agreement of staff representatives: show them what `crm-audit disclose` prints."
    yield f"audience: {settings.audience}"
    yield "# The agreement, which every page names; `until` is its last day."
    yield "# agreement: {with: the works council, date: 2026-01-31, until: 2027-12-31}"
    yield from _rest_lines(settings)


def _source_lines(settings: Settings) -> Iterator[str]:
    yield "source:"
    yield "  # The database to read; it is never written to. Write secrets only as ${ENVIRONMENT_VARIABLE}."
    yield f"  url: {quoted(settings.url)}"
    yield f"  # {clean(settings.recognised, 110)}"
    yield f"  preset: {quoted(settings.preset)}"
    yield "  # The address of the CRM's pages: it makes the links in the fix-lists."
    yield (
        f"  crm_url: {quoted(settings.crm_url)}"
        if settings.crm_url
        else "  # crm_url: https://crm.example.com"
    )
    yield from (f"  # {clean(line, 110)}" for line in settings.result_comments)
    if settings.result:
        yield "  add:"
        yield f"    meeting.result: {quoted(settings.result)}"
    if settings.end_passed_is_held:
        yield "  # This CRM has no status of meetings: a meeting counts as held once its end has passed."
        yield "  end_passed_is_held: true"


def _rest_lines(settings: Settings) -> Iterator[str]:
    yield ""
    yield "# The days on which people work: they decide how many are left for the plan."
    yield "working_week: [mon, tue, wed, thu, fri]"
    yield ""
    yield "# The days that are audited: month is the month of the day before, on the 1st the one that has just ended."
    yield "period: month"
    yield ""
    yield "# The plan: a CSV with the columns manager, month, metric, target."
    if settings.targets_example:
        yield f"# Put your numbers into {clean(settings.targets_example)}, then take away the # of the next line."
    yield f"# targets: {quoted(settings.targets_example or 'targets.csv')}"
    yield ""
    yield "# What is not asked of a record until a day, and what is under discussion: a CSV with the columns"
    yield "# finding, kind, record, rule, state, reason, approver, until. See docs/exceptions.md."
    yield "# exceptions: exceptions.csv"
    yield "# To whom managers write what is not right, if the CRM does not tell their leader's address."
    yield "# contact: crm-team@example.com"
    yield ""
    yield "# Where reports go."
    yield "output: output"
    yield ""
    yield "# When the audit runs on its own, in cron's notation: minute hour day month weekday."
    yield "# schedule:"
    yield '#   weekly: "0 7 * * mon"  # Monday 07:00'


def targets_text(managers: Iterable[tuple[str, str]], month: str) -> str:
    """A plan with a line per manager; the name is for the reader only."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("manager", "month", "metric", "target", "name"))
    for key, name in managers:
        shown = clean(name)
        writer.writerow(
            (
                key,
                month,
                "meetings_held",
                20,
                f"'{shown}" if shown.startswith(_ID_CELLS) else shown,
            )
        )
    return text.getvalue()
