"""English and Dutch: the same figures in both, nothing untranslated, and no word that accuses anybody."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from gettext import NullTranslations
from pathlib import Path
from string import Formatter

import openpyxl
import pytest
import yaml
from babel.messages.catalog import Catalog
from lxml import html as lxml_html

from pipeline.language.format import (
    NOTHING,
    day_text,
    excel_format,
    excel_value,
    format_figure,
    moment_text,
)
from pipeline.language.languages import (
    ENGLISH,
    Language,
    in_all,
    joined,
    joined_texts,
    language_of,
)
from pipeline.language.styles import STYLES, Style
from pipeline.model import Figure, LanguageCode, LocalText, RunResult, Scope, Unit
from pipeline.presets import load_preset, preset_names
from pipeline.reports.content import checks, elements
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import Report
from pipeline.reports.excel.read_workbook import workbook_differences
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences, read_page
from pipeline.resources import EXPECTATIONS
from pipeline.values.visible import decoded
from tests import factory, translations
from tests.language.test_money_show import many_figures

CODES: tuple[LanguageCode, ...] = ("en", "nl")
DUTCH = language_of("nl")


def reports(result: RunResult) -> list[Report]:
    managers = (person for person in result.people if person.scope is Scope.MANAGER)
    return [management_report(result), *(manager_report(result, person) for person in managers)]


# ------------------------------------------------------------------------------------------------ the catalogues

CATALOGUES = translations.catalogue_files()


def texts(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


@pytest.fixture(scope="module", params=CATALOGUES, ids=lambda file: file.parent.parent.name)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return translations.read_catalogue(request.param)


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {file.parent.parent.name for file in CATALOGUES} == STYLES.keys() - {"en"}


def test_what_is_said_is_translated_and_nothing_else(catalogue: Catalog) -> None:
    """`make translations` brings the catalogues up to date."""
    said = {message for _, message in translations.messages()}
    there = {message.id for message in catalogue if message.id}
    singles = {message for message in said if isinstance(message, str)}
    assert there == said
    assert not singles & {one for message in said - singles for one in message}


def test_no_translation_is_empty_or_doubtful(catalogue: Catalog) -> None:
    assert not [m.id for m in catalogue if m.id and not all(texts(m.string))]
    assert not [m.id for m in catalogue if m.id and m.fuzzy]
    assert not catalogue.obsolete


def places(text: str) -> set[str]:
    """The places in braces, and those of templates."""
    return {name for _, name, *_ in Formatter().parse(text) if name} | set(
        re.findall(r"%\((\w+)\)s", text)
    )


def test_a_translation_has_the_places_of_the_text(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id:
            wanted = places(texts(message.id)[-1])
            for translated in texts(message.string):
                assert places(translated) == wanted, message.id


def test_what_is_compiled_is_what_is_written(catalogue: Catalog) -> None:
    [file] = [file for file in CATALOGUES if file.parent.parent.name == str(catalogue.locale)]
    assert file.with_suffix(".mo").read_bytes() == translations.compiled(catalogue)


def test_presets_and_field_sets_speak_every_language() -> None:
    for name in preset_names():
        preset = load_preset(name, Path())
        for absent, why in preset.absent.items():
            assert why.en != why.nl, f"{name}: {absent}"
    for file in EXPECTATIONS.glob("*.yaml"):
        for field in yaml.safe_load(file.read_text("utf-8"))["fields"]:
            for text in ("label", "why"):
                assert set(field[text]) == set(CODES), f"{file.name}: {field['name']}"


# ------------------------------------------------------------------------------------------------ figures, read back

ENGLISH_MONEY = re.compile(
    r"(?P<minus>-?)(?P<sign>[€£$]|[A-Z]{3} )(?P<whole>\d{1,3}(?:,\d{3})*)(?:\.(?P<cents>\d+))?"
)
DUTCH_MONEY = re.compile(
    r"(?P<minus>-?)(?P<sign>[€£$] |[A-Z]{3} )(?P<whole>\d{1,3}(?:\.\d{3})*)(?:,(?P<cents>\d+))?"
)
SIGNS = {"€": "EUR", "£": "GBP", "$": "USD"}
NUMBERS = {
    "en": re.compile(
        r"(?P<minus>-?)(?P<whole>\d{1,3}(?:,\d{3})*)(?:\.(?P<tenths>\d))?(?P<percent>%?)"
    ),
    "nl": re.compile(
        r"(?P<minus>-?)(?P<whole>\d{1,3}(?:\.\d{3})*)(?:,(?P<tenths>\d))?(?P<percent>%?)"
    ),
}


def parsed_money(text: str, code: LanguageCode) -> tuple[Decimal, str]:
    """The amount and its currency; cents only where there are any."""
    match = (ENGLISH_MONEY if code == "en" else DUTCH_MONEY).fullmatch(text)
    assert match, text
    cents = match["cents"] or ""
    assert not cents or int(cents), text
    amount = Decimal(f"{match['minus']}{re.sub('[.,]', '', match['whole'])}.{cents or '0'}")
    sign = match["sign"].strip()
    return amount, SIGNS.get(sign, sign)


def parsed_number(text: str, code: LanguageCode, *, tenths: bool, percent: bool) -> Fraction:
    match = NUMBERS[code].fullmatch(text)
    assert match, text
    assert bool(match["tenths"]) is tenths, text
    assert bool(match["percent"]) is percent, text
    whole = int(f"{match['minus']}{re.sub('[.,]', '', match['whole'])}")
    return Fraction(whole) + Fraction(int(match["tenths"] or 0), 10)


def says(text: str, figure: Figure, code: LanguageCode) -> bool:
    """Whether a text of this language says the figure exactly, or rounded as it must be."""
    if figure.denominator == 0 or (
        figure.denominator is None and figure.unit in (Unit.PERCENT, Unit.PER_DAY)
    ):
        return text == NOTHING
    if figure.unit is Unit.MONEY:
        amount, currency = parsed_money(text, code)
        factor = {"JPY": 1, "KWD": 1_000, "CLF": 10_000}.get(figure.currency, 100)
        return (amount * factor, currency) == (figure.numerator, figure.currency)
    if figure.unit in (Unit.COUNT, Unit.DAYS):
        return parsed_number(text, code, tenths=False, percent=False) == figure.numerator
    assert figure.denominator
    exact = Fraction(figure.numerator, figure.denominator)
    if figure.unit is Unit.PER_DAY:
        return _rounds(exact, parsed_number(text, code, tenths=True, percent=False))
    shown = parsed_number(text, code, tenths=True, percent=True)
    if exact in (0, 1):
        return shown == 100 * exact
    assert shown not in (0, 100)
    return _rounds(100 * exact, shown) or (
        shown in (Fraction(1, 10), Fraction(999, 10), Fraction(1001, 10))
    )


def _rounds(exact: Fraction, shown: Fraction) -> bool:
    return -Fraction(1, 20) < shown - exact <= Fraction(1, 20)


@pytest.mark.parametrize("code", CODES)
def test_a_text_says_its_figure(code: LanguageCode) -> None:
    for figure in many_figures():
        assert says(format_figure(figure, language_of(code)), figure, code), figure


@pytest.mark.parametrize("code", CODES)
def test_figures_of_pages_are_read_back_and_equal_the_exact_ones(code: LanguageCode) -> None:
    result = factory.result(code)
    exact = {figure.id: figure for report in reports(result) for figure in report.figures()}
    seen = set()
    for report in reports(result):
        for name, text in read_page(render_page(report)).figures:
            assert says(text, exact[name], code), (name, text)
            seen.add(name)
    assert seen == exact.keys()


def printed(value: float, number_format: str, code: LanguageCode) -> str:
    """What Excel prints for a number, its language being that of the report."""
    match = re.fullmatch(r'(?:"([^"]+)")?#,##0(?:\.(0+))?(%)?', number_format)
    assert match, number_format
    held = Decimal(repr(value)) * (100 if match[3] else 1)
    text = f"{abs(held):,.{len(match[2] or '')}f}"
    if code == "nl":
        text = text.replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"{'-' if held < 0 else ''}{match[1] or ''}{text}{match[3] or ''}"


@pytest.mark.parametrize("code", CODES)
def test_a_cell_prints_what_the_page_says(code: LanguageCode) -> None:
    for figure in many_figures():
        value = excel_value(figure)
        if value is not None:
            shown = printed(float(value), excel_format(figure, language_of(code)), code)
            assert shown == format_figure(figure, language_of(code))


@pytest.mark.parametrize("code", CODES)
def test_figures_of_workbooks_are_read_back_and_equal_the_exact_ones(
    code: LanguageCode, tmp_path: Path
) -> None:
    for report in reports(factory.result(code))[:3]:
        file = tmp_path / "report.xlsx"
        write_workbook(report, file)
        assert workbook_differences(report, file) == []
        exact = {figure.id: figure for figure in report.figures()}
        book = openpyxl.load_workbook(file)
        lines = list(book.worksheets[-1].iter_rows(min_row=5))
        assert {decoded(line[0].value) for line in lines} == exact.keys()
        for line in lines:
            cell, figure = book[line[1].value][line[2].value], exact[decoded(line[0].value)]
            text = (
                cell.value
                if cell.data_type == "s"
                else printed(cell.value, cell.number_format, code)
            )
            assert says(text, figure, code), (figure.id, text)
            assert line[3].value == text


def test_both_languages_print_the_same_figures() -> None:
    for english, dutch in zip(
        reports(factory.result("en")), reports(factory.result("nl")), strict=True
    ):
        assert sorted(f.id for f in english.figures()) == sorted(f.id for f in dutch.figures())
        assert [(i.entity, i.record_id) for i in english.fix_list] == [
            (i.entity, i.record_id) for i in dutch.fix_list
        ]


@pytest.mark.parametrize(
    ("figure", "english", "dutch"),
    [
        ((503, 1_000, Unit.PERCENT, ""), "50.3%", "50,3%"),
        ((6_570_000, None, Unit.MONEY, "EUR"), "€65,700", "€ 65.700"),
        ((6_570_050, None, Unit.MONEY, "EUR"), "€65,700.50", "€ 65.700,50"),
        ((-120_000, None, Unit.MONEY, "CHF"), "-CHF 1,200", "-CHF 1.200"),
        ((1_200, None, Unit.MONEY, "JPY"), "JPY 1,200", "JPY 1.200"),
        ((3_134, None, Unit.COUNT, ""), "3,134", "3.134"),
        ((25, 10, Unit.PER_DAY, ""), "2.5", "2,5"),
    ],
)  # fmt: skip
def test_how_a_figure_is_written(
    figure: tuple[int, int | None, Unit, str], english: str, dutch: str
) -> None:
    numerator, denominator, unit, currency = figure
    given = Figure(
        "x@company",
        Scope.COMPANY,
        "",
        "x",
        "",
        "period",
        numerator,
        denominator,
        unit,
        currency,
        "database",
    )
    assert (format_figure(given, ENGLISH), format_figure(given, DUTCH)) == (english, dutch)


def test_days_and_hours() -> None:
    moment = datetime(2026, 11, 26, 16, 34, tzinfo=UTC)
    assert moment_text(moment, "Europe/Amsterdam", ENGLISH) == "Thu 26 Nov 2026 17:34 CET"
    assert moment_text(moment, "Europe/Amsterdam", DUTCH) == "do 26 nov 2026 17.34 uur CET"
    assert [day_text(date(2026, month, 1), DUTCH).split()[1] for month in (3, 5, 10)] == [
        "mrt",
        "mei",
        "okt",
    ]


# ------------------------------------------------------------------------------------------------ sentences


def test_a_sentence_keeps_its_figures_whatever_the_order_of_its_words() -> None:
    left = factory.result().figures["plan_left/deals_won@company"]
    assert ENGLISH.sentence("{left} to go", left=left) == (left, " to go")
    assert DUTCH.sentence("{left} to go", left=left) == ("nog ", left, " te gaan")
    assert joined([(left, " a"), (), ("b ", left)], "; ") == (left, " a; b ", left)


def test_a_list_ends_with_and() -> None:
    assert ENGLISH.listed(["a"]) == ("a",)
    assert ENGLISH.listed(["a", "b", "c"]) == ("a, b and c",)
    assert DUTCH.listed(["a", "b"]) == ("a en b",)


def test_a_text_of_the_crm_is_never_read_as_a_template() -> None:
    assert ENGLISH.translate("week of {day}", day="{day} {x}") == "week of {day} {x}"
    assert ENGLISH.sentence("week of {day}", day="{x}") == ("week of {x}",)


def test_a_text_of_all_languages_is_english_where_no_language_is_asked() -> None:
    text = in_all("not given by the SELECT of {tables}", tables="deals")
    assert str(text) == "not given by the SELECT of deals"
    assert DUTCH.chosen(text) == "niet geleverd door de SELECT van deals"


def test_texts_are_joined_in_each_language() -> None:
    texts = (LocalText("day", "dag"), LocalText("", ""), LocalText("hour", "uur"))
    assert joined_texts(texts, "; ") == LocalText("day; hour", "dag; uur")


def test_a_language_goes_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(DUTCH)) is DUTCH


# ------------------------------------------------------------------------------------------------ untranslated


class _Marked(NullTranslations):
    """A language in which every translated text is in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, number: int) -> str:
        return f"⟦{one if number == 1 else many}⟧"


