"""What we publish of a SuiteCRM equals SQL written by hand against its tables, figure by figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.measures.registry import COUNTED
from tests.crms.suitecrm.by_hand import FIELDS, Counts, Hand, Setting, Value
from tests.crms.suitecrm.database import Database
from tests.crms.suitecrm.in_python import Rows
from tests.crms.suitecrm.ours import differences, values

TARGETS = {
    "seed_chris_id": {"deals_won": 2, "meetings_held": 40, "clients_new": 0},
    "seed_max_id": {"deals_won": 30, "meetings_held": 3},
    "seed_sally_id": {"clients_new": 4},
    "m-nina": {"deals_won": 9},
    "m-plan": {"deals_won": 5},  # a manager by this plan alone
    "u-absent": {"meetings_held": 5},
}
AS_OF = "2027-03-26 22:30:00"  # a Friday; on Sunday the clock goes forward in Amsterdam

AMSTERDAM = Setting(
    zone="Europe/Amsterdam", as_of=AS_OF, today="2027-03-26", soon="2027-04-02 22:00:00",
    score_first="2027-02-26 23:00:00", score_after="2027-03-26 23:00:00",  # 26 days of March are too few
    first_day="2027-03-01", after_day="2027-04-01", first="2027-02-28 23:00:00", after="2027-03-31 22:00:00",
    month="2027-03", month_first_day="2027-03-01", month_after_day="2027-04-01",
    month_first="2027-02-28 23:00:00", month_after="2027-03-31 22:00:00",
    working_days_left=4, targets=TARGETS,
)  # fmt: skip
TOKYO = Setting(  # there it is Saturday
    zone="Asia/Tokyo", as_of=AS_OF, today="2027-03-27", soon="2027-04-03 15:00:00",
    score_first="2027-02-27 15:00:00", score_after="2027-03-27 15:00:00",
    first_day="2027-03-01", after_day="2027-04-01", first="2027-02-28 15:00:00", after="2027-03-31 15:00:00",
    month="2027-03", month_first_day="2027-03-01", month_after_day="2027-04-01",
    month_first="2027-02-28 15:00:00", month_after="2027-03-31 15:00:00",
    working_days_left=3, targets=TARGETS, currency="JPY",
)  # fmt: skip
LOS_ANGELES = Setting(  # part of a month, over the clock's change on 14 March: the plan is the whole month's
    zone="America/Los_Angeles", as_of=AS_OF, today="2027-03-26", soon="2027-04-03 07:00:00",
    score_first="2027-02-20 08:00:00", score_after="2027-03-20 07:00:00",
    period="{first: 2027-03-10, to: 2027-03-20}",
    first_day="2027-03-10", after_day="2027-03-20", first="2027-03-10 08:00:00", after="2027-03-20 07:00:00",
    month="2027-03", month_first_day="2027-03-01", month_after_day="2027-04-01",
    month_first="2027-03-01 08:00:00", month_after="2027-04-01 07:00:00",
    working_days_left=4, targets=TARGETS, currency="USD",
)  # fmt: skip
PAST = Setting(  # a month that is over: no working days are left of it
    zone="Asia/Tokyo", as_of=AS_OF, today="2027-03-27", soon="2027-04-03 15:00:00",
    score_first="2027-01-31 15:00:00", score_after="2027-02-28 15:00:00",  # 28 days: those of February
    period="{first: 2027-02-01, to: 2027-03-01}",
    first_day="2027-02-01", after_day="2027-03-01", first="2027-01-31 15:00:00", after="2027-02-28 15:00:00",
    month="2027-02", month_first_day="2027-02-01", month_after_day="2027-03-01",
    month_first="2027-01-31 15:00:00", month_after="2027-02-28 15:00:00",
    targets=TARGETS,
)  # fmt: skip
SETTINGS = {"amsterdam": AMSTERDAM, "tokyo": TOKYO, "los angeles": LOS_ANGELES, "past": PAST}
BARE = {
    zone: Setting(
        zone=zone, as_of="2027-06-30 12:00:00", today="2027-06-30", soon=soon,
        period="{first: 2026-11-24, to: 2027-07-01}",
        first_day="2026-11-24", after_day="2027-07-01", first=first, after=after,
        score_first=first, score_after=after,
    )
    for zone, first, after, soon in (
        ("Europe/Amsterdam", "2026-11-23 23:00:00", "2027-06-30 22:00:00", "2027-07-07 22:00:00"),
        ("Asia/Tokyo", "2026-11-23 15:00:00", "2027-06-30 15:00:00", "2027-07-07 15:00:00"),
        ("America/Los_Angeles", "2026-11-24 08:00:00", "2027-07-01 07:00:00", "2027-07-08 07:00:00"),
    )
}  # fmt: skip


class Laid:
    """The dump with dirt laid over it, and what the hand counts of it: once for each setting."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._hands: dict[int, tuple[Hand, Counts]] = {}

    def counts(self, setting: Setting) -> Counts:
        return self._asked(setting)[1]

    def figures(self, setting: Setting) -> dict[str, Value]:
        hand, counts = self._asked(setting)
        return hand.figures(counts)

    def _asked(self, setting: Setting) -> tuple[Hand, Counts]:
        if id(setting) not in self._hands:
            hand = Hand(self.database, setting, results=True)
            self._hands[id(setting)] = hand, hand.counts()
        return self._hands[id(setting)]


