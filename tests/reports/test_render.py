"""The pages: what stands in them, that nothing escapes from a cell, and that any alteration is noticed."""

from __future__ import annotations

import copy
import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from jinja2 import UndefinedError
from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from pipeline.calendar.window import open_window
from pipeline.language.format import format_figure
from pipeline.language.languages import ENGLISH, language_of
from pipeline.measures.completeness import SCORE
from pipeline.measures.meetings import COMPLETE_MEETINGS
from pipeline.measures.registry import MEASURES
from pipeline.model import (
    Figure,
    Figures,
    FixItem,
    LanguageCode,
    Person,
    RunResult,
    Scope,
    Span,
    same_in_all,
)
from pipeline.reports.content.checks import to_check
from pipeline.reports.content.fix_list import groups_of
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import (
    Report,
    Row,
    as_of_text,
    clean,
    halves,
    label_text,
    parts_of,
    period_text,
    section_of,
    web_address,
)
from pipeline.reports.html.page import environment, render_page
from pipeline.reports.html.read_page import (
    expected_page,
    page_content,
    page_differences,
    read_page,
)
from tests.factory import HOSTILE_LABEL, HOSTILE_NAME, PEOPLE, result
from tests.paths import GOLDEN

MANAGERS = [person for person in PEOPLE if person.scope is Scope.MANAGER]


def reports(language: LanguageCode = "en") -> dict[str, Report]:
    return {
        "management": management_report(result(language)),
        "manager": manager_report(result(language), MANAGERS[0]),
    }


def parse(page: str) -> HtmlElement:
    return lxml_html.document_fromstring(
        page.encode(), parser=lxml_html.HTMLParser(encoding="utf-8")
    )


def serialised(tree: HtmlElement) -> str:
    return "<!doctype html>\n" + lxml_html.tostring(tree, encoding="unicode")


# ------------------------------------------------------------------------------------------------ the pages themselves


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("name", ["management", "manager"])
def test_the_page_is_the_golden_one(
    name: str, language: LanguageCode, request: pytest.FixtureRequest
) -> None:
    page, golden = render_page(reports(language)[name]), GOLDEN / language / f"{name}.html"
    if request.config.getoption("--update-golden", default=False):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(page, "utf-8")
    assert page == golden.read_text("utf-8"), "pytest --update-golden writes it anew"


@pytest.mark.parametrize("person", [None, *MANAGERS], ids=lambda p: p.id if p else "management")
def test_a_page_that_nobody_touched_has_no_difference(person: Person | None) -> None:
    report = manager_report(result(), person) if person else management_report(result())
    assert page_differences(report, render_page(report)) == []


def test_every_figure_is_printed_as_show_says() -> None:
    report = reports()["management"]
    printed = read_page(render_page(report)).figures
    assert sorted(printed) == sorted(
        (figure.id, format_figure(figure, ENGLISH)) for figure in report.figures()
    )
    assert len(printed) > 200


def test_teams_inactive_owners_and_nobody_add_up_to_the_company() -> None:
    table = next(table for table in reports()["management"].tables if table.key == "teams")
    *parts, total = table.rows
    assert total.total
    for column, cell in enumerate(total.cells):
        if isinstance(cell, Figure) and cell.denominator is None:
            figures = [row.cells[column] for row in parts]
            assert (
                sum(f.numerator for f in figures if isinstance(f, Figure)) == cell.numerator
            ), table.columns[column + 1]


def test_a_fix_list_holds_every_record_of_its_manager_and_of_nobody_else() -> None:
    for person in MANAGERS:
        page = read_page(render_page(manager_report(result(), person)))
        own = sorted(
            f"{r.entity}:{r.record_id}"
            for r in (*result().fix_list, *to_check(result()))
            if r.owner == person.id
        )
        assert sorted(row[0] for row in page.fix_list) == own


def test_a_long_fix_list_is_not_cut() -> None:
    first = result().fix_list[0]
    many = tuple(
        replace(first, record_id=f"old-{n}", owner="m1", span=Span.OUTSIDE)
        for n in range(5_000)
    )
    report = manager_report(replace(result(), fix_list=many, checks=()), MANAGERS[0])
    page = render_page(report)
    assert len(read_page(page).fix_list) == 5_000
    assert page_differences(report, page) == []