def in_brackets(text: str) -> str:
    return f"⟦{text}⟧" if text else ""


def _both(text: LocalText) -> LocalText:
    return LocalText(in_brackets(text.en), in_brackets(text.nl))


def _from_the_crm(result: RunResult) -> RunResult:
    """The result, with all that is not ours to translate in brackets too."""
    people = tuple(
        replace(person, name=in_brackets(person.name), team=in_brackets(person.team))
        for person in result.people
    )
    fix_list = tuple(
        replace(item, label=in_brackets(item.label), record_id=in_brackets(item.record_id),
                link="" if "http" not in item.link else item.link,
                missing=tuple(map(_both, item.missing)), why=tuple(map(_both, item.why)),
                ids=tuple(map(in_brackets, item.ids)))
        for item in result.fix_list
    )  # fmt: skip
    sets = {
        entity: replace(fields, demands=tuple(
            replace(field, label=_both(field.label), why=_both(field.why)) for field in fields.demands))
        for entity, fields in result.field_sets.items()
    }  # fmt: skip
    return replace(
        result,
        audit=in_brackets(result.audit),
        run_id=in_brackets(result.run_id),
        source=_both(result.source),
        people=people,
        fix_list=fix_list,
        checks=tuple(
            replace(
                check,
                label=in_brackets(check.label),
                record_id=in_brackets(check.record_id),
                id=in_brackets(check.id),
            )
            for check in result.checks
        ),
        field_sets=sets,
        not_checked={name: _both(why) for name, why in result.not_checked.items()},
        language="nl",
    )


