"""Reads a published page back, with another library, and reports differences.

It knows only the marks of a page, not the templates: `data-figure`, `data-row`, `data-item`,
`data-meta`, `data-words`. What no mark covers must hold no digit, and nothing may hide a mark:
that is `page_form`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, cast

from lxml import etree

from pipeline.language.format import day_text, format_figure
from pipeline.language.labels import kind_label
from pipeline.language.languages import Cell, Language
from pipeline.language.shown import is_shown_as
from pipeline.model import Difference, Figure, FixItem, RunResult
from pipeline.model.history import AGO
from pipeline.reports.content.disputes import NOT_RIGHT, dispute_link
from pipeline.reports.content.fix_list import figures_of, groups_of
from pipeline.reports.content.openings import Openings, TableOpenings, explanations_of
from pipeline.reports.content.report import (
    SECTIONS,
    Report,
    Row,
    Table,
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
from pipeline.reports.html.page_form import form_differences, head_of
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
_BARS: Final = cast(Find, etree.XPath("descendant::rect[@class = 'part']"))
_METAS: Final = _marked("data-meta")
_WORDS: Final = _marked("data-words")
_LISTS: Final = cast(
    Find, etree.XPath("descendant-or-self::div[starts-with(@id, 'fix-') and .//@data-item]")
)
_HEADING: Final = cast(Find, etree.XPath("(../h2 | ../summary/h2)//*[@data-figure]"))
_RECORDS: Final = _marked("data-group", "data-item")
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
    # (kind: 'column', 'note', …; the text) of every other text that may hold a digit
    words: tuple[tuple[str, str], ...]
    # (figure id, the anchor that it opens)
    opens: tuple[tuple[str, str], ...]
    # (a list's anchor; the figures of its heading, then each kind and record)
    lists: tuple[tuple[str, ...], ...]
    head: Mapping[str, str]  # 'title', 'run', 'language', 'reader': as what a browser takes it
    form: tuple[Difference, ...]  # what could hide a mark, or be read without one


@dataclass(frozen=True, slots=True)
class ExpectedPage:
    """What must stand on a report's page: each key with its text."""

    figures: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    fix_list: tuple[tuple[str, str], ...]
    meta: Mapping[str, str]
    words: tuple[tuple[str, str], ...]
    opens: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, ...], ...]
    head: Mapping[str, str]
    by_id: Mapping[str, Figure]
    language: Language
    strangers: tuple[Difference, ...]  # what the report itself has wrong

    def differences(self, page: PageContent) -> list[Difference]:
        """Every difference of a page: figures, rows, fix-list and dates."""
        return [
            *self.strangers,
            *_compared("figure", self.figures, page.figures),
            *_compared("row", self.rows, tuple(map(_keyed, page.rows))),
            *_compared("group", self.groups, tuple(map(_keyed, page.groups))),
            *_compared("fix-list", self.fix_list, tuple(map(_keyed, page.fix_list))),
            *_compared("link", self.opens, page.opens),
            *_misplaced("row", _of_tables(self.rows), _of_tables(map(_keyed, page.rows))),
            *_misplaced("text", self.words, page.words),
            *_misplaced("list", self.lists, page.lists),
            *_meta_differences(self.meta, page),
            *_head_differences(self.head, page.head),
            *self._misread(page),
            *page.form,
        ]

    def _misread(self, page: PageContent) -> Iterator[Difference]:
        """Figures whose texts, read as a reader does, are not their numbers."""
        for name, text in page.figures:
            figure = self.by_id.get(name)
            if figure is not None and not is_shown_as(figure, text, self.language.code):
                yield name, "as it reads", _exactly(figure), text


def read_page(html: str) -> PageContent:
    """Every marked element of a page, including those in drawings, and what its form has odd."""
    return page_content(
        etree.fromstring(
            html.encode("utf-8"), etree.HTMLParser(encoding="utf-8", huge_tree=True)
        )
    )


