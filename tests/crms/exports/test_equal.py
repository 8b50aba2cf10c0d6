"""What we publish of a cloud CRM's exports equals what was counted, in plain Python, while they were written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.measures.registry import COUNTED
from pipeline.model import RunResult
from tests.crms.exports import hubspot, pipedrive, salesforce
from tests.crms.exports.company import GONE, OWNERS, Company
from tests.crms.exports.ours import edition_of, prepared, values, write
from tests.crms.exports.world import Holds, hand
from tests.crms.suitecrm.by_hand import Setting, Value
from tests.crms.suitecrm.ours import differences
from tests.crms.suitecrm.test_equal import AMSTERDAM, LOS_ANGELES

TARGETS = {
    OWNERS[0]: {"deals_won": 2, "meetings_held": 40},
    OWNERS[1]: {"deals_won": 30, "clients_new": 1},
}


@dataclass(frozen=True)
class Vendor:
    """A preset, and how that vendor's exports are written and counted."""

    preset: str
    variants: Sequence[str]  # languages, or ways of exporting
    company: Callable[[], Company]
    files: Callable[[Company, str], Mapping[str, Sequence[Sequence[str]]]]
    holds: Callable[[Company, str], Holds]
    source: Callable[[str], dict[str, Any]]  # what audit.yaml says of the source
    targets: Mapping[str, Mapping[str, int]]
    links: Mapping[str, str]
    never: frozenset[str]  # measures that these exports cannot make


VENDORS = (
    Vendor(
        "hubspot", ("english", "dutch"), hubspot.company, hubspot.files, hubspot.holds,
        lambda language: {"add": {"meeting.result": hubspot.RESULT[language]}}, TARGETS, hubspot.LINKS,
        frozenset({"leads", "leads_undated"}),
    ),
    Vendor(
        "pipedrive", ("english", "dutch"), pipedrive.company, pipedrive.files, pipedrive.holds,
        lambda language: {"add": {"meeting.result": pipedrive.RESULT[language]}}, TARGETS, pipedrive.LINKS,
        frozenset({"leads", "leads_undated"}),
    ),
    Vendor(
        "salesforce", ("weekly", "loader"), salesforce.company, salesforce.files, salesforce.holds,
        lambda _: {"add": {"meeting.result": "events.Description"}, "end_passed_is_held": True},
        {salesforce.USERS[who]: of for who, of in TARGETS.items()}, salesforce.LINKS,
        frozenset({"meetings_overdue", "meetings_held_in_future"}),  # the clock says whether a meeting was held
    ),
)  # fmt: skip
CASES = [(vendor, variant) for vendor in VENDORS for variant in vendor.variants]


@dataclass(frozen=True)
class Made:
    vendor: Vendor
    variant: str
    setting: Setting
    hand: Mapping[str, Value]
    result: RunResult


@pytest.fixture(
    scope="module",
    params=CASES,
    ids=[f"{vendor.preset}-{variant}" for vendor, variant in CASES],
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    vendor, variant = request.param
    folder: Path = tmp_path_factory.mktemp(vendor.preset)
    company = vendor.company()
    write(folder, vendor.files(company, variant))
    setting = replace(AMSTERDAM, targets=vendor.targets)
    audit = prepared(folder, vendor.preset, setting, **vendor.source(variant))
    return Made(
        vendor,
        variant,
        setting,
        hand(company, vendor.holds(company, variant), setting),
        edition_of(audit, setting),
    )


def test_every_figure(made: Made) -> None:
    assert differences(made.hand, values(made.result)) == {}


def test_every_figure_on_the_other_side_of_greenwich(tmp_path: Path) -> None:
    """Salesforce's instants are in UTC, and its days stand at noon, which is that very day nearly everywhere."""
    vendor, setting = VENDORS[2], replace(LOS_ANGELES, targets=VENDORS[2].targets)
    company = vendor.company()
    write(tmp_path, vendor.files(company, "weekly"))
    result = edition_of(
        prepared(tmp_path, "salesforce", setting, **vendor.source("weekly")), setting
    )
    assert (
        differences(hand(company, vendor.holds(company, "weekly"), setting), values(result))
        == {}
    )


def test_every_measure_is_tried(made: Made) -> None:
    """A measure that is zero proves nothing: each that the exports can make is not, for two managers and more."""
    managers: dict[str, set[str]] = {measure.name: set() for measure in COUNTED}
    for name, (numerator, _) in made.hand.items():
        what, _, who = name.partition("@")
        if who.startswith("manager:") and numerator and what.split("/")[0] in managers:
            managers[what.split("/")[0]].add(who)
    assert {metric for metric, who in managers.items() if len(who) < 2} == made.vendor.never


def test_links_lead_to_the_record(made: Made) -> None:
    links = {
        item.entity: item.link.replace(item.record_id, "ID") for item in made.result.fix_list
    }
    forms = {
        entity: link.removeprefix("https://crm.example/") for entity, link in links.items()
    }
    assert forms == made.vendor.links


def test_an_owner_of_whom_it_is_said_is_inactive(made: Made) -> None:
    scopes = {person.name: person.scope for person in made.result.people}
    assert scopes[GONE] == ("manager" if made.variant == "dutch" else "inactive")
