"""How days, instants and amounts are written, as far as the texts themselves show it.

Whatever they leave open stays open: 03/04/2026 is in March or April, and 1.234 is a thousand
or a little over one, until another text or the user decides.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, String, cast, column, func, select, table

from pipeline.databases.constructs import exact_text
from pipeline.formats import ReadingRules
from pipeline.presets import Amount, Formats
from pipeline.setup.look.vocabulary import EMPTY
from pipeline.source.names import described
from pipeline.values.months import MONTHS
from pipeline.values.texts import UNREADABLE, text_of

_MOST: Final = 100_000
"""Distinct texts of a column that are looked at."""

_SURE: Final = 0.95
"""The share of conclusive texts that must agree."""

_DATES: Final = (
    r"(?P<Y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})",
    r"(?P<first>\d{1,2})(?P<s>[-/.])(?P<second>\d{1,2})(?P=s)(?P<Y>\d{4}|\d{2})",
    rf"(?P<d>\d{{1,2}})(?P<s>[ -])(?P<b>{'|'.join({*MONTHS, *(month[:3] for month in MONTHS)})})(?P=s)(?P<Y>\d{{4}})",
)
_TIME: Final = (
    r"(?P<gap>,? |T)(?P<H>\d{1,2}):(?P<M>\d\d)(?P<S>:\d\d)?(?P<f>\.(?:\d{6}|\d{3}))?(?P<p> ?[AP]M)?"
    r"(?P<z>Z| ?[+-]\d\d:?\d\d)?"
)
_MOMENT: Final = tuple(re.compile(f"{date}(?:{_TIME})?") for date in _DATES)
_AMOUNT: Final = re.compile(
    r"-?\s*(?P<before>[^\d\s.,'-]*)\s*-?\s*(?P<number>\d[\d.,' \u00a0\u202f]*?)\s*(?P<behind>[^\d\s.,'-]*)"
)
_SPACES: Final = "\u00a0\u202f"
_LONGEST_CODE: Final = 3
_CURRENCY_WORDS: Final = (
    "euro",
    "euros",
    "dollar",
    "dollars",
    "pound",
    "pounds",
    "kronor",
    "kroner",
)


Place = tuple[str, str]
"""A table and a column of it."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The distinct texts of days, instants and amounts, and how often each occurs."""

    days: Mapping[str, int]
    instants: Mapping[str, int]
    amounts: Mapping[str, int]
    empty: Mapping[str, int]  # words that seem to mean "nothing entered"


@dataclass(frozen=True, slots=True)
class Written:
    """What the texts show. Whatever is '' or missing stays open until the user decides."""

    texts: Texts
    first: Mapping[str, str]  # '/' -> 'day', 'month' or '': which comes first in 03/04/2026
    decimal: str  # '.', ',' or ''
    empty: tuple[str, ...]
    doubted: bool = False  # the user says that it is wrong

    def answered(self, **answers: Any) -> Written:
        """A copy with the user's answers."""
        return replace(self, **answers)


def settle(texts: Texts) -> Written:
    """What the texts themselves show."""
    return Written(
        texts,
        _orders(Counter(texts.days) + Counter(texts.instants)),
        _decimal(texts.amounts),
        tuple(texts.empty),
    )


def texts_of(
    connection: Connection,
    *,
    days: Iterable[Place],
    instants: Iterable[Place],
    amounts: Iterable[Place],
    others: Iterable[Place],
) -> Texts:
    """Reads the distinct texts of these columns; `others` hold words."""
    day, instant, amount = (_distinct(connection, of) for of in (days, instants, amounts))
    other = _distinct(connection, others, only=sorted({*EMPTY, "0"}))
    empty: Counter[str] = Counter()
    for texts in (day, instant, amount, other):
        empty.update({text: times for text, times in texts.items() if text.lower() in EMPTY})
    if other["0"] and not amount["0"]:  # an amount of 0 is an amount
        empty["0"] = other["0"]
    day, instant, amount = (
        Counter(
            {
                text: times
                for text, times in texts.items()
                if text not in empty and not _zero(text)
            }
        )
        for texts in (day, instant, amount)
    )
    return Texts(day, instant, amount, dict(empty.most_common()))


def _distinct(
    connection: Connection, columns: Iterable[Place], only: Sequence[str] = ()
) -> Counter[str]:
    """The distinct texts of text columns; with `only`, those whose lower case is listed."""
    counts: Counter[str] = Counter()
    for name, own in columns:
        if _holds_text(connection, name, own):
            value: ColumnElement[Any] = func.trim(cast(column(own), String))
            exact = exact_text(value)  # a collation could merge n.v.t. and N.V.T.
            counted = select(exact, func.count()).select_from(table(name)).group_by(exact)
            wanted = counted.where(func.lower(value).in_(only) if only else value != "")
            if connection.dialect.name == "sqlite":  # of each value
                wanted = wanted.where(func.typeof(column(own)) == "text")
            for text, times in connection.execute(
                wanted.order_by(func.count().desc(), exact).limit(_MOST)
            ):
                counts[str(text_of(text))] += int(times)
    return counts


