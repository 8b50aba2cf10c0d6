"""`crm-audit disclose`: what is measured of whom, and who sees it, as a text for staff
representatives.
"""

from __future__ import annotations

from datetime import datetime

from pipeline.config import Audit
from pipeline.flows.disclosure import access, measured
from pipeline.flows.disclosure.document import Document
from pipeline.flows.extract import window_of
from pipeline.language.format import day_text
from pipeline.language.languages import language_of
from pipeline.measures.asked import context_of
from pipeline.model import LanguageCode


def disclosure(audit: Audit, code: LanguageCode, now: datetime) -> str:
    """The text, 80 columns wide. It is made from the declarations of measures, field sets and
    preset; the CRM is not asked.
    """
    language, resolved = language_of(code), audit.resolved()
    window = window_of(audit, now, injected=False)
    document = Document(language)
    document.title(language.translate("What is measured of whom, and who sees it"))
    document.paragraph(
        language.translate(
            "Audit “{audit}”, as it is set up on {day}. Source: {source}. For staff "
            "representatives, and as an annex to a data protection impact assessment.",
            audit=resolved.name,
            source=resolved.about,
            day=day_text(window.today, language),
        )
    )
    access.in_short(document, resolved, window.today)
    measured.whose_data(document, resolved)
    measured.measures(document, resolved, context_of(resolved, window))
    measured.minimum_data(document, resolved)
    measured.what_is_read(document, audit)
    access.who_sees_it(document, resolved)
    access.where_it_is(document, audit)
    access.how_long(document, audit.settings.keep.kept())
    measured.what_is_not(document, audit)
    access.to_fill_in(document)
    return document.text()
