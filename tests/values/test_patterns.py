"""What a pattern may be: the subset that engines read alike, and what bounds its cost."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest

from pipeline.values.patterns import (
    LONGEST,
    PatternError,
    by_digits,
    has_pattern,
    in_bytes,
    in_encoding,
    parse_pattern,
    written,
)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("[1-9][0-9]{3} ?[A-Z]{2}", "1234 AB", "1234 ab"),
        ("[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){2,7}", "NL91 ABNA 0417 1643 00XX", "NL91 ABNA"),
        (r"(\+31|0)[0-9]{9}", "+31612345678", "+31612345678\n"),
        ("web|website", "website", "websit"),
        ("[A-ZÀ-Ü][a-zà-ü]+( [a-z]+)*", "Élise van", "élise"),
        ("[^@]+@[^@]+", "a@b", "a@b@c"),
        ("a.c", "a-c", "a\nc"),
        ("[-+*]{1,}", "+-*", "a"),
        (r"[\]\-\\]", "]", "["),
        ("(?:a|b){2}", "ba", "b"),
    ],
)
def test_the_whole_text_matches(pattern: str, matching: str, other: str) -> None:
    assert has_pattern(matching.encode(), pattern)
    assert not has_pattern(other.encode(), pattern)
    assert re.fullmatch(pattern, matching)
    assert not re.fullmatch(pattern, other)


@pytest.mark.parametrize(
    ("pattern", "place", "remedy"),
    [
        (r"\d{4}", "position 1", "write [0-9]"),
        (r"a\b", "position 2", "leave it out"),
        (r"(a)\1", "position 4", "read differently"),
        ("^a", "position 1", "leave it out"),
        ("a$", "position 2", r"write \$"),
        ("(?=a)b", "position 2", "write (…)"),
        ("(?i)b", "position 2", "write (…)"),
        ("a*?", "position 3", "leave it out"),
        ("a++", "position 3", "leave it out"),
        ("a{2}{3}", "position 5", "leave it out"),
        ("*a", "position 1", r"write \*"),
        ("a{,3}", "position 2", "{m,n}"),
        ("a{3,2}", "position 2", "smaller number first"),
        ("a{0}", "position 2", "at least 1"),
        ("a{256}", "position 2", "255"),
        ("(a", "position 1", "no ')'"),
        ("a)", "position 2", r"write \)"),
        ("[a", "position 1", "no ']'"),
        ("[]", "position 1", r"write \]"),
        ("[a-", "position 4", "no ']'"),
        ("[z-a]", "position 2", "smaller character"),
        ("[a[:digit:]]", "position 3", r"write \["),
        ("[a-c-e]", "position 5", r"write \-"),
        ("a|", "position 3", "write ? behind"),
        ("()", "position 2", "write ? behind"),
        ("", "position 1", "write ? behind"),
        ("a\\", "position 2", "write \\\\"),
        ("(a?)*", "position 5", "empty is repeated"),
        ("(" * 11 + "a" + ")" * 11, "position 11", "10 deep"),
        ("a\ud800", "half a character", "whole one"),
        ("a" * 201, "201 characters", "at most 200"),
        ("(a{200}){200}", "1000 characters", "use * or +"),
        ("(a+)+b", "too many ways", "must begin with"),
        ("(a|aa)*", "too many ways", "must begin with"),
        ("a*a*a*", "too many ways", "must begin with"),
        ("([a-z]+(web|website))*", "too many ways", "must begin with"),
    ],
)
def test_outside_the_subset(pattern: str, place: str, remedy: str) -> None:
    with pytest.raises(PatternError) as refused:
        parse_pattern(pattern)
    assert place in str(refused.value)
    assert remedy in str(refused.value)


def test_a_long_text_matches_nothing() -> None:
    assert has_pattern(b"a" * LONGEST, "a*")
    assert not has_pattern(b"a" * (LONGEST + 1), "a*")


@pytest.mark.parametrize("pattern", ["a*a*b", "(a|aa){13}b", "(a|ab){13}c", "[ab]*a[ab]{9}c"])
def test_what_is_allowed_takes_no_time(pattern: str) -> None:
    start = time.perf_counter()
    assert not has_pattern(b"a" * LONGEST, pattern)
    assert time.perf_counter() - start < 1


def test_bytes_are_those_of_utf_8() -> None:
    points = [
        0,
        0x7F,
        0x80,
        0x7FF,
        0x800,
        0xFFF,
        0x1000,
        0xD7FF,
        0xE000,
        0xFFFF,
        0x10000,
        0x10FFFF,
    ]
    for low, high in pairwise(points):
        if low == 0xD7FF:
            continue
        node = parse_pattern(f"[{re.escape(chr(low))}-{re.escape(chr(high))}]") if low else None
        if node is None:
            continue
        matcher = re.compile(written(in_bytes(node), by_digits))
        for point in {low - 1, low, low + 1, (low + high) // 2, high - 1, high, high + 1}:
            if 0 <= point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
                text = chr(point).encode().decode("latin-1")
                assert bool(matcher.fullmatch(text)) is (low <= point <= high), hex(point)


def test_an_encoding_knows_only_its_own_characters() -> None:
    def of(pattern: str) -> str:
        return written(in_encoding(parse_pattern(pattern), "cp1252"), chr)

    assert of("[a-c€Ā]") == "[a-c€]"
    assert of("[à-ä]") == "[àáâãä]"
    assert of("Ā") == "\0"
    assert of("[^Ā]") == "[^\0]"
