"""\"This is not right\": a mail about a record, for whoever leads the team."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final
from urllib.parse import quote

from pipeline.language.labels import entity_label
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.model import FixItem
from pipeline.reports.content.report import clean

NOT_RIGHT: Final = marked("This is not right")
"""The text of the link."""

_REASONS: Final = (
    marked("not mine"),
    marked("does not exist"),
    marked("a fault of the CRM"),
    marked("with somebody else"),
)
_MOST_NAMED: Final = 10
"""Findings that a mail names: programs cut long links."""
_LINE_END: Final = "\r\n"
_PLAIN: Final = "!$()*,;:@/"
"""Characters that a mailto: link holds as they are (RFC 6068), beside letters and digits."""


def dispute_link(item: FixItem, address: str, language: Language) -> str:
    """A mailto: link with subject and text in the page's language. It names the record by its
    kind and number, its findings, and reasons to choose from; no name of anybody.
    """
    kind = entity_label(item.entity, language)
    subject = language.translate(
        "Not right: {kind} {number}", kind=kind, number=clean(item.record_id)
    )
    return _link(address, subject, [*_findings(item, language), "", *_reasons(language)])


def short_dispute_links(
    item: FixItem, finding: str, address: str, language: Language
) -> Iterator[str]:
    """The same about one finding, which its subject names; then without a text."""
    subject = language.translate(
        "Not right: {kind} {number}, {finding}",
        kind=entity_label(item.entity, language),
        number=clean(item.record_id),
        finding=finding,
    )
    yield _link(address, subject, _reasons(language))
    yield _link(address, subject)


def _link(address: str, subject: str, lines: Iterable[str] = ()) -> str:
    text = _encoded(_LINE_END.join(lines))
    link = f"mailto:{_encoded_address(address)}?subject={_encoded(subject)}"
    return f"{link}&body={text}" if text else link


@lru_cache(10)  # there is one in a report
def _encoded_address(address: str) -> str:
    return quote(address, safe="@")


@lru_cache(4_000)  # the reasons are the same for all, and a list is gone through five times
def _encoded(text: str) -> str:
    return quote(text, safe=_PLAIN)


def _findings(item: FixItem, language: Language) -> Iterator[str]:
    for finding, missing in zip(item.ids[:_MOST_NAMED], item.missing, strict=False):
        yield f"{finding}: {clean(language.chosen(missing))}"


@cache
def _reasons(language: Language) -> tuple[str, ...]:
    """A reason a line, so that those which do not apply are easily deleted."""
    return (
        language.translate("Please keep the reason that applies:"),
        *(language.translate(reason) for reason in _REASONS),
    )