def _style_in_brackets() -> Style:
    style = STYLES["nl"]
    names = {
        part: tuple(map(in_brackets, getattr(style, part)))
        for part in ("months", "short_months", "short_days")
    }
    return replace(style, **names, hour="%H.%M")


PSEUDO = Language("nl", _style_in_brackets(), _Marked())

OURS = re.compile(r"\b(EUR|JPY|CES?T|CRM)\b")
"""What has the same name in every language."""
TABLES = "|".join(account.table for account in factory.ACCOUNTS)


def outside_brackets(text: str) -> str:
    depth, left = 0, []
    for sign in text:
        depth += (sign == "⟦") - (sign == "⟧")
        if depth == 0 and sign != "⟧":
            left.append(sign)
    return "".join(left)


def untranslated(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", OURS.sub("", outside_brackets(text)))


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    for module in (elements, checks):
        monkeypatch.setattr(module, "language_of", lambda _: PSEUDO)
    monkeypatch.setattr(
        checks, "in_all", lambda text: LocalText(in_brackets(text), in_brackets(text))
    )
    return reports(_from_the_crm(factory.result()))


def test_no_text_of_a_page_is_untranslated(pseudo: list[Report]) -> None:
    for report in pseudo:
        tree = lxml_html.document_fromstring(render_page(report).encode())
        for gone in tree.xpath("//style | //*[@data-figure]"):
            gone.drop_tree()
        for row in tree.xpath("//section[@id='accounting']//*[@data-label]"):
            row.drop_tree()  # tables of the CRM
        assert untranslated(tree.text_content()) == []
        for label in tree.xpath("//@aria-label | //@title | //@alt | //@placeholder"):
            assert untranslated(label) == []


def test_no_text_of_a_workbook_is_untranslated(pseudo: list[Report], tmp_path: Path) -> None:
    for report in pseudo[:2]:
        file = tmp_path / "report.xlsx"
        write_workbook(report, file)
        book = openpyxl.load_workbook(file)
        for sheet in book.worksheets:
            assert sheet.title.startswith("⟦")
            for text in (sheet.oddHeader.right.text, sheet.oddFooter.right.text):
                assert text.startswith("⟦")
            for cell in _texts_of(sheet, last=sheet is book.worksheets[-1]):
                assert untranslated(cell.value) == [], (sheet.title, cell.coordinate)
                if cell.comment:
                    assert untranslated(cell.comment.text) == []
        for chart in book.worksheets[0]._charts:
            title = "".join(
                run.t for paragraph in chart.title.tx.rich.p for run in paragraph.r or ()
            )
            assert untranslated(title) == []


def _texts_of(sheet, *, last: bool) -> Iterator[openpyxl.cell.Cell]:  # type: ignore[no-untyped-def]
    """Cells that hold words: no ids, no names of sheets, no addresses, and no figure's own text."""
    cells = (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str))
    for cell in cells:
        index = last and cell.row > 4 and cell.column_letter in "ABCDH"
        theirs = cell.value.startswith("http") or re.fullmatch(TABLES, cell.value)
        if not (index or theirs):
            yield cell


