"""Field sets in plain sentences, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from pipeline.cli.expectations import expectations
from pipeline.config.field_sets import FieldFile
from pipeline.language.checks import check_text, judgement_texts
from pipeline.language.conditions import clause
from pipeline.language.languages import ENGLISH as ENGLISH_TEXTS
from pipeline.model import CHECKED
from pipeline.model.checks import Check
from pipeline.model.conditions import AllOf, AnyOf, Condition, Filled, Not
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


@pytest.mark.parametrize("parts", [AllOf, AnyOf])
@pytest.mark.parametrize("within", [AllOf, AnyOf, lambda parts: Not(parts[0])])
def test_a_part_that_has_parts_stands_in_brackets(
    parts: Callable[[tuple[Condition, ...]], Condition],
    within: Callable[[tuple[Condition, ...]], Condition],
) -> None:
    part = parts((Filled("amount"), Filled("source")))
    said = clause(part, ENGLISH_TEXTS)
    assert f"({said})" in clause(within((part, Filled("next_step"))), ENGLISH_TEXTS)
    assert "(" not in said


def test_what_python_judges_is_said_too() -> None:
    phone = JudgedColumn("phone", Syntax.PHONE), JudgedColumn("email", Syntax.EMAIL)
    all_of_it = Judgement(phone, ASKED)
    assert list(judgement_texts(all_of_it, ENGLISH_TEXTS)) == [
        "a phone number must be possible in the record's country, or else in the audit's region",
        "an e-mail address must be valid",
        "it must be no filler value",
        "no two records may share it",
    ]
    own = Judgement((JudgedColumn("name"),), (Judged.DUPLICATE,), reach=Reach.OWNER)
    assert list(judgement_texts(own, ENGLISH_TEXTS)) == [
        "no two records of one owner may share it"
    ]


# key of a demand -> a set with it, a set without it, and the words that it adds, in both languages
KEYS = {
    "name": ("name: xy, columns: [phone]", "name: z, columns: [phone]", "xy", "xy"),
    "columns": ("columns: [phone, email]", "columns: [phone]", "phone or e-mail", "telefoon of e-mail"),
    "label": ("label: {en: call me, nl: bel me}", "", "call me", "bel me"),
    "weight": ("weight: 3", "", "3 points", "3 punten"),
    "required": ("required: no, one_of: ['1']", "one_of: ['1']", "May stay empty", "Mag leeg blijven"),
    "when": ("when: {email: filled}", "", "e-mail", "e-mail"),
    "from": ("from: 2026-01-01", "", "1 Jan 2026", "1 jan 2026"),
    "grace": ("grace: 14", "", "14 days", "14 dagen"),
    "owed_by": ("owed_by: operator", "", "Asked of sales support", "binnendienst"),
    "why": ("why: {en: to call, nl: om te bellen}", "", "To call.", "Om te bellen."),
    "used_for": ("used_for: {en: mailings, nl: post}", "", "Used for: mailings", "Gebruikt voor: post"),
    "one_of": ("one_of: ['1', '2']", "", "it must be 1 or 2", "1 of 2"),
    "pattern": ("pattern: '[0-9]+'", "", "must be written as [0-9]+", "geschreven zijn als [0-9]+"),
    "between": ("columns: [created_at], between: [2026-01-01, null]", "columns: [created_at]", "or more", "of meer"),
    "lies": ("columns: [created_at], lies: past", "columns: [created_at]", "today or earlier", "vandaag of eerder"),
    "within_months": ("columns: [created_at], within_months: 3", "columns: [created_at]", "3 months back", "3 maanden"),
    "valid": ("valid: yes", "", "the audit's region", "de regio van de audit"),
    "not_placeholder": ("not_placeholder: [dunno, tbd]", "", "such as dunno or tbd", "zoals dunno of tbd"),
    "unique": ("unique: owner", "", "of one owner may share it", "van één eigenaar"),
    "costs": (
        "valid: yes, costs: [missing, invalid]", "valid: yes",
        "It costs points where it is: missing, not valid.", "Het kost punten bij: ontbreekt, ongeldig.",
    ),
}  # fmt: skip


def contacts_asked(folder: Path, language: str) -> str:
    kinds = shown(str(folder), "--language", language).split("\n\n")
    (contacts,) = (kind for kind in kinds if kind.startswith("CONTACT"))
    return contacts


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_language_has_its_words(key: str, tmp_path: Path) -> None:
    with_it, without_it, *words = KEYS[key]
    texts = {}
    for folder, declared in (("with", with_it), ("without", without_it)):
        demand = f"{{{declared}}}"
        defaults = {"name": "x", "columns": "[phone]"}
        for name, value in defaults.items():
            if f"{name}: " not in declared:
                demand = demand.replace("{", f"{{{name}: {value}, ", 1)
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "contact.yaml").write_text(
            f"entity: contact\nfields:\n  - {demand}\n", "utf-8"
        )
        texts[folder] = [contacts_asked(tmp_path / folder, code) for code in ("en", "nl")]
    for word, with_key, without_key in zip(words, texts["with"], texts["without"], strict=True):
        assert word.lower() in with_key.lower()
        assert word.lower() not in without_key.lower()


def test_nothing_is_said_to_cost_points_where_there_are_none(tmp_path: Path) -> None:
    weightless = "weight: 0, valid: yes, costs: [missing, invalid]"
    (tmp_path / "contact.yaml").write_text(
        f"entity: contact\nfields:\n  - {{name: x, columns: [phone], {weightless}}}\n", "utf-8"
    )
    assert "costs points" not in contacts_asked(tmp_path, "en")


def test_no_key_is_forgotten() -> None:
    """Whoever adds a key to the language says it in words."""
    keys = {field.alias or name for name, field in FieldFile.model_fields.items()}
    assert keys == KEYS.keys()