def test_a_manager_sees_no_colleague() -> None:
    for person in MANAGERS:
        report = manager_report(result(), person)
        page = render_page(report)
        others = {
            figure.key for figure in report.figures() if figure.scope is Scope.MANAGER
        } - {person.id}
        assert not others
        named = [
            p.name for p in PEOPLE if p.id != person.id and p.name in parse(page).text_content()
        ]
        assert not named


def test_a_heading_counts_the_records_under_it() -> None:
    for person in MANAGERS:
        report = manager_report(result(), person)
        for section, metric, dimension in (
            ("now", "records_failing", ""), ("leads", "records_failing", "lead"),
            ("outside", "records_failing_outside", ""), ("leads outside", "records_failing_outside", "lead"),
        ):  # fmt: skip
            figure = result().find(MEASURES[metric], Scope.MANAGER, person.id, dimension)
            parts = (section, "now later") if section == "now" else (section,)
            listed = [item for item in report.fix_list if section_of(item) in parts]
            assert figure is not None
            assert figure.numerator == len(listed)
            assert bool(listed) == any(
                isinstance(cell, Figure)
                for row in report.element(f"fix {section}")
                for cell in row.cells
            )


def test_people_to_talk_to_come_with_their_evidence() -> None:
    rows = reports()["management"].element("person")
    assert [row.label for row in rows] == ["Anna Berg", "Dolores Ibárruri-Gómez", HOSTILE_NAME]
    said = [
        "".join(
            format_figure(cell, ENGLISH) if isinstance(cell, Figure) else cell or ""
            for cell in row.cells
        )
        for row in rows
    ]
    assert said[1:] == ["19 of the company's 25 meetings still to be closed; 46 open deals",
                        "1 won deal, no closing date yet, €8,400"]  # fmt: skip
    assert said[0].startswith("target reached: 9 of 8 won; records ")


def test_nobody_with_the_companys_own_score_is_said_to_be_below_it() -> None:
    company, own = result().figures["score@company"], result().figures["score@manager:m1"]
    same = replace(own, numerator=company.numerator, denominator=company.denominator)
    given = replace(result(), figures=Figures({**result().figures, own.id: same}.values()))
    said = [
        str(cell) for row in management_report(given).element("person") for cell in row.cells
    ]
    assert said
    assert not any(text.startswith("target reached") for text in said)


def test_a_won_deal_without_a_closing_date_is_said_to_be_missing_from_the_counter() -> None:
    text = parse(render_page(manager_report(result(), MANAGERS[2]))).text_content()
    assert (
        "Add 1 closing date, and that won deal (€8,400) can count on top of your 5"
        in " ".join(text.split())
    )


# ------------------------------------------------------------------------------------------------ what is lacking


def without(metric: Callable[[Figure], bool]) -> RunResult:
    return replace(
        result(), figures=Figures(f for f in result().figures.values() if not metric(f))
    )


def outside_a_month() -> RunResult:
    window = open_window(
        as_of=result().window.as_of, zone="Europe/Berlin", working_week=range(5),
        first=date(2026, 10, 10), after_last=date(2026, 12, 1),
    )  # fmt: skip
    return replace(without(lambda f: f.period == "month"), window=window)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            without(lambda f: f.metric.startswith("plan_")),
            "No targets are set for November 2026.",
        ),
        (
            outside_a_month(),
            "The period is not inside one calendar month, so it has no target.",
        ),
    ],
    ids=["no targets", "no month"],
)
def test_an_element_without_data_says_why(given: RunResult, said: str) -> None:
    for report in (management_report(given), manager_report(given, MANAGERS[0])):
        page = render_page(report)
        assert said in page
        assert page_differences(report, page) == []


def test_a_crm_of_nothing_still_makes_pages() -> None:
    nothing = replace(result(), figures=Figures(), fix_list=(), not_checked={})
    for report in (management_report(nothing), manager_report(nothing, MANAGERS[0])):
        page = render_page(report)
        assert page_differences(report, page) == []
        assert "Every field of the minimum data is checked." in page


def test_a_ratio_of_which_nothing_was_due_is_no_zero() -> None:
    meetings = result().find(COMPLETE_MEETINGS, Scope.MANAGER, "m5")
    assert meetings is not None
    assert (meetings.id, "–") in read_page(render_page(reports()["management"])).figures


