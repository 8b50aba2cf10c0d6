"""`crm-audit expectations show`: what is asked of records, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.config import load_audit
from pipeline.config.field_sets import read_field_sets
from pipeline.language.field_sets import field_set_lines
from pipeline.language.languages import language_of
from pipeline.model import ENTITIES, LanguageCode
from pipeline.resources import EXPECTATIONS


def field_sets_in_words(
    folder: Path | None, audit_file: Path | None, language: LanguageCode | None
) -> Iterator[str]:
    """The lines of the sets of an audit, or of a folder, whose missing sets are ours.

    An audit tells which columns its CRM holds, and in which language its reports are.
    """
    if audit_file is not None:
        audit = load_audit(audit_file)
        yield from field_set_lines(
            audit.field_sets, language_of(language or audit.settings.language)
        )
    else:
        field_sets = read_field_sets(folder or EXPECTATIONS, {}, ENTITIES)
        yield from field_set_lines(field_sets, language_of(language or "en"))
