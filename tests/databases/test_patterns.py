"""Patterns on every engine, held against Python's re.fullmatch: random ones on random texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import TableClause, func, literal

from pipeline.databases import postgresql
from pipeline.databases.constructs import has_pattern, has_word, one_value_of_words
from pipeline.databases.sql.compile import DIALECTS
from pipeline.values.patterns import LONGEST, PatternError, parse_pattern
from pipeline.values.white_space import WHITE_SPACE
from tests.benches import Bench, benches, mariadb, postgres  # noqa: F401
from tests.postgres import database

LETTERS = "aAbBzé\u0301ßſ\u212a€0 9-.\n\r\t\u00a0\u2028🙂\U00020000_'%{}[]()|^$\\/:"
"""Of each kind: cases, accents, combining ones, white space, ends of lines, astral, signs."""
ENGINES = tuple(name for name in DIALECTS if name not in ("files", "mariadb"))
KINDS = {"mysql": "LONGTEXT", "duckdb": "VARCHAR"}


def texts() -> list[str]:
    short = [first + second for first in ("", *LETTERS) for second in ("", *LETTERS)]
    return [
        *dict.fromkeys(short),
        *("aaa", "aAbB", "zzz\n", "\nzzz", "a\r\n", "1234 AB", "ab ab ab", "é" * 9, "🙂🙂🙂"),
        *("0" * length for length in (LONGEST - 1, LONGEST, LONGEST + 1)),
        *("é" * length + "!" for length in (LONGEST - 1, LONGEST)),
        "a" * 40_000,
        *several(),
    ]


def several() -> list[str]:
    """Values of several columns, joined: of each one that is not blank may match."""
    values = ("", " \u3000", "aaa", "aB", "z\n", "é", "1234 AB", "🙂🙂🙂", "a" * 999)
    pairs = [f"{first}\x1f{second}" for first in values for second in values]
    return [*pairs, "\x1f", "x\x1fy\x1f\x1faaa", "\x1f".join(["0"] * 500), "a\x1f" * 400 + "b"]


TEXTS = texts()


def escaped(character: str) -> str:
    return re.sub(r"([\\.\[\](){}|?*+^$\-])", r"\\\1", character)


def bracketed(characters: list[str]) -> str:
    return "".join(map(escaped, characters))


POINTS = st.sampled_from(LETTERS)
CLASSES = st.builds(
    lambda sign, points, pair: (
        f"[{sign}{bracketed(points)}{'-'.join(escaped(point) for point in sorted(pair))}]"
    ),
    st.sampled_from(["", "^"]),
    st.lists(POINTS, max_size=3),
    st.lists(POINTS, min_size=2, max_size=2),
)
REPEATS = st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,3}", "{2,}"])
PATTERNS = st.recursive(
    st.one_of(POINTS.map(escaped), CLASSES, st.just(".")),
    lambda inner: st.one_of(
        st.builds(lambda part, repeat: f"({part}){repeat}", inner, REPEATS),
        st.builds("".join, st.lists(inner, min_size=2, max_size=3)),
        st.builds(
            lambda parts: f"({'|'.join(parts)})", st.lists(inner, min_size=2, max_size=3)
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module", params=ENGINES)
def loaded(
    request: pytest.FixtureRequest,
    benches: Callable[[str], Bench],  # noqa: F811
) -> tuple[Bench, TableClause]:
    bench = benches(request.param)
    return bench, bench.load(KINDS.get(request.param, "TEXT"), TEXTS)


def matched(bench: Bench, source: TableClause, pattern: str) -> list[str]:
    said = bench.said(source, has_pattern(source.c.v, literal(pattern)))
    assert None not in {found for _, found in said}
    return [text for text, found in said if found]


def by_python(pattern: str) -> list[str]:
    return [text for text in TEXTS if len(text) <= LONGEST and matches(pattern, text)]


def matches(pattern: str, text: str) -> bool:
    values = text.split("\x1f")
    if len(values) > 1:
        values = [value for value in values if value.strip(WHITE_SPACE)]
    return any(re.fullmatch(pattern, value) for value in values)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(pattern=PATTERNS)
def test_every_engine_matches_what_python_matches(
    loaded: tuple[Bench, TableClause], pattern: str
) -> None:
    try:
        parse_pattern(pattern)
    except PatternError:
        assume(False)
    assert matched(*loaded, pattern) == by_python(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[1-9][0-9]{3} ?[A-Z]{2}",
        "[a-z]+( [a-z]+)*",
        ".*",
        "[^é]*",
        "0{255}0*",
        "((0{5}){5}){5}0*",
        "[à-ɏ一-龥Ā-\U0010ffff]+!",
        "é*é*!",
        "a*a*b",
        "web|website|[0-9]",
        r"[\[\]\\^-]|\{|\}|'|%|/|:",
    ],
)
def test_what_people_write(loaded: tuple[Bench, TableClause], pattern: str) -> None:
    assert matched(*loaded, pattern) == by_python(pattern)


@pytest.mark.parametrize(
    "kind", ["VARCHAR(50) CHARACTER SET latin1", "VARCHAR(50) COLLATE utf8mb4_general_ci"]
)
def test_mariadb_ignores_its_collation(benches: Callable[[str], Bench], kind: str) -> None:  # noqa: F811
    bench = benches("mysql")
    source = bench.load(kind, ["Ab", "ab", "éb", "ab ", None])
    said = bench.said(source, has_pattern(source.c.v, literal("[a-zé]b")))
    assert [bool(found) for _, found in said] == [False, True, True, False, False]


@pytest.fixture(scope="module", params=["SQL_ASCII", "WIN1252", "LATIN1", "EUC_JP"])
def encoded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    options = f"ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    with database(options) as url:
        engine = postgresql.DATABASE.open(url, tmp_path_factory.mktemp("encoded"))
        yield Bench(engine, tmp_path_factory.mktemp("encoded"))
        engine.dispose()


@pytest.mark.parametrize(
    "pattern", ["[a-zé-ü]+", "[^é]+", "€", "[^€]*", "é{3}", ".{4}", "[ -\U0010ffff]{2}", "日|é"]
)
def test_postgresql_in_other_encodings(encoded: Bench, pattern: str) -> None:
    candidates = ["abc", "éab", "ééé", "é", "€", "€uro", "üü", "日", "日本", "a\nb", "x" * 999]
    candidates += ["é\x1f€", "?\x1f日", "abc\x1f", "ab\x1f\u00a0\x1fabcd"]
    with encoded.engine.connect():  # which learns the encoding
        name = getattr(encoded.engine.dialect, "encoding", "")
    held = [
        text
        for text in [*candidates, "é" * LONGEST, "é" * (LONGEST + 1)]
        if name == "ascii" or text.encode(name, "ignore").decode(name) == text
    ]
    source = encoded.load("TEXT", [text.encode().hex() for text in held])
    text = func.convert_from(func.decode(source.c.v, "hex"), "UTF8")
    said = encoded.said(source, has_pattern(text, literal(pattern)))
    assert [bool(found) for _, found in said] == [
        len(text) <= LONGEST and matches(pattern, text) for text in held
    ]
    said = encoded.said(source, has_word(text, literal("日\x1f€\x1fabc")))
    assert [bool(found) for _, found in said] == [
        "\x1f" in text and not {"日", "€", "abc"}.isdisjoint(text.split("\x1f"))
        for text in held
    ]
    assert len(held) > 6


WORDS = ("aaa", "AAA", "é", "e", "'", "%", "\\", "1234 AB", "🙂🙂🙂", "z")


@pytest.mark.parametrize("words", [WORDS, WORDS[:1], WORDS[2:3], tuple(map(str, range(3_000)))])
def test_one_of_several_values_is_a_word(
    loaded: tuple[Bench, TableClause], words: tuple[str, ...]
) -> None:
    """Thousands of words, too."""
    bench, source = loaded
    said = bench.said(source, one_value_of_words(source.c.v, words))
    found = [text for text, is_so in said if is_so]
    assert found == [text for text in TEXTS if not set(words).isdisjoint(text.split("\x1f"))]
    assert len(found) > 1


def test_no_word_is_in_nothing(loaded: tuple[Bench, TableClause]) -> None:
    bench, source = loaded
    assert not any(found for _, found in bench.said(source, one_value_of_words(source.c.v, ())))