RATIOS = (
    "score",
    "base",
    "records_complete",
    "base_complete",
    "field_good",
    "base_good",
    "complete_meetings",
    "win_rate",
)


def test_where_nothing_is_due_to_anybody_the_reports_say_so_in_words() -> None:
    given = without(
        lambda figure: (
            figure.metric in RATIOS or figure.metric in ("field_missing", "base_missing")
        )
    )
    for report in (management_report(given), manager_report(given, MANAGERS[0])):
        page = render_page(report)
        assert page_differences(report, page) == []
        text = " ".join(parse(page).text_content().split())
        assert text.count("No records to look at yet.") == (2 if report.person is None else 3)
        assert "No records need these: meeting: date, " in text
        assert "Complete everywhere" not in text
    company = " ".join(parse(render_page(management_report(given))).text_content().split())
    assert "No held meetings to look at yet." in company
    [teams] = [table for table in management_report(given).tables if table.key == "teams"]
    assert [row.label for row in teams.rows][-3:] == [
        "In former colleagues' names",
        "No owner",
        "Company",
    ]


def test_an_amount_that_nobody_has_is_no_column() -> None:
    def columns(given: RunResult) -> set[str]:
        return {column for table in management_report(given).tables for column in table.columns}

    figures = Figures(
        replace(figure, numerator=0) if figure.currency == "JPY" else figure
        for figure in result().figures.values()
    )
    assert "Open amount, JPY" in columns(result())
    assert columns(result()) - columns(replace(result(), figures=figures)) == {
        "Open amount, JPY"
    }


def test_a_field_that_is_due_in_the_base_only_is_due_of_none_in_the_period() -> None:
    given = without(
        lambda figure: figure.metric == "field_good" and figure.dimension == "meeting.date"
    )
    [table] = [table for table in management_report(given).tables if table.key == "fields"]
    [row] = [row for row in table.rows if row.label == "meeting: date"]
    assert row.cells[1:3] == ("none", None)


def test_who_has_most_to_repair_and_no_score_is_said_to_have_records_to_repair() -> None:
    given = without(
        lambda figure: figure.metric in ("score", "meetings_overdue", "deals_won_undated")
    )
    [row] = management_report(given).element("person")
    count, *words = row.cells
    assert isinstance(count, Figure)
    assert (count.metric, words) == ("records_failing", [" records to complete"])


# ------------------------------------------------------------------------------------------------ alterations


def altered(
    tree: HtmlElement, change: Callable[[HtmlElement], bool], mark: str
) -> Iterator[HtmlElement]:
    """The page once for each element with this mark, changed there and nowhere else."""
    marked = etree.XPath(f"descendant-or-self::*[@{mark}]")
    for number in range(len(marked(tree))):
        twin = copy.deepcopy(tree)
        if change(marked(twin)[number]):
            yield twin


def tried(report: Report, change: Callable[[HtmlElement], bool], mark: str) -> int:
    """Alters every element with this mark in turn; each time it must be noticed. How many there were."""
    whole, expected, times = parse(render_page(report)), expected_page(report), 0
    for times, tree in enumerate(altered(whole, change, mark), 1):
        assert expected.differences(page_content(tree)), serialised(tree)
        if times == 1:  # as a file has it, too
            assert page_differences(report, serialised(tree)), serialised(tree)
    return times


def retold(element: HtmlElement) -> bool:
    text = element.text_content()
    for child in element:
        element.remove(child)
    element.text = f"{text[:-1]}9" if text and not text.endswith("9") else f"{text}8"
    return True


def renamed(element: HtmlElement) -> bool:
    element.set("data-figure", element.get("data-figure") + "x")
    return True


def removed(element: HtmlElement) -> bool:
    element.drop_tree()
    return True


def doubled(element: HtmlElement) -> bool:
    element.addnext(copy.deepcopy(element))
    return True


def led_elsewhere(element: HtmlElement) -> bool:
    if "href" in element.attrib:
        element.set("href", element.get("href") + "0")
        return True
    return False


def link_taken(element: HtmlElement) -> bool:
    return element.attrib.pop("href", None) is not None


def moved(element: HtmlElement) -> bool:
    element.set("data-section", "outside" if element.get("data-section") == "now" else "now")
    return True


