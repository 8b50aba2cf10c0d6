"""The mail of "This is not right": whole, in the page's language, and without anybody's name."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import openpyxl
import pytest
from lxml import html

from pipeline.flows.compute import contacts_of
from pipeline.language.languages import language_of
from pipeline.model import FixItem, LanguageCode, LocalText, Person, Rule, Scope, Span, Verdict
from pipeline.reports.content.disputes import dispute_link
from pipeline.reports.content.management import management_report
from pipeline.reports.content.manager import manager_report
from pipeline.reports.content.report import Report
from pipeline.reports.excel import sheet_text
from pipeline.reports.excel.read_workbook import workbook_differences
from pipeline.reports.excel.workbook import write_workbook
from pipeline.reports.html.page import render_page
from pipeline.reports.html.read_page import page_differences
from pipeline.values.addresses import is_address
from tests.factory import PEOPLE, result

ADDRESS = "lieke+crm@example.com"


def item(record: str = "m-42", label: str = "Lunch with Jansen") -> FixItem:
    missing = LocalText("result", "resultaat"), LocalText("subject & more?", "onderwerp")
    return FixItem(
        "meeting", record, "m1", label, missing, (missing[0],) * 2, "", Span.SCORE,
        ids=("AAAAAAAAAA", "BBBBBBBBBB"),
        rules=(Rule("meeting", "result", Verdict.MISSING), Rule("meeting", "x", Verdict.MISSING)),
    )  # fmt: skip


def read(link: str) -> tuple[str, str, list[str]]:
    """The address, the subject, and the lines of the text."""
    parts = urlsplit(link)
    assert parts.scheme == "mailto"
    fields = parse_qs(parts.query, strict_parsing=True, encoding="utf-8", errors="strict")
    assert fields.keys() == {"subject", "body"}
    ((subject,), (body,)) = fields["subject"], fields["body"]
    return unquote(parts.path), subject, body.split("\r\n")


@pytest.mark.parametrize(
    ("code", "subject", "lines"),
    [
        (
            "en",
            "Not right: meeting m-42",
            [
                "AAAAAAAAAA: result",
                "BBBBBBBBBB: subject & more?",
                "",
                "Please keep the reason that applies:",
                "not mine",
                "does not exist",
                "a fault of the CRM",
                "with somebody else",
            ],
        ),
        (
            "nl",
            "Klopt niet: afspraak m-42",
            [
                "AAAAAAAAAA: resultaat",
                "BBBBBBBBBB: onderwerp",
                "",
                "Laat de reden staan die van toepassing is:",
                "niet van mij",
                "bestaat niet",
                "een fout van het CRM",
                "ligt bij iemand anders",
            ],
        ),
    ],
)
def test_a_mail_names_record_findings_and_reasons(
    code: LanguageCode, subject: str, lines: list[str]
) -> None:
    link = dispute_link(item(), ADDRESS, language_of(code))
    assert read(link) == (ADDRESS, subject, lines)
    assert "Jansen" not in unquote(link)


@pytest.mark.parametrize(
    "record", ["a&b=c?#%25", 'é"<script>', "日本", "a\r\nBcc: x@y.z", "\ud800\x00", "a+b c"]
)
def test_no_number_of_a_record_breaks_out(record: str) -> None:
    link = dispute_link(item(record), "", language_of("en"))
    assert link.isascii()
    assert not set(link) & set("\"'<> \r\n")
    address, subject, lines = read(link)
    assert address == ""
    shown = record.replace("\r\n", " ").replace("\ud800", "\ufffd").replace("\x00", "\ufffd")
    assert subject == f"Not right: meeting {shown}"
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (ADDRESS, True),
        ("josé@voorbeeld.nl", True),
        ("", False),
        ("nobody", False),
        ("a@b, c@d", False),
        ("a@b?bcc=c@d", False),
        ("Lieke <a@b.nl>", False),
        ("a@b\r\nc", False),
        ("a%40b@c.nl", False),
        ("\u202ea@b.nl", False),
    ],
)
def test_only_a_plain_address_is_written_to(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one
    if is_one:
        assert parseaddr(text) == ("", text)


def test_it_goes_to_the_leader_else_to_the_audits_contact() -> None:
    def person(key: str, leader: str, email: str, scope: Scope = Scope.MANAGER) -> Person:
        return Person(key, key, "", "", scope, leader, email)

    users = [
        person("boss", "", "boss@x.nl"),
        person("a", "boss", "a@x.nl"),
        person("b", "gone", "b@x.nl"),
        person("c", "mute", "c@x.nl"),
        person("gone", "", "gone@x.nl", Scope.INACTIVE),
        person("mute", "boss", "none, really"),
    ]
    people = [user for user in users if user.id != "boss"]  # who owns nothing
    assert contacts_of(people, users, "crm@x.nl") == {
        "a": "boss@x.nl", "b": "crm@x.nl", "c": "crm@x.nl", "mute": "boss@x.nl",
    }  # fmt: skip
    assert contacts_of(people, users, "") == {"a": "boss@x.nl", "mute": "boss@x.nl"}


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_every_line_of_a_managers_page_has_the_link(address: str) -> None:
    whole = replace(result(), contacts={"m1": address})
    report = manager_report(whole, PEOPLE[0])
    page = render_page(report)
    assert page_differences(report, page) == []
    tree = html.document_fromstring(page.encode())
    links = [str(link) for link in tree.xpath("//*[@data-cell='dispute']/@href")]
    assert len(links) == len(report.fix_list) > 20
    assert {read(link)[0] for link in links} == {address}
    altered = page.replace("mailto:", "mailto:eve@example.com,", 1)
    assert len(page_differences(report, altered)) == 1


def test_managements_page_has_none(tmp_path: Path) -> None:
    report = management_report(result())
    assert "mailto:" not in render_page(report)
    assert report.fix_list
    assert not any(link.startswith("mailto:") for link, _ in mails_of(report, tmp_path))


def mails_of(report: Report, folder: Path) -> list[tuple[str, str]]:
    """(address, text) of the cells under "This is not right", or what is nearest to them."""
    write_workbook(report, folder / "list.xlsx")
    assert workbook_differences(report, folder / "list.xlsx") == []
    sheet = openpyxl.load_workbook(folder / "list.xlsx")["To complete"]
    cells = [row[11] if len(row) > 11 else row[-1] for row in sheet.iter_rows(min_row=4)]
    if report.can_be_disputed:
        assert cells[0].value == "This is not right"
    return [
        (cell.hyperlink.target if cell.hyperlink else "", cell.value or "")
        for cell in cells[1:]
    ]


def test_in_excel_each_finding_has_a_mail_of_its_own(tmp_path: Path) -> None:
    whole = replace(result(), contacts={"m1": ADDRESS})
    report = manager_report(whole, PEOPLE[0])
    ids = [finding for item in report.fix_list for finding in item.ids]
    mails = mails_of(report, tmp_path)
    assert len(mails) == len(ids) > 20
    for (link, text), finding in zip(mails, ids, strict=True):
        assert text == "Write a mail"
        assert len(link) <= 255
        parts = urlsplit(link)
        assert unquote(parts.path) == ADDRESS
        fields = parse_qs(parts.query, strict_parsing=True)
        assert fields["subject"][0].endswith(f", {finding}")
        assert fields["body"][0].split("\r\n")[1:] == [
            "not mine",
            "does not exist",
            "a fault of the CRM",
            "with somebody else",
        ]


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        ("m-42", {"subject", "body"}),
        ("m" * 150, {"subject"}),  # no room for reasons
        ("m" * 250, set()),  # nor for a link: the address alone, as text
        ("日本" * 6, {"subject"}),
        ('=HYPERLINK("x")&\r\n,a@b?bcc=c@d', {"subject"}),
    ],
)
def test_a_mail_in_excel_is_as_long_as_every_program_opens(
    record: str, keys: set[str], tmp_path: Path
) -> None:
    report = replace(
        manager_report(result(), PEOPLE[0]), fix_list=(item(record),), contact=ADDRESS
    )
    for link, text in mails_of(report, tmp_path):
        if not keys:
            assert (link, text) == ("", ADDRESS)
            continue
        assert len(link) <= 255
        assert link.isascii()
        parts = urlsplit(link)
        assert unquote(parts.path) == ADDRESS
        assert parse_qs(parts.query, strict_parsing=True).keys() == keys


def test_links_to_records_go_before_mails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet of Excel has so many hyperlinks and no more."""
    monkeypatch.setattr(sheet_text, "LINK_LIMIT", 5)
    listed = tuple(item(str(number)) for number in range(2))  # two findings each
    report = replace(manager_report(result(), PEOPLE[0]), fix_list=listed, contact=ADDRESS)
    mails = mails_of(report, tmp_path)
    assert [bool(link) for link, _ in mails] == [True, False, False, False]
    assert [text for _, text in mails[1:]] == [ADDRESS] * 3
