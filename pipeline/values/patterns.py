r"""Patterns of whole texts: the part of regular expressions that every engine reads alike.

Literals, `.`, classes like `[A-Za-z]`, groups, `|`, and the repetitions `?`, `*`, `+`, `{m}`,
`{m,}`, `{m,n}`. We parse a pattern and write it anew for each engine, so that nothing depends
on an engine's own syntax. An engine that tries one way after the other could take very long:
patterns are bounded, and a text of more than `LONGEST` characters matches none.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import prod
from typing import Final, NoReturn

from pipeline.values.contents import SEVERAL
from pipeline.values.white_space import WHITE_SPACE

LONGEST: Final = 1_000
"""Characters of the longest text that a pattern can match."""
_MOST_CHARACTERS: Final = 200
_MOST_REPETITIONS: Final = 255  # PostgreSQL's own bound
_LARGEST: Final = 1_000
"""Character classes of a pattern whose repetitions are written out."""
_MOST_WAYS: Final = 10_000
"""Ways to divide a text among the parts of a pattern; each may cost a step per character."""
_DEEPEST: Final = 10
_LAST: Final = 0x10FFFF
_NEWLINE: Final = ord("\n")
_SEPARATOR: Final = ord(SEVERAL)
_SURROGATES: Final = (0xD800, 0xDFFF)

Ranges = tuple[tuple[int, int], ...]


class PatternError(ValueError):
    """A pattern that not every engine reads alike. Its text names the place and the remedy."""


@dataclass(frozen=True, slots=True)
class CharacterClass:
    """One character: one of these code points, or one of all others."""

    ranges: Ranges  # ascending, none touches another
    negated: bool = False

    @property
    def points(self) -> Ranges:
        """The code points that it takes."""
        return _others(self.ranges) if self.negated else self.ranges


@dataclass(frozen=True, slots=True)
class Concatenation:
    """One part after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """A part at least and at most so many times; None is without a bound."""

    part: Node
    least: int
    most: int | None


Node = CharacterClass | Concatenation | Alternation | Repetition

_BLANK: Final = CharacterClass(
    tuple((code, code) for code in sorted(map(ord, WHITE_SPACE)) if code != _SEPARATOR)
)
"""White space within one of several values."""


@lru_cache(1_000)
def parse_pattern(text: str) -> Node:
    """The pattern's tree. Raises PatternError outside the shared subset."""
    if len(text) > _MOST_CHARACTERS:
        raise PatternError(f"has {len(text)} characters; at most {_MOST_CHARACTERS} are read")
    if any(_is_surrogate(ord(character)) for character in text):
        raise PatternError("holds half a character; write the whole one")
    if SEVERAL in text:
        raise PatternError("holds U+001F, which separates several values; take it out")
    reader = _Reader(text)
    node = reader.alternation(1)
    if not reader.is_at_end:
        reader.refuse("')' closes nothing; write \\) for the character")
    if _size(node) > _LARGEST:
        raise PatternError(
            f"stands for more than {_LARGEST} characters once its repetitions are written out; "
            "repeat less, or use * or +"
        )
    if _ways(node, ()) > _MOST_WAYS:
        raise PatternError(
            "can divide a text in too many ways, which would take databases very long: what follows a repetition "
            "must begin with a character that the repetition does not take, as in [a-z]+( [a-z]+)*"
        )
    return node


def _is_surrogate(code: int) -> bool:
    return _SURROGATES[0] <= code <= _SURROGATES[1]


# ------------------------------------------------------------------------------------- reading