def short(name: str) -> Report:
    """The manager's report with one record of each kind of row, so that each alteration is quickly tried."""
    report = reports()[name]
    odd = [r for r in report.fix_list if r.record_id.endswith(("-000", "-001", "-002", "-008"))]
    return replace(report, fix_list=tuple(odd))


@pytest.mark.parametrize("change", [retold, renamed, removed, doubled])
@pytest.mark.parametrize("name", ["management", "manager"])
def test_every_altered_figure_is_noticed(
    name: str, change: Callable[[HtmlElement], bool]
) -> None:
    report = short(name)
    assert tried(report, change, "data-figure") == len(list(report.figures()))


@pytest.mark.parametrize("change", [retold, removed, doubled, led_elsewhere, link_taken])
def test_every_altered_cell_of_a_fix_list_is_noticed(
    change: Callable[[HtmlElement], bool],
) -> None:
    report = short("manager")
    assert tried(report, change, "data-cell") >= len(report.fix_list) - 4


@pytest.mark.parametrize(
    ("mark", "change"),
    [("data-item", removed), ("data-item", doubled), ("data-item", moved), ("data-row", removed),
     ("data-row", doubled), ("data-label", retold), ("data-text", retold), ("data-meta", retold),
     ("data-meta", removed)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["management", "manager"])
def test_every_altered_row_label_and_date_is_noticed(
    name: str, mark: str, change: Callable[[HtmlElement], bool]
) -> None:
    assert tried(short(name), change, mark)


def test_two_fields_of_a_record_that_change_places_are_noticed() -> None:
    report = short("manager")
    item = next(r for r in report.fix_list if len(r.missing) == 2)
    turned = replace(item, missing=item.missing[::-1])
    page = render_page(
        replace(report, fix_list=tuple(turned if r is item else r for r in report.fix_list))
    )
    assert page_differences(report, page)


def test_two_rows_of_one_name_that_change_places_are_noticed() -> None:
    report = reports()["manager"]
    *others, table = report.tables
    rows = Row("Same name", ("one",)), Row("Same name", ("other",))
    listed, turned = (
        replace(report, tables=(*others, replace(table, rows=order)))
        for order in (rows, rows[::-1])
    )
    assert page_differences(listed, render_page(listed)) == []
    assert page_differences(listed, render_page(turned))


def test_a_figure_that_the_edition_does_not_have_is_noticed() -> None:
    report = reports()["management"]
    score = result().find(SCORE)
    assert score is not None
    for strange in (
        replace(score, numerator=score.numerator - 1),
        replace(score, id="invented@company"),
    ):
        row = replace(report.headline[0], cells=(strange, halves(strange)[0]))
        forged = replace(report, headline=(row, *report.headline[1:]))
        assert [
            difference[1] for difference in page_differences(forged, render_page(forged))
        ] == ["edition"] * 2


# ------------------------------------------------------------------------------------------------ safety


@pytest.mark.parametrize("person", [None, *MANAGERS], ids=lambda p: p.id if p else "management")
def test_nothing_breaks_out_of_the_page(person: Person | None) -> None:
    page = render_page(
        manager_report(result(), person) if person else management_report(result())
    )
    tree = parse(page)
    assert not tree.xpath(
        "//script | //img | //iframe | //object | //embed | //link | //base | //form"
    )
    attributes = {
        name
        for element in tree.iter()
        if isinstance(element.tag, str)
        for name in element.attrib
    }
    assert not [
        name
        for name in attributes
        if name.startswith("on") or name in ("src", "srcset", "style")
    ]
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_hostile_texts_are_shown_as_what_they_are() -> None:
    text = parse(render_page(reports()["manager"])).text_content()
    assert HOSTILE_LABEL in text
    assert '"><img src=x onerror=alert(1)> & \ufffdgnp.exe\ufffd\ufffd' in text
    assert HOSTILE_NAME in parse(render_page(reports()["management"])).text_content()


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "//crm.example/x", "ftp://crm.example/", "",
     "java\nscript:alert(1)", " https://crm.example", "https://crm.example/a b", "https:crm", "http://[", "mailto:a@b"],
)  # fmt: skip
def test_only_web_addresses_become_links(link: str) -> None:
    assert web_address(link) == ""
    report = reports()["manager"]
    report = replace(
        report, fix_list=tuple(replace(item, link=link) for item in report.fix_list)
    )
    page = render_page(report)
    assert not parse(page).xpath("//a[not(@class='opens' or starts-with(@href, 'mailto:'))]")
    assert page_differences(report, page) == []