def page_content(page: etree._Element) -> PageContent:
    """Every marked element of a page that is parsed."""
    figures = _FIGURES(page)
    return PageContent(
        figures=tuple(
            (decoded(_mark(element, "data-figure")), _text(element)) for element in figures
        ),
        rows=tuple(_row(element) for element in _ROWS(page)),
        groups=tuple(_repair(element, "data-group") for element in _GROUPS(page)),
        fix_list=tuple(_repair(element, "data-item") for element in _ITEMS(page)),
        meta=tuple((_mark(element, "data-meta"), _text(element)) for element in _METAS(page)),
        words=tuple((_mark(element, "data-words"), _text(element)) for element in _WORDS(page)),
        opens=tuple(_opens(figures)),
        lists=tuple(line for part in _LISTS(page) for line in _listing(part)),
        head=head_of(page),
        form=tuple(form_differences(page)),
    )


def page_differences(report: Report, html: str) -> list[Difference]:
    """Every difference between the page and its report: figures, rows, fix-list and dates."""
    return expected_page(report).differences(read_page(html))


def expected_page(report: Report) -> ExpectedPage:
    """What must stand on the report's page."""
    figures = tuple(report.figures())
    return ExpectedPage(
        figures=tuple(
            (figure.id, clean(format_figure(figure, report.language))) for figure in figures
        ),
        rows=tuple(map(_keyed, _expected_rows(report))),
        groups=tuple(map(_keyed, _expected_groups(report))),
        fix_list=tuple(_keyed(_expected_repair(item, report)) for item in report.fix_list),
        meta=_expected_meta(report),
        words=tuple((kind, clean(text)) for kind, text in _expected_words(report)),
        opens=tuple(_expected_opens(report)),
        lists=tuple(_expected_lists(report)),
        head={
            "title": f"{clean(report.title)} · {period_text(report.result.window, report.language)}",
            "run": clean(report.result.run_id),
            "language": report.language.code,
            "reader": report.reader,
        },
        by_id={figure.id: figure for figure in figures},
        language=report.language,
        strangers=tuple(_strangers(report)),
    )


# ----------------------------------------------------------------------------------------- read


def _text(element: etree._Element) -> str:
    """The element's whole text; most have nothing else in them."""
    return _string(element) if len(element) else element.text or ""


def _mark(element: etree._Element, mark: str) -> str:
    return str(element.get(mark))


def _row(row: etree._Element) -> tuple[str, ...]:
    """Its label and cells; a table's empty ones too, so that none is under another heading."""
    bars = (f"bar {part.get('width')}" for part in _BARS(row))
    if row.tag != "tr":
        return (_mark(row, "data-row"), *map(_piece, _PIECES(row)), *bars)
    cells = (cell for cell in row if cell.get("class") != "drawing")
    texts = ("".join(map(_piece, _PIECES(cell))) if len(cell) else "" for cell in cells)
    return (_mark(row, "data-row"), *texts, *bars)


def _piece(piece: etree._Element) -> str:
    return decoded(piece.get("data-figure") or "") or _text(piece)


def _repair(row: etree._Element, mark: str) -> tuple[str, ...]:
    addresses = [str(link.get("href")) for link in row.iter("a")]
    texts = (f"{_mark(cell, 'data-cell')}: {_text(cell)}" for cell in _CELLS(row))
    return (decoded(_mark(row, mark)), _mark(row, "data-section"), *texts, *addresses)


def _opens(figures: Iterable[etree._Element]) -> Iterator[tuple[str, str]]:
    for figure in figures:
        link = figure.getparent()
        if link is not None and link.tag == "a":
            anchor = str(link.get("href")).removeprefix("#")
            yield decoded(_mark(figure, "data-figure")), decoded(anchor)


def _listing(part: etree._Element) -> Iterator[tuple[str, ...]]:
    name = _mark(part, "id")
    yield (name, *(decoded(_mark(figure, "data-figure")) for figure in _HEADING(part)))
    for row in _RECORDS(part):
        yield name, decoded(str(row.get("data-item") or row.get("data-group")))


# --------------------------------------------------------------------------------------- expect


def _expected_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for row in report.headline:
        pieces = (_expected_cell(cell) for cell in row.cells if cell is not None)
        yield ("headline", clean(row.label), *pieces, *_expected_bar(row))
    for table in report.tables:
        for row in table.rows:
            bar = _expected_bar(row) if table.look == "bars" else ()
            yield (table.key, clean(row.label), *map(_expected_cell, row.cells), *bar)


def _expected_cell(cell: Cell) -> str:
    return cell.id if isinstance(cell, Figure) else clean(cell or "")