def _holds_text(connection: Connection, name: str, own: str) -> bool:
    """Whether the column can hold text: a database's own days and numbers need no format."""
    return connection.dialect.name in ("files", "sqlite") or isinstance(
        described(connection, name)[own], String
    )


def _zero(text: str) -> bool:
    """Whether the text is a zero date, which means "none"."""
    return bool(re.fullmatch(r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}( [0:.]+)?", text))


# -------------------------------------------------------------------------------------- moments


def _parsed(text: str) -> re.Match[str] | None:
    return next((match for shape in _MOMENT if (match := shape.fullmatch(text))), None)


def _orders(moments: Mapping[str, int]) -> dict[str, str]:
    """Separator -> 'day' or 'month', whichever comes first; '' if unknown or mixed."""
    by_mark: dict[str, Counter[str]] = {}
    for text, times in moments.items():
        match = _parsed(text)
        if match and "first" in match.re.groupindex:
            seen = by_mark.setdefault(match["s"], Counter())
            seen["day"] += times * (int(match["first"]) > 12 >= int(match["second"]))
            seen["month"] += times * (int(match["second"]) > 12 >= int(match["first"]))
    return {
        mark: next(
            (which for which in ("day", "month") if seen[which] > _SURE * max(1, seen.total())),
            "",
        )
        for mark, seen in sorted(by_mark.items())
    }


def example(written: Written, mark: str) -> str:
    """An ambiguous date with that separator."""
    for text in (*written.texts.days, *written.texts.instants):
        match = _parsed(text)
        if match and match["s"] == mark and "first" in match.re.groupindex:
            first, second = int(match["first"]), int(match["second"])
            if first <= 12 and second <= 12 and first != second:
                return text
    return f"03{mark}04{mark}2026"


def _formats(moments: Mapping[str, int], first: Mapping[str, str]) -> list[str]:
    """strptime formats, most frequent first; unpadded numbers have formats of their own."""
    times: Counter[str] = Counter()
    styles: dict[str, dict[str, set[str]]] = defaultdict(
        lambda: {part: set() for part in "dmH"}
    )
    for text, number in moments.items():
        match = _parsed(text)
        if match and (shape := _shape(match, first)):
            times[shape] += number
            for part, digits in _numbers(match, first).items():
                styles[shape][part] |= (
                    {"-"} if len(digits) == 1 else {""} if digits[0] == "0" else set()
                )
    return [
        pattern for shape, _ in times.most_common() for pattern in _padded(shape, styles[shape])
    ]


def _numbers(match: re.Match[str], first: Mapping[str, str]) -> dict[str, str]:
    """Day, month and hour as written."""
    parts = match.groupdict()
    numbers = {part: parts.get(part) for part in "dmH"}
    if "first" in parts:
        day, month = (
            ("first", "second") if first.get(parts["s"]) == "day" else ("second", "first")
        )
        numbers |= {"d": parts[day], "m": parts[month]}
    return {part: digits for part, digits in numbers.items() if digits}


def _shape(match: re.Match[str], first: Mapping[str, str]) -> str:
    """'{d}-{m}-%Y {H}:%M', or '' if the order of day and month is open."""
    parts, mark = match.groupdict(), match["s"]
    year = "%Y" if len(parts["Y"]) == 4 else "%y"
    if "first" in parts:
        order = {"day": ("{d}", "{m}"), "month": ("{m}", "{d}")}.get(first.get(mark, ""))
        if order is None:
            return ""
        date = mark.join((*order, year))
    elif "b" in parts:
        date = mark.join(("{d}", "%b" if len(parts["b"]) == 3 else "%B", year))
    else:
        date = mark.join((year, "{m}", "{d}"))
    if not parts["gap"]:
        return date
    second = ":%S" if parts["S"] else ""
    fraction = {0: "", 4: ".%g", 7: ".%f"}[len(parts["f"] or "")]
    noon = (parts["p"] or "")[:-2] + "%p" if parts["p"] else ""
    zone = re.sub(r"[+-].*", "%z", parts["z"] or "")
    return f"{date}{parts['gap']}{{H}}:%M{second}{fraction}{noon}{zone}".replace(
        "{H}", "{I}" if noon else "{H}"
    )


def _padded(shape: str, styles: Mapping[str, set[str]]) -> Iterator[str]:
    """The formats of a shape: padded, unpadded, or both."""
    parts = [
        part for part in "dmH" if f"{{{part}}}" in shape or (part == "H" and "{I}" in shape)
    ]
    for chosen in product(*(sorted(styles[part]) or [""] for part in parts)):
        pattern = shape
        for part, style in zip(parts, chosen, strict=True):
            pattern = pattern.replace(f"{{{part}}}", f"%{style}{part}")
            pattern = pattern.replace("{I}", f"%{style}I") if part == "H" else pattern
        yield pattern


# -------------------------------------------------------------------------------------- amounts


def _marks(text: str) -> tuple[str, str, str] | None:
    """A written number's (decimal mark, thousands marks, ambiguous mark)."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    number = re.sub(f"[{_SPACES}]", " ", match["number"].strip())
    marks, tail = re.sub(r"\d", "", number), re.split(r"[., ']", number)[-1]
    if not marks:
        return "", "", ""
    last = marks[-1]
    if len(set(marks)) > 1 and last in ".," and marks.count(last) == 1:
        return last, "".join(sorted(set(marks[:-1]))), ""
    if len(marks) > 1 or last in " '":
        return "", last, ""
    before = number[: -len(tail) - 1]
    return (
        ("", "", last)
        if len(tail) == 3 and len(before) <= 3 and before != "0"
        else (last, "", "")
    )


def _decimal(amounts: Mapping[str, int]) -> str:
    """The decimal mark; '' if unknown or mixed."""
    marks_seen: Counter[str] = Counter()
    doubtful = False
    for text, times in amounts.items():
        decimal, thousands, doubt = _marks(text) or ("", "", "")
        marks_seen[decimal or {".": ",", ",": "."}.get(thousands[-1:], "")] += times
        doubtful |= bool(doubt)
    del marks_seen[""]
    if not marks_seen:
        return "" if doubtful else "."
    mark, times = marks_seen.most_common(1)[0]
    return mark if times > _SURE * marks_seen.total() else ""


def doubtful_amount(written: Written) -> str:
    """An ambiguous amount: a thousand, or a little over one."""
    return next(
        (text for text in written.texts.amounts if (marks := _marks(text)) and marks[2]),
        "1.234",
    )


def _may_be_currency(sign: str) -> bool:
    """Whether a text beside a number is a currency's sign, code or word; 'about' is not."""
    return bool(sign) and (
        len(sign) <= _LONGEST_CODE or not sign.isalpha() or sign.lower() in _CURRENCY_WORDS
    )


def _amounts(written: Written) -> list[Amount]:
    between: Counter[str] = Counter()
    signs: Counter[str] = Counter()
    for text, times in written.texts.amounts.items():
        if (match := _AMOUNT.fullmatch(text)) and (marks := _marks(text)):
            signs.update(
                {
                    sign: times
                    for sign in (match["before"], match["behind"])
                    if _may_be_currency(sign)
                }
            )
            between.update(
                {mark: times for mark in marks[1] + marks[2] if mark != written.decimal}
            )
    shown = tuple(sign for sign, _ in signs.most_common(6))
    decimal = "," if written.decimal == "," else "."
    return [
        Amount(decimal=decimal, thousands=mark, signs=shown)  # type: ignore[arg-type]
        for mark, _ in (between or Counter([""])).most_common()
    ]


_NAMED: Final = {"€": "EUR", "£": "GBP"}
"""Signs that belong to one currency; $ and kr belong to several."""


def currencies(written: Written) -> dict[str, int]:
    """How often the amounts name each currency; '' counts those that name none."""
    counts: Counter[str] = Counter()
    for text, times in written.texts.amounts.items():
        signs = _AMOUNT.fullmatch(text)
        sign = (signs["before"] or signs["behind"]) if signs else ""
        counts[_NAMED.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else "")] += times
    return dict(counts)


