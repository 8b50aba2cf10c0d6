"""E-mail addresses: by syntax alone, and nothing is mended."""

from __future__ import annotations

import socket

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from pipeline.values.emails import is_email
from pipeline.values.white_space import WHITE_SPACE


@pytest.mark.parametrize(
    "text",
    [
        "jan@bedrijf.nl", "Jan.de-Vries+crm@Bedrijf.CO.UK", "\u00a0jan@bedrijf.nl\n",
        "jan@bücher.de", "jan@xn--bcher-kva.de", "josé@bedrijf.nl", "nobody@example.com",
        f"{'x' * 70}@bedrijf.nl", f"{'x' * 243}@bedrijf.nl",
    ],
)  # fmt: skip
def test_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "jan", "jan@", "@bedrijf.nl", "jan@bedrijf", "jan@@bedrijf.nl", "jan@bedrijf.nl.",
        ".jan@bedrijf.nl", "jan..bos@bedrijf.nl", "jan bos@bedrijf.nl", "jan@bed_rijf.nl",
        "jan@localhost", "jan@bedrijf.test", "jan@[127.0.0.1]", '"jan bos"@bedrijf.nl',
        "Jan <jan@bedrijf.nl>", "<jan@bedrijf.nl>", "mailto:jan@bedrijf.nl",
        "jan@bedrijf.nl, bos@bedrijf.nl", "jan@bedrijf.nl; bos@bedrijf.nl",
        "jan(at)bedrijf.nl", "jan＠bedrijf.nl", "jan@bedrijf.nl\x00", "\ud800@bedrijf.nl",
        f"{'x' * 244}@bedrijf.nl",  # 255 characters, one more than an address has
    ],
)  # fmt: skip
def test_no_addresses(text: str) -> None:
    assert not is_email(text)


@given(st.text(), st.text(WHITE_SPACE, max_size=3))
def test_white_space_around_changes_nothing(text: str, blank: str) -> None:
    assert is_email(f"{blank}{text}{blank}") == is_email(text)


NEARLY = st.from_regex(
    r"[a-zA-Z0-9._+-]{1,70}@[a-z0-9.-]{1,70}(xn--[a-z0-9-]{0,9})?[.](nl|test|c)"
)


@given(st.one_of(st.emails(), NEARLY))
def test_every_verdict_is_the_librarys(address: str) -> None:
    try:
        validate_email(address.strip(WHITE_SPACE), check_deliverability=False)
    except EmailNotValidError:
        assert not is_email(address)
    else:
        assert is_email(address)


@given(st.emails(), st.text(WHITE_SPACE, max_size=3))
def test_white_space_around_an_address_is_no_fault(address: str, blank: str) -> None:
    assert is_email(f"{blank}{address}{blank}") == is_email(address)


def test_nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert is_email("jan@this-domain-exists-nowhere-at-all.nl")
