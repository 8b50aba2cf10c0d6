"""Counting as it was before one statement took an entity: each question by itself, with the view's joins anew."""

from __future__ import annotations

from pipeline import catalogue, source
from pipeline.ask import ask, ask_failing
from pipeline.config import Audit
from pipeline.model import Answers, Window


def one_by_one(audit: Audit, reading: source.Reading, window: Window) -> Answers:
    """All that is asked of a source, asked as the snapshot is: per owner, of the company, fields, failing records."""
    terms = audit.terms(window)
    named = catalogue.views_of(reading.entities(), terms).items()
    views = {entity: view.cte(f"view_{entity}") for entity, view in named}
    questions = (*catalogue.measures(views, terms), *catalogue.field_counts(views, audit.field_sets, terms))
    return Answers(
        tuple(ask(reading.connection, questions)),
        tuple(ask_failing(reading.connection, catalogue.failing(views, audit.field_sets))),
    )