_SPECIAL: Final = frozenset("\\.[](){}|?*+^$")
_REPEATS: Final = re.compile(r"\{([0-9]{1,4})(,?)([0-9]{0,4})\}")
_SHORTHANDS: Final = {
    "d": "write [0-9]",
    "w": "write [A-Za-z0-9_]",
    "s": "write the characters themselves in brackets, such as [ ]",
    "b": "leave it out: a pattern is of the whole text",
    "A": "leave it out: a pattern is of the whole text",
    "Z": "leave it out: a pattern is of the whole text",
    "z": "leave it out: a pattern is of the whole text",
    "D": "write [^0-9]",
    "W": "write [^A-Za-z0-9_]",
    "S": "write [^ ]",
}


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        """Nothing is left."""
        return self.at >= len(self.text)

    @property
    def next(self) -> str:
        """The next character, '' at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> bool:
        """Passes what is wanted, if it is next."""
        is_next = self.text.startswith(wanted, self.at)
        self.at += len(wanted) if is_next else 0
        return is_next

    def refuse(self, why: str, at: int | None = None) -> NoReturn:
        """Raises PatternError with the place, counted from 1."""
        raise PatternError(f"position {(self.at if at is None else at) + 1}: {why}")

    def alternation(self, depth: int) -> Node:
        """Parts with `|` between them."""
        if depth > _DEEPEST:
            self.refuse(f"groups lie more than {_DEEPEST} deep in each other; write it flatter")
        parts = [self._concatenation(depth)]
        while self.take("|"):
            parts.append(self._concatenation(depth))
        return parts[0] if len(parts) == 1 else Alternation(tuple(parts))

    def _concatenation(self, depth: int) -> Node:
        parts: list[Node] = []
        while not self.is_at_end and self.next not in "|)":
            parts.append(self._repetition(depth))
        if not parts:
            self.refuse("there is nothing here; write ? behind what may be left out")
        return parts[0] if len(parts) == 1 else Concatenation(tuple(parts))

    def _repetition(self, depth: int) -> Node:
        part = self._part(depth)
        start = self.at
        bounds = self._bounds()
        if bounds is None:
            return part
        if self.next and self.next in "?*+{":
            self.refuse(f"'{self.next}' follows a repetition; leave it out, or use a group")
        least, most = bounds
        if _is_optional(part) and most is None:
            self.refuse(
                "what may be empty is repeated without end; let it be one character", start
            )
        return Repetition(part, least, most)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self.take(sign):
                return bounds
        if self.next != "{":
            return None
        counted = _REPEATS.match(self.text, self.at)
        if counted is None:
            self.refuse("write {m}, {m,} or {m,n}, or \\{ for the character")
        least, comma, most = counted.groups()
        low = int(least)
        high = (int(most) if most else None) if comma else low
        if (high or low) > _MOST_REPETITIONS or low > _MOST_REPETITIONS:
            self.refuse(f"more than {_MOST_REPETITIONS} repetitions; use * or +")
        if high is not None and (high < low or high == 0):
            self.refuse("write the smaller number first, and at least 1 as the larger")
        self.at = counted.end()
        return low, high

    def _part(self, depth: int) -> Node:
        start = self.at
        if self.take("("):
            if self.next == "?" and not self.take("?:"):
                self.refuse("groups with (? are read differently by engines; write (…)")
            inner = self.alternation(depth + 1)
            if not self.take(")"):
                self.refuse("this group has no ')'", start)
            return inner
        if self.take("["):
            return self._class(start)
        if self.take("."):
            return CharacterClass(((_NEWLINE, _NEWLINE),), negated=True)
        point = self._point()
        return CharacterClass(((point, point),))

    def _point(self) -> int:
        character = self.next
        if character == "\\":
            return self._escaped()
        if character in "^$":
            self.refuse(
                f"'{character}' is not needed, because a pattern is of the whole text; leave it out, or write "
                f"\\{character} for the character"
            )
        if character in _SPECIAL:
            self.refuse(f"'{character}' has nothing before it; write \\{character} for it")
        self.at += 1
        return ord(character)

    def _escaped(self) -> int:
        escaped = self.text[self.at + 1 : self.at + 2]
        if not escaped:
            self.refuse("nothing follows '\\'; write \\\\ for the character")
        if escaped.isalnum() or not escaped.isascii():
            remedy = _SHORTHANDS.get(escaped, "write the character itself")
            self.refuse(f"'\\{escaped}' is read differently by engines; {remedy}")
        self.at += 2
        return ord(escaped)

    def _class(self, start: int) -> CharacterClass:
        """What stands in brackets, behind the first one."""
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while not self.take("]"):
            if self.is_at_end:
                self.refuse("these brackets have no ']'", start)
            ranges.append(self._range(is_first=not ranges))
        if not ranges:
            self.refuse("nothing stands in these brackets; write \\] for the character", start)
        return CharacterClass(_merged(ranges), negated)

    def _range(self, *, is_first: bool) -> tuple[int, int]:
        start = self.at
        low = self._class_point(is_first=is_first)
        if self.next != "-" or self.text[self.at + 1 : self.at + 2] == "]":
            return low, low
        self.at += 1
        if self.is_at_end:
            self.refuse("these brackets have no ']'")
        high = self._class_point(is_first=True)
        if high < low:
            self.refuse("write the smaller character of a range first", start)
        return low, high

    def _class_point(self, *, is_first: bool) -> int:
        character = self.next
        if character == "\\":
            return self._escaped()
        is_last = self.text[self.at + 1 : self.at + 2] == "]"
        misplaced_dash = character == "-" and not (is_first or is_last)
        if character == "[" or misplaced_dash:
            self.refuse(f"write \\{character} for '{character}' in brackets")
        self.at += 1
        return ord(character)


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _others(ranges: Ranges) -> Ranges:
    others, start = [], 0
    for low, high in ranges:
        if start < low:
            others.append((start, low - 1))
        start = high + 1
    return (*others, (start, _LAST)) if start <= _LAST else tuple(others)


# ------------------------------------------------------------------------------------- bounding


def _size(node: Node) -> int:
    match node:
        case Concatenation(parts) | Alternation(parts):
            return sum(map(_size, parts))
        case Repetition(part, least, most):
            return _size(part) * max(least, most or 1, 1)
        case CharacterClass():
            return 1


def _is_optional(node: Node) -> bool:
    """The empty text matches."""
    match node:
        case Concatenation(parts):
            return all(map(_is_optional, parts))
        case Alternation(parts):
            return any(map(_is_optional, parts))
        case Repetition(part, least):
            return least == 0 or _is_optional(part)
        case CharacterClass():
            return False


def _first(node: Node) -> Ranges:
    """The code points with which what matches can begin."""
    match node:
        case Concatenation(parts):
            return _first_of(parts, ())
        case Alternation(parts):
            return _merged([span for part in parts for span in _first(part)])
        case Repetition(part):
            return _first(part)
        case CharacterClass():
            return node.points


def _first_of(parts: tuple[Node, ...], following: Ranges) -> Ranges:
    """The code points with which these parts, and then what follows, can begin."""
    spans: list[tuple[int, int]] = []
    for part in parts:
        spans += _first(part)
        if not _is_optional(part):
            return _merged(spans)
    return _merged([*spans, *following])


def _meet(left: Ranges, right: Ranges) -> bool:
    return any(a[0] <= b[1] and b[0] <= a[1] for a in left for b in right)


def _ways(node: Node, following: Ranges) -> int:
    """In how many ways an engine may try to match one text, at most.

    Where the next character decides, there is one way. `following` are the code points with
    which the text can go on behind this part.
    """
    match node:
        case CharacterClass():
            return 1
        case Concatenation(parts):
            return prod(
                _ways(part, _first_of(parts[place:], following))
                for place, part in enumerate(parts, 1)
            )
        case Alternation(parts):
            ways = [_ways(part, following) for part in parts]
            firsts = [_first_of((part,), following) for part in parts]
            decided = not any(
                _meet(first, other)
                for place, first in enumerate(firsts)
                for other in firsts[:place]
            )
            return max(ways) if decided else sum(ways)
        case Repetition():
            return _ways_to_repeat(node, following)


def _ways_to_repeat(node: Repetition, following: Ranges) -> int:
    first, most = _first(node.part), min(node.most or LONGEST, LONGEST)
    inner = _ways(node.part, _merged([*first, *following]) if most > 1 else following)
    if _is_optional(node.part):
        inner = max(inner, 2)
    if inner > 1 and most > _MOST_WAYS.bit_length():
        return _MOST_WAYS + 1
    decided = most == node.least or not _meet(first, following)
    return int(inner**most) * (1 if decided else most - node.least + 1)


# -------------------------------------------------------------------------------------- writing


def written(node: Node, point: Callable[[int], str]) -> str:
    """The pattern in an engine's syntax; `point` writes a code point that is no ASCII letter
    or digit. The engine must read `(?:…)`.
    """

    def character(code: int) -> str:
        plain = code < 128 and chr(code).isalnum()
        return chr(code) if plain else point(code)

    def spans(ranges: Ranges) -> str:
        return "".join(
            character(low) if low == high else f"{character(low)}-{character(high)}"
            for low, high in ranges
        )

    def inner(node: Node) -> str:
        match node:
            case CharacterClass(((low, high),), negated=False) if low == high:
                return character(low)
            case CharacterClass(ranges, negated):
                return f"[{'^' if negated else ''}{spans(ranges)}]"
            case Concatenation(parts):
                return f"(?:{''.join(map(inner, parts))})"
            case Alternation(parts):
                return f"(?:{'|'.join(map(inner, parts))})"
            case Repetition(part, least, most):
                body = inner(part) if isinstance(part, CharacterClass) else f"(?:{inner(part)})"
                return f"{body}{{{least},{'' if most is None else most}}}"

    return inner(node)


def written_of_several(
    node: Node, point: Callable[[int], str], fitted: Callable[[Node], Node] = lambda node: node
) -> str:
    """The pattern of a text of several values, one of which, not blank, matches: without begin
    and end. The engine must read `(?!…)`, too. `fitted` makes a pattern fit the engine's texts.
    """
    separator = CharacterClass(((_SEPARATOR, _SEPARATOR),))
    between = written(separator, point)
    other = f"{written(replace(separator, negated=True), point)}{{0,}}"
    value = written(fitted(_each_class(node, _without_separator)), point)
    blanks = f"{written(fitted(_BLANK), point)}{{0,}}"
    blank = f"(?!{blanks}(?:{between}|$))"
    return f"(?:{other}{between}){{0,}}{blank}{value}(?:{between}{other}){{0,}}"


def _without_separator(of: CharacterClass) -> CharacterClass:
    """The class of a single value's characters. A pattern names no separator, so that it never
    is empty.
    """
    outside = _others(_merged([*_others(of.points), (_SEPARATOR, _SEPARATOR)]))
    return CharacterClass(outside)


def by_hex(code: int) -> str:
    r"""\x{20AC}, as PCRE, ICU and RE2 read it."""
    return f"\\x{{{code:X}}}"


def by_digits(code: int) -> str:
    r"""\U000020AC, as Python and PostgreSQL read it."""
    return f"\\U{code:08X}"


def in_encoding(node: Node, encoding: str) -> Node:
    """The pattern for texts in an encoding, which holds few of Unicode's characters, and those
    above ASCII in an order of its own: each stands for itself.
    """

    held = _above_ascii(encoding)

    def spelt_out(of: CharacterClass) -> Node:
        ranges: list[tuple[int, int]] = []
        for low, high in of.ranges:
            if low < 128:
                ranges.append((low, min(high, 127)))
            first, after = bisect_left(held, low), bisect_right(held, high)
            ranges += [(code, code) for code in held[first:after]]
        if ranges:
            return CharacterClass(tuple(ranges), of.negated)
        return CharacterClass(
            ((0, 0),), of.negated
        )  # PostgreSQL's texts hold no such character

    return _each_class(node, spelt_out)


@cache
def _above_ascii(encoding: str) -> tuple[int, ...]:
    """The code points above ASCII that an encoding holds, in Unicode's order."""
    found: list[int] = []
    for first in range(128, _LAST + 1, 128):
        block = range(first, first + 128)
        # of most blocks an encoding holds nothing
        if "".join(map(chr, block)).encode(encoding, "ignore"):
            found += [code for code in block if _is_in(encoding, code)]
    return tuple(found)


