"""\"This is not right\": a mail about a record, for whoever leads the team."""

from __future__ import annotations

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


def dispute_link(item: FixItem, address: str, language: Language) -> str:
    """A mailto: link with subject and text in the page's language. It names the record by its
    kind and number, its findings, and reasons to choose from; no name of anybody.
    """
    subject = language.translate("Not right: {kind} {number}", **_record(item, language))
    text = _LINE_END.join(_lines(item, language))
    return (
        f"mailto:{quote(address, safe='@')}?subject={_encoded(subject)}&body={_encoded(text)}"
    )


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _record(item: FixItem, language: Language) -> dict[str, str]:
    return {
        "kind": entity_label(item.entity, language),
        "number": clean(item.record_id),
    }


def _lines(item: FixItem, language: Language) -> list[str]:
    findings = zip(item.ids[:_MOST_NAMED], item.missing, strict=False)
    return [
        language.translate(
            "This is not right ({kind}, number {number}):", **_record(item, language)
        ),
        *(f"- {finding}: {clean(language.chosen(missing))}" for finding, missing in findings),
        "",
        language.translate("Please keep the reason that applies:"),
        *(f"- {language.translate(reason)}" for reason in _REASONS),
    ]
