"""`crm-audit disclose`: everything that is measured and read is in the text, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import Audit, load_audit
from pipeline.flows.disclosure import disclosure, measured
from pipeline.flows.disclosure.document import Document
from pipeline.language.labels import column_label, entity_label
from pipeline.language.languages import language_of
from pipeline.measures import deals
from pipeline.measures.completeness import COLLEAGUES, WITH_OPERATORS
from pipeline.measures.registry import MEASURES, OF_THE_COMPANY
from pipeline.model import LanguageCode
from pipeline.setup.grants import tables_of
from tests.program import crm_audit

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
LANGUAGES: tuple[LanguageCode, ...] = ("en", "nl")
ABROAD = """\
name: Sales
source:
  url: mysql+pymysql://reader:${NOT_SET_ANYWHERE}@127.0.0.1:1/suitecrm
  preset: PRESET
zone: Europe/Amsterdam
currency: EUR
"""
"""No server answers at this port, and its password is nowhere."""


def load(folder: Path, preset: str = "suitecrm", more: str = "") -> Audit:
    file = folder / "audit.yaml"
    file.write_text(ABROAD.replace("PRESET", preset) + more, "utf-8")
    return load_audit(file)


def words(audit: Audit, language: LanguageCode) -> str:
    """The text on one line, so that it does not matter where lines are broken."""
    return " ".join(disclosure(audit, language, NOW).split())


def cells(audit: Audit, language: LanguageCode, section: int) -> str:
    """All words of a section, those of a broken cell apart."""
    text = disclosure(audit, language, NOW)
    return text.partition(f"\n{section}. ")[2].partition(f"\n{section + 1}. ")[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", ["suitecrm", "espocrm", "vtiger", "demo"])
@pytest.mark.parametrize("audience", ["named", "own"])
def test_it_fits_eighty_columns(
    tmp_path: Path, language: LanguageCode, preset: str, audience: str
) -> None:
    audit = load(tmp_path, preset, f"audience: {audience}\n")
    lines = disclosure(audit, language, NOW).splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line != line.rstrip() for line in lines)
    assert len(lines) > 100


def figures_in(section: str) -> set[str]:
    """The first column of the table of measures, the lines of a cell joined."""
    lines = section.splitlines()
    (rule,) = (
        number
        for number, line in enumerate(lines)
        if line.startswith("---") and "  ---" in line
    )
    width, over = (len(dashes) for dashes in lines[rule].split()[:2])
    found: list[str] = []
    for line in lines[rule + 1 :]:
        if not line:
            break
        name, period = line[:width].strip(), line[width : width + over + 2].strip()
        if name and period:
            found.append(name)
        elif name:
            found[-1] = f"{found[-1]} {name}"
    return set(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_measure_of_people_is_there(
    tmp_path: Path, language: LanguageCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its declaration: one that is added to the registry is there too."""
    fresh = replace(deals.DEALS_OPEN, name="zebras", label="Zebras")
    monkeypatch.setattr(measured, "MEASURES", {**MEASURES, "zebras": fresh})
    left_out = (*OF_THE_COMPANY, *WITH_OPERATORS, *COLLEAGUES)  # neither is asked of
    expected = [measure for measure in MEASURES.values() if measure not in left_out]
    labels = {language_of(language).translate(measure.label) for measure in expected}
    found = figures_in(cells(load(tmp_path), language, 3))
    assert found == labels | {"Zebras"}
    assert len(found) > 40


def test_what_this_crm_cannot_tell_is_named_as_not_measured(tmp_path: Path) -> None:
    section = cells(load(tmp_path, "odoo"), "en", 3)
    assert "Calls held" not in figures_in(section)
    unmeasured = " ".join(section.split()).partition("Not measured, because")[2]
    assert "Calls held" in unmeasured


