"""Phone numbers: verdicts per country, notes beside a number, and the list of countries."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.values.countries import LIST, region_of
from pipeline.values.phones import PhoneVerdict, judge_phone, plans_version
from pipeline.values.white_space import WHITE_SPACE
from tests.values import countries

GOOD, HINT = PhoneVerdict.GOOD, PhoneVerdict.HINT
INVALID, NOT_JUDGED = PhoneVerdict.INVALID, PhoneVerdict.NOT_JUDGED
TYPED = st.text("0123456789+-() /.x", max_size=20)


@pytest.mark.parametrize(
    ("text", "region", "verdict", "number"),
    [
        ("06 2468 1357", "NL", GOOD, "+31624681357"),
        ("0031 6 2468 1357", "NL", GOOD, "+31624681357"),
        ("+31 (0)6 2468 1357", "BE", GOOD, "+31624681357"),
        ("02 555 12 12", "BE", GOOD, "+3225551212"),
        ("020-5550100 toestel 12", "NL", GOOD, "+31205550100"),
        ("06-24681357 (alleen 's middags)", "NL", GOOD, "+31624681357"),
        ("Jan: 06 24681357 / 020 5550100", "NL", GOOD, "+31624681357"),
        ("14 020", "NL", GOOD, "+3114020"),
        ("5550100", "NL", HINT, "+315550100"),
        ("0600000000", "NL", HINT, "+31600000000"),
        ("see notes", "NL", INVALID, None),
        ("12", "NL", INVALID, None),
        ("+999 123", None, INVALID, None),
        ("＋999 123", None, INVALID, None),
        ("+31 20 555 0100", None, GOOD, "+31205550100"),
        ("020 555 0100", None, NOT_JUDGED, None),
        ("see notes", None, NOT_JUDGED, None),
        ("＋31 20 555 0100", None, GOOD, "+31205550100"),
    ],
)
def test_verdicts(
    text: str, region: str | None, verdict: PhoneVerdict, number: str | None
) -> None:
    assert judge_phone(text, region) == (verdict, number)


@given(TYPED, st.text(WHITE_SPACE, max_size=3), st.sampled_from(["NL", "US", None]))
def test_white_space_around_changes_nothing(text: str, blank: str, region: str | None) -> None:
    assert judge_phone(f"{blank}{text}{blank}", region) == judge_phone(text, region)


@given(TYPED, st.sampled_from(["NL", "US", None]))
def test_a_number_is_its_own_normal_form(text: str, region: str | None) -> None:
    verdict, number = judge_phone(text, region)
    assert (number is None) == (verdict in (INVALID, NOT_JUDGED))
    if verdict is GOOD:
        assert judge_phone(str(number), None) == (GOOD, number)


@given(st.text(), st.sampled_from(["NL", None]))
def test_no_text_breaks_it(text: str, region: str | None) -> None:
    judge_phone(text, region)


def test_reports_can_name_the_version() -> None:
    assert plans_version() == phonenumbers.__version__


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("nl", "NL"), (" NLD ", "NL"), ("The Netherlands", "NL"), ("NEDERLAND", "NL"),
        ("holland", "NL"), ("Deutschland", "DE"), ("Duitsland", "DE"), ("Österreich", "AT"),
        ("Osterreich", None), ("België", "BE"), ("Belgique", "BE"), ("U.K.", "GB"),
        ("Côte d'Ivoire", "CI"), ("U.S.A.", "US"), ("Atlantis", None), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_countries(country: str, region: str | None) -> None:
    assert region_of(country) == region


def test_the_list_is_as_written_from_cldr() -> None:
    assert LIST.read_text("utf-8").splitlines() == list(countries.lines())


def test_every_listed_name_means_one_country() -> None:
    for line in countries.lines():
        region, *names = line.split("|")
        if not region.startswith("#"):
            assert {region_of(name) for name in (region, *names)} == {region}
