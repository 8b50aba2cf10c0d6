"""Alterations of what a run has written, and of its reports on the way there: each one place, by chance."""

from __future__ import annotations

import copy
import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import pyarrow.parquet as pq
from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from pipeline.language.languages import language_of
from pipeline.model import Difference, Figure, FixItem, RunResult
from pipeline.progress import Silence
from pipeline.reports import write
from pipeline.reports.content.report import Report, Row, Table, section_of
from pipeline.reports.pair import Pair, write_pair

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_Thing = TypeVar("_Thing")


class NoPlaceError(Exception):
    """What was to be altered does not exist here."""


def one_of(chance: Random, things: Sequence[_Thing]) -> _Thing:
    if not things:
        raise NoPlaceError
    return chance.choice(things)


def two_of(chance: Random, things: Sequence[_Thing]) -> tuple[_Thing, _Thing]:
    if len(things) < 2:
        raise NoPlaceError
    first, second = chance.sample(things, 2)
    return first, second


# ------------------------------------------------------------------------------------------------ pages

PageAct = Callable[[Random, HtmlElement], None]


def marked(tree: HtmlElement, mark: str) -> list[HtmlElement]:
    return list(tree.xpath(f"//*[@{mark}]"))


def unlike(chance: Random, elements: Sequence[HtmlElement]) -> tuple[HtmlElement, HtmlElement]:
    """Two of them with other texts."""
    first = one_of(chance, elements)
    others = [other for other in elements if other.text_content() != first.text_content()]
    return first, one_of(chance, others)


def change_texts(first: HtmlElement, second: HtmlElement) -> None:
    first.text, second.text = second.text, first.text


def change_places(first: HtmlElement, second: HtmlElement) -> None:
    one, other = copy.deepcopy(first), copy.deepcopy(second)
    one.tail, other.tail = second.tail, first.tail
    first.getparent().replace(first, other)
    second.getparent().replace(second, one)


def labels_exchanged(chance: Random, tree: HtmlElement) -> None:
    change_texts(*unlike(chance, tree.xpath("//tbody//*[@data-label]")))


def columns_exchanged(chance: Random, tree: HtmlElement) -> None:
    table = one_of(
        chance, tree.xpath("//table[count(thead//th) > 2 and not(@class='fix-list')]")
    )
    change_texts(*unlike(chance, table.xpath("thead//th/bdi")))


def figures_exchanged(chance: Random, tree: HtmlElement) -> None:
    change_places(*unlike(chance, tree.xpath("//td//data")))


def digit_before_figure(chance: Random, tree: HtmlElement) -> None:
    figure = one_of(chance, marked(tree, "data-figure"))
    figure.addprevious(span(tree, "1"))


def span(tree: HtmlElement, text: str, tag: str = "span") -> HtmlElement:
    made = tree.makeelement(tag)
    made.text = text
    return made


def digit_after_figure(chance: Random, tree: HtmlElement) -> None:
    figure = one_of(chance, marked(tree, "data-figure"))
    figure.tail = f"0{figure.tail or ''}"


def figure_altered(chance: Random, tree: HtmlElement) -> None:
    figure = one_of(chance, [f for f in marked(tree, "data-figure") if f.text != "9"])
    figure.text = f"{figure.text[:-1]}9" if not figure.text.endswith("9") else "8"


def id_altered(chance: Random, tree: HtmlElement) -> None:
    figure = one_of(chance, marked(tree, "data-figure"))
    figure.set("data-figure", f"{figure.get('data-figure')}0")


def row_with_attribute(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, marked(tree, "data-row")).set("hidden", "")


def item_with_style(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, marked(tree, "data-item")).set("style", "display:none")


def figure_unseen(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, marked(tree, "data-figure")).set("class", "unseen")