def test_a_measure_of_ones_own_appears_with_what_it_is_made_from(tmp_path: Path) -> None:
    more = (
        "measures:\n  big: {count: deals_won, where: {deal.name: filled}, label: Zebra deals}\n"
    )
    (line,) = [
        line
        for line in cells(load(tmp_path, more=more), "en", 3).splitlines()
        if "Zebra" in line
    ]
    assert line.split()[:2] == ["Zebra", "deals"]
    assert "deal: stage" in line
    assert "Zebra" not in disclosure(load(tmp_path), "en", NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_that_is_demanded_and_why(tmp_path: Path, language: LanguageCode) -> None:
    audit = load(tmp_path)
    section = cells(audit, language, 4)
    text = " ".join(section.split())
    for entity, fields in audit.field_sets.items():
        kind = entity_label(entity, language_of(language))
        for field in fields.demands:
            assert f"{kind}: {field.label.chosen(language)}" in text
            assert field.why.chosen(language).split()[0] in text
        for name in fields.absent:
            assert f"{kind}: {column_label(name, language_of(language))}" in text


def test_a_field_set_of_ones_own_appears(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "call.yaml").write_text(
        "entity: call\nfields:\n  - {name: subject, label: Zebra, columns: [subject], why: Stripes}\n"
    )
    section = cells(load(tmp_path, more="field_sets: mine\n"), "en", 4)
    assert "call: Zebra" in section
    assert "Stripes" in section


@pytest.mark.parametrize("preset", ["suitecrm", "espocrm", "vtiger", "demo"])
def test_every_table_and_column_that_is_read(tmp_path: Path, preset: str) -> None:
    audit = load(tmp_path, preset)
    section = cells(audit, "en", 5)
    text = " ".join(section.split())
    for table in (name for names in tables_of(audit.preset, audit.add) for name in names):
        assert table in section
    for entity, columns in audit.schema.items():
        for column in columns:
            if f"{entity}.{column}" not in audit.absent:
                label = column_label(column, language_of("en"))
                assert all(word in text for word in label.split())


def test_a_log_that_is_read_is_no_longer_said_to_be_unknown(tmp_path: Path) -> None:
    audit = load(tmp_path)
    sentence = "who changed which record at what hour"
    assert sentence not in words(audit, "en")  # who had a record before is read of it
    entities = {name: of for name, of in audit.preset.entities.items() if name != "change"}
    without = replace(
        audit,
        preset=audit.preset.model_copy(update={"entities": entities}),
        schema={name: of for name, of in audit.schema.items() if name != "change"},
    )
    assert sentence in words(without, "en")


def test_who_sees_it_goes_by_the_audience(tmp_path: Path) -> None:
    named, own = (load(tmp_path, more=f"audience: {word}\n") for word in ("named", "own"))
    assert "up to three people worth discussing" in words(named, "en")
    assert "fewer than 5 people" not in words(named, "en")
    assert "up to three people worth discussing" not in words(own, "en")
    assert "teams of 5 account managers or more" in words(own, "en")
    assert "gaat over minder dan 5 mensen" in words(own, "nl")


@pytest.mark.parametrize(
    ("agreement", "said"),
    [
        ("", "No agreement with staff representatives is on record."),
        ("agreement: {with: OR, date: 2026-01-31}\n", "with OR of 31 Jan 2026 covers these figures."),
        ("agreement: {with: OR, date: 2026-01-31, until: 2026-11-24}\n", "covers these figures until 24 Nov 2026."),
        ("agreement: {with: OR, date: 2026-01-31, until: 2026-11-23}\n", "ended on 23 Nov 2026."),
    ],
)  # fmt: skip
def test_the_agreement(tmp_path: Path, agreement: str, said: str) -> None:
    assert said in words(load(tmp_path, more=agreement), "en")


def test_the_command_needs_no_crm_and_speaks_the_audits_language(tmp_path: Path) -> None:
    load(tmp_path, more="language: nl\n")
    done = crm_audit(tmp_path, "disclose")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Wat van wie gemeten wordt, en wie het ziet\n")
    english = crm_audit(tmp_path, "disclose", "audit.yaml", "--language", "en")
    assert english.stdout.startswith("What is measured of whom, and who sees it\n")
    assert crm_audit(tmp_path, "disclose", "--language", "fr").returncode == 2


def test_nothing_steers_a_terminal_or_leaves_the_page(tmp_path: Path) -> None:
    document = Document(language_of("en"))
    document.table(("A", "B"), [("x" * 200, "\x1b[2Jred"), ("short", "y " * 90)])
    document.paragraph("\x1b[31m" + "z" * 300)
    text = document.text()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("x") == 200
    assert text.count("z") == 300
