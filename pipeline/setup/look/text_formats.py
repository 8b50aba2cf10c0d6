"""How days, instants and amounts are written in texts, as far as the texts themselves show it.

Nothing is decided that they leave open: 03/04/2026 is a day in March or in April until another
text, or the user, says which; 1.234 likewise is one thousand or one and a bit.
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
from pipeline.formats import Rules
from pipeline.presets import Amount, Formats
from pipeline.setup.look.vocabulary import EMPTY
from pipeline.source.names import described
from pipeline.values.months import MONTHS
from pipeline.values.texts import UNREADABLE, text_of

_MOST: Final = 100_000
"""Different texts of a column that are looked at."""

_SURE: Final = 0.95
"""Of the texts that tell something, the part that has to tell the same."""

_DATES: Final = (
    r"(?P<Y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})",
    r"(?P<one>\d{1,2})(?P<s>[-/.])(?P<two>\d{1,2})(?P=s)(?P<Y>\d{4}|\d{2})",
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
    """The different texts of a folder's days, instants and amounts, each with
    how often it stands there.
    """

    days: Mapping[str, int]
    instants: Mapping[str, int]
    amounts: Mapping[str, int]
    empty: Mapping[str, int]  # words that seem to say that nothing was entered


@dataclass(frozen=True, slots=True)
class Written:
    """What the texts show. What is '' or lacks is open, until the user says it."""

    texts: Texts
    first: Mapping[str, str]  # '/' -> which comes first in 03/04/2026: 'day', 'month' or ''
    decimal: str  # '.', ',' or ''
    empty: tuple[str, ...]
    doubted: bool = False  # the user says that it is not so

    def answered(self, **said: Any) -> Written:
        """The same, with what the user said."""
        return replace(self, **said)


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
    """Reads the different texts of these columns; `others` hold words."""
    day, instant, amount = (_distinct(connection, of) for of in (days, instants, amounts))
    other = _distinct(connection, others, only=sorted({*EMPTY, "0"}))
    empty: Counter[str] = Counter()
    for texts in (day, instant, amount, other):
        empty.update({text: times for text, times in texts.items() if text.lower() in EMPTY})
    if other["0"] and not amount["0"]:  # or an amount of nothing would be none
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
    """The different texts of columns that hold text, or those of them that are, in
    small letters, one of `only`.
    """
    found: Counter[str] = Counter()
    for name, own in columns:
        if _holds_text(connection, name, own):
            value: ColumnElement[Any] = func.trim(cast(column(own), String))
            exact = exact_text(value)  # by a collation n.v.t. and N.V.T. would be one word
            counted = select(exact, func.count()).select_from(table(name)).group_by(exact)
            wanted = counted.where(func.lower(value).in_(only) if only else value != "")
            if connection.dialect.name == "sqlite":  # of each value
                wanted = wanted.where(func.typeof(column(own)) == "text")
            for text, times in connection.execute(
                wanted.order_by(func.count().desc(), exact).limit(_MOST)
            ):
                found[str(text_of(text))] += int(times)
    return found


def _holds_text(connection: Connection, name: str, own: str) -> bool:
    """Whether the column can hold text: a database's own days and numbers need no format."""
    return connection.dialect.name in ("files", "sqlite") or isinstance(
        described(connection, name)[own], String
    )


