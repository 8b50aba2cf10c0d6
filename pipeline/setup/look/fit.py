"""Checks whether a preset's formats read a CRM's texts, and finds formats that do.

A preset recognised by headers or tables declares how its CRM writes. A spreadsheet that saved
the exports again writes 5-11-2026 10:00, 1234,5 and WAAR instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.formats import ReadingRules
from pipeline.model import FORMATTED, Kind, Schema
from pipeline.presets import Amount, Formats
from pipeline.setup.look.text_formats import Texts, Written, coverage, formats_of, settle
from pipeline.values.flags import read_flag
from pipeline.values.texts import UNREADABLE, text_of

_SAMPLES: Final = 3

Head = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""The names of an entity's columns, and some of its rows as the driver returns them."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A column with more than half of the sampled values unreadable."""

    entity: str
    column: str
    kind: Kind
    stated: int
    unreadable: int
    samples: tuple[str, ...]  # as the CRM holds them


@dataclass(frozen=True, slots=True)
class Fit:
    """The unreadable columns, and how the texts of their kinds are written."""

    misread: tuple[Misread, ...]
    written: Written
    before: Formats  # the preset's own

    def lines(self) -> dict[Kind, str]:
        """Kind -> its line under `formats`, for kinds that are then more than half readable."""
        formats, read = formats_of(self.written), coverage(self.written)
        lines: dict[Kind, str] = {}
        for kind in _NAMES:
            if all(column.kind is not kind for column in self.misread):
                continue
            name = _NAMES[kind]
            fits, texts, _ = read.get(name, (0, 0, ""))
            if 2 * fits > texts:
                lines[kind] = f"{name}: [{', '.join(self._written(kind, formats))}]"
        return lines

    def _written(self, kind: Kind, formats: Formats) -> Iterator[str]:
        if kind is Kind.MONEY:
            # the old format would read 1.234 as a different amount
            yield from map(_amount, formats.amount)
            return
        new, old = (getattr(declared, _NAMES[kind]) for declared in (formats, self.before))
        # year-first formats never contradict the new ones
        year_first = [pattern for pattern in old if pattern.startswith("%Y")]
        yield from (
            f'"{pattern}"' for pattern in dict.fromkeys((*_of_every_month(new), *year_first))
        )


_NAMES: Final[Mapping[Kind, str]] = {
    Kind.DAY: "day",
    Kind.INSTANT: "instant",
    Kind.MONEY: "amount",
}


def fit_of(rules: ReadingRules, schema: Schema, heads: Mapping[str, Head]) -> Fit:
    """Tries the rules on some rows of each entity."""
    misread: list[Misread] = []
    texts: dict[Kind, Counter[str]] = {kind: Counter() for kind in FORMATTED}
    for entity, (names, rows) in heads.items():
        for place, name in enumerate(names):
            kind = schema[entity][name]
            if kind in (*FORMATTED, Kind.FLAG):
                values = [
                    value for row in rows if _is_stated(value := text_of(row[place]), rules)
                ]
                misread += _misread(rules, entity, name, kind, values)
                if kind in texts:
                    texts[kind].update(
                        value.strip() for value in values if isinstance(value, str)
                    )
    kinds = {column.kind for column in misread}
    days, instants, amounts = (
        texts[kind] if kind in kinds else {} for kind in (Kind.DAY, Kind.INSTANT, Kind.MONEY)
    )
    return Fit(
        tuple(misread),
        settle(Texts(days, instants, amounts, {})),
        rules.for_text().formats or Formats(),
    )


def _is_stated(value: Any, rules: ReadingRules) -> bool:
    return value is not None and bool(str(value).strip()) and not rules.is_empty(value)


def _misread(
    rules: ReadingRules, entity: str, name: str, kind: Kind, values: Sequence[Any]
) -> Iterator[Misread]:
    wrong = [value for value in values if not _is_read(rules.for_text(), kind, value)]
    if 2 * len(wrong) > len(values):
        samples = tuple(dict.fromkeys(map(str, wrong)))[:_SAMPLES]
        yield Misread(entity, name, kind, len(values), len(wrong), samples)


def _is_read(rules: ReadingRules, kind: Kind, value: Any) -> bool:
    if kind is Kind.FLAG:
        return read_flag(value) is not UNREADABLE
    if not isinstance(value, str):
        return True  # the database's own day, instant or number
    if kind is Kind.MONEY:
        return rules.money(value, "EUR") is not UNREADABLE
    read = rules.day if kind is Kind.DAY else rules.instant
    return read(value) is not UNREADABLE


def _of_every_month(formats: Iterable[str]) -> Iterator[str]:
    """Adds formats for months that the sample lacks.

    From October to December no month shows whether it is padded; whoever writes 5 for the
    day writes 1 for the month.
    """
    for pattern in formats:
        yield pattern
        if ("%-d" in pattern and "%m" in pattern) or ("%-m" in pattern and "%d" in pattern):
            yield pattern.replace("%d", "%-d").replace("%m", "%-m")


def _amount(amount: Amount) -> str:
    signs = ", ".join(f'"{sign}"' for sign in amount.signs)
    parts = [
        f'decimal: "{amount.decimal}"',
        *([f'thousands: "{amount.thousands}"'] if amount.thousands else []),
    ]
    return f"{{{', '.join([*parts, *([f'signs: [{signs}]'] if signs else [])])}}}"
