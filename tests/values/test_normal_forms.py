"""Normal forms: what makes two values one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.values.normal_forms import normal_email, normal_text
from pipeline.values.white_space import WHITE_SPACE


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Taart & Co\u200b", "taart & co"),
        ("Café", "café"),
        ("Cafe\u0301", "café"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁets", "fiets"),
        ("a  b", "a  b"),
    ],
)
def test_text(text: str, form: str) -> None:
    assert normal_text(text) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Jan@Bedrijf.NL ", "Jan@bedrijf.nl"),
        ("jan@bedrijf.nl", "jan@bedrijf.nl"),
        ("JAN@bücher.DE", "JAN@bücher.de"),
    ],
)
def test_email(text: str, form: str) -> None:
    assert normal_email(text) == form


@given(st.text())
def test_text_is_normal_after_once(text: str) -> None:
    assert normal_text(normal_text(text)) == normal_text(text)


@given(st.emails())
def test_an_address_is_normal_after_once(address: str) -> None:
    assert normal_email(normal_email(address)) == normal_email(address)


@given(st.text(), st.text(WHITE_SPACE, max_size=3))
def test_white_space_around_changes_nothing(text: str, blank: str) -> None:
    assert normal_text(f"{blank}{text}{blank}") == normal_text(text)


@given(st.text())
def test_composed_or_not_is_one_text(text: str) -> None:
    assert normal_text(unicodedata.normalize("NFD", text)) == normal_text(text)
