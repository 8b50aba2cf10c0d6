"""What we publish of an Odoo equals SQL written by hand against its tables, figure by figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.measures.registry import COUNTED
from pipeline.setup.look.recognise import Place, best, fitting
from tests.crms.odoo.by_hand import OdooHand, Zoned
from tests.crms.odoo.database import Odoo, odoo15, rebuilt
from tests.crms.odoo.ours import values
from tests.crms.odoo.overlay import lay
from tests.crms.suitecrm.by_hand import Value
from tests.crms.suitecrm.ours import differences

TARGETS = {
    "101": {"deals_won": 2, "meetings_held": 400, "clients_new": 0},
    "102": {"deals_won": 300, "meetings_held": 3},
    "103": {"clients_new": 4, "deals_won": 1, "meetings_held": 1},
    "104": {"deals_won": 9, "meetings_held": 2},
    "999": {"meetings_held": 5},
}
AS_OF = "2026-11-26 22:30:00"  # a Thursday

AMSTERDAM = Zoned(
    zone="Europe/Amsterdam", as_of=AS_OF, today="2026-11-26", soon="2026-12-03 23:00:00",
    score_first="2026-10-29 23:00:00", score_after="2026-11-26 23:00:00",
    first_day="2026-11-01", after_day="2026-12-01", first="2026-10-31 23:00:00", after="2026-11-30 23:00:00",
    month="2026-11", month_first_day="2026-11-01", month_after_day="2026-12-01",
    month_first="2026-10-31 23:00:00", month_after="2026-11-30 23:00:00",
    working_days_left=3, targets=TARGETS, change="2026-10-25 01:00:00", hours_before=2, hours_after=1,
)  # fmt: skip
TOKYO = Zoned(  # there it is Friday
    zone="Asia/Tokyo", as_of=AS_OF, today="2026-11-27", soon="2026-12-04 15:00:00",
    score_first="2026-10-30 15:00:00", score_after="2026-11-27 15:00:00",
    first_day="2026-11-01", after_day="2026-12-01", first="2026-10-31 15:00:00", after="2026-11-30 15:00:00",
    month="2026-11", month_first_day="2026-11-01", month_after_day="2026-12-01",
    month_first="2026-10-31 15:00:00", month_after="2026-11-30 15:00:00",
    working_days_left=2, targets=TARGETS, currency="JPY", hours_before=9, hours_after=9,
)  # fmt: skip
LOS_ANGELES = Zoned(  # part of a month, over the clock's change on its first day
    zone="America/Los_Angeles", as_of=AS_OF, today="2026-11-26", soon="2026-12-04 08:00:00",
    score_first="2026-10-13 07:00:00", score_after="2026-11-10 08:00:00",
    period="{first: 2026-11-01, to: 2026-11-10}",
    first_day="2026-11-01", after_day="2026-11-10", first="2026-11-01 07:00:00", after="2026-11-10 08:00:00",
    month="2026-11", month_first_day="2026-11-01", month_after_day="2026-12-01",
    month_first="2026-11-01 07:00:00", month_after="2026-12-01 08:00:00",
    working_days_left=3, targets=TARGETS, currency="USD",
    change="2026-11-01 09:00:00", hours_before=-7, hours_after=-8,
)  # fmt: skip
SETTINGS = {"amsterdam": AMSTERDAM, "tokyo": TOKYO, "los angeles": LOS_ANGELES}

NEVER = {
    "calls_held": "Odoo holds no hour at which a call was done",
    "calls_held_in_future": "likewise",
    "calls_unknown": "likewise",
    "deals_unknown": "the preset's words are its own",
    "meetings_undated": "a meeting has a start, be it infinity, which is unreadable",
    "meetings_unknown": "likewise",
    "meetings_overdue": "a meeting whose end passed is held, so none is planned and over",
}
"""Measures that an Odoo cannot hold, even where end passed = held."""


class Laid:
    """An Odoo with dirt laid over it, and what the hand says of it."""

    def __init__(self, odoo: Odoo, version: int) -> None:
        self.odoo, self.version = odoo, version
        self._known: dict[tuple[str, bool], dict[str, Value]] = {}

    def figures(self, setting: Zoned, *, by_time: bool) -> dict[str, Value]:
        key = (setting.zone, by_time)
        if key not in self._known:
            hand = OdooHand(
                self.odoo, setting, version=self.version, results=True, by_time=by_time
            )
            self._known[key] = hand.figures(hand.counts())
        return self._known[key]


@pytest.fixture(scope="module", params=[15, 17])
def laid(request: pytest.FixtureRequest) -> Iterator[Laid]:
    """The dump of 15, and the rebuilt tables of 17, with dirt laid over them."""
    version = request.param
    with ExitStack() as stack:
        odoo = stack.enter_context(odoo15() if version == 15 else rebuilt(version))
        lay(odoo, version=version, seed=20261126)
        yield Laid(odoo, version)


@pytest.fixture(params=SETTINGS.values(), ids=SETTINGS)
def setting(request: pytest.FixtureRequest) -> Zoned:
    return request.param


def test_laid_over(laid: Laid, tmp_path: Path, setting: Zoned) -> None:
    ours = values(laid.odoo, setting, tmp_path, results=True, by_time=True)
    assert differences(laid.figures(setting, by_time=True), ours) == {}


def test_without_the_option_nothing_was_held(laid: Laid, tmp_path: Path) -> None:
    ours = values(laid.odoo, AMSTERDAM, tmp_path, results=True, by_time=False)
    assert differences(laid.figures(AMSTERDAM, by_time=False), ours) == {}
    assert not [
        name
        for name in ours
        if name.startswith(("meetings_", "calls_")) and "_undated@" not in name
    ]


def test_every_measure_is_tried(laid: Laid, setting: Zoned) -> None:
    """A measure that is zero proves nothing: each that Odoo can hold is non-zero for three managers and more."""
    assert rarely_tried(laid.figures(setting, by_time=True)) == NEVER.keys()


def test_what_stands_apart_is_tried(laid: Laid) -> None:
    figures = laid.figures(AMSTERDAM, by_time=True)
    for kind in ("client", "contact", "lead", "deal", "meeting") if laid.version == 15 else ():
        taken_over, _ = figures[f"records_failing_taken_over/{kind}@company"]
        assert taken_over >= 3, kind
        if kind in ("deal", "meeting"):
            imported, _ = figures[f"records_failing_imported/{kind}@company"]
            assert imported >= 1, kind


def rarely_tried(figures: Mapping[str, Value]) -> set[str]:
    """The metrics that are non-zero for fewer than three managers."""
    managers: dict[str, set[str]] = {measure.name: set() for measure in COUNTED}
    for name, (numerator, _) in figures.items():
        what, _, who = name.partition("@")
        if who.startswith("manager:") and numerator and what.split("/")[0] in managers:
            managers[what.split("/")[0]].add(who)
    return {metric for metric, who in managers.items() if len(who) < 3}


@pytest.mark.parametrize("version", [16, 18, 19])
def test_versions_that_differ_little(version: int, tmp_path: Path) -> None:
    """The rebuilt tables of 16, 18 and 19 are recognised and read as those of 17 are."""
    with rebuilt(version) as odoo:
        place = Place(odoo.url.render_as_string(hide_password=False), tmp_path)
        assert [preset.name for preset in best(fitting(place))] == ["odoo"]
        lay(odoo, version=version, seed=20261126)
        ours = values(odoo, AMSTERDAM, tmp_path, results=True, by_time=True)
        hand = Laid(odoo, version).figures(AMSTERDAM, by_time=True)
    assert differences(hand, ours) == {}
    assert rarely_tried(hand) == NEVER.keys()
    done = "table_excluded/mail_activity/done@company"
    assert (done in ours) == (version > 16)


@pytest.mark.parametrize("zone", SETTINGS)
def test_bare_dump(tmp_path: Path, zone: str) -> None:
    setting = replace(SETTINGS[zone], targets={})
    with odoo15() as odoo:
        hand = OdooHand(odoo, setting, version=15, results=False, by_time=True)
        figures = hand.figures(hand.counts())
        assert (
            differences(figures, values(odoo, setting, tmp_path, results=False, by_time=True))
            == {}
        )
    assert (figures["deals@company"][0], figures["leads@company"][0]) == (18, 22)
