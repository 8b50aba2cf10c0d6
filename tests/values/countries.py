"""Writes pipeline/values/countries.txt from Babel's CLDR: `python -m tests.values.countries`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import babel
import phonenumbers
from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages

from pipeline.values.countries import LIST

MORE: Final = {
    "AE": ("UAE", "VAE"),
    "BA": ("Bosnia", "Bosnië"),
    "CD": ("DR Congo",),
    "CI": ("Ivory Coast",),
    "CN": ("PRC", "People's Republic of China", "Volksrepubliek China"),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic", "Tsjechische Republiek", "Česká republika"),
    "DE": ("Bundesrepublik Deutschland", "BRD"),
    "GB": (
        "UK", "VK", "Great Britain", "Groot-Brittannië", "Britain", "England", "Engeland",
        "Scotland", "Schotland", "Wales", "Northern Ireland", "Noord-Ierland",
    ),
    "HK": ("Hong Kong", "Hongkong"),
    "IE": ("Republic of Ireland", "Ierse Republiek"),
    "KR": ("Korea", "Republic of Korea"),
    "MK": ("Macedonia", "Macedonië"),
    "MM": ("Burma", "Birma"),
    "NL": ("Holland", "Kingdom of the Netherlands", "Koninkrijk der Nederlanden"),
    "PS": ("Palestine", "Palestina"),
    "RU": ("Russian Federation", "Russische Federatie"),
    "SZ": ("Swaziland",),
    "TR": ("Turkey",),
    "US": (
        "United States of America", "US of A", "America", "Amerika", "VS",
        "Verenigde Staten van Amerika",
    ),
    "VA": ("Vatican", "Vaticaan"),
}  # fmt: skip
"""Names that CLDR does not give first."""


def three_letters() -> dict[str, list[str]]:
    """Region -> its codes of three letters."""
    codes: dict[str, list[str]] = {}
    for code, regions in get_global("territory_aliases").items():
        if len(code) == 3 and code.isalpha() and len(regions) == 1:
            codes.setdefault(regions[0], []).append(code)
    return codes


def names_of(region: str) -> Iterator[str]:
    own = get_official_languages(region, regional=True, de_facto=True)
    for language in ("en", "nl", *own):
        try:
            name = Locale.parse(language).territories.get(region)
        except (babel.UnknownLocaleError, ValueError):
            continue
        if name:
            yield name


def lines() -> Iterator[str]:
    """Every region that has phone numbers of its own."""
    yield f"# Codes and names as of CLDR in Babel {babel.__version__}, and the usual ones beside them"
    codes = three_letters()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        names = (region, *codes[region], *names_of(region), *MORE.get(region, ()))
        yield "|".join(dict.fromkeys(names))


if __name__ == "__main__":
    LIST.write_text("\n".join(lines()) + "\n", "utf-8")
