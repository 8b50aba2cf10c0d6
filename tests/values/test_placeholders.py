"""Filler values: the rule of docs/field-sets.md, and how it does on what people type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.values.placeholders import DEFAULT_WORDS, Fillers
from pipeline.values.white_space import WHITE_SPACE
from tests.values.real_life import FILLERS, REAL

DEFAULT = Fillers()


def is_filler(kind: str, value: Any) -> bool:
    match kind:
        case "phone":
            return DEFAULT.has_phone(value)
        case "person":
            return DEFAULT.has_name(*value)
        case _:
            return DEFAULT.has_text(value)


def judged(values: dict[str, tuple[Any, ...]]) -> Iterator[tuple[str, Any, bool]]:
    for kind, texts in values.items():
        for text in texts:
            yield kind, text, is_filler(kind, text)


def test_real_life() -> None:
    hits = [(kind, value) for kind, value, verdict in judged(FILLERS) if verdict]
    misses = [(kind, value) for kind, value, verdict in judged(FILLERS) if not verdict]
    wrong = [(kind, value) for kind, value, verdict in judged(REAL) if verdict]
    assert len(hits) + len(misses) == sum(map(len, REAL.values())) == 100
    precision = len(hits) / (len(hits) + len(wrong))
    recall = len(hits) / 100
    print(f"precision {precision:.3f}, wrong: {wrong}")
    print(f"recall {recall:.3f}, missed: {misses}")
    assert precision >= 0.98
    assert recall >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        " TEST\u00a0", "ｔｅｓｔ", "N/A", "aaa", "…", "***", "12345", "09876", "67890", "QWERT",
        "poiuy", "mlkjh", "azert", "vwxyz", "edcba",
    ],
)  # fmt: skip
def test_fillers(text: str) -> None:
    assert DEFAULT.has_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "aa", "a a a", "aab", "4321", "12-34-5", "12346", "qwer ty", "13579", "Test drive",
        "a test", "98012",
    ],
)  # fmt: skip
def test_no_fillers(text: str) -> None:
    assert not DEFAULT.has_text(text)


def test_the_digits_of_a_phone_number_are_the_run() -> None:
    assert DEFAULT.has_phone("01 23-45 67 89")
    assert not DEFAULT.has_text("01 23-45 67 89")
    # the 0 stands before the 6, so this is no run: it is a declared word
    assert DEFAULT.has_phone("0612345678")
    assert not Fillers(()).has_phone("0612345678")


def test_one_part_of_a_name_is_none() -> None:
    assert DEFAULT.has_name("Test", "XXX")
    assert not DEFAULT.has_name("Test", "Jansen")
    assert not DEFAULT.has_name("Jan", "Test")
    assert not DEFAULT.has_name("Xx", "")


def test_a_field_set_can_declare_its_own_words() -> None:
    own = Fillers(("Later",))
    assert own.has_text("LATER ")
    assert not own.has_text("onbekend")
    assert own.has_text("zzz")


def test_no_declared_word_is_there_twice() -> None:
    assert len(set(DEFAULT_WORDS)) == len(DEFAULT_WORDS)


TYPED = st.one_of(st.sampled_from(DEFAULT_WORDS), st.text("abc012 -.", max_size=8), st.text())


@given(TYPED, st.text(WHITE_SPACE, max_size=3))
def test_white_space_around_changes_nothing(text: str, blank: str) -> None:
    assert DEFAULT.has_text(f"{blank}{text}{blank}") == DEFAULT.has_text(text)
    assert DEFAULT.has_phone(f"{blank}{text}{blank}") == DEFAULT.has_phone(text)


@given(TYPED)
def test_capitals_change_nothing(text: str) -> None:
    assert DEFAULT.has_text(text.casefold()) == DEFAULT.has_text(text)
