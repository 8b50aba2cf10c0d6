"""Currencies, read by Python and by every database alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.formats.currencies import SIGNS, currency_of, read_currency
from pipeline.values.money import CODES, digits_of
from pipeline.values.texts import UNREADABLE
from tests.benches import Bench

ENGINES = ("sqlite", "mysql", "postgresql", "duckdb")
DECLARED = {**SIGNS, "$": "USD", "US dollar": "USD"}
TEXTS = (
    "EUR", "eur", " EUR", "EUR\r", "\u00a0Eur\u200b", "€", " € ", "£", "$", "US dollar", "us dollar", "JPY", "kwd",
    "CLF", "", "  ", "\u3000", "XXX", "EU", "EURO", "EU R", "euſ", "ſek", "ıdr", "\u212aWD", "€€", "USD ", "hrk", "'",
    "?", "¥",
)  # fmt: skip


@pytest.mark.parametrize("dialect", ENGINES)
def test_currencies_are_read_alike(dialect: str, benches: Callable[[str], Bench]) -> None:
    bench = benches(dialect)
    source = bench.load("VARCHAR(20)" if dialect == "mysql" else "TEXT", [*TEXTS, None])
    for currency in ("EUR", ""):
        for value, code in bench.said(source, currency_of(source.c.v, DECLARED, currency)):
            read = read_currency(value, DECLARED, currency)
            assert code == (None if read is UNREADABLE else read), repr(value)


def test_what_is_a_currency_and_what_is_none() -> None:
    def read(*texts: str | None) -> list[object]:
        return [read_currency(text, SIGNS, "CHF") for text in texts]

    assert read("eur", " EUR", "EUR\r", "€") == ["EUR"] * 4
    assert read("£", None, "", " \u200b") == ["GBP", "CHF", "CHF", "CHF"]
    assert read("$", "EURO", "XXX", "\ufffd") == [UNREADABLE] * 4
    assert read_currency("$", {"$": "CAD"}, "EUR") == "CAD"
    assert read_currency(None, {}, "") is UNREADABLE


def test_the_list_is_that_of_the_standard() -> None:
    """Against another list, where this machine has one; of what it says too much or does not know yet, we say it."""
    other = Path("/usr/share/iso-codes/json/iso_4217.json")
    if other.is_file():
        theirs = {entry["alpha_3"] for entry in json.loads(other.read_text("utf-8"))["4217"]}
        assert {code for code in theirs - CODES if not code.startswith("X")} == set()
    assert [digits_of(code) for code in ("EUR", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert all(len(code) == 3 for code in CODES)
