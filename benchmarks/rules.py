"""What hundreds of rules cost: `python -m benchmarks.rules`.

A CRM of 1,000 managers is held, by turns, for an audit of 30 demands and for one of 300: the same
conditions and checks, several demands to a condition. Then the large audit runs as a whole, and its
memory is measured from outside. docs/scale.md holds the tables of a run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy.engine import URL

from benchmarks import whole
from benchmarks.crms import AS_OF, CRMS
from benchmarks.scale import Measured, audit_of, held

MANAGERS: Final = 1_000
RECORDS: Final = 250_000
"""Of all kinds; some 200,000 of them fail one of 300 demands."""
SIZES: Final = (30, 300)
_MIB: Final = 1024 * 1024

Keys = Mapping[str, Any]
"""Keys of a field set's file."""

_DATED: Final[tuple[Keys, ...]] = (
    {"lies": "past"},
    {"within_months": 3},
    {"between": ["2026-01-01", "2026-09-30"]},
)
_MOMENTS: Final[tuple[Keys, ...]] = (
    {"moment": {"older_than": 7}},
    {"moment": {"older_than": 90}},
    {"created_at": {"between": ["2026-03-01", None]}},
    {"not": {"created_at": {"between": ["2026-02-01", "2026-08-31"]}}},
)
_REACHED: Final[tuple[Keys, ...]] = (
    {"email": "filled"},
    {"phone": "missing"},
    {"any": [{"phone": "filled"}, {"email": "filled"}], "created_at": {"older_than": 30}},
)
_EVENTS: Final[tuple[Keys, ...]] = (
    {"state": "held"},
    {"state": ["planned", "not held"]},
    {"state": "held", "start_at": {"older_than": 14}},
    {"any": [{"state": "held"}, {"end_at": {"between": [None, "2026-06-30"]}}]},
)
_DEALS: Final[tuple[Keys, ...]] = (
    {"state": "open"},
    {"state": ["won", "lost"]},
    {"state": "open", "amount": {"between": [10_000, None]}},
    {"all": [{"not": {"state": "lost"}}, {"amount": {"between": [100, 50_000]}}]},
    {"close_day": {"older_than": 30}},
)
CONDITIONS: Final[Mapping[str, tuple[Keys, ...]]] = {
    "meeting": _EVENTS + _MOMENTS,
    "call": _EVENTS + _MOMENTS,
    "deal": _DEALS + _MOMENTS,
    "client": _REACHED + _MOMENTS,
    "contact": _REACHED + _MOMENTS,
    "lead": _REACHED + _MOMENTS,
}
"""Kind of record -> the conditions of its demands."""

