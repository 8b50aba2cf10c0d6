"""Whether texts are written as a preset's formats say; where most are
not, the formats that fit.

A preset that was recognised by headers or tables says how its CRM writes. A spreadsheet that
saved the exports anew writes 5-11-2026 10:00, 1234,5 and WAAR instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.formats import Rules
from pipeline.model import FORMATTED, Kind, Schema
from pipeline.presets import Amount, Formats
from pipeline.setup.look.text_formats import Texts, Written, coverage, formats_of, settle
from pipeline.values.flags import read_flag
from pipeline.values.texts import UNREADABLE, text_of

_SAMPLES: Final = 3

Head = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""The names of an entity's columns, and some of its rows as the driver gives them."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A column of which more than half, as far as it was looked at, cannot be read."""

    entity: str
    column: str
    kind: Kind
    stated: int
    unreadable: int
    samples: tuple[str, ...]  # as they stand in the CRM


@dataclass(frozen=True, slots=True)
class Fit:
    """The columns that cannot be read, and how the texts of their kinds are written."""

    misread: tuple[Misread, ...]
    written: Written
    before: Formats  # what the preset says

    def lines(self) -> dict[Kind, str]:
        """Kind -> its line under `formats`, for the kinds of which it reads more than half."""
        formats, read = formats_of(self.written), coverage(self.written)
        found: dict[Kind, str] = {}
        for kind in _NAMES:
            if all(one.kind is not kind for one in self.misread):
                continue
            name = _NAMES[kind]
            fits, texts, _ = read.get(name, (0, 0, ""))
            if 2 * fits > texts:
                found[kind] = f"{name}: [{', '.join(self._written(kind, formats))}]"
        return found

    def _written(self, kind: Kind, formats: Formats) -> Iterator[str]:
        if kind is Kind.MONEY:
            # 1.234 of a former format would be another amount
            yield from map(_amount, formats.amount)
            return
        new, old = (getattr(one, _NAMES[kind]) for one in (formats, self.before))
        # reads nothing that the new ones read otherwise
        year_first = [one for one in old if one.startswith("%Y")]
        yield from (f'"{one}"' for one in dict.fromkeys((*_of_every_month(new), *year_first)))


_NAMES: Final[Mapping[Kind, str]] = {
    Kind.DAY: "day",
    Kind.INSTANT: "instant",
    Kind.MONEY: "amount",
}


def fit_of(rules: Rules, schema: Schema, heads: Mapping[str, Head]) -> Fit:
    """Holds some rows of each entity against the rules."""
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
    kinds = {one.kind for one in misread}
    days, instants, amounts = (
        texts[kind] if kind in kinds else {} for kind in (Kind.DAY, Kind.INSTANT, Kind.MONEY)
    )
    return Fit(
        tuple(misread),
        settle(Texts(days, instants, amounts, {})),
        rules.for_text().formats or Formats(),
    )


def _is_stated(value: Any, rules: Rules) -> bool:
    return value is not None and bool(str(value).strip()) and not rules.is_empty(value)


def _misread(
    rules: Rules, entity: str, name: str, kind: Kind, values: Sequence[Any]
) -> Iterator[Misread]:
    wrong = [value for value in values if not _is_read(rules.for_text(), kind, value)]
    if 2 * len(wrong) > len(values):
        samples = tuple(dict.fromkeys(map(str, wrong)))[:_SAMPLES]
        yield Misread(entity, name, kind, len(values), len(wrong), samples)


def _is_read(rules: Rules, kind: Kind, value: Any) -> bool:
    if kind is Kind.FLAG:
        return read_flag(value) is not UNREADABLE
    if not isinstance(value, str):
        return True  # a day, an instant or a number of the database's own
    if kind is Kind.MONEY:
        return rules.money(value, "EUR") is not UNREADABLE
    read = rules.day if kind is Kind.DAY else rules.instant
    return read(value) is not UNREADABLE


def _of_every_month(formats: Iterable[str]) -> Iterator[str]:
    """In autumn no month shows whether a zero stands before it; who writes 5 for the
    day writes 1 for the month.
    """
    for one in formats:
        yield one
        if ("%-d" in one and "%m" in one) or ("%-m" in one and "%d" in one):
            yield one.replace("%d", "%-d").replace("%m", "%-m")


def _amount(one: Amount) -> str:
    signs = ", ".join(f'"{sign}"' for sign in one.signs)
    said = [
        f'decimal: "{one.decimal}"',
        *([f'thousands: "{one.thousands}"'] if one.thousands else []),
    ]
    return f"{{{', '.join([*said, *([f'signs: [{signs}]'] if signs else [])])}}}"