def _is_in(encoding: str, code: int) -> bool:
    try:
        return bool(chr(code).encode(encoding))
    except UnicodeEncodeError:
        return False


def in_bytes(node: Node) -> Node:
    """The pattern for texts whose characters are the bytes of UTF-8."""

    def bytes_of(of: CharacterClass) -> Node:
        plain = _merged([span for span in of.points if span[1] < 128])
        if plain == of.points:
            return of
        apart = _others(_merged([*_others(of.points), _SURROGATES]))
        ways = [
            Concatenation(tuple(CharacterClass((byte,)) for byte in way))
            for low, high in apart
            for way in _byte_ranges(low, high)
        ]
        return Alternation(tuple(ways))

    return _each_class(node, bytes_of)


def _byte_ranges(low: int, high: int) -> Iterator[Ranges]:
    """Ranges of first, second, … bytes that together are the UTF-8 of these code points."""
    for bound in (0x7F, 0x7FF, 0xFFFF):
        if low <= bound < high:
            yield from _byte_ranges(low, bound)
            yield from _byte_ranges(bound + 1, high)
            return
    for tail in (0x3F, 0xFFF, 0x3FFFF) if high > 0x7F else ():
        if low | tail >= high:
            continue
        if low & tail:
            yield from _byte_ranges(low, low | tail)
            yield from _byte_ranges((low | tail) + 1, high)
            return
        if high & tail != tail:
            yield from _byte_ranges(low, (high & ~tail) - 1)
            yield from _byte_ranges(high & ~tail, high)
            return
    yield tuple(zip(chr(low).encode(), chr(high).encode(), strict=True))


def _each_class(node: Node, change: Callable[[CharacterClass], Node]) -> Node:
    match node:
        case CharacterClass():
            return change(node)
        case Concatenation(parts):
            return Concatenation(tuple(_each_class(part, change) for part in parts))
        case Alternation(parts):
            return Alternation(tuple(_each_class(part, change) for part in parts))
        case Repetition(part, least, most):
            return Repetition(_each_class(part, change), least, most)


# ----------------------------------------------------------------------------------- for SQLite


@lru_cache(1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(written(parse_pattern(pattern), by_digits))


def has_pattern(data: bytes, pattern: str) -> bool:
    """Whether the whole text in these bytes matches; of several values, one that is not blank."""
    text = data.decode("utf-8", "replace")
    if len(text) > LONGEST:
        return False
    if SEVERAL not in text:
        return _compiled(pattern).fullmatch(text) is not None
    stated = (value for value in text.split(SEVERAL) if value.strip(WHITE_SPACE))
    return any(map(_compiled(pattern).fullmatch, stated))


def has_word(data: bytes, words: str) -> bool:
    """Whether one of several values in these bytes is one of several words."""
    values = data.decode("utf-8", "replace").split(SEVERAL)
    return not set(values).isdisjoint(words.split(SEVERAL))
