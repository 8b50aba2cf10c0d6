"""Reads a published page back, with another library, and reports differences.

It knows only the marks of a page, not the templates: `data-figure`, `data-row`, `data-item`,
`data-meta`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from lxml import etree

from pipeline.language.format import day_text, format_figure
from pipeline.language.labels import kind_label
from pipeline.language.languages import Language
from pipeline.model import Difference, Figure, FixItem, RunResult
from pipeline.model.history import AGO
from pipeline.reports.content.disputes import NOT_RIGHT, dispute_link
from pipeline.reports.content.fix_list import figures_of, groups_of
from pipeline.reports.content.report import (
    Report,
    Row,
    as_of_text,
    clean,
    gain_text,
    halves,
    label_text,
    missing_texts,
    parts_of,
    period_text,
    queued_text,
    rest_of,
    section_of,
    shows_day,
    web_address,
)
from pipeline.values.visible import decoded

NOT_THERE: Final = "nothing"
_LINK_TEXT: Final = "Open"

Find = Callable[[etree._Element], list[etree._Element]]


def _marked(*marks: str) -> Find:
    """Finds elements with any of these marks, in the order of the page, including the root."""
    either = " or ".join(f"@{mark}" for mark in marks)
    return cast(Find, etree.XPath(f"descendant-or-self::*[{either}]"))


_FIGURES: Final = _marked("data-figure")
_ROWS: Final = _marked("data-row")
_PIECES: Final = _marked("data-label", "data-text", "data-figure")
_GROUPS: Final = _marked("data-group")
_ITEMS: Final = _marked("data-item")
_CELLS: Final = _marked("data-cell")
_METAS: Final = _marked("data-meta")
_string: Final = cast(
    Callable[[etree._Element], str], etree.XPath("string()", smart_strings=False)
)


@dataclass(frozen=True, slots=True)
class PageContent:
    """The marked contents of a page, in its order."""

    figures: tuple[tuple[str, str], ...]  # (figure id, text)
    # (table's key or 'headline', then each label, text and figure id)
    rows: tuple[tuple[str, ...], ...]
    # (kind of the group's records, section, then each cell)
    groups: tuple[tuple[str, ...], ...]
    # (entity:record id, section, then each cell, and the link's address)
    fix_list: tuple[tuple[str, ...], ...]
    # ('run-id', 'as-of', 'period', 'zone' or 'title'; the text)
    meta: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ExpectedPage:
    """What must stand on a report's page: each key with its text."""

    figures: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    fix_list: tuple[tuple[str, str], ...]
    meta: Mapping[str, str]
    strangers: tuple[Difference, ...]  # what the report itself has wrong

    def differences(self, page: PageContent) -> list[Difference]:
        """Every difference of a page: figures, rows, fix-list and dates."""
        return [
            *self.strangers,
            *_compared("figure", self.figures, page.figures),
            *_compared("row", self.rows, tuple(map(_keyed, page.rows))),
            *_compared("group", self.groups, tuple(map(_keyed, page.groups))),
            *_compared("fix-list", self.fix_list, tuple(map(_keyed, page.fix_list))),
            *_meta_differences(self.meta, page),
        ]


def read_page(html: str) -> PageContent:
    """Every marked element of a page, including those in drawings."""
    return page_content(
        etree.fromstring(
            html.encode("utf-8"), etree.HTMLParser(encoding="utf-8", huge_tree=True)
        )
    )


def page_content(page: etree._Element) -> PageContent:
    """Every marked element of a page that is parsed."""
    return PageContent(
        figures=tuple(
            (decoded(_mark(element, "data-figure")), _text(element))
            for element in _FIGURES(page)
        ),
        rows=tuple(_row(element) for element in _ROWS(page)),
        groups=tuple(_repair(element, "data-group") for element in _GROUPS(page)),
        fix_list=tuple(_repair(element, "data-item") for element in _ITEMS(page)),
        meta=tuple((_mark(element, "data-meta"), _text(element)) for element in _METAS(page)),
    )


def page_differences(report: Report, html: str) -> list[Difference]:
    """Every difference between the page and its report: figures, rows, fix-list and dates."""
    return expected_page(report).differences(read_page(html))


def expected_page(report: Report) -> ExpectedPage:
    """What must stand on the report's page."""
    return ExpectedPage(
        figures=tuple(
            (figure.id, clean(format_figure(figure, report.language)))
            for figure in report.figures()
        ),
        rows=tuple(map(_keyed, _expected_rows(report))),
        groups=tuple(map(_keyed, _expected_groups(report))),
        fix_list=tuple(_keyed(_expected_repair(item, report)) for item in report.fix_list),
        meta=_expected_meta(report),
        strangers=tuple(_strangers(report)),
    )


# ----------------------------------------------------------------------------------------- read


def _text(element: etree._Element) -> str:
    """The element's whole text; most have nothing else in them."""
    return _string(element) if len(element) else element.text or ""


def _mark(element: etree._Element, mark: str) -> str:
    return str(element.get(mark))


def _row(row: etree._Element) -> tuple[str, ...]:
    pieces = (decoded(piece.get("data-figure") or "") or _text(piece) for piece in _PIECES(row))
    return (_mark(row, "data-row"), *pieces)


