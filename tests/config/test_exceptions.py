"""Exceptions as people write them, and what each mistake is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.errors import ConfigError
from pipeline.findings.ids import finding_id
from pipeline.flows.check.sentences import on_exceptions
from pipeline.model import ExceptionLine, ExceptionState
from tests.paths import ROOT

AUDIT = """\
name: Sales
id: sales
source:
  url: sqlite:///crm.db
  preset: demo
zone: Europe/Amsterdam
currency: EUR
"""
HEAD = "finding,kind,record,rule,state,reason,approver,until\n"

Load = Callable[..., tuple[ExceptionLine, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads an audit with this text as exceptions.csv."""

    def loaded(text: str | bytes, audit: str = AUDIT) -> tuple[ExceptionLine, ...]:
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / "exceptions.csv").write_bytes(content)
        (tmp_path / "audit.yaml").write_text(f"{audit}exceptions: exceptions.csv\n", "utf-8")
        return load_audit(tmp_path / "audit.yaml").exceptions

    return loaded


def refused(load: Load, text: str | bytes, *parts: str, audit: str = AUDIT) -> None:
    """One paragraph, which must hold every part."""
    with pytest.raises(ConfigError) as refusal:
        load(text, audit)
    message = str(refusal.value)
    for part in parts:
        assert part in message
    assert "\n" not in message


def test_the_longest_texts_that_stand_on_a_page(load: Load) -> None:
    [line] = load(f"{HEAD},deal,1,,,{'r' * 500},{'a' * 100},2027-01-31\n")
    assert (len(line.reason), len(line.approver)) == (500, 100)


def test_every_kind_of_line(load: Load) -> None:
    lines = load(
        HEAD + "j6cbqzu2aa,,,,,moved,Lieke,2027-01-31\n"
        ",deal,d-1,,exempt, secret ,Lieke,2027-01-31\n"
        ",Deal,d-2,amount,Disputed,,,\n"
        ",,,call.direction,exempt,not known,Board,2026-12-31\n"
        ",call,,counterpart,rejected,known,Board,2026-12-31\n"
        ",,,,,,,\n"
    )
    end = date(2027, 1, 31)
    assert lines == (
        ExceptionLine(
            "exceptions.csv, line 2", ExceptionState.EXEMPT, "J6CBQZU2AA", reason="moved",
            approver="Lieke", until=end,
        ),
        ExceptionLine(
            "exceptions.csv, line 3", ExceptionState.EXEMPT, "", "deal", "d-1", reason="secret",
            approver="Lieke", until=end,
        ),
        ExceptionLine(
            "exceptions.csv, line 4", ExceptionState.DISPUTED,
            finding_id("sales", "deal", "d-2", "amount"), "deal", "d-2", "amount",
        ),
        ExceptionLine(
            "exceptions.csv, line 5", ExceptionState.EXEMPT, "", "call", "", "direction",
            "not known", "Board", date(2026, 12, 31),
        ),
        ExceptionLine(
            "exceptions.csv, line 6", ExceptionState.REJECTED, "", "call", "", "counterpart",
            "known", "Board", date(2026, 12, 31),
        ),
    )  # fmt: skip


def test_only_the_columns_that_are_used_need_stand_there(load: Load) -> None:
    (line,) = load(
        "\ufeffuntil;kind;record;reason;approver\r\n2027-01-31;deal;1;moved;Lieke\r\n"
    )
    assert (line.entity, line.record_id, line.state) == ("deal", "1", ExceptionState.EXEMPT)