def row_unseen(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//tr[@data-row or @data-item]")).set("class", "unseen")


def style_that_hides(chance: Random, tree: HtmlElement) -> None:
    [style] = tree.xpath("//style")
    style.text += chance.choice(
        [
            ".fig { display: none }",
            "td { color: transparent }",
            "tr:nth-child(3) { font-size: 0 }",
        ]
    )


def second_style(_chance: Random, tree: HtmlElement) -> None:
    tree.find("head").append(span(tree, "tr { display: none }", "style"))


def policy_lost(_chance: Random, tree: HtmlElement) -> None:
    for meta in tree.xpath("//meta[@http-equiv]"):
        meta.drop_tree()


def item_in_another_part(chance: Random, tree: HtmlElement) -> None:
    first, second = two_of(chance, tree.xpath("//table[@class='fix-list']"))
    second.find("tbody").append(one_of(chance, first.xpath(".//*[@data-item]")))


def item_of_another_kind(chance: Random, tree: HtmlElement) -> None:
    bodies = tree.xpath("//table[@class='fix-list']/tbody[preceding-sibling::tbody]")
    body = one_of(chance, bodies)
    body.getprevious().append(body.xpath("./*[@data-item]")[0])


def items_turned(chance: Random, tree: HtmlElement) -> None:
    item = one_of(chance, tree.xpath("//*[@data-item][preceding-sibling::*[1][@data-item]]"))
    item.addnext(item.getprevious())


def item_lost(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, marked(tree, "data-item")).drop_tree()


def item_doubled(chance: Random, tree: HtmlElement) -> None:
    item = one_of(chance, marked(tree, "data-item"))
    item.addnext(copy.deepcopy(item))


def heading_recounted(chance: Random, tree: HtmlElement) -> None:
    figure = one_of(chance, tree.xpath("//h2//*[@data-figure]"))
    figure.text = str(int("".join(filter(str.isdigit, figure.text))) + 1)


def headings_exchanged(chance: Random, tree: HtmlElement) -> None:
    change_places(*two_of(chance, tree.xpath("//*[contains(@class, 'fix')]//h2/*[@data-row]")))


def links_exchanged(chance: Random, tree: HtmlElement) -> None:
    first, second = two_of(chance, tree.xpath("//a[@data-cell='link']"))
    one, other = first.get("href"), second.get("href")
    if one == other:
        raise NoPlaceError
    first.set("href", other)
    second.set("href", one)


def mails_exchanged(chance: Random, tree: HtmlElement) -> None:
    first, second = two_of(chance, tree.xpath("//a[@data-cell='dispute']"))
    one, other = first.get("href"), second.get("href")
    first.set("href", other)
    second.set("href", one)


def finding_ids_exchanged(chance: Random, tree: HtmlElement) -> None:
    change_texts(*unlike(chance, tree.xpath("//*[@data-cell='finding']")))


def note_renumbered(chance: Random, tree: HtmlElement) -> None:
    notes = tree.xpath("//footer/p | //p[@class='note']/bdi")
    note = one_of(chance, [one for one in notes if one.text])
    note.text = f"{note.text} 7"


def notes_exchanged(chance: Random, tree: HtmlElement) -> None:
    notes = [
        note for note in tree.xpath("//footer/p | //p[@class='note']/bdi") if not len(note)
    ]
    change_texts(*unlike(chance, notes))


def meanings_exchanged(chance: Random, tree: HtmlElement) -> None:
    change_texts(*unlike(chance, tree.xpath("//dd")))


def row_lost(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//tr[@data-row]")).drop_tree()


def row_in_another_table(chance: Random, tree: HtmlElement) -> None:
    first, second = two_of(chance, tree.xpath("//tbody[tr/@data-row]"))
    second.append(first[-1])


def empty_cell_lost(chance: Random, tree: HtmlElement) -> None:
    cells = tree.xpath("//tr[@data-row]/td[not(@class='drawing') and not(.//*)]")
    cell = one_of(chance, cells)
    cell.getparent().append(cell)


def cell_over_two(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//td")).set("colspan", "2")


def title_altered(chance: Random, tree: HtmlElement) -> None:
    title = one_of(chance, tree.xpath("//section[@id]/h2"))
    title.text = "Something else"


def window_title_altered(_chance: Random, tree: HtmlElement) -> None:
    tree.find("head/title").text += " 2"


def run_of_the_head_altered(_chance: Random, tree: HtmlElement) -> None:
    [run] = tree.xpath("//meta[@name='run']")
    run.set("content", "another")


def moment_altered(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//*[@data-meta='as-of']")).text = "Mon 2 Nov 2026 07:00 CET"


def table_folded(chance: Random, tree: HtmlElement) -> None:
    table = one_of(chance, tree.xpath("//section[@id]"))
    folded = tree.makeelement("details")
    table.addprevious(folded)
    folded.append(table)


def row_in_a_template(chance: Random, tree: HtmlElement) -> None:
    card = one_of(chance, tree.xpath("//div[@data-row]"))
    hidden = tree.makeelement("template")
    card.addprevious(hidden)
    hidden.append(card)


def script_added(_chance: Random, tree: HtmlElement) -> None:
    tree.find("body").append(span(tree, "document.body.hidden = true", "script"))


def anchor_altered(chance: Random, tree: HtmlElement) -> None:
    links = tree.xpath("//a[@class='opens']")
    link = one_of(chance, links)
    link.set(
        "href",
        one_of(chance, [a.get("href") for a in links if a.get("href") != link.get("href")]),
    )


def anchor_of_nothing(chance: Random, tree: HtmlElement) -> None:
    anchors = [link.get("href")[1:] for link in tree.xpath("//a[@class='opens']")]
    name = one_of(chance, anchors)
    for element in tree.xpath("//*[@id=$name]", name=name):
        element.set("id", "elsewhere")


def paragraph_added(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//section")).append(span(tree, "27 of 30 deals", "p"))


def number_drawn(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//*[local-name()='svg']")).append(span(tree, "99", "text"))


def language_altered(_chance: Random, tree: HtmlElement) -> None:
    tree.set("lang", "nl" if tree.get("lang") == "en" else "en")


def comma_for_point(chance: Random, tree: HtmlElement) -> None:
    figures = [f for f in marked(tree, "data-figure") if "." in f.text or "," in f.text]
    figure = one_of(chance, figures)
    figure.text = figure.text.translate(str.maketrans(",.", ".,"))


def bar_altered(chance: Random, tree: HtmlElement) -> None:
    bar = one_of(chance, tree.xpath("//*[local-name()='rect' and @class='part']"))
    bar.set("width", "50.50")


def point_renamed(chance: Random, tree: HtmlElement) -> None:
    one_of(chance, tree.xpath("//*[local-name()='circle']/title")).text = "Nobody"


PAGES: Final[Sequence[PageAct]] = (
    labels_exchanged, columns_exchanged, figures_exchanged, digit_before_figure, digit_after_figure,
    figure_altered, id_altered, row_with_attribute, item_with_style, figure_unseen, row_unseen,
    style_that_hides, second_style, policy_lost, item_in_another_part, item_of_another_kind,
    items_turned, item_lost, item_doubled, heading_recounted, headings_exchanged, links_exchanged,
    mails_exchanged, finding_ids_exchanged, note_renumbered, notes_exchanged, meanings_exchanged,
    row_lost, row_in_another_table, empty_cell_lost, cell_over_two, title_altered,
    window_title_altered, run_of_the_head_altered, moment_altered, table_folded, row_in_a_template,
    script_added, anchor_altered, anchor_of_nothing, paragraph_added, number_drawn, language_altered,
    comma_for_point, bar_altered, point_renamed,
)  # fmt: skip


def alter_page(act: PageAct, chance: Random, file: Path) -> None:
    tree = lxml_html.document_fromstring(
        file.read_bytes(), parser=lxml_html.HTMLParser(encoding="utf-8")
    )
    act(chance, tree)
    text = lxml_html.tostring(tree, encoding="unicode")
    file.write_text(f"<!doctype html>\n{text}", "utf-8")


# ------------------------------------------------------------------------------------------------ workbooks

Parts = dict[str, bytes]
BookAct = Callable[[Random, Parts], None]


def sheets_of(parts: Parts) -> list[str]:
    names = [name for name in parts if name.startswith("xl/worksheets/sheet")]
    return sorted(names, key=lambda name: int("".join(filter(str.isdigit, name))))


def in_sheet(act: Callable[[Random, etree._Element], None], which: str = "") -> BookAct:
    """An alteration of the XML of a sheet: any, the 'list' or the 'index'."""

    def altered(chance: Random, parts: Parts) -> None:
        names = sheets_of(parts)
        place = {"index": names[-1], "list": names[-3], "first": names[0]}.get(which)
        name = place or chance.choice(names)
        tree = etree.fromstring(parts[name])
        act(chance, tree)
        parts[name] = etree.tostring(tree)

    altered.__name__ = act.__name__
    return altered


def rows(tree: etree._Element) -> list[etree._Element]:
    return [row for row in tree.iter(f"{MAIN}row") if int(row.get("r")) > 3 and len(row)]


def cells(tree: etree._Element, *, numbers: bool = False) -> list[etree._Element]:
    found = [c for row in rows(tree) for c in row if len(c)]
    return [c for c in found if (c.get("t", "n") == "n") or not numbers]


def number_cells(tree: etree._Element) -> list[etree._Element]:
    return cells(tree, numbers=True)


def hidden_row(chance: Random, tree: etree._Element) -> None:
    one_of(chance, rows(tree)).set("hidden", "1")


def flat_row(chance: Random, tree: etree._Element) -> None:
    row = one_of(chance, rows(tree))
    row.set("ht", chance.choice(["0", "0.75", "3"]))
    row.set("customHeight", "1")


def hidden_column(chance: Random, tree: etree._Element) -> None:
    one_of(chance, [*tree.iter(f"{MAIN}col")]).set("hidden", "1")


def narrow_column(chance: Random, tree: etree._Element) -> None:
    one_of(chance, [*tree.iter(f"{MAIN}col")]).set("width", chance.choice(["0", "0.3"]))


def rows_without_height(_chance: Random, tree: etree._Element) -> None:
    tree.find(f"{MAIN}sheetFormatPr").set("zeroHeight", "1")


def flat_by_default(_chance: Random, tree: etree._Element) -> None:
    tree.find(f"{MAIN}sheetFormatPr").set("defaultRowHeight", "1")


def no_zeros(_chance: Random, tree: etree._Element) -> None:
    tree.find(f"{MAIN}sheetViews/{MAIN}sheetView").set("showZeros", "0")


def merged(chance: Random, tree: etree._Element) -> None:
    ref = one_of(chance, cells(tree)).get("r")
    node = etree.Element(f"{MAIN}mergeCells")
    etree.SubElement(node, f"{MAIN}mergeCell", {"ref": f"A1:{ref}"})
    tree.find(f"{MAIN}sheetData").addnext(node)


def conditional_white(chance: Random, parts: Parts) -> None:
    styles = etree.fromstring(parts["xl/styles.xml"])
    for old in styles.findall(f"{MAIN}dxfs"):
        styles.remove(old)
    dxfs = etree.Element(f"{MAIN}dxfs", {"count": "1"})
    font = etree.SubElement(etree.SubElement(dxfs, f"{MAIN}dxf"), f"{MAIN}font")
    etree.SubElement(font, f"{MAIN}color", {"rgb": "FFFFFFFF"})
    styles.find(f"{MAIN}cellStyles").addnext(dxfs)
    parts["xl/styles.xml"] = etree.tostring(styles)
    name = chance.choice(sheets_of(parts)[:-3])
    tree = etree.fromstring(parts[name])
    ref = one_of(chance, number_cells(tree)).get("r")
    rule = etree.Element(f"{MAIN}conditionalFormatting", {"sqref": ref})
    of = etree.SubElement(
        rule, f"{MAIN}cfRule", {"type": "expression", "dxfId": "0", "priority": "9"}
    )
    etree.SubElement(of, f"{MAIN}formula").text = "TRUE"
    tree.find(f"{MAIN}sheetData").addnext(rule)
    parts[name] = etree.tostring(tree)


def bars_alone(chance: Random, parts: Parts) -> None:
    """A bar in place of the number."""
    names = [name for name in sheets_of(parts) if b"<dataBar" in parts[name]]
    name = one_of(chance, names)
    parts[name] = parts[name].replace(b'showValue="1"', b'showValue="0"')


def filter_set(chance: Random, tree: etree._Element) -> None:
    column = etree.SubElement(
        one_of(chance, [*tree.iter(f"{MAIN}autoFilter")]), f"{MAIN}filterColumn", {"colId": "0"}
    )
    etree.SubElement(etree.SubElement(column, f"{MAIN}filters"), f"{MAIN}filter", {"val": "x"})


def formula(chance: Random, tree: etree._Element) -> None:
    node = etree.Element(f"{MAIN}f")
    node.text = "1+1"
    one_of(chance, number_cells(tree)).insert(0, node)


def number_as_text(chance: Random, tree: etree._Element) -> None:
    one_of(chance, number_cells(tree)).set("t", "str")


def number_altered(chance: Random, tree: etree._Element) -> None:
    value = one_of(chance, number_cells(tree)).find(f"{MAIN}v")
    value.text = repr(float(value.text) + 1)


def cell_emptied(chance: Random, tree: etree._Element) -> None:
    del one_of(chance, cells(tree))[:]


def cell_texts(tree: etree._Element) -> list[etree._Element]:
    return [c for c in cells(tree) if c.get("t") == "inlineStr"]


def cell_labels_exchanged(chance: Random, tree: etree._Element) -> None:
    labels = [c for c in cell_texts(tree) if c.get("r").startswith("A")]
    first, second = two_of(chance, labels)
    one, other = first.find(f".//{MAIN}t"), second.find(f".//{MAIN}t")
    if one.text == other.text:
        raise NoPlaceError
    one.text, other.text = other.text, one.text


def cell_headings_exchanged(chance: Random, tree: etree._Element) -> None:
    headings = [
        c for c in cell_texts(tree) if c.get("r").endswith("4") and len(c.get("r")) == 2
    ]
    first, second = two_of(chance, headings)
    one, other = first.find(f".//{MAIN}t"), second.find(f".//{MAIN}t")
    if one.text == other.text:
        raise NoPlaceError
    one.text, other.text = other.text, one.text


def cell_text_renumbered(chance: Random, tree: etree._Element) -> None:
    text = one_of(chance, cell_texts(tree)).find(f".//{MAIN}t")
    text.text = f"{text.text} 7"


def cell_beside(chance: Random, tree: etree._Element) -> None:
    row = one_of(chance, rows(tree))
    cell = etree.SubElement(row, f"{MAIN}c", {"r": f"Z{row.get('r')}", "t": "n"})
    etree.SubElement(cell, f"{MAIN}v").text = "7"


def row_of_cells_lost(chance: Random, tree: etree._Element) -> None:
    row = one_of(chance, rows(tree))
    row.getparent().remove(row)


def index_links_exchanged(chance: Random, tree: etree._Element) -> None:
    first, second = two_of(chance, [*tree.iter(f"{MAIN}hyperlink")])
    one, other = first.get("location"), second.get("location")
    first.set("location", other)
    second.set("location", one)


def link_told_otherwise(chance: Random, tree: etree._Element) -> None:
    link = one_of(chance, [*tree.iter(f"{MAIN}hyperlink")])
    link.set(chance.choice(["tooltip", "display"]), "27 deals")


def link_over_cells(chance: Random, tree: etree._Element) -> None:
    link = one_of(chance, [*tree.iter(f"{MAIN}hyperlink")])
    link.set("ref", "A1:B4")


def prompt_added(chance: Random, tree: etree._Element) -> None:
    node = etree.Element(f"{MAIN}dataValidations", {"count": "1"})
    ref = one_of(chance, cells(tree)).get("r")
    etree.SubElement(
        node, f"{MAIN}dataValidation", {"sqref": ref, "showInputMessage": "1", "prompt": "27"}
    )
    tree.find(f"{MAIN}sheetData").addnext(node)


def printed_otherwise(chance: Random, tree: etree._Element) -> None:
    printed = tree.find(f"{MAIN}headerFooter")
    node = printed.find(f"{MAIN}{chance.choice(['oddHeader', 'oddFooter'])}")
    node.text += " 27"


def list_links_exchanged(chance: Random, parts: Parts) -> None:
    name = sheets_of(parts)[-3].replace("worksheets/", "worksheets/_rels/") + ".rels"
    if name not in parts:
        raise NoPlaceError
    tree = etree.fromstring(parts[name])
    webs = [node for node in tree if node.get("Target").startswith("http")]
    first, second = two_of(chance, webs)
    one, other = first.get("Target"), second.get("Target")
    if one == other:
        raise NoPlaceError
    first.set("Target", other)
    second.set("Target", one)
    parts[name] = etree.tostring(tree)


def in_styles(act: Callable[[Random, etree._Element], None]) -> BookAct:
    def altered(chance: Random, parts: Parts) -> None:
        tree = etree.fromstring(parts["xl/styles.xml"])
        act(chance, tree)
        parts["xl/styles.xml"] = etree.tostring(tree)

    altered.__name__ = act.__name__
    return altered


def fonts(tree: etree._Element) -> list[etree._Element]:
    """All but the first, which no cell has."""
    return tree.findall(f"{MAIN}fonts/{MAIN}font")[1:]


def white_font(chance: Random, tree: etree._Element) -> None:
    color = one_of(chance, fonts(tree)).find(f"{MAIN}color")
    color.attrib.clear()
    color.set(*chance.choice([("rgb", "00FFFFFF"), ("theme", "0"), ("rgb", "FFFDFDFD")]))


def small_font(chance: Random, tree: etree._Element) -> None:
    one_of(chance, fonts(tree)).find(f"{MAIN}sz").set("val", "1")


def struck_font(chance: Random, tree: etree._Element) -> None:
    etree.SubElement(one_of(chance, fonts(tree)), f"{MAIN}strike", {"val": "1"})


def ink_on_ink(chance: Random, tree: etree._Element) -> None:
    fill = tree.findall(f"{MAIN}fills/{MAIN}fill")[2]
    fill.find(f".//{MAIN}fgColor").set("rgb", "00223039")
    del chance


def format_that_hides(chance: Random, tree: etree._Element) -> None:
    formats = [node for node in tree.iter(f"{MAIN}numFmt") if "m" not in node.get("formatCode")]
    one_of(chance, formats).set("formatCode", chance.choice([";;;", "0", '"27"', "#,##0.0,"]))


def turned_text(chance: Random, tree: etree._Element) -> None:
    cell = chance.choice(tree.findall(f"{MAIN}cellXfs/{MAIN}xf")[1:])
    alignment = cell.find(f"{MAIN}alignment")
    alignment.set(
        *chance.choice([("shrinkToFit", "1"), ("textRotation", "90"), ("horizontal", "fill")])
    )


def in_workbook(act: Callable[[Random, etree._Element], None]) -> BookAct:
    def altered(chance: Random, parts: Parts) -> None:
        tree = etree.fromstring(parts["xl/workbook.xml"])
        act(chance, tree)
        parts["xl/workbook.xml"] = etree.tostring(tree)

    altered.__name__ = act.__name__
    return altered


def sheet_hidden(chance: Random, tree: etree._Element) -> None:
    sheet = chance.choice([*tree.iter(f"{MAIN}sheet")][1:])
    sheet.set("state", chance.choice(["hidden", "veryHidden"]))


def sheets_renamed(chance: Random, tree: etree._Element) -> None:
    first, second = two_of(chance, [*tree.iter(f"{MAIN}sheet")])
    one, other = first.get("name"), second.get("name")
    first.set("name", other)
    second.set("name", one)


def sheet_left_out(chance: Random, tree: etree._Element) -> None:
    sheet = chance.choice([*tree.iter(f"{MAIN}sheet")][1:])
    sheet.getparent().remove(sheet)


def print_area(chance: Random, tree: etree._Element) -> None:
    names = tree.find(f"{MAIN}definedNames")
    number = str(chance.randrange(len([*tree.iter(f"{MAIN}sheet")])))
    node = etree.SubElement(
        names, f"{MAIN}definedName", {"name": "_xlnm.Print_Area", "localSheetId": number}
    )
    node.text = "'Overview'!$A$1:$A$2"


def named_constant(_chance: Random, tree: etree._Element) -> None:
    node = etree.SubElement(
        tree.find(f"{MAIN}definedNames"), f"{MAIN}definedName", {"name": "deals"}
    )
    node.text = "27"


def window_hidden(_chance: Random, tree: etree._Element) -> None:
    tree.find(f"{MAIN}bookViews/{MAIN}workbookView").set("visibility", "hidden")


def days_from_1904(_chance: Random, tree: etree._Element) -> None:
    tree.find(f"{MAIN}workbookPr").set("date1904", "1")


def comments_of(parts: Parts) -> list[str]:
    return [name for name in parts if name.startswith("xl/comments/")]


def comment_lost(chance: Random, parts: Parts) -> None:
    name = one_of(chance, comments_of(parts))
    tree = etree.fromstring(parts[name])
    comment = one_of(chance, [*tree.iter(f"{MAIN}comment")])
    comment.getparent().remove(comment)
    parts[name] = etree.tostring(tree)


def comment_altered(chance: Random, parts: Parts) -> None:
    name = one_of(chance, comments_of(parts))
    tree = etree.fromstring(parts[name])
    one_of(chance, [*tree.iter(f"{MAIN}t")]).text += " 27"
    parts[name] = etree.tostring(tree)


def chart_renamed(chance: Random, parts: Parts) -> None:
    name = one_of(chance, [name for name in parts if name.startswith("xl/charts/")])
    tree = etree.fromstring(parts[name])
    titles = list(tree.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}t"))
    one_of(chance, titles).text += " 27"
    parts[name] = etree.tostring(tree)


def chart_lost(_chance: Random, parts: Parts) -> None:
    names = [name for name in parts if name.startswith("xl/drawings/drawing")]
    if not names:
        raise NoPlaceError
    for name in names:
        tree = etree.fromstring(parts[name])
        del tree[:]
        parts[name] = etree.tostring(tree)


def text_box(_chance: Random, parts: Parts) -> None:
    names = [name for name in parts if name.startswith("xl/drawings/drawing")]
    if not names:
        raise NoPlaceError
    tree = etree.fromstring(parts[names[0]])
    space = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    etree.SubElement(etree.SubElement(tree, f"{{{space}}}absoluteAnchor"), f"{{{space}}}sp")
    parts[names[0]] = etree.tostring(tree)


def file_inside(_chance: Random, parts: Parts) -> None:
    parts["xl/media/picture1.png"] = b"x"


BOOKS: Final[Sequence[BookAct]] = (
    *map(in_sheet, (
        hidden_row, flat_row, hidden_column, narrow_column, rows_without_height, flat_by_default,
        no_zeros, merged, filter_set, formula, number_as_text, number_altered, cell_emptied,
        cell_labels_exchanged, cell_headings_exchanged, cell_text_renumbered, cell_beside,
        row_of_cells_lost, prompt_added, printed_otherwise,
    )),
    in_sheet(index_links_exchanged, "index"), in_sheet(link_told_otherwise, "list"),
    in_sheet(link_over_cells, "index"), list_links_exchanged, conditional_white, bars_alone,
    *map(in_styles, (white_font, small_font, struck_font, ink_on_ink, format_that_hides, turned_text)),
    *map(in_workbook, (sheet_hidden, sheets_renamed, sheet_left_out, print_area, named_constant,
                       window_hidden, days_from_1904)),
    comment_lost, comment_altered, chart_renamed, chart_lost, text_box, file_inside,
)  # fmt: skip


def alter_book(act: BookAct, chance: Random, file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    act(chance, parts)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


# ------------------------------------------------------------------------------------------------ files for analysts

FileAct = Callable[[Random, Path], None]


def figures_with(
    act: Callable[[Random, list[dict[str, object]]], None],
) -> FileAct:
    """Figures altered, and written as the program does: a figure a line."""

    def altered(chance: Random, folder: Path) -> None:
        file = folder / "figures.json"
        document = json.loads(file.read_text("utf-8"))
        figures = document["figures"]
        act(chance, figures)
        document["figures"] = []
        begun, _, ended = json.dumps(document, ensure_ascii=False, indent=1).rpartition("]")
        lines = ",".join(f"\n  {json.dumps(one, ensure_ascii=False)}" for one in figures)
        file.write_text(f"{begun}{lines}]{ended}", "utf-8")

    altered.__name__ = act.__name__
    return altered


Parsed = list[dict[str, object]]


def numerator(chance: Random, figures: Parsed) -> None:
    figure = chance.choice(figures)
    figure["numerator"] = int(str(figure["numerator"])) + 1


def denominator(chance: Random, figures: Parsed) -> None:
    figure = one_of(chance, [figure for figure in figures if figure["denominator"]])
    figure["denominator"] = chance.choice([None, 0, 10**6])


def number_quoted(chance: Random, figures: Parsed) -> None:
    figure = chance.choice(figures)
    figure["numerator"] = str(figure["numerator"])


def number_with_a_point(chance: Random, figures: Parsed) -> None:
    figure = chance.choice(figures)
    figure["numerator"] = float(str(figure["numerator"]))


def figure_lost(chance: Random, figures: Parsed) -> None:
    del figures[chance.randrange(len(figures))]


def last_figure_lost(_chance: Random, figures: Parsed) -> None:
    del figures[-1]


def figure_doubled(chance: Random, figures: Parsed) -> None:
    figures.append(chance.choice(figures))


def part_altered(chance: Random, figures: Parsed) -> None:
    part = chance.choice(
        ["scope", "key", "metric", "dimension", "period", "unit", "currency", "basis"]
    )
    chance.choice(figures)[part] = "another"


def numbers_exchanged(chance: Random, figures: Parsed) -> None:
    first = chance.choice(figures)
    others = [other for other in figures if other["numerator"] != first["numerator"]]
    second = one_of(chance, others)
    first["numerator"], second["numerator"] = second["numerator"], first["numerator"]


def figures_turned(chance: Random, figures: Parsed) -> None:
    at = chance.randrange(1, len(figures))
    figures[at - 1 : at + 1] = figures[at - 1 : at + 1][::-1]


def part_lost(chance: Random, figures: Parsed) -> None:
    del chance.choice(figures)["currency"]


def part_added(chance: Random, figures: Parsed) -> None:
    chance.choice(figures)["value"] = 27


def figures_cut(chance: Random, folder: Path) -> None:
    file = folder / "figures.json"
    content = file.read_bytes()
    file.write_bytes(content[: chance.randrange(len(content))])


def run_renamed(_chance: Random, folder: Path) -> None:
    file = folder / "figures.json"
    document = json.loads(file.read_text("utf-8"))
    text = file.read_text("utf-8").replace(document["run_id"], "another", 1)
    file.write_text(text, "utf-8")


def moment_moved(_chance: Random, folder: Path) -> None:
    file = folder / "figures.json"
    document = json.loads(file.read_text("utf-8"))
    text = file.read_text("utf-8").replace(document["as_of"], "2020-01-01T00:00:00+00:00", 1)
    file.write_text(text, "utf-8")


def brackets_lost(_chance: Random, folder: Path) -> None:
    file = folder / "figures.json"
    file.write_text(file.read_text("utf-8").rstrip("}\n ]"), "utf-8")


Lines = list[list[str]]
LineAct = Callable[[Random, Lines], None]


def line_lost(chance: Random, lines: Lines) -> None:
    del lines[chance.randrange(1, len(lines))]


def line_doubled(chance: Random, lines: Lines) -> None:
    lines.append(chance.choice(lines[1:]))


def owners_exchanged(chance: Random, lines: Lines) -> None:
    owner = lines[0].index("owner")
    first = chance.choice(lines[1:])
    second = one_of(chance, [line for line in lines[1:] if line[owner] != first[owner]])
    first[owner], second[owner] = second[owner], first[owner]


def cell_altered(chance: Random, lines: Lines) -> None:
    line = chance.choice(lines[1:])
    line[chance.randrange(len(line))] += "0"


def lines_turned(chance: Random, lines: Lines) -> None:
    at = chance.randrange(2, len(lines))
    lines[at - 1 : at + 1] = lines[at - 1 : at + 1][::-1]


def columns_renamed(_chance: Random, lines: Lines) -> None:
    lines[0][-1] = "another"


LINES: Final[Sequence[LineAct]] = (
    line_lost, line_doubled, owners_exchanged, cell_altered, lines_turned, columns_renamed,
)  # fmt: skip


def in_csv(act: LineAct) -> FileAct:
    def altered(chance: Random, folder: Path) -> None:
        file = folder / "findings.csv"
        lines = list(csv.reader(io.StringIO(file.read_bytes().decode())))
        act(chance, lines)
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(lines)

    altered.__name__ = f"{act.__name__}_of_csv"
    return altered


def in_parquet(act: LineAct) -> FileAct:
    def altered(chance: Random, folder: Path) -> None:
        file = folder / "findings.parquet"
        table = pq.read_table(file)
        columns = table.to_pydict()
        lines = [table.column_names, *map(list, zip(*columns.values(), strict=True))]
        act(chance, lines)
        names, *others = lines
        made = dict(zip(names, map(list, zip(*others, strict=True)), strict=True))
        pq.write_table(pq.read_table(file).from_pydict(made), file)

    altered.__name__ = f"{act.__name__}_of_parquet"
    return altered


def file_lost(chance: Random, folder: Path) -> None:
    names = ["figures.json", "figures.parquet", "findings.csv", "findings.parquet"]
    (folder / chance.choice(names)).unlink()


def csv_cut(chance: Random, folder: Path) -> None:
    file = folder / "findings.csv"
    file.write_bytes(file.read_bytes()[: -chance.randrange(1, 500)])


def managers_in(folder: Path) -> list[Path]:
    return sorted((folder / "managers").iterdir())


def exchange(first: Path, second: Path) -> None:
    between = first.with_name("between")
    first.rename(between)
    second.rename(first)
    between.rename(second)


def pages_exchanged(chance: Random, folder: Path) -> None:
    first, second = two_of(chance, managers_in(folder))
    exchange(first / "report.html", second / "report.html")


def books_exchanged(chance: Random, folder: Path) -> None:
    first, second = two_of(chance, managers_in(folder))
    exchange(first / "report.xlsx", second / "report.xlsx")


def folders_exchanged(chance: Random, folder: Path) -> None:
    exchange(*two_of(chance, managers_in(folder)))


def report_lost(chance: Random, folder: Path) -> None:
    shutil.rmtree(chance.choice(managers_in(folder)))


def report_of_nobody(chance: Random, folder: Path) -> None:
    shutil.copytree(chance.choice(managers_in(folder)), folder / "managers" / "nobody")


def file_beside(chance: Random, folder: Path) -> None:
    place = chance.choice(managers_in(folder))
    (place / "report-2.html").write_text("27", "utf-8")


FILES: Final[Sequence[FileAct]] = (
    *map(figures_with, (
        numerator, denominator, number_quoted, number_with_a_point, figure_lost, last_figure_lost,
        figure_doubled, part_altered, numbers_exchanged, figures_turned, part_lost, part_added,
    )),
    figures_cut, run_renamed, moment_moved, brackets_lost,
    *map(in_csv, LINES), *map(in_parquet, LINES), file_lost, csv_cut,
    pages_exchanged, books_exchanged, folders_exchanged, report_lost, report_of_nobody, file_beside,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ reports

Reports = list[Pair]
ReportAct = Callable[[Random, Reports], None]
"""Alters reports on their way from the result to the files."""


def managers_among(pairs: Reports) -> list[int]:
    return [at for at, pair in enumerate(pairs) if pair.report.person is not None]


def with_report(pairs: Reports, at: int, **changes: object) -> None:
    pairs[at] = replace(pairs[at], report=replace(pairs[at].report, **changes))


def lists_exchanged(chance: Random, pairs: Reports) -> None:
    one, other = two_of(chance, managers_among(pairs))
    first, second = pairs[one].report.fix_list, pairs[other].report.fix_list
    with_report(pairs, one, fix_list=second)
    with_report(pairs, other, fix_list=first)


def listing(pairs: Reports, fewest: int = 2) -> list[int]:
    return [at for at in managers_among(pairs) if len(pairs[at].report.fix_list) >= fewest]


def record_lost(chance: Random, pairs: Reports) -> None:
    at = one_of(chance, listing(pairs))
    items = list(pairs[at].report.fix_list)
    del items[chance.randrange(len(items))]
    with_report(pairs, at, fix_list=tuple(items))


def record_of_a_colleague(chance: Random, pairs: Reports) -> None:
    """In place of one of the same part: as many as the heading says."""
    one, other = two_of(chance, listing(pairs))
    items = list(pairs[one].report.fix_list)
    places = [
        (at, item)
        for at, old in enumerate(items)
        for item in pairs[other].report.fix_list
        if section_of(item) == section_of(old)
    ]
    at, item = one_of(chance, places)
    items[at] = item
    with_report(pairs, one, fix_list=tuple(items))


def record_twice(chance: Random, pairs: Reports) -> None:
    """In place of another of its part."""
    at = one_of(chance, listing(pairs))
    items = list(pairs[at].report.fix_list)
    places = [
        (one, other)
        for one, first in enumerate(items)
        for other, second in enumerate(items)
        if one != other and section_of(first) == section_of(second)
    ]
    one, other = one_of(chance, places)
    items[one] = items[other]
    with_report(pairs, at, fix_list=tuple(items))


def of_items(
    name: str, exchanged: Callable[[FixItem, FixItem], tuple[FixItem, FixItem]]
) -> ReportAct:
    """Something of two records of one report changes places."""

    def altered(chance: Random, pairs: Reports) -> None:
        at = one_of(chance, listing(pairs))
        items = list(pairs[at].report.fix_list)
        places = [
            (one, other)
            for one in range(len(items))
            for other in range(len(items))
            if exchanged(items[one], items[other]) != (items[one], items[other])
        ]
        one, other = one_of(chance, places)
        items[one], items[other] = exchanged(items[one], items[other])
        with_report(pairs, at, fix_list=tuple(items))

    altered.__name__ = name
    return altered


def links(one: FixItem, other: FixItem) -> tuple[FixItem, FixItem]:
    return replace(one, link=other.link), replace(other, link=one.link)


def names(one: FixItem, other: FixItem) -> tuple[FixItem, FixItem]:
    if "" in (one.label, other.label):
        return one, other
    return replace(one, label=other.label), replace(other, label=one.label)


def lacks(one: FixItem, other: FixItem) -> tuple[FixItem, FixItem]:
    if len(one.missing) != len(other.missing):
        return one, other
    return replace(one, missing=other.missing), replace(other, missing=one.missing)


def finding_ids(one: FixItem, other: FixItem) -> tuple[FixItem, FixItem]:
    if len(one.ids) != len(other.ids):
        return one, other
    return replace(one, ids=other.ids), replace(other, ids=one.ids)


def days(one: FixItem, other: FixItem) -> tuple[FixItem, FixItem]:
    return replace(one, day=other.day), replace(other, day=one.day)


def with_rows(pairs: Reports, at: int, key: str, rows: Sequence[Row]) -> None:
    tables = tuple(
        replace(table, rows=tuple(rows)) if table.key == key else table
        for table in pairs[at].report.tables
    )
    with_report(pairs, at, tables=tables)


def table_of(report: Report, key: str) -> Table:
    return next((table for table in report.tables if table.key == key), Table(key, "", (), ()))


def of_rows(key: str, reader: str, what: str) -> ReportAct:
    """The labels, or the cells, of two rows of a table change places."""

    def altered(chance: Random, pairs: Reports) -> None:
        ours = [at for at, pair in enumerate(pairs) if pair.report.reader == reader]
        at = one_of(
            chance, [at for at in ours if len(table_of(pairs[at].report, key).rows) > 1]
        )
        rows = list(table_of(pairs[at].report, key).rows)
        one, other = two_of(chance, range(len(rows)))
        first, second = rows[one], rows[other]
        if getattr(first, what) == getattr(second, what):
            raise NoPlaceError
        rows[one] = replace(first, **{what: getattr(second, what)})
        rows[other] = replace(second, **{what: getattr(first, what)})
        with_rows(pairs, at, key, rows)

    altered.__name__ = f"{what}_of_{key}"
    return altered


def headline_labels(chance: Random, pairs: Reports) -> None:
    at = chance.randrange(len(pairs))
    rows = list(pairs[at].report.headline)
    plan = [
        n
        for n, row in enumerate(rows)
        if row.element in ("plan", "score", "base", "ahead", "lacking", "person")
    ]
    one, other = two_of(chance, plan)
    if rows[one].label == rows[other].label:
        raise NoPlaceError
    labels = rows[one].label, rows[other].label
    rows[one], rows[other] = (
        replace(rows[one], label=labels[1]),
        replace(rows[other], label=labels[0]),
    )
    with_report(pairs, at, headline=tuple(rows))


def manager_without_row(chance: Random, pairs: Reports) -> None:
    rows = list(table_of(pairs[0].report, "managers").rows)
    del rows[chance.randrange(len(rows))]
    with_rows(pairs, 0, "managers", rows)


def manager_without_report(chance: Random, pairs: Reports) -> None:
    del pairs[one_of(chance, managers_among(pairs))]


def manager_nowhere(chance: Random, pairs: Reports) -> None:
    at = one_of(chance, managers_among(pairs))
    name = pairs[at].report.title
    rows = [row for row in table_of(pairs[0].report, "managers").rows if row.label != name]
    del pairs[at]
    with_rows(pairs, 0, "managers", rows)


def title_of_a_colleague(chance: Random, pairs: Reports) -> None:
    one, other = two_of(chance, managers_among(pairs))
    with_report(pairs, one, title=pairs[other].report.title)


def report_of_a_colleague(chance: Random, pairs: Reports) -> None:
    one, other = two_of(chance, managers_among(pairs))
    pairs[one] = replace(pairs[one], report=pairs[other].report)


def mail_to_another(chance: Random, pairs: Reports) -> None:
    with_report(pairs, one_of(chance, managers_among(pairs)), contact="somebody@else.example")


def figure_of_a_colleague(chance: Random, pairs: Reports) -> None:
    """The same figure of another manager, under the own name."""
    one, other = two_of(chance, managers_among(pairs))
    theirs = {
        figure.metric + figure.dimension: figure for figure in pairs[other].report.figures()
    }
    rows = list(pairs[one].report.headline)
    places = [
        (at, number, theirs[cell.metric + cell.dimension])
        for at, row in enumerate(rows)
        for number, cell in enumerate(row.cells)
        if isinstance(cell, Figure) and "#" not in cell.id and cell.key
        and theirs.get(cell.metric + cell.dimension, cell).key != cell.key
    ]  # fmt: skip
    at, number, figure = one_of(chance, places)
    cells = (*rows[at].cells[:number], figure, *rows[at].cells[number + 1 :])
    rows[at] = replace(rows[at], cells=cells)
    names = {each.id: each for each in (*pairs[one].report.figures(), figure)}
    result = replace(
        pairs[one].report.result, figures=type(pairs[one].report.result.figures)(
            {**pairs[one].report.result.figures, **{name: f for name, f in names.items() if "#" not in name}}.values()
        ),
    )  # fmt: skip
    with_report(pairs, one, headline=tuple(rows), result=result)


def cells_turned(chance: Random, pairs: Reports) -> None:
    """Two cells of a row change places."""
    at = chance.randrange(len(pairs))
    tables = [
        table for table in pairs[at].report.tables if table.key not in ("asked", "exceptions")
    ]
    places = [
        (table, number, one, other)
        for table in tables
        for number, row in enumerate(table.rows)
        for one in range(len(row.cells))
        for other in range(one)
        if row.cells[one] != row.cells[other]
    ]
    table, number, one, other = one_of(chance, places)
    rows = list(table.rows)
    cells = list(rows[number].cells)
    cells[one], cells[other] = cells[other], cells[one]
    rows[number] = replace(rows[number], cells=tuple(cells))
    with_rows(pairs, at, table.key, rows)


def cell_left_out(chance: Random, pairs: Reports) -> None:
    rows = list(table_of(pairs[0].report, "managers").rows)
    number = chance.randrange(len(rows))
    cells = list(rows[number].cells)
    at = one_of(chance, [n for n, cell in enumerate(cells) if isinstance(cell, Figure)])
    cells[at] = None
    rows[number] = replace(rows[number], cells=tuple(cells))
    with_rows(pairs, 0, "managers", rows)


def digit_in_a_sentence(chance: Random, pairs: Reports) -> None:
    at = chance.randrange(len(pairs))
    rows = list(pairs[at].report.headline)
    places = [
        (number, place)
        for number, row in enumerate(rows)
        for place, cell in enumerate(row.cells)
        if isinstance(cell, str)
    ]
    number, place = one_of(chance, places)
    cells = list(rows[number].cells)
    cells[place] = f"{cells[place]} 7"
    rows[number] = replace(rows[number], cells=tuple(cells))
    with_report(pairs, at, headline=tuple(rows))


def figure_as_text(chance: Random, pairs: Reports) -> None:
    at = chance.randrange(len(pairs))
    rows = list(pairs[at].report.headline)
    places = [
        (number, place)
        for number, row in enumerate(rows)
        for place, cell in enumerate(row.cells)
        if isinstance(cell, Figure)
    ]
    number, place = one_of(chance, places)
    cells = list(rows[number].cells)
    cells[place] = "27"
    rows[number] = replace(rows[number], cells=tuple(cells))
    with_report(pairs, at, headline=tuple(rows))


def headings_of_two_parts(chance: Random, pairs: Reports) -> None:
    at = one_of(chance, managers_among(pairs))
    rows = list(pairs[at].report.headline)
    fix = [
        n for n, row in enumerate(rows) if row.element.startswith("fix ") and len(row.cells) > 1
    ]
    one, other = two_of(chance, fix)
    rows[one], rows[other] = (
        replace(rows[one], cells=rows[other].cells),
        replace(rows[other], cells=rows[one].cells),
    )
    with_report(pairs, at, headline=tuple(rows))


def heading_lost(chance: Random, pairs: Reports) -> None:
    """With it, its records are on no page."""
    at = one_of(chance, managers_among(pairs))
    rows = list(pairs[at].report.headline)
    number = one_of(chance, [n for n, row in enumerate(rows) if row.element.startswith("fix ")])
    del rows[number]
    with_report(pairs, at, headline=tuple(rows))


def language_of_a_report(chance: Random, pairs: Reports) -> None:
    at = chance.randrange(len(pairs))
    code = "nl" if pairs[at].report.language.code == "en" else "en"
    with_report(pairs, at, language=language_of(code))


REPORTS: Final[Sequence[ReportAct]] = (
    lists_exchanged, record_lost, record_of_a_colleague, record_twice,
    *(of_items(f"{act.__name__}_of_records", act) for act in (links, names, lacks, finding_ids, days)),
    *(
        of_rows(key, reader, what)
        for key, reader in (
            ("managers", "management"), ("teams", "management"), ("score", "management"),
            ("fields", "management"), ("findings", "management"), ("accounting", "management"),
            ("score", "manager"), ("fields", "manager"), ("seen", "manager"),
        )
        for what in ("label", "cells")
    ),
    headline_labels, manager_without_row, manager_without_report, manager_nowhere,
    title_of_a_colleague, report_of_a_colleague, mail_to_another, figure_of_a_colleague,
    cells_turned, cell_left_out, digit_in_a_sentence, figure_as_text, headings_of_two_parts,
    heading_lost,
    language_of_a_report,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ all of them


@dataclass(frozen=True, slots=True)
class Site:
    """A run as written, of which copies are altered and read back."""

    result: RunResult
    folder: Path

    def pairs_in(self, folder: Path) -> Reports:
        return [replace(pair, folder=folder) for pair in write._pairs(self.result, folder)]

    def altered(self, kind: Kind, chance: Random, folder: Path) -> list[Difference]:
        """The differences of a copy that is altered; NoPlaceError where it cannot be."""
        shutil.copytree(self.folder, folder)
        pairs = self.pairs_in(folder)
        made = kind.act(chance, folder, pairs)
        return list(write.differences_in(self.result, folder, made))


def site(result: RunResult, folder: Path) -> Site:
    """A run that is written as it should be."""
    folder.mkdir()
    write.write_reports(result, folder, Silence())
    return Site(result, folder)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alteration, and at which stage: it alters a folder, and gives the reports with
    which that is then compared.
    """

    stage: str
    name: str
    act: Callable[[Random, Path, Reports], Reports]

    def __str__(self) -> str:
        return f"{self.stage}: {self.name}"


def of_page(act: PageAct) -> Kind:
    def altered(chance: Random, _folder: Path, pairs: Reports) -> Reports:
        for pair in chance.sample(pairs, len(pairs)):
            with suppress(NoPlaceError):
                alter_page(act, chance, pair.page)
                return pairs
        raise NoPlaceError

    return Kind("page", act.__name__, altered)


def of_book(act: BookAct) -> Kind:
    def altered(chance: Random, _folder: Path, pairs: Reports) -> Reports:
        for pair in chance.sample(pairs, len(pairs)):
            for _ in range(5):  # a sheet may have no such place
                with suppress(NoPlaceError):
                    alter_book(act, chance, pair.book)
                    return pairs
        raise NoPlaceError

    return Kind("workbook", act.__name__, altered)


def of_folder(act: FileAct) -> Kind:
    def altered(chance: Random, folder: Path, pairs: Reports) -> Reports:
        act(chance, folder)
        return pairs

    return Kind("folder", act.__name__, altered)


def of_report(act: ReportAct, *, stage: str) -> Kind:
    """Reports that are altered before they are written: for the writer alone, or at all."""

    def altered(chance: Random, folder: Path, pairs: Reports) -> Reports:
        made = list(pairs)
        for _ in range(12):
            with suppress(NoPlaceError):
                act(chance, made)
                break
        else:
            raise NoPlaceError
        whole = {pair.place for pair in made}
        for pair in pairs:
            if pair.place not in whole:
                shutil.rmtree(folder / pair.place)
        for pair in made:
            if not any(pair is other for other in pairs):
                write_pair(pair)
        return pairs if stage == "written" else made

    return Kind(stage, act.__name__, altered)


KINDS: Final[Sequence[Kind]] = (
    *map(of_page, PAGES),
    *map(of_book, BOOKS),
    *map(of_folder, FILES),
    *(of_report(act, stage="written") for act in REPORTS),
    *(of_report(act, stage="made") for act in REPORTS),
)
"""Every kind of alteration."""
