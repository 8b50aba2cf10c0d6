"""What of a page could hide a figure, or say one without a mark: nothing of it may be there.

The style is the one of the templates and is allowed by its hash; a page has the elements and
attributes that are listed here, and no others.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, Final, cast

from lxml import etree

from pipeline.model import Difference
from pipeline.resources import REPORT_TEMPLATES

_ELEMENTS: Final = frozenset(
    (
        *("html", "head", "meta", "title", "style", "body", "div", "header", "main", "section"),
        *("footer", "h1", "h2", "h3", "p", "span", "bdi", "a", "code", "data", "details"),
        *("summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"),
        *("svg", "desc", "text", "tspan", "rect", "line", "polyline", "circle"),
    )
)
_ATTRIBUTES: Final = frozenset(
    (
        *("id", "class", "lang", "charset", "name", "content", "http-equiv", "href", "rel"),
        *("scope", "colspan", "role", "focusable", "aria-label", "aria-labelledby"),
        *("aria-hidden", "data-figure", "data-row", "data-label", "data-text", "data-cell"),
        *("data-item", "data-section", "data-group", "data-meta", "data-words", "viewbox"),
        *("preserveaspectratio", "points", "x", "x1", "x2", "y", "y1", "y2", "cx", "cy", "r"),
        *("text-anchor", "title"),
    )
)
_ONLY_OF: Final = {
    "colspan": "th",
    "aria-hidden": "svg",
    "content": "meta",
    "charset": "meta",
    "title": "data",
    "http-equiv": "meta",
}
"""Attributes that only one element may have."""

_OF_DRAWINGS: Final = frozenset(("svg", "rect", "text"))
"""The elements that may have a width, a height, or a turn."""

_FOLDED: Final = ("sheet fix", "sheet meanings")
"""The classes of what may be folded: lists of records and meanings, no figures."""

_MARKS: Final = ("figure", "text", "label", "cell", "meta", "words")
_BY_MARK: Final = " or ".join(f"@data-{mark}" for mark in _MARKS)


def _find(path: str) -> Callable[[etree._Element], list[etree._Element]]:
    return cast(Callable[[etree._Element], list[etree._Element]], etree.XPath(path))


_TEXTS: Final = cast(
    Callable[[etree._Element], list[Any]],
    etree.XPath(f"//*[not({_BY_MARK})]/text()[normalize-space()]"),
)
"""The texts whose own element has no mark; that of one around it is looked up for few."""

_STRANGE_ROWS: Final = _find("//tr[@data-row and not(ancestor::section/@id = @data-row)]")
_FOLDED_FIGURES: Final = _find("//details/*[not(self::summary)]/descendant::data")
_CALLED_OTHERWISE: Final = _find("//data[@title and @title != @data-figure]")
_COMMENTS: Final = _find("//comment()")
_STYLES: Final = _find("//style")
_LINKS: Final = cast(
    Callable[[etree._Element], list[str]],
    etree.XPath("//a[starts-with(@href, '#')]/@href", smart_strings=False),
)
_NAMED: Final = _find("//*[@id]")
_POLICIES: Final = _find("/html/head/meta[@http-equiv = 'Content-Security-Policy']")
_RUNS: Final = _find("/html/head/meta[@name = 'run']")


def form_differences(page: etree._Element) -> Iterator[Difference]:
    """What no page has: another element or style, a text without a mark, a link to nowhere."""
    yield from _shape_differences(page)
    for row in _STRANGE_ROWS(page):
        yield _name(row), "page", "a row of its own table", "another's"
    for figure in _FOLDED_FIGURES(page):
        yield _name(figure), "page", "seen", "folded"
    for text in _TEXTS(page):
        if any(map(str.isnumeric, text)) and not _is_marked(text):
            yield "a text without a mark", "page", "no digit", text.strip()
    for figure in _CALLED_OTHERWISE(page):
        yield _name(figure), "page", "called by its own name", str(figure.get("title"))
    for comment in _COMMENTS(page):
        yield "a comment", "page", "none", str(comment.text)
    yield from _style_differences(page)
    yield from _anchor_differences(page)


def _is_marked(text: Any) -> bool:
    """Whether an element around a text has a mark; style and title are compared as a whole."""
    element = text.getparent()
    element = element.getparent() if text.is_tail else element
    while element is not None:
        if element.tag == "style" or (
            element.tag == "title" and element.getparent().tag == "head"
        ):
            return True
        if any(f"data-{mark}" in element.attrib for mark in _MARKS):
            return True
        element = element.getparent()
    return False


def _name(element: etree._Element) -> str:
    """An element for a message, by its mark."""
    attributes = ((str(mark), str(text)) for mark, text in element.items())
    marks = (f"{mark}={text}" for mark, text in attributes if mark.startswith("data-"))
    return " ".join((f"<{element.tag}>", *marks))


def _shape_differences(page: etree._Element) -> Iterator[Difference]:
    """Elements, attributes and classes that no page has; a comment is no element."""
    shapes = {
        (element.tag, element.get("class"), *element.keys())
        for element in page.getroottree().iter(etree.Element)
    }
    for tag, classes, *attributes in sorted(tuple(map(str, shape)) for shape in shapes):
        if tag not in _ELEMENTS:
            yield f"<{tag}>", "page", "an element of a report", "another"
        for attribute in attributes:
            if not _is_allowed(tag, attribute):
                yield f"<{tag} {attribute}>", "page", "no such attribute", "one"
        if not _is_seen(tag, classes, attributes):
            yield f"<{tag} class={classes}>", "page", "seen", "hidden, folded, or led away"


def _is_allowed(tag: str, attribute: str) -> bool:
    if attribute in ("width", "height", "transform"):
        return tag in _OF_DRAWINGS
    return attribute in _ATTRIBUTES and _ONLY_OF.get(attribute, tag) == tag


def _is_seen(tag: str, classes: str, attributes: Sequence[str]) -> bool:
    """Whether only a name is for those who listen, and only a list of records is folded."""
    if "unseen" in classes:
        return tag == "caption" or (tag == "bdi" and "data-label" in attributes)
    if tag == "details":
        return classes in _FOLDED
    return tag != "a" or classes == "opens" or "data-cell" in attributes


@cache
def _style() -> tuple[str, str]:
    """The style of the templates, and the policy that allows it alone."""
    style = (REPORT_TEMPLATES / "style.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    allowed = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return style, allowed


def _style_differences(page: etree._Element) -> Iterator[Difference]:
    style, allowed = _style()
    if [element.text for element in _STYLES(page)] != [style]:
        yield "<style>", "page", "the style of the templates", "another"
    if [element.get("content") for element in _POLICIES(page)] != [allowed]:
        yield "Content-Security-Policy", "page", "one that allows this style alone", "another"


def _anchor_differences(page: etree._Element) -> Iterator[Difference]:
    """Links within the page that lead nowhere, and places of one name."""
    names = Counter(str(element.get("id")) for element in _NAMED(page))
    for name, number in names.items():
        if number > 1:
            yield f"#{name}", "page", "one place", str(number)
    for target in dict.fromkeys(_LINKS(page)):
        if target[1:] not in names:
            yield target, "page", "one place", "none"


def head_of(page: etree._Element) -> dict[str, str]:
    """As what a browser takes a page: 'title', 'run', 'language' and 'reader'."""
    body, run = page.find("body"), _RUNS(page)
    return {
        "title": page.findtext("head/title") or "",
        "run": str(run[0].get("content")) if run else "",
        "language": str(page.get("lang")),
        "reader": "" if body is None else str(body.get("class")),
    }