def test_several_files_one_per_team(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    for team in ("north", "south"):
        (tmp_path / "teams" / f"{team}.csv").write_text(
            f"kind,record,state\ndeal,{team},disputed\n", "utf-8"
        )
    file = tmp_path / "audit.yaml"
    file.write_text(f"{AUDIT}exceptions: [teams/north.csv, teams/south.csv]\n", "utf-8")
    lines = load_audit(file).exceptions
    assert [(line.place, line.record_id) for line in lines] == [
        ("teams/north.csv, line 2", "north"),
        ("teams/south.csv, line 2", "south"),
    ]
    (tmp_path / "teams" / "south.csv").write_text(
        "kind,record,state\ndeal,north,rejected\n", "utf-8"
    )
    with pytest.raises(ConfigError) as refusal:
        load_audit(file)
    assert str(refusal.value) == (
        "teams/south.csv, line 2: it says rejected and contradicts teams/north.csv, line 2, which "
        "is disputed and about the same; keep one of them."
    )


WHY = "moved,Lieke"
END = "2027-01-31"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("line 1", "finding", "kind and record")),
        ("reason,until\n", ("line 1", "what the exceptions are about")),
        ("finding,untill\n", ("line 1", "'untill'", "did you mean until?")),
        ("finding,finding\n", ("line 1", "finding stands twice")),
        ("finding,\n", ("line 1", "''")),
        (HEAD + f",deal,1,,,{WHY},\n", ("line 2, column until", "2027-01-31", "disputed")),
        (HEAD + f",deal,1,,exempt,{WHY},soon\n", ("line 2, column until", "'soon'")),
        (HEAD + f",deal,1,,exempt,{WHY},31-01-2027\n", ("column until", "2027-01-31")),
        (HEAD + f",deal,1,,exempt,{WHY},2027-02-30\n", ("column until", "'2027-02-30'")),
        (HEAD + f",deal,1,,exempt,{WHY},20270131\n", ("column until", "'20270131'")),
        (HEAD + f",deal,1,,exempt,{WHY},9999-12-31\n", ("column until", "'9999-12-31'")),
        (HEAD + ",deal,1,,disputed,,,later\n", ("column until", "'later'")),
        (HEAD + f",deal,1,,exempt,,Lieke,{END}\n", ("line 2, column reason", "fill it in")),
        (HEAD + f",deal,1,,,moved,,{END}\n", ("line 2, column approver", "fill it in")),
        (HEAD + f",deals,1,,,{WHY},{END}\n", ("column kind", "'deals'", "did you mean deal?")),
        (HEAD + f",user,1,,,{WHY},{END}\n", ("column kind", "'user'", "meeting, call")),
        (HEAD + f",,1,,,{WHY},{END}\n", ("column kind", "which kind")),
        (HEAD + f",,,amount,,{WHY},{END}\n", ("column kind", "deal.amount")),
        (HEAD + f",,,dael.amount,,{WHY},{END}\n", ("column rule", "'dael'")),
        (HEAD + f",deal,1,amuont,,{WHY},{END}\n", ("column rule", "'amuont'", "mean amount?")),
        (HEAD + f",meeting,1,check.meetings_overdue,,{WHY},{END}\n", ("costs nobody a point",)),
        (HEAD + f",meeting,1,unreadable.start_at,,{WHY},{END}\n", ("costs nobody a point",)),
        (HEAD + f",deal,,,,{WHY},{END}\n", ("column record", "which deal?")),
        (HEAD + f",,,,,{WHY},{END}\n", ("column finding", "what is it about?")),
        (
            HEAD + f"J6CBQZU2AA,deal,,,,{WHY},{END}\n",
            ("column kind", "leave these cells empty"),
        ),
        (HEAD + f"J6CBQZU2A,,,,,{WHY},{END}\n", ("column finding", "'J6CBQZU2A'", "ten")),
        (HEAD + f"J6CBQZU2A1,,,,,{WHY},{END}\n", ("column finding", "'J6CBQZU2A1'")),
        (HEAD + f",deal,1,,exemt,{WHY},{END}\n", ("column state", "'exemt'", "mean exempt?")),
        (HEAD + f",deal,1,,,moved, see contract,Lieke,{END}\n", ("line 2", "more cells")),
        (
            HEAD + f',deal,1,,,"moved,Lieke,{END}\n,deal,2,,,x,y,{END}\n',
            ("line breaks", "quote"),
        ),
        (HEAD + f",deal,1,,,a\x00b,Lieke,{END}\n", ("column reason", "control characters")),
        (HEAD + f",deal,1,,,a\u202eb,Lieke,{END}\n", ("column reason", "control characters")),
        (HEAD + f",deal,1,,,{'x' * 501},Lieke,{END}\n", ("column reason", "500", "shorten")),
        (HEAD + f",deal,1,,,{'x' * 10_001},Lieke,{END}\n", ("not a valid CSV",)),
        (b"kind,record\n\xff,1\n", ("UTF-8",)),
        (
            HEAD + f",deal,1,,,{WHY},{END}\n,deal,1,,,{WHY},2027-02-28\n",
            ("exceptions.csv, line 3", "repeats exceptions.csv, line 2"),
        ),
        (
            HEAD
            + f",deal,1,amount,,{WHY},{END}\n"
            + f"{finding_id('sales', 'deal', '1', 'amount')},,,,rejected,,,\n",
            ("line 3", "contradicts exceptions.csv, line 2"),
        ),
        (
            HEAD + f",deal,,amount,,{WHY},{END}\n,,,deal.amount,rejected,,,\n",
            ("line 3", "contradicts exceptions.csv, line 2"),
        ),
    ],
)
def test_a_wrong_line_is_named(load: Load, text: str | bytes, parts: tuple[str, ...]) -> None:
    refused(load, text, "exceptions.csv", *parts)