def test_links_lead_to_the_records_and_tell_nothing_about_where_they_come_from() -> None:
    report = reports()["manager"]
    links = parse(render_page(report)).xpath("//a[@data-cell='link']")
    assert [a.get("href") for a in links] == [
        record.link
        for _, items in parts_of(report)
        for group in groups_of(items, report.result.field_sets)
        for record in group.items
        if web_address(record.link)
    ]
    assert {a.get("rel") for a in links} == {"noreferrer"}


@pytest.mark.parametrize("name", ["management", "manager"])
def test_the_page_asks_nobody_for_anything(name: str) -> None:
    page = render_page(reports()[name])
    assert not re.search(r"url\(|@import|http-equiv=.refresh", page)
    records = (*result().fix_list, *result().checks)
    own = {f'href="{r.link.replace("&", "&amp;")}"' for r in records}
    assert set(re.findall(r'\S*https?://[^\s">]*"?', page)) <= own
    policy = parse(page).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("name", ["management", "manager"])
def test_no_number_stands_on_a_page_that_is_not_marked(name: str) -> None:
    """Outside of figures, dates and the run's id, digits come only from the CRM's own texts (isolated) and records."""
    tree = parse(render_page(reports()[name]))
    for known in tree.xpath("//*[@data-figure or @data-meta or @data-item] | //bdi | //style | //head/title | "
                            "//*[local-name()='circle']"):  # fmt: skip
        known.drop_tree()
    was = "What was, is from the report as of Mon 9 Nov 2026 07:00 CET."
    [note] = tree.xpath("//p[.=$was]", was=was)  # a moment, of another report
    note.drop_tree()
    assert not re.findall(r"\S*\d\S*", tree.text_content())


def test_a_template_that_names_what_does_not_exist_is_an_error() -> None:
    for text in ("{{ nobody }}", "{{ report.nothing }}", "{% for x in nobody %}{% endfor %}"):
        with pytest.raises(UndefinedError):
            environment(ENGLISH).from_string(text).render(report=reports()["manager"])


@pytest.mark.parametrize("name", ["management", "manager"])
def test_a_page_can_be_heard(name: str) -> None:
    tree = parse(render_page(reports()[name]))
    assert tree.get("lang") == "en"
    assert all(table.find("caption") is not None for table in tree.xpath("//table"))
    assert all(cell.get("scope") in ("col", "row", "rowgroup") for cell in tree.xpath("//th"))
    for drawing in tree.xpath("//*[local-name()='svg']"):
        assert drawing.get("aria-hidden") == "true" or drawing.xpath("./*[local-name()='desc']")
    assert len(tree.xpath("//h1")) == 1
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))


# ------------------------------------------------------------------------------------------------ words


def test_clean_leaves_honest_text_alone() -> None:
    for text in (
        "Øresund",
        "山田 太郎",
        "O'Neill & Sons",
        "שלום",
        "👩‍💼",
        "a\u00a0b",
        "  two  blanks ",
    ):
        assert clean(text) == text
    assert clean("a\r\nb\tc\nd\re") == "a b c d e"
    assert clean("\x00\x1b\x85\u202e\u2069\ud800") == "\ufffd" * 6


def test_a_record_without_a_name_is_known_by_its_day_hour_and_client() -> None:
    item = FixItem(
        "meeting",
        "m-1",
        "a",
        " \n",
        (same_in_all("date"),),
        (same_in_all("why"),),
        "",
        Span.SCORE,
    )
    assert label_text(item, ENGLISH) == "without a name"
    item = replace(item, client="Aurora\tFoods")
    assert label_text(item, ENGLISH) == "Aurora Foods"
    item = replace(item, day=date(2026, 11, 17), hour=time(14, 5, 9))
    assert label_text(item, ENGLISH) == "17 Nov 2026 14:05, Aurora Foods"
    assert label_text(item, language_of("nl")) == "17 nov 2026 14.05 uur, Aurora Foods"
    assert label_text(replace(item, label="Lunch"), ENGLISH) == "Lunch"


