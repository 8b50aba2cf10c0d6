"""Field sets of an audit's own, counted by hand: a SELECT gives each record's verdict under each demand.

Conditions are SQL's own three-valued logic: NULL is *unknown*. What is good, missing, unreadable or not valid is one
CASE. Nothing here comes from the program; what makes figures of counts is the hand of tests/crms/suitecrm.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.model import Figure, FixItem
from tests.crms.suitecrm.by_hand import Counts, Hand, Value

COSTLY = ("missing", "unread", "invalid")
VERDICTS = ("good", *COSTLY)
WORDS = (*VERDICTS, "unknown", "not due")
COMPLETENESS = (
    "score@", "score/", "base@", "base/", "points_kept", "points_due", "base_points_", "records_complete",
    "base_complete", "field_", "base_good", "base_missing", "base_unreadable", "base_invalid", "demand_unknown",
    "records_failing",
)  # fmt: skip
"""How the figures begin that follow from field sets."""

ALWAYS, NEVER = "1 = 1", "1 = 0"


@dataclass(frozen=True)
class Entered:
    """What stands in one column, as three conditions in SQL; `passes` of what is there and can be read."""

    missing: str
    passes: str = ALWAYS
    unread: str = NEVER


@dataclass(frozen=True)
class Asked:
    """One demand by hand. `due` is NULL where nobody can tell."""

    columns: tuple[Entered, ...]
    due: str = ALWAYS
    weight: int = 1

    def possible_verdicts(self) -> Iterator[str]:
        """Those that a record can have."""
        yield from ("good", "missing")
        if any(column.unread != NEVER for column in self.columns):
            yield "unreadable"
        if any(column.passes != ALWAYS for column in self.columns):
            yield "invalid"

    def word(self) -> str:
        """A CASE that gives one of WORDS: of several columns a good one is enough, missing is what all of them are."""
        good = " OR ".join(
            f"(NOT ({of.missing}) AND NOT ({of.unread}) AND ({of.passes}))"
            for of in self.columns
        )
        missing = " AND ".join(f"({of.missing})" for of in self.columns)
        unread = " OR ".join(f"({of.unread})" for of in self.columns)
        return (
            f"CASE WHEN ({self.due}) IS NULL THEN 'unknown' WHEN NOT ({self.due}) THEN 'not due'"
            f" WHEN {missing} THEN 'missing' WHEN {good} THEN 'good' WHEN {unread} THEN 'unread' ELSE 'invalid' END"
        )


AskedSets = Mapping[str, Mapping[str, Asked]]
"""Entity -> demand -> by hand."""


def words_of(asked: Mapping[str, Asked]) -> str:
    """The columns of a SELECT that give the verdicts, each under its demand's name."""
    return ", ".join(f"{demand.word()} AS word_{name}" for name, demand in asked.items())


Judged = Mapping[str, Sequence[Mapping[str, Any]]]
"""Entity -> its live records, each with id, owner, scored, timely, ahead, had, typed and its words."""


def counts_of(judged: Judged, asked: AskedSets) -> Counts:
    """What all records count for, per owner."""
    counts: Counts = defaultdict(lambda: defaultdict(int))
    for entity, rows in judged.items():
        for name, by_owner in _counted(entity, asked[entity], rows).items():
            for owner, number in by_owner.items():
                counts[name][owner] += number
    return counts


def _counted(
    entity: str, asked: Mapping[str, Asked], rows: Iterable[Mapping[str, Any]]
) -> Counts:
    counts: Counts = defaultdict(lambda: defaultdict(int))
    for name in asked:
        counts[f"demand_unknown/{entity}.{name}"][""] += 0
        for span in ("score", "base"):
            for what in ("due", *COSTLY):
                counts[f"{what} {span}/{entity}.{name}"][""] += 0
    for row in rows:
        owner = row["owner"] or ""
        counts["records"][owner] += 1
        if row["scored"]:
            for name in _counted_for(entity, asked, row):
                counts[name][owner] += 1
    return counts