# ----------------------------------------------------------------------------- what it comes to


def formats_of(written: Written) -> Formats:
    """The settled formats; open ones are left out, so those texts are not read."""
    plain = Formats()
    days = _with_offsets(_formats(written.texts.days, written.first))
    instants = _formats(written.texts.instants, written.first)
    utc = bool(instants) and all(pattern.endswith("Z") for pattern in instants)
    if not utc:
        instants = _with_offsets(instants)
    return Formats(
        day=tuple(days) or plain.day,
        instant=tuple(instants) or plain.instant,
        zone="UTC" if utc else "audit",
        amount=tuple(_amounts(written)) if written.decimal else plain.amount,
    )


def _with_offsets(formats: Iterable[str]) -> list[str]:
    """The formats with a final Z read as an offset from UTC."""
    return list(dict.fromkeys(re.sub(r"(?<!%)Z$", "%z", pattern) for pattern in formats))


def coverage(written: Written) -> dict[str, tuple[int, int, str]]:
    """'day', 'instant', 'amount' -> (distinct texts read, all distinct texts, an unread one)."""
    rules = ReadingRules(formats_of(written), zone="UTC")
    readers: Mapping[str, tuple[Mapping[str, int], Any]] = {
        "day": (written.texts.days, rules.day),
        "instant": (written.texts.instants, rules.instant),
        "amount": (written.texts.amounts, lambda text: rules.money(text, "EUR")),
    }
    covered = {}
    for kind, (texts, read) in readers.items():
        wrong = [text for text in texts if read(text) is UNREADABLE]
        if texts:
            covered[kind] = (len(texts) - len(wrong), len(texts), wrong[0] if wrong else "")
    return covered


def still_open(written: Written) -> Sequence[tuple[str, str]]:
    """The open questions: ('/', a date) per open order, ('amount', an amount) for the mark."""
    orders = [
        (mark, example(written, mark)) for mark, first in written.first.items() if not first
    ]
    return [*orders, *([] if written.decimal else [("amount", doubtful_amount(written))])]
