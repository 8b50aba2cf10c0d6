"""Field sets in plain sentences, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from pipeline.cli.expectations import expectations
from pipeline.language.checks import check_text, judgement_texts
from pipeline.language.conditions import clause
from pipeline.language.languages import ENGLISH as ENGLISH_TEXTS
from pipeline.model import CHECKED
from pipeline.model.checks import Check
from pipeline.model.conditions import Condition
from pipeline.model.judging import ASKED, Judged, JudgedColumn, Judgement, Reach, Syntax

SET = """\
entity: deal
fields:
  - name: next_step
    label: {en: next step, nl: volgende stap}
    columns: [next_step, lost_reason]
    when: {state: open, amount: {between: [10000, null]}}
    from: 2026-01-01
    grace: 14
    weight: 3
    pattern: '[A-Z].*'
    why: {en: it keeps a deal moving, nl: zo blijft een deal lopen}
    used_for: {en: the Monday meeting, nl: het maandagoverleg}
  - name: amount
    label: {en: amount, nl: bedrag}
    columns: [amount]
    required: no
    weight: 0
    between: [0, 99999.5]
  - name: close_date
    columns: [close_day]
    grace: 1
    lies: future
    within_months: 1
"""
ENGLISH = """\
DEAL
  next step (3 points)
    Fill in: next step or reason for the loss, if the status is open and the amount is 10,000 or more. It must \
be written as [A-Z].*. Asked of records of 1 Jan 2026 or later. Asked once the record is more than 14 days old.
    It keeps a deal moving. Used for: the Monday meeting.
  amount (no points)
    May stay empty: amount. It must be between 0 and 99,999.5.
  close date (1 point)
    Fill in: close date. It must be today or later. It must lie at most 1 month back. Asked once the record is \
more than 1 day old.
"""
DUTCH = """\
DEAL
  volgende stap (3 punten)
    Vul in: volgende stap of reden van verlies, als de status open is en bedrag 10.000 of meer is. Het moet \
geschreven zijn als [A-Z].*. Gevraagd van records van 1 jan 2026 of later. Gevraagd zodra het record meer dan 14 \
dagen oud is.
    Zo blijft een deal lopen. Gebruikt voor: het maandagoverleg.
"""


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(expectations, ["show", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(("language", "expected"), [("en", ENGLISH), ("nl", DUTCH)])
def test_a_set_in_words(tmp_path: Path, language: str, expected: str) -> None:
    (tmp_path / "deal.yaml").write_text(SET, "utf-8")
    text = shown(str(tmp_path), "--language", language)
    assert expected in text
    assert text.count("\n\n") == len(CHECKED)  # the others are ours


def test_ours_and_an_audits(tmp_path: Path) -> None:
    assert "CONTACT\n  last name (1 point)" in shown()
    assert "LEAD\n  last name\n" in shown()  # which is in nobody's completeness
    (tmp_path / "audit.yaml").write_text(
        "name: Sales\ncurrency: EUR\nlanguage: nl\nzone: UTC\nsource: {url: 'sqlite:///crm.db', preset: suitecrm}\n"
    )
    text = shown("--config", str(tmp_path / "audit.yaml"))
    assert "Niet gecontroleerd: result (" in text


def test_a_folder_and_an_audit_at_once(tmp_path: Path) -> None:
    result = CliRunner().invoke(expectations, ["show", str(tmp_path), "--config", "audit.yaml"])
    assert result.exit_code == 2
    assert "not both" in result.output


def test_every_check_and_every_condition_has_a_sentence() -> None:
    for kind in get_args(Check):
        assert check_text.dispatch(kind) is not check_text.dispatch(object), kind
    for kind in get_args(Condition):
        assert clause.dispatch(kind) is not clause.dispatch(object), kind


def test_what_python_judges_is_said_too() -> None:
    phone = JudgedColumn("phone", Syntax.PHONE), JudgedColumn("email", Syntax.EMAIL)
    all_of_it = Judgement(phone, ASKED)
    assert list(judgement_texts(all_of_it, ENGLISH_TEXTS)) == [
        "a phone number must be possible in its country",
        "an e-mail address must be valid",
        "it must be no filler value",
        "no two records may share it",
    ]
    own = Judgement((JudgedColumn("name"),), (Judged.DUPLICATE,), reach=Reach.OWNER)
    assert list(judgement_texts(own, ENGLISH_TEXTS)) == [
        "no two records of one owner may share it"
    ]