def _repair(row: etree._Element, mark: str) -> tuple[str, ...]:
    addresses = [str(link.get("href")) for link in row.iter("a")]
    texts = (f"{_mark(cell, 'data-cell')}: {_text(cell)}" for cell in _CELLS(row))
    return (decoded(_mark(row, mark)), _mark(row, "data-section"), *texts, *addresses)


# --------------------------------------------------------------------------------------- expect


def _expected_rows(report: Report) -> Iterator[tuple[str, ...]]:
    tables: Iterable[tuple[str, tuple[Row, ...]]] = (
        ("headline", report.headline),
        *((table.key, table.rows) for table in report.tables),
    )
    for key, rows in tables:
        for row in rows:
            cells = (
                cell.id if isinstance(cell, Figure) else clean(cell)
                for cell in row.cells
                if cell is not None
            )
            yield (key, clean(row.label), *cells)


def _expected_groups(report: Report) -> Iterator[tuple[str, ...]]:
    """The heading of each kind of record in every part of the fix-list."""
    language = report.language
    for part, items in parts_of(report):
        for group in groups_of(items, report.result.field_sets):
            reasons: list[str] = []
            for missing, why in group.reasons:
                reasons.append(f"missing: {clean(language.chosen(missing))}")
                reasons.append(f"why: {clean(language.chosen(why))}")
            heading = f"kind: {kind_label(group.entity, language)}"
            yield (group.entity, part, heading, *reasons)


def _expected_repair(item: FixItem, report: Report) -> tuple[str, ...]:
    language, address = report.language, web_address(item.link)
    mail = dispute_link(item, report.contact, language) if report.can_be_disputed else ""
    return (
        f"{item.entity}:{item.record_id}",
        section_of(item),
        f"label: {label_text(item, language)}",
        f"number: {clean(item.record_id)}",
        *([f"day: {day_text(item.day, language)}"] if item.day and shows_day(item) else []),
        *([f"queued: {queued_text(item, language)}"] if item.queued else []),
        *_expected_findings(item, language),
        *([f"gain: {gain_text(item, language)}"] if item.gain else []),
        f"link: {language.translate(_LINK_TEXT) if address else clean(item.link)}",
        *([f"dispute: {language.translate(NOT_RIGHT)}"] if mail else []),
        *filter(None, (address, mail)),
    )


def _expected_findings(item: FixItem, language: Language) -> Iterator[str]:
    for missing, finding in zip(missing_texts(item, language), item.ids, strict=True):
        yield f"missing: {clean(missing)}"
        yield f"finding: {finding}"


def _expected_meta(report: Report) -> dict[str, str]:
    window, language = report.result.window, report.language
    return {
        "run-id": clean(report.result.run_id),
        "as-of": as_of_text(window, language),
        "period": period_text(window, language),
        "zone": window.zone,
        "title": clean(report.title),
    }


# -------------------------------------------------------------------------------------- compare


def _keyed(parts: tuple[str, ...]) -> tuple[str, str]:
    """A row's key, which is its first two parts, and its whole text."""
    return " ".join(parts[:2]), " | ".join(parts)


def _compared(
    what: str, expected: tuple[tuple[str, str], ...], actual: tuple[tuple[str, str], ...]
) -> Iterator[Difference]:
    """Compares both sides by key, with repeats: texts altered, lost or added."""
    if expected == actual:
        return
    sides: tuple[dict[str, list[str]], dict[str, list[str]]] = (
        defaultdict(list),
        defaultdict(list),
    )
    for side, pairs in zip(sides, (expected, actual), strict=True):
        for key, text in pairs:
            side[key].append(text)
    for key in dict.fromkeys((*sides[0], *sides[1])):
        wanted, got = sides[0].get(key, []), sides[1].get(key, [])
        if wanted != got:
            yield key, what, _listed(wanted), _listed(got)


def _listed(texts: list[str]) -> str:
    return " / ".join(texts) if texts else NOT_THERE


def _strangers(report: Report) -> Iterator[Difference]:
    """Figures of the report that differ from the result's."""
    owner = report.person.id if report.person else ""
    listed = figures_of(report.result, owner, report.fix_list)
    for figure in report.figures():
        own = listed.get(figure.id) or _of_edition(report.result, figure.id)
        if own != figure:
            yield (
                figure.id,
                "edition",
                format_figure(own, report.language) if own else NOT_THERE,
                format_figure(figure, report.language),
            )


def _of_edition(result: RunResult, name: str) -> Figure | None:
    whole, _, half = name.rpartition("#")
    part: dict[str, Callable[[Figure], Figure | None]] = {
        "numerator": lambda figure: halves(figure)[0],
        "denominator": lambda figure: halves(figure)[1],
        "rest": rest_of,
        "was": result.was,
    }
    if half in part and whole in result.figures:
        return part[half](result.figures[whole])
    if (ago := half.removeprefix(AGO[1:])).isdecimal() and whole in result.figures:
        return result.ago(result.figures[whole], int(ago))
    return result.figures.get(name)


def _meta_differences(wanted: Mapping[str, str], page: PageContent) -> Iterator[Difference]:
    """The as-of must be right in head and foot, and so must every other mark."""
    texts: dict[str, list[str]] = defaultdict(list)
    for name, text in page.meta:
        texts[name].append(text)
    for name, expected in wanted.items():
        times = 2 if name == "as-of" else 1
        if texts[name] != [expected] * times:
            yield name, "head and foot", _listed([expected] * times), _listed(texts[name])