# ------------------------------------------------------------------------------------------------ wording

FORBIDDEN: dict[LanguageCode, str] = {
    "en": r"\b(charged|owes?|defects?|failing|gaming|violations?)\b",
    "nl": r"\b(managers?|scores?|cijfer|te laat)\b",
}
"""Words that accuse, or that a Dutch seller would not use."""


@pytest.mark.parametrize("code", CODES)
def test_no_page_accuses_anybody(code: LanguageCode, tmp_path: Path) -> None:
    for report in reports(factory.result(code)):
        tree = lxml_html.document_fromstring(render_page(report).encode())
        for gone in tree.xpath("//style"):
            gone.drop_tree()
        assert not re.findall(FORBIDDEN[code], tree.text_content(), re.IGNORECASE)
        file = tmp_path / "report.xlsx"
        write_workbook(report, file)
        book = openpyxl.load_workbook(file)
        for sheet in book.worksheets:
            for cell in _texts_of(sheet, last=sheet is book.worksheets[-1]):
                assert not re.findall(FORBIDDEN[code], cell.value, re.IGNORECASE), cell.value


def without_places(message: str | tuple[str, ...]) -> str:
    return re.sub(r"\{\w+\}|%\(\w+\)s", "", " ".join(texts(message)))


def test_no_text_accuses_anybody(catalogue: Catalog) -> None:
    code = str(catalogue.locale)
    for message in catalogue:
        if message.id:
            english, translated = without_places(message.id), without_places(message.string)
            assert not re.findall(FORBIDDEN["en"], english, re.IGNORECASE), english
            assert not re.findall(FORBIDDEN[code], translated, re.IGNORECASE), translated  # type: ignore[index]


