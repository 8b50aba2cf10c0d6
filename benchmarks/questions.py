"""Counting as it was before one statement took an entity: question by question, each working the view out anew."""

from __future__ import annotations

from pipeline import queries, source
from pipeline.config import Audit
from pipeline.model import Answers, Window
from pipeline.queries.ask import ask, ask_failing


def one_by_one(audit: Audit, reader: source.SourceReader, window: Window) -> Answers:
    """All that is asked of a source, asked as the snapshot is: per owner, of the company, fields, failing records."""
    context = audit.query_context(window)
    named = queries.views_of(reader.entities(), context).items()
    views = {entity: reader.worked_out(view, f"view_{entity}") for entity, view in named}
    questions = (
        *queries.measures(views, context),
        *queries.field_counts(views, audit.field_sets, context),
    )
    tallies = ask(reader.connection, questions)
    return Answers(
        # how many records fail is counted of the snapshot only: of a CRM they are listed
        tuple(tally for tally in tallies if not tally.name.startswith("failing.")),
        tuple(
            ask_failing(reader.connection, queries.scans_of(views, audit.field_sets, context))
        ),
    )
