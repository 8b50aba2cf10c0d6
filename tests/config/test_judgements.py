"""What a field set leaves to Python, as it is written: read, and refused where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Audit, load_audit
from pipeline.config.field_sets import without_points
from pipeline.errors import ConfigError
from pipeline.flows.check.sentences import on_the_region
from pipeline.model import COSTING, Demand, FieldSet, Kind, Verdict, same_in_all
from pipeline.model.checks import OneOf
from pipeline.model.judging import Judged, JudgedColumn, Judgement, Reach, Syntax

AUDIT = """\
name: Sales
source: {url: 'sqlite:///crm.db', preset: demo, add: {contact.mobile: contacts.mobile}}
zone: Europe/Amsterdam
currency: EUR
field_sets: sets
"""
SET = """\
entity: contact
fields:
  - {name: details, columns: [phone, email, mobile], valid: {mobile: phone}, not_placeholder: yes}
  - {name: last_name, columns: [last_name], not_placeholder: [later], unique: owner}
  - {name: city, columns: [city], unique: company, one_of: [Delft], costs: [missing, duplicate]}
  - {name: email, columns: [email], valid: yes, not_placeholder: no}
  - {name: first_name, columns: [first_name], valid: no}
"""
MISSING, PLACEHOLDER, DUPLICATE = Verdict.MISSING, Verdict.PLACEHOLDER, Verdict.DUPLICATE
Load = Callable[..., Audit]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    (tmp_path / "sets").mkdir()

    def loaded(fields: str = SET, more: str = "") -> Audit:
        (tmp_path / "sets" / "contact.yaml").write_text(fields, "utf-8")
        (tmp_path / "audit.yaml").write_text(AUDIT + more, "utf-8")
        return load_audit(tmp_path / "audit.yaml")

    return loaded


def test_what_is_judged(load: Load) -> None:
    audit = load()
    details, last_name, city, email, first_name = audit.field_sets["contact"].demands
    assert details.judgement == Judgement(
        (
            JudgedColumn("phone", Syntax.PHONE),
            JudgedColumn("email", Syntax.EMAIL),
            JudgedColumn("mobile", Syntax.PHONE),
        ),
        (Judged.PLACEHOLDER, Judged.INVALID),
    )
    assert last_name.judgement == Judgement(
        (JudgedColumn("last_name", Syntax.NAME),),
        (Judged.PLACEHOLDER, Judged.DUPLICATE),
        ("later",),
        Reach.OWNER,
    )
    assert city.judgement == Judgement((JudgedColumn("city"),), (Judged.DUPLICATE,))
    assert city.checks == (OneOf(("Delft",)),)
    assert email.judgement == Judgement(
        (JudgedColumn("email", Syntax.EMAIL),), (Judged.INVALID,)
    )
    assert first_name.judgement is None
    assert details.costs == email.costs == (*COSTING, PLACEHOLDER)
    assert (last_name.costs, city.costs) == (COSTING, (MISSING, DUPLICATE))


def test_countries_are_read_where_a_phone_is_judged(load: Load) -> None:
    schema = load().schema
    assert schema["contact"]["country"] is schema["client"]["country"] is Kind.TEXT
    assert "country" not in schema["lead"]
    schema = load(
        SET.replace("valid: {mobile: phone}, not_placeholder: yes", "weight: 2")
    ).schema
    assert "country" not in schema["contact"]


def test_bits_are_in_the_order_of_verdicts(load: Load) -> None:
    fields = load().field_sets["contact"]
    judged = [(rule.id, str(rule.verdict)) for _, rule in fields.judged]
    assert judged == [
        *((demand.name, "missing") for demand in fields.demands),
        ("details", "placeholder"),
        ("last_name", "placeholder"),
        ("details", "invalid"),
        ("city", "invalid"),
        ("email", "invalid"),
        ("last_name", "duplicate"),
        ("city", "duplicate"),
        ("details", "hint"),
    ]


def test_what_the_crm_enforces_keeps_its_points_where_a_filler_costs(load: Load) -> None:
    enforced = {"contact.last_name", "contact.email"}
    fields = without_points(load().field_sets, enforced)["contact"]
    weights = {demand.name: demand.weight for demand in fields.demands}
    assert (weights["last_name"], weights["email"], weights["details"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("valid: {mobile: phone}", "valid: yes", ("line 3", "fields.0.valid", "'mobile'", "{mobile: phone}")),
        ("valid: {mobile: phone}", "valid: {fax: phone}", ("line 3", "fields.0.valid", "'fax'")),
        ("valid: {mobile: phone}", "valid: {mobile: fax}", ("line 3", "fields.0.valid.mobile", "'fax'")),
        ("valid: {mobile: phone}", "valid: phone", ("line 3", "fields.0.valid", "write yes")),
        ("not_placeholder: [later]", "not_placeholder: later", ("line 4", "a list of words")),
        ("not_placeholder: [later]", "not_placeholder: [' ']", ("line 4", "fields.1.not_placeholder", "blank")),
        ("unique: owner", "unique: team", ("line 4", "fields.1.unique", "'owner' or 'company'")),
        ("columns: [city]", "columns: [created_at]", ("line 5", "'created_at'")),
        ("columns: [city], unique: company, one_of: [Delft]", "columns: [client_id], unique: company",
         ("line 5", "'client_id'", "take the key or the column out")),
        ("columns: [city]", "columns: [city, first_name]", ("line 5", "write two demands")),
        ("costs: [missing, duplicate]", "costs: [hint]", ("line 5", "fields.2.costs.0", "'hint'")),
        ("costs: [missing, duplicate]", "costs: []", ("line 5", "fields.2.costs")),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused(
    load: Load, old: str, new: str, parts: tuple[str, ...]
) -> None:
    assert old in SET
    with pytest.raises(ConfigError) as refusal:
        load(SET.replace(old, new))
    for part in ("contact.yaml", *parts):
        assert part in str(refusal.value)


@pytest.mark.parametrize("region", ["NL", "nld", "Nederland"])
def test_a_region(load: Load, region: str) -> None:
    assert load(more=f"region: {region}\n").resolved().region == "NL"
    assert load().resolved().region == ""


def test_a_check_says_which_numbers_are_not_judged(load: Load) -> None:
    [sentence] = on_the_region(load().resolved())
    assert "region: NL" in sentence
    assert not list(on_the_region(load(more="region: NL\n").resolved()))
    nothing = (
        "entity: contact\nfields: [{name: phone, columns: [phone, mobile], unique: company}]\n"
    )
    assert not list(on_the_region(load(nothing).resolved()))


@pytest.mark.parametrize(("region", "part"), [("Atlantis", "ISO code"), ("no", "in quotes")])
def test_a_region_that_is_none(load: Load, region: str, part: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(more=f"region: {region}\n")
    assert "region" in str(refusal.value)
    assert part in str(refusal.value)


def test_a_mask_keeps_the_first_verdict_of_each_demand() -> None:
    judgement = Judgement((JudgedColumn("name"),), (Judged.PLACEHOLDER, Judged.DUPLICATE))
    demands = tuple(
        Demand(name, same_in_all(name), (name,), checks=(OneOf(("x",)),), judgement=judgement)
        for name in ("a", "b")
    )
    fields = FieldSet("deal", demands, readable=("amount",))
    # missing a, b; placeholder a, b; invalid a, b; duplicate a, b; unreadable amount
    assert fields.settled(0b1_11_11_11_11) == 0b1_00_00_00_11
    assert fields.settled(0b0_11_01_10_00) == 0b0_00_01_10_00
    assert fields.settled(0b1_10_00_00_01) == 0b1_10_00_00_01
