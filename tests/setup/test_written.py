"""How days, instants and amounts are written, as far as texts show it; what they leave open stays open."""

from __future__ import annotations

import pytest

from pipeline.setup.look.text_formats import (
    Texts,
    Written,
    coverage,
    currencies,
    formats_of,
    settle,
    still_open,
)


def written(*, days: str = "", instants: str = "", amounts: str = "") -> Written:
    """Texts between bars, each once."""
    texts = (
        dict.fromkeys(filter(None, given.split("|")), 1) for given in (days, instants, amounts)
    )
    return settle(Texts(*texts, empty={}))


@pytest.mark.parametrize(
    ("days", "formats"),
    [
        ("03-04-2026|25-04-2026", ["%d-%m-%Y"]),
        ("03/04/2026|04/25/2026", ["%m/%d/%Y"]),
        ("3-4-2026|25-12-2026", ["%-d-%-m-%Y"]),
        ("3-04-2026|25-12-2026", ["%-d-%m-%Y"]),
        ("3-04-2026|03-04-2026|25-04-2026", ["%d-%m-%Y", "%-d-%m-%Y"]),
        ("25.04.26", ["%d.%m.%y"]),
        ("2026-04-03|25-04-2026|26-04-2026", ["%d-%m-%Y", "%Y-%m-%d"]),
        ("3 Apr 2026|25 April 2026", ["%-d %b %Y", "%d %B %Y"]),
        ("2026/04/03", ["%Y/%m/%d"]),
    ],
)
def test_days(days: str, formats: list[str]) -> None:
    found = written(days=days)
    assert sorted(formats_of(found).day) == sorted(formats)
    read, all_of_them, unreadable = coverage(found)["day"]
    assert (read, unreadable) == (all_of_them, "")
    assert still_open(found) == []


@pytest.mark.parametrize(
    ("instants", "formats", "zone"),
    [
        ("25-04-2026 09:05", ["%d-%m-%Y %H:%M"], "audit"),
        ("25-04-2026 9:05|25-04-2026 10:05", ["%d-%m-%Y %-H:%M"], "audit"),
        ("4/25/2026 1:05 PM|4/25/2026 11:05 AM", ["%-m/%d/%Y %-I:%M %p"], "audit"),
        ("2026-04-25T09:05:06.123Z", ["%Y-%m-%dT%H:%M:%S.%gZ"], "UTC"),
        ("2026-04-25 09:05:06.123456", ["%Y-%m-%d %H:%M:%S.%f"], "audit"),
        ("25-04-2026, 09:05", ["%d-%m-%Y, %H:%M"], "audit"),
        ("25-04-2026|25-04-2026 09:05", ["%d-%m-%Y", "%d-%m-%Y %H:%M"], "audit"),
    ],
)
def test_instants(instants: str, formats: list[str], zone: str) -> None:
    found = written(instants=instants)
    assert (sorted(formats_of(found).instant), formats_of(found).zone) == (
        sorted(formats),
        zone,
    )
    read, all_of_them, _ = coverage(found)["instant"]
    assert read == all_of_them


@pytest.mark.parametrize(
    ("amounts", "marks", "signs"),
    [
        ("1.234,50|12", [(",", ".")], ()),
        ("1,234.50|12", [(".", ",")], ()),
        ("12,5", [(",", "")], ()),
        ("1.234,50|2.345", [(",", ".")], ()),  # 2.345 is settled by the other
        ("1.234.567", [(",", ".")], ()),
        ("\u20ac 1.234,50|-\u20ac 5|7 EUR", [(",", ".")], ("\u20ac", "EUR")),
        ("1 234,50|1\u202f234,50", [(",", " ")], ()),
        ("CHF 1'234.50", [(".", "'")], ("CHF",)),
        ("10|200", [(".", "")], ()),
        ("0.125", [(".", "")], ()),
    ],
)
def test_amounts(amounts: str, marks: list[tuple[str, str]], signs: tuple[str, ...]) -> None:
    found = written(amounts=amounts)
    assert [(one.decimal, one.thousands) for one in formats_of(found).amount] == marks
    assert formats_of(found).amount[0].signs == signs
    assert still_open(found) == []


@pytest.mark.parametrize(
    ("given", "doubt"),
    [
        ({"days": "03/04/2026"}, ("/", "03/04/2026")),
        ({"days": "03-04-2026", "instants": "04-03-2026 09:00"}, ("-", "03-04-2026")),
        ({"days": "25/04/2026|04/26/2026|03/04/2026"}, ("/", "03/04/2026")),  # both are told
        ({"days": "25/25/2026|03/04/2026"}, ("/", "03/04/2026")),  # no day says anything
        ({"amounts": "1.234|12"}, ("amount", "1.234")),
        ({"amounts": "1.234,5|1,234.5"}, ("amount", "1.234")),
    ],
)
def test_what_is_not_settled_is_open(given: dict[str, str], doubt: tuple[str, str]) -> None:
    found = written(**given)
    assert still_open(found) == [doubt]
    assert coverage(found)[{"amount": "amount"}.get(doubt[0], "day")][0] in (0, 1)


def test_days_settle_instants_and_instants_days() -> None:
    found = written(days="03-04-2026", instants="25-04-2026 09:00")
    assert formats_of(found).day == ("%d-%m-%Y",)
    assert still_open(found) == []


def test_what_is_written_otherwise_is_told() -> None:
    assert coverage(written(days="25-04-2026|soon", amounts="1,50|2,50|ask"))["day"] == (
        1,
        2,
        "soon",
    )


def test_currencies_are_those_of_their_signs() -> None:
    assert currencies(written(amounts="\u20ac 5|\u20ac 6|7 USD|8|$ 9")) == {
        "EUR": 2,
        "USD": 1,
        "": 2,
    }