def test_a_finding_needs_the_audits_id(load: Load) -> None:
    text = HEAD + f"J6CBQZU2AA,,,,,{WHY},{END}\n"
    refused(load, text, "column finding", "id: ", audit=AUDIT.replace("id: sales\n", ""))


@pytest.mark.parametrize(
    ("value", "part"),
    [("5", "exceptions"), ("{a: b}", "[north.csv, south.csv]"), ("nowhere.csv", "nowhere.csv")],
)
def test_what_names_no_file_is_refused(tmp_path: Path, value: str, part: str) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text(f"{AUDIT}exceptions: {value}\n", "utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_audit(file)
    assert part in str(refusal.value)


def test_a_field_that_this_crm_does_not_hold_is_known(load: Load) -> None:
    audit = AUDIT.replace("demo", "suitecrm").replace(
        "sqlite:///crm.db", "mysql+pymysql://h/db"
    )
    (line,) = load(HEAD + f",meeting,1,result,,{WHY},{END}\n", audit)
    assert line.rule == "result"


def test_check_names_what_has_ended(load: Load) -> None:
    lines = load(
        HEAD + f",deal,1,,,{WHY},2026-11-23\n,deal,2,,,{WHY},2026-11-24\n"
        ",deal,3,,disputed,,,2026-11-01\n,deal,4,,rejected,,,2026-11-01\n"
    )
    assert list(on_exceptions(lines, date(2026, 11, 24))) == [
        "exceptions.csv, line 2: this exception ended on 2026-11-23, and what it was about counts "
        "again. Write a new last day, or remove the line.",
        "exceptions.csv, line 4: this exception ended on 2026-11-01, and what it was about counts "
        "again. Write a new last day, or remove the line.",
    ]


def test_the_example_of_the_docs_is_read(load: Load) -> None:
    page = (ROOT / "docs" / "exceptions.md").read_text("utf-8")
    (example,) = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    lines = load(example)
    assert [(line.state, bool(line.finding), line.is_general) for line in lines] == [
        (ExceptionState.EXEMPT, True, False),
        (ExceptionState.EXEMPT, False, False),
        (ExceptionState.DISPUTED, True, False),
        (ExceptionState.EXEMPT, False, True),
        (ExceptionState.REJECTED, True, False),
    ]
    for setting in re.findall(r"^exceptions: (\S+\.csv) ", page, re.MULTILINE):
        assert setting == "exceptions.csv"
