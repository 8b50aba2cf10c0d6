"""The catalogues of translations: what the code and the templates say, and what stands in each language.

`make translations` brings every catalogue up to date: `python -m tests.translations`. What it cannot translate stays
empty, and `tests/language/test_language.py` names it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import GETTEXT_FUNCTIONS, babel_extract

from tests.paths import ROOT

LOCALE = ROOT / "pipeline" / "language" / "locale"
DOMAIN = "crm_audit"

SINGLE = ("translate", "sentence", "in_all", "marked")
PLURAL = ("translate_plural", "plural_sentence", "forms")
"""Functions of the code whose first text, or first two, are to be translated."""

_UNCHANGING = datetime(2026, 1, 1, tzinfo=UTC)
"""Catalogues differ only where texts do."""


Message = str | tuple[str, str]


def said() -> Catalog:
    """Every text of the code and of the templates, without a translation."""
    found = Catalog(domain=DOMAIN, charset="utf-8")
    for file, message in messages():
        found.add(message, locations=[(str(file.relative_to(ROOT)), 0)])
    return found


def messages() -> Iterator[tuple[Path, Message]]:
    """Where a text is said, and the text."""
    for file in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (message := _message(node)):
                yield file, message
    options = {"trim_blocks": "true", "lstrip_blocks": "true"}
    for file in sorted((ROOT / "report_templates").glob("*.j2")):
        with file.open("rb") as template:
            for _, _, message, _ in babel_extract(template, GETTEXT_FUNCTIONS, (), options):
                yield file, message


def _message(call: ast.Call) -> Message | None:
    """What a call has translated; None where that is declared elsewhere."""
    name = (
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    )
    texts = [
        part.value
        for part in call.args
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    if name in SINGLE and texts:
        return texts[0]
    if name in PLURAL and len(texts) > 1:
        return texts[0], texts[1]
    return None


def catalogue_files() -> list[Path]:
    return sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def read_catalogue(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, locale=file.parent.parent.name, domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    stream = BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def main() -> None:
    for file in catalogue_files():
        catalogue = read_catalogue(file)
        catalogue.update(said(), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.project, catalogue.version = "crm-audit", "1"
        catalogue.last_translator = catalogue.language_team = "crm-audit"
        catalogue.msgid_bugs_address = ""
        catalogue.creation_date = catalogue.revision_date = _UNCHANGING
        with file.open("wb") as stream:
            write_po(stream, catalogue, width=96, sort_output=True, include_lineno=False)
        file.with_suffix(".mo").write_bytes(compiled(catalogue))


if __name__ == "__main__":
    main()