def _zero(text: str) -> bool:
    """A zero date, which is none."""
    return bool(re.fullmatch(r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}( [0:.]+)?", text))


# -------------------------------------------------------------------------------------- moments


def _parsed(text: str) -> re.Match[str] | None:
    return next((found for shape in _MOMENT if (found := shape.fullmatch(text))), None)


def _orders(moments: Mapping[str, int]) -> dict[str, str]:
    """Of each separator whether the day or the month comes first; '' where nothing
    tells, or both are told.
    """
    told: dict[str, Counter[str]] = {}
    for text, times in moments.items():
        found = _parsed(text)
        if found and "one" in found.re.groupindex:
            seen = told.setdefault(found["s"], Counter())
            seen["day"] += times * (int(found["one"]) > 12 >= int(found["two"]))
            seen["month"] += times * (int(found["two"]) > 12 >= int(found["one"]))
    return {
        mark: next(
            (which for which in ("day", "month") if seen[which] > _SURE * max(1, seen.total())),
            "",
        )
        for mark, seen in sorted(told.items())
    }


def example(written: Written, mark: str) -> str:
    """A date with that separator of which nothing tells the day from the month."""
    for text in (*written.texts.days, *written.texts.instants):
        found = _parsed(text)
        if found and found["s"] == mark and "one" in found.re.groupindex:
            one, two = int(found["one"]), int(found["two"])
            if one <= 12 and two <= 12 and one != two:
                return text
    return f"03{mark}04{mark}2026"


def _formats(moments: Mapping[str, int], first: Mapping[str, str]) -> list[str]:
    """As strptime has them, those of most texts first; a number without a zero before
    it is of its own format.
    """
    times: Counter[str] = Counter()
    styles: dict[str, dict[str, set[str]]] = defaultdict(
        lambda: {part: set() for part in "dmH"}
    )
    for text, number in moments.items():
        found = _parsed(text)
        if found and (shape := _shape(found, first)):
            times[shape] += number
            for part, digits in _numbers(found, first).items():
                styles[shape][part] |= (
                    {"-"} if len(digits) == 1 else {""} if digits[0] == "0" else set()
                )
    return [one for shape, _ in times.most_common() for one in _padded(shape, styles[shape])]


def _numbers(found: re.Match[str], first: Mapping[str, str]) -> dict[str, str]:
    """Day, month and hour as they are written."""
    given = found.groupdict()
    numbers = {part: given.get(part) for part in "dmH"}
    if "one" in given:
        day, month = ("one", "two") if first.get(given["s"]) == "day" else ("two", "one")
        numbers |= {"d": given[day], "m": given[month]}
    return {part: digits for part, digits in numbers.items() if digits}


def _shape(found: re.Match[str], first: Mapping[str, str]) -> str:
    """'{d}-{m}-%Y {H}:%M', or '' where the order of day and month is open."""
    given, mark = found.groupdict(), found["s"]
    year = "%Y" if len(given["Y"]) == 4 else "%y"
    if "one" in given:
        order = {"day": ("{d}", "{m}"), "month": ("{m}", "{d}")}.get(first.get(mark, ""))
        if order is None:
            return ""
        date = mark.join((*order, year))
    elif "b" in given:
        date = mark.join(("{d}", "%b" if len(given["b"]) == 3 else "%B", year))
    else:
        date = mark.join((year, "{m}", "{d}"))
    if not given["gap"]:
        return date
    second = ":%S" if given["S"] else ""
    fraction = {0: "", 4: ".%g", 7: ".%f"}[len(given["f"] or "")]
    noon = (given["p"] or "")[:-2] + "%p" if given["p"] else ""
    zone = re.sub(r"[+-].*", "%z", given["z"] or "")
    return f"{date}{given['gap']}{{H}}:%M{second}{fraction}{noon}{zone}".replace(
        "{H}", "{I}" if noon else "{H}"
    )


def _padded(shape: str, styles: Mapping[str, set[str]]) -> Iterator[str]:
    """The formats of a shape: with zeros before small numbers, without, or both."""
    parts = [
        part for part in "dmH" if f"{{{part}}}" in shape or (part == "H" and "{I}" in shape)
    ]
    for chosen in product(*(sorted(styles[part]) or [""] for part in parts)):
        one = shape
        for part, style in zip(parts, chosen, strict=True):
            one = one.replace(f"{{{part}}}", f"%{style}{part}")
            one = one.replace("{I}", f"%{style}I") if part == "H" else one
        yield one


# -------------------------------------------------------------------------------------- amounts


def _marks(text: str) -> tuple[str, str, str] | None:
    """(decimal mark, marks between thousands, the one mark of which it cannot be
    told) of a number as written.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    number = re.sub(f"[{_SPACES}]", " ", found["number"].strip())
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
    """The decimal mark; '' where nothing tells it, or both are told."""
    told: Counter[str] = Counter()
    doubtful = False
    for text, times in amounts.items():
        decimal, thousands, doubt = _marks(text) or ("", "", "")
        told[decimal or {".": ",", ",": "."}.get(thousands[-1:], "")] += times
        doubtful |= bool(doubt)
    del told[""]
    if not told:
        return "" if doubtful else "."
    mark, times = told.most_common(1)[0]
    return mark if times > _SURE * told.total() else ""


def doubtful_amount(written: Written) -> str:
    """An amount that may be one thousand or one and a bit."""
    return next(
        (text for text in written.texts.amounts if (marks := _marks(text)) and marks[2]),
        "1.234",
    )


def _may_be_currency(sign: str) -> bool:
    """A sign, a code or a word for a currency; 'about' is none, and what
    stands behind it is no amount.
    """
    return bool(sign) and (
        len(sign) <= _LONGEST_CODE or not sign.isalpha() or sign.lower() in _CURRENCY_WORDS
    )


def _amounts(written: Written) -> list[Amount]:
    between: Counter[str] = Counter()
    signs: Counter[str] = Counter()
    for text, times in written.texts.amounts.items():
        if (found := _AMOUNT.fullmatch(text)) and (marks := _marks(text)):
            signs.update(
                {
                    sign: times
                    for sign in (found["before"], found["behind"])
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
"""Signs of one currency only; $ and kr are of several."""


def currencies(written: Written) -> dict[str, int]:
    """The currencies that the amounts name by their signs, and '' for those that name
    none, each with how often.
    """
    found: Counter[str] = Counter()
    for text, times in written.texts.amounts.items():
        signs = _AMOUNT.fullmatch(text)
        sign = (signs["before"] or signs["behind"]) if signs else ""
        found[_NAMED.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else "")] += times
    return dict(found)


# ----------------------------------------------------------------------------- what it comes to


def formats_of(written: Written) -> Formats:
    """The formats, as far as they are settled; what is open gets none, so that
    nothing of it would be read.
    """
    plain = Formats()
    days = _with_offsets(_formats(written.texts.days, written.first))
    instants = _formats(written.texts.instants, written.first)
    utc = bool(instants) and all(one.endswith("Z") for one in instants)
    if not utc:
        instants = _with_offsets(instants)
    return Formats(
        day=tuple(days) or plain.day,
        instant=tuple(instants) or plain.instant,
        zone="UTC" if utc else "audit",
        amount=tuple(_amounts(written)) if written.decimal else plain.amount,
    )


def _with_offsets(formats: Iterable[str]) -> list[str]:
    """The formats with Z as what it is, an offset from UTC."""
    return list(dict.fromkeys(re.sub(r"(?<!%)Z$", "%z", one) for one in formats))


def coverage(written: Written) -> dict[str, tuple[int, int, str]]:
    """'day', 'instant', 'amount' -> (how many different texts are read, how many
    there are, one that is not).
    """
    rules = Rules(formats_of(written), zone="UTC")
    readers: Mapping[str, tuple[Mapping[str, int], Any]] = {
        "day": (written.texts.days, rules.day),
        "instant": (written.texts.instants, rules.instant),
        "amount": (written.texts.amounts, lambda text: rules.money(text, "EUR")),
    }
    found = {}
    for kind, (texts, read) in readers.items():
        wrong = [text for text in texts if read(text) is UNREADABLE]
        if texts:
            found[kind] = (len(texts) - len(wrong), len(texts), wrong[0] if wrong else "")
    return found


def still_open(written: Written) -> Sequence[tuple[str, str]]:
    """('/', a date) for each order that is open, and ('amount', an amount)
    where the decimal mark is.
    """
    found = [
        (mark, example(written, mark)) for mark, first in written.first.items() if not first
    ]
    return [*found, *([] if written.decimal else [("amount", doubtful_amount(written))])]