def test_a_reason_is_said_once_for_all_records_of_its_kind() -> None:
    report = manager_report(result(), PEOPLE[0])
    page = parse(render_page(report))
    for part, items in parts_of(report):
        rows = page.xpath(f"//tr[@data-group and @data-section='{part}']")
        assert [row.get("data-group") for row in rows] == list(
            dict.fromkeys(item.entity for item in items)
        )
        for row in rows:
            of_kind = [item for item in items if item.entity == row.get("data-group")]
            reasons = {ENGLISH.chosen(why) for item in of_kind for why in item.why if why}
            assert sorted(row.xpath(".//*[@data-cell='why']/text()")) == sorted(reasons)
    assert not page.xpath("//tr[@data-item]//*[@data-cell='why']")


@pytest.mark.parametrize(
    ("first", "after", "said"),
    [
        (None, None, "November 2026 to date"),
        (date(2026, 10, 1), date(2026, 11, 1), "October 2026"),
        (
            date(2026, 11, 9),
            date(2026, 11, 16),
            "week of 9 Nov 2026",
        ),  # as-of is the day after the last
        (
            date(2026, 11, 16),
            date(2026, 11, 23),
            "week of 16 Nov 2026 to date",
        ),  # and here the first
        (
            date(2026, 11, 10),
            date(2026, 11, 17),
            "10 Nov 2026 to 16 Nov 2026, to date",
        ),  # and the last
        (date(2026, 10, 1), date(2027, 1, 1), "Q4 2026 to date"),
        (date(2026, 1, 1), date(2026, 4, 1), "Q1 2026"),
        (date(2026, 1, 1), date(2027, 1, 1), "2026 to date"),
        (date(2025, 1, 1), date(2026, 1, 1), "2025"),
        (date(2026, 11, 2), date(2027, 1, 1), "2 Nov 2026 to 31 Dec 2026, to date"),
        (date(2026, 11, 9), date(2026, 11, 15), "9 Nov 2026 to 14 Nov 2026"),
    ],
)
def test_the_period_in_words(first: date | None, after: date | None, said: str) -> None:
    window = open_window(as_of=datetime(2026, 11, 16, 6, tzinfo=UTC), zone="Europe/Berlin", working_week=range(5),
                         first=first, after_last=after)  # fmt: skip
    assert period_text(window, ENGLISH) == said


BY_NIGHT = datetime(2026, 11, 30, 22, 50, tzinfo=UTC)  # 23:50 in Berlin


@pytest.mark.parametrize(
    ("fire", "as_of", "said"),
    [
        (None, BY_NIGHT, ""),
        (BY_NIGHT, BY_NIGHT, ""),
        (BY_NIGHT, BY_NIGHT + timedelta(minutes=9), ""),
        (BY_NIGHT, BY_NIGHT + timedelta(minutes=15),
         "covers November 2026 and was made afterwards.* as of Tue 1 Dec 2026 00:05 CET.*"
         "due on Mon 30 Nov 2026 23:50 CET and was made later"),
        (datetime(2026, 12, 1, 6, tzinfo=UTC), datetime(2026, 12, 1, 6, tzinfo=UTC),
         "covers November 2026 and was made afterwards.* as of Tue 1 Dec 2026 07:00 CET"),
    ],
)  # fmt: skip
def test_a_report_on_a_period_that_is_over_says_of_when_its_parts_are(
    fire: datetime | None, as_of: datetime, said: str
) -> None:
    window = open_window(
        as_of=as_of, zone="Europe/Berlin", working_week=range(5), word="month", fire=fire
    )
    later = replace(result(), window=window)
    for report in (management_report(later), manager_report(later, MANAGERS[0])):
        notes = [note for note in report.notes if "was made" in note]
        assert re.search(said, " ".join(notes)) if said else not notes
        assert ("made later" in " ".join(notes)) == ("made later" in said)
        assert page_differences(report, render_page(report)) == []


def test_the_moment_in_words() -> None:
    window = result().window
    assert as_of_text(window, ENGLISH) == "Mon 16 Nov 2026 07:00 CET, set by hand"
    assert as_of_text(replace(window, injected=False), ENGLISH) == "Mon 16 Nov 2026 07:00 CET"