_REACH: Final = ({"columns": ["phone"]}, {"columns": ["phone", "email"]})
_CREATED: Final = tuple({"columns": ["created_at"], **check} for check in _DATED)
_STARTS: Final = tuple({"columns": ["start_at", "end_at"], **check} for check in _DATED)
_NAMES: Final = {"columns": ["first_name"]}, {"columns": ["last_name"], "one_of": ["Nowak"]}
_SUBJECTS: Final = {"columns": ["subject"]}, {"columns": ["subject"], "one_of": ["Site visit"]}
ASKED: Final[Mapping[str, tuple[Keys, ...]]] = {
    "meeting": (*_SUBJECTS, {"columns": ["contact", "client_id"]}, *_STARTS),
    "call": (*_SUBJECTS, {"columns": ["contact_id", "client_id"]}, *_STARTS),
    "deal": (
        {"columns": ["amount"], "between": [100, 80_000]},
        {"columns": ["name"]},
        {"columns": ["close_day", "amount"]},
        *({"columns": ["close_day"], **check} for check in _DATED),
    ),
    "client": ({"columns": ["name"], "one_of": ["Nowak", "Sato"]}, *_REACH, *_CREATED),
    "contact": (*_NAMES, *_REACH, *_CREATED),
    "lead": (*_NAMES, *_REACH, *_CREATED),
}
"""Kind of record -> what is demanded of it, in turn."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Builds each CRM, holds it for either audit by turns, runs the larger one, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crms", nargs="+", choices=list(CRMS), default=list(CRMS))
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--managers", type=int, default=MANAGERS)
    parser.add_argument("--rules", type=int, nargs=2, default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--hold-only", action="store_true", help="run no audit as a whole")
    either.add_argument("--run-only", action="store_true", help="run the larger audit alone")
    options = parser.parse_args(arguments)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}; Python {platform.python_version()}, {os.cpu_count()} "
        f"cores; {options.records:,} records of {options.managers:,} managers; processor "
        f"seconds, medians of {options.rounds} rounds"
    )
    print(_HEADING, flush=True)
    for name in options.crms:
        with tempfile.TemporaryDirectory(prefix="rules-") as folder:
            _print(name, Path(folder), options)


def _print(name: str, folder: Path, options: argparse.Namespace) -> None:
    with CRMS[name](folder, options.records, options.managers) as url:
        if not options.run_only:
            few, many = holds(name, folder, url, options.rules, options.rounds)
            print(_line(few), flush=True)
            print(f"{_line(many)}{many.seconds / few.seconds:>9.2f}", flush=True)
        if not options.hold_only:
            write_field_sets(folder, options.rules[-1])
            audit_of(name, folder, url, field_sets="expectations")
            print(_of_run(run(folder)), flush=True)


@dataclass(frozen=True, slots=True)
class Hold:
    """How long a CRM was held for an audit: processor seconds, and what came of it."""

    crm: str
    rules: int
    reading: float
    texts: float
    counting: float
    failing: int

    @property
    def seconds(self) -> float:
        """All of them."""
        return self.reading + self.texts + self.counting


def holds(
    name: str, folder: Path, url: URL, sizes: Sequence[int], rounds: int
) -> tuple[Hold, ...]:
    """The CRM held for an audit of each size, by turns, so that a busy machine is busy for all."""
    measured: dict[int, list[Measured]] = {rules: [] for rules in sizes}
    for _ in range(rounds):
        for rules in sizes:
            write_field_sets(folder, rules)
            audit = audit_of(name, folder, url, field_sets="expectations")
            measured[rules].append(held(name, 0, audit, url, folder))
    return tuple(_median(name, rules, of_rounds) for rules, of_rounds in measured.items())


def _median(name: str, rules: int, rounds: Sequence[Measured]) -> Hold:
    return Hold(
        name,
        rules,
        median(measured.reading.processor for measured in rounds),
        median(measured.texts.processor for measured in rounds),
        median(measured.at_once.processor for measured in rounds),
        rounds[0].failing,
    )


def run(folder: Path) -> whole.Measured:
    """A whole run of the audit in this folder, measured from outside."""
    command = [sys.executable, "-P", "-m", "pipeline", "run", str(folder / "audit.yaml")]
    output = ["--output", str(folder / "output"), "--as-of", AS_OF.isoformat()]
    return whole.measure([*command, *output], Path(__file__).parent.parent)


# ------------------------------------------------------------------------------------------- rules


def write_field_sets(folder: Path, rules: int) -> None:
    """Writes the field sets of an audit that has so many demands in all."""
    expectations = folder / "expectations"
    expectations.mkdir(exist_ok=True)
    kinds = list(CONDITIONS)
    for place, entity in enumerate(kinds):
        own = len(range(place, rules, len(kinds)))
        fields = {"entity": entity, "fields": list(islice(_demands(entity), own))}
        text = json.dumps(fields)  # which is YAML as well
        (expectations / f"{entity}.yaml").write_text(text, "utf-8")


def _demands(entity: str) -> Iterator[dict[str, Any]]:
    """Each thing that is asked under each condition, and then again."""
    asked, conditions = ASKED[entity], CONDITIONS[entity]
    for number, keys in enumerate(cycle(asked)):
        when = conditions[(number + number // len(asked)) % len(conditions)]
        yield {"name": f"demand_{number}", **keys, "when": when}


# ------------------------------------------------------------------------------------------- tables


_HEADING: Final = (
    f"{'CRM':<12}{'rules':>7}{'reading':>9}{'texts':>7}{'counting':>10}{'held':>7}{'failing':>10}"
    f"{'ratio':>9}"
)


def _line(hold: Hold) -> str:
    return (
        f"{hold.crm:<12}{hold.rules:>7,}{hold.reading:>9.1f}{hold.texts:>7.1f}"
        f"{hold.counting:>10.1f}{hold.seconds:>7.1f}{hold.failing:>10,}"
    )


def _of_run(measured: whole.Measured) -> str:
    seconds = sum(stage.seconds for stage in measured.stages)
    processor = sum(stage.processor for stage in measured.stages)
    memory = max(stage.together for stage in measured.stages)
    stages = "\n".join(whole.table(measured))
    return (
        f"{stages}\nthe whole run: {seconds:.1f} s, {processor:.1f} s of this machine's "
        f"processors, at most {memory / _MIB:,.0f} MiB in all processes"
    )


if __name__ == "__main__":
    main()