@pytest.fixture(scope="module")
def laid(laid_suitecrm: Database) -> Laid:
    return Laid(laid_suitecrm)


@pytest.fixture(params=SETTINGS.values(), ids=SETTINGS)
def setting(request: pytest.FixtureRequest) -> Setting:
    return request.param


def test_laid_over(laid: Laid, tmp_path: Path, setting: Setting) -> None:
    ours = values(laid.database, setting, tmp_path, results=True)
    assert differences(laid.figures(setting), ours) == {}


def test_two_hands_agree(laid: Laid, setting: Setting) -> None:
    """Complete meetings, contacts of whom and money are hard enough in SQL to be counted once more in Python."""
    by_sql, in_python = laid.counts(setting), Rows(laid.database, setting).counts()
    found = {what: {owner: n for owner, n in of.items() if n} for what, of in in_python.items()}
    assert found == {
        what: {owner: n for owner, n in by_sql[what].items() if n} for what in found
    }
    twice = [
        what
        for what in by_sql
        if "lacking/" in what or ("_amount/" in what and any(by_sql[what].values()))
    ]
    assert {"meetings_complete", "contacts", "unreadable/deal.amount", *twice} <= found.keys()


def test_every_measure_is_tried(laid: Laid, setting: Setting) -> None:
    """A measure that is zero proves nothing: each is non-zero for three managers and more, in each setting."""
    managers: dict[str, set[str]] = {measure.name: set() for measure in COUNTED}
    for name, (numerator, _) in laid.figures(setting).items():
        what, _, who = name.partition("@")
        if who.startswith("manager:") and numerator and what.split("/")[0] in managers:
            managers[what.split("/")[0]].add(who)
    assert {metric: len(who) for metric, who in managers.items() if len(who) < 3} == {}


@pytest.mark.parametrize("part", ["taken over", "imported"])
def test_what_stands_apart_is_tried(laid: Laid, part: str) -> None:
    """Managers have records of each kind that stand apart, where the CRM tells."""
    kinds = ("client", "contact", "lead") if part == "taken over" else set(FIELDS) - {"deal"}
    counts = laid.counts(AMSTERDAM)
    for kind in kinds:
        assert len([n for n in counts[f"failing {part}/{kind}"].values() if n]) >= 2, kind


@pytest.mark.parametrize("zone", BARE)
def test_bare_dump(bare_suitecrm: Database, tmp_path: Path, zone: str) -> None:
    hand = Hand(bare_suitecrm, BARE[zone], results=False)
    assert (
        differences(
            hand.figures(hand.counts()),
            values(bare_suitecrm, BARE[zone], tmp_path, results=False),
        )
        == {}
    )