def _counted_for(
    entity: str, asked: Mapping[str, Asked], row: Mapping[str, Any]
) -> Iterator[str]:
    part = part_of(row)
    spans = ("score", "base") if part == "score" else ("base",)
    for name in asked:
        word = row[f"word_{name}"]
        assert word in WORDS
        if word == "unknown":
            yield f"demand_unknown/{entity}.{name}"
        for span in spans if word in VERDICTS else ():
            yield f"due {span}/{entity}.{name}"
            if word in COSTLY:
                yield f"{word} {span}/{entity}.{name}"
    worth = {row[f"word_{name}"] for name, demand in asked.items() if demand.weight}
    for span in spans if worth & {*VERDICTS} else ():
        yield f"due {span}/{entity}"
    if worth & {*COSTLY}:
        yield f"failing {part}/{entity}"


def part_of(row: Mapping[str, Any]) -> str:
    """In which part of all records this one counts; the first of these that is so."""
    for part, so in (
        ("ahead", row["ahead"]),
        ("taken over", row["had"]),
        ("imported", row["typed"]),
        ("score", row["timely"]),
    ):
        if so:
            return part
    return "outside"


def figures(hand: Hand, counts: Counts) -> dict[str, Value]:
    """Every figure of completeness, of every scope."""
    made: dict[str, Value] = {}
    for scope, owners in hand.people(counts).pools():
        pooled: dict[str, int] = Counter()
        for name, of in counts.items():
            pooled[name] = sum(of.get(owner, 0) for owner in owners)
        for name, value in hand.completeness(pooled):
            made[f"{name}@{scope}"] = value
        for name in counts:
            if name.startswith("demand_unknown"):
                made[f"{name}@{scope}"] = pooled[name], None
    return made


def of_completeness(ours: Mapping[str, Figure]) -> dict[str, Value]:
    """Those of the published figures that follow from field sets."""
    return {
        name: (figure.numerator, figure.denominator)
        for name, figure in ours.items()
        if name.startswith(COMPLETENESS)
    }


def differences(
    hand: Mapping[str, Value], figures_of_ours: Mapping[str, Figure]
) -> dict[str, tuple[Value | None, Value | None]]:
    """Figure -> (by hand, ours), where they differ. A figure that is nothing in every scope need not be published."""
    ours = of_completeness(figures_of_ours)
    something = {_asked(name) for name, value in hand.items() if any(value)}
    return {
        name: (hand.get(name), ours.get(name))
        for name in sorted(hand.keys() | ours.keys())
        if hand.get(name) != ours.get(name) and (name in ours or _asked(name) in something)
    }


def _asked(figure: str) -> str:
    return figure.partition("@")[0]


def failing(judged: Judged, asked: AskedSets) -> set[tuple[str, str, str, str]]:
    """(entity, record, demand, verdict) of everything that is not good."""
    return {
        (entity, row["id"], name, row[f"word_{name}"])
        for entity, rows in judged.items()
        for row in rows
        for name in asked[entity]
        if row["scored"] and row[f"word_{name}"] in COSTLY
    }


def listed(items: Iterable[FixItem]) -> set[tuple[str, str, str, str]]:
    """The same of our fix-lists, which also name columns that cannot be read and that nothing demands."""
    short = {"unreadable": "unread"}
    return {
        (item.entity, item.record_id, rule.id, short.get(rule.verdict, str(rule.verdict)))
        for item in items
        for rule in item.rules
        if not rule.id.startswith("unreadable.")
    }


def rarely_tried(
    hand: Mapping[str, Value], asked: AskedSets, *, unknown: Iterable[str], never: Iterable[str]
) -> list[str]:
    """The verdicts that fewer than three managers have. `unknown` are the demands of which it can be unknown whether
    they are due, and `never` the verdicts that a demand's own condition rules out.
    """
    managers: Counter[str] = Counter(
        _asked(name) for name, value in hand.items() if "@manager:" in name and value[0]
    )
    possible = {f"demand_unknown/{demand}" for demand in unknown}
    for entity, of in asked.items():
        for name, demand in of.items():
            possible |= {
                f"base_{verdict}/{entity}.{name}" for verdict in demand.possible_verdicts()
            }
    return sorted(name for name in possible - {*never} if managers[name] < 3)