def test_no_reason_accuses_anybody() -> None:
    reasons = [
        why for name in preset_names() for why in load_preset(name, Path()).absent.values()
    ]
    for fields in factory.field_sets().values():
        reasons += [text for field in fields.demands for text in (field.label, field.why)]
    for reason in reasons:
        for code in CODES:
            assert not re.findall(FORBIDDEN[code], reason.chosen(code), re.IGNORECASE), reason


# ------------------------------------------------------------------------------------------------ alterations


def test_a_dutch_page_that_is_altered_is_noticed() -> None:
    report = management_report(factory.result("nl"))
    page = render_page(report)
    for text, by in (("95,6%", "95.6%"), ("€ 905.550,10", "€ 905.550,11"), ("Hele klantenbestand", "All records"),
                     ("nog 11 te gaan"[:4], "not "), ("ma 16 nov 2026", "Mon 16 Nov 2026")):  # fmt: skip
        assert text in page
        assert page_differences(report, page.replace(text, by)), text
    assert page_differences(management_report(factory.result("en")), page)


def test_a_dutch_workbook_is_not_an_english_one(tmp_path: Path) -> None:
    file = tmp_path / "report.xlsx"
    write_workbook(management_report(factory.result("nl")), file)
    assert workbook_differences(management_report(factory.result("en")), file)