def _expected_bar(row: Row) -> Iterator[str]:
    """The hundredths of a row's bar that are filled."""
    if row.bar:
        part, whole = row.bar
        filled = 100 * min(1.0, max(0, part) / whole) if whole > 0 else 0.0
        yield f"bar {filled:.2f}"


def _expected_words(report: Report) -> Iterator[tuple[str, str]]:
    """Every text that may hold a digit and is in no row, in the order of the page."""
    if report.reader == "management":
        yield from (("changed", row.label) for row in report.element("changed")[:1])
    for table in report.tables:
        yield from _expected_around(table)
    if report.reader == "manager":
        for _, label, meaning in explanations_of(report):
            yield "figure", label
            yield "meaning", meaning
    yield from (("foot", note) for note in report.notes)
    yield "source", report.language.chosen(report.result.source)


def _expected_around(table: Table) -> Iterator[tuple[str, str]]:
    """The texts around a table's rows, or a drawing's points."""
    yield "title", table.title
    if table.look == "scatter" and table.drawn:
        yield "title", table.title
        named = {row.label for row in table.rows}
        for is_named in (False, True):
            points = (row.label for row in table.drawn if (row.label in named) is is_named)
            yield from (("point", label) for label in points)
    elif table.rows and table.look != "scatter":
        yield "title", table.title
        yield from (("column", column) for column in table.columns)
    if table.note:
        yield "note", table.note


def _expected_opens(report: Report) -> Iterator[tuple[str, str]]:
    of = Openings(report).of if report.reader == "manager" else TableOpenings(report).of
    drawn = [table.rows for table in report.tables if table.look != "scatter"]
    for row in (*report.headline, *(row for rows in drawn for row in rows)):
        for cell in row.cells:
            if isinstance(cell, Figure) and (anchor := of(cell)):
                yield cell.id, anchor


def _expected_lists(report: Report) -> Iterator[tuple[str, ...]]:
    """Every part of the fix-list: under which heading it is, and its records by kind."""
    parts = dict(parts_of(report))
    for part in ("nobody", *SECTIONS):
        headings = report.element(f"fix {part}") if part in SECTIONS else (None,)
        for heading in headings if part in parts else ():
            cells = heading.cells if heading else ()
            figures = (cell.id for cell in cells if isinstance(cell, Figure))
            name = f"fix-{part.replace(' ', '-')}"
            yield (name, *figures)
            yield from ((name, row) for row in _grouped(parts[part], report))


def _grouped(items: Iterable[FixItem], report: Report) -> Iterator[str]:
    for group in groups_of(items, report.result.field_sets):
        yield group.entity
        yield from (f"{item.entity}:{item.record_id}" for item in group.items)


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


_Keyed = tuple[str, ...]


def _of_tables(rows: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The rows but the headline's, which have their places by element."""
    return tuple(row for row in rows if not row[0].startswith("headline "))


def _misplaced(
    what: str, expected: Sequence[_Keyed], actual: Sequence[_Keyed]
) -> Iterator[Difference]:
    """The first that differs where the order counts: behind it everything may have moved."""
    for wanted, got in zip_longest(expected, actual, fillvalue=()):
        if wanted != got:
            name = (wanted or got)[0]
            yield name, f"{what} in its place", _parts_shown(wanted), _parts_shown(got)
            return


def _parts_shown(parts: _Keyed) -> str:
    return ", ".join(parts[1:]) if parts else NOT_THERE


def _exactly(figure: Figure) -> str:
    """A figure's numbers: '91/100 percent'."""
    ratio = "" if figure.denominator is None else f"/{figure.denominator}"
    return f"{figure.numerator}{ratio} {figure.unit}"


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


def _head_differences(
    wanted: Mapping[str, str], head: Mapping[str, str]
) -> Iterator[Difference]:
    for name, expected in wanted.items():
        if head[name] != expected:
            yield name, "head", expected, head[name]


def _meta_differences(wanted: Mapping[str, str], page: PageContent) -> Iterator[Difference]:
    """The as-of must be right in head and foot, and so must every other mark."""
    texts: dict[str, list[str]] = defaultdict(list)
    for name, text in page.meta:
        texts[name].append(text)
    for name, expected in wanted.items():
        times = 2 if name == "as-of" else 1
        if texts[name] != [expected] * times:
            yield name, "head and foot", _listed([expected] * times), _listed(texts[name])
