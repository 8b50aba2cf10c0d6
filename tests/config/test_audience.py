"""`audience` and `agreement` in audit.yaml: what may stand there, and each mistake with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.config import Audit, load_audit
from pipeline.errors import ConfigError
from pipeline.model import Agreement

GOOD = """\
name: Sales
source:
  url: sqlite:///crm.db
  preset: demo
zone: Europe/Amsterdam
currency: EUR
"""


def load(folder: Path, more: str) -> Audit:
    file = folder / "audit.yaml"
    file.write_text(f"{GOOD}{more}", "utf-8")
    return load_audit(file)


def test_management_sees_names_unless_it_is_asked_otherwise(tmp_path: Path) -> None:
    audit = load(tmp_path, "").resolved()
    assert (audit.audience, audit.agreement) == ("named", None)


def test_both_are_carried_out(tmp_path: Path) -> None:
    audit = load(
        tmp_path,
        "audience: own\nagreement: {with: the works council, date: 2026-01-31, until: 2027-12-31}\n",
    ).resolved()
    assert audit.audience == "own"
    assert audit.agreement == Agreement(
        "the works council", date(2026, 1, 31), date(2027, 12, 31)
    )


def test_an_agreement_may_have_no_end(tmp_path: Path) -> None:
    audit = load(tmp_path, "agreement: {with: OR, date: 2026-01-31}\n").resolved()
    assert audit.agreement == Agreement("OR", date(2026, 1, 31), None)


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("audience: all\n", 7, "audience: write named (management sees each account manager by name) or own"),
        ("audience: yes\n", 7, "audience: write named"),
        ("agreement: yes\n", 7, "agreement: write it like {with: the works council, date: 2026-01-31"),
        ("agreement:\n  date: 2026-01-31\n", 7, "the key 'agreement.with' is missing"),
        ("agreement:\n  with: OR\n", 7, "the key 'agreement.date' is missing"),
        ("agreement:\n  with: ' '\n  date: 2026-01-31\n", 8, "agreement.with: write with whom it was made"),
        ('agreement:\n  with: "a\\u202eb"\n  date: 2026-01-31\n', 8, "agreement.with: write with whom"),
        ("agreement:\n  with: OR\n  date: 31-1-2026\n", 9, "agreement.date: write a day like 2026-01-31"),
        ("agreement:\n  with: OR\n  date: 2026-01-31\n  until: soon\n", 10, "agreement.until: write a day"),
        ("agreement:\n  with: OR\n  date: 2026-01-31\n  until: 2026-01-30\n", 7, "agreement: 'until' is its last day"),
        ("agreement:\n  with: OR\n  date: 2026-01-31\n  partner: x\n", 10, "there is no key 'agreement.partner'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, more: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(tmp_path, more)
    assert f"line {line}: {said}" in str(refusal.value)


_OF_ONE = "measures:\n  mine: {count: deals_won, where: {deal.owner_id: ['17']}}\n"


def test_a_measure_of_one_person_is_refused_where_management_sees_groups(
    tmp_path: Path,
) -> None:
    assert load(tmp_path, f"{_OF_ONE}audience: named\n").measures
    with pytest.raises(
        ConfigError, match=r"measures\.mine: where: deal\.owner_id names a person"
    ):
        load(tmp_path, f"{_OF_ONE}audience: own\n")
