"""The words of the trade as types: what a CRM holds, what is asked of
it, and what is published.

What one stage hands to another is mostly of these. Nothing here touches a database, a file or the clock.
Definitions of every word: docs/measures.md.
"""

from pipeline.model.answers import Answers, FailingRecord, Fingerprint, Tally
from pipeline.model.audit import Agreement, Audience, ResolvedAudit
from pipeline.model.figures import (
    JUDGED_TEXT,
    ONE_READING,
    UNCOMPARED,
    Figure,
    Unit,
    figure_id,
)
from pipeline.model.measures import Measure
from pipeline.model.people import Person, Scope
from pipeline.model.results import Check, Difference, FixItem, RunResult, TableAccount
from pipeline.model.rules import (
    COSTING,
    CustomMeasure,
    Demand,
    FieldSet,
    Rule,
    Target,
    Verdict,
    demands_of,
    failed,
)
from pipeline.model.schema import (
    ASKED_BY_CODE,
    ASSUMED,
    CELL_ERRORS,
    CHECKED,
    DATED,
    ENTITIES,
    FORMATTED,
    FURTHER,
    LOG_KEYS,
    LOGS,
    NEVER_COMPUTED,
    PROVEN_TEXT,
    READ,
    RECORD_NAMES,
    SCORED,
    STATE_COLUMNS,
    STATES,
    UNREADABLE_MARK,
    Kind,
    Schema,
    TextColumns,
)
from pipeline.model.spans import SHARES, SPANS, Span
from pipeline.model.texts import NO_TEXT, LanguageCode, LocalText, same_in_all
from pipeline.model.window import PeriodBounds, PeriodWord, Window

__all__ = [
    "ASKED_BY_CODE",
    "ASSUMED",
    "CELL_ERRORS",
    "CHECKED",
    "COSTING",
    "DATED",
    "ENTITIES",
    "FORMATTED",
    "FURTHER",
    "JUDGED_TEXT",
    "LOGS",
    "LOG_KEYS",
    "NEVER_COMPUTED",
    "NO_TEXT",
    "ONE_READING",
    "PROVEN_TEXT",
    "READ",
    "RECORD_NAMES",
    "SCORED",
    "SHARES",
    "SPANS",
    "STATES",
    "STATE_COLUMNS",
    "UNCOMPARED",
    "UNREADABLE_MARK",
    "Agreement",
    "Answers",
    "Audience",
    "Check",
    "CustomMeasure",
    "Demand",
    "Difference",
    "FailingRecord",
    "FieldSet",
    "Figure",
    "Fingerprint",
    "FixItem",
    "Kind",
    "LanguageCode",
    "LocalText",
    "Measure",
    "PeriodBounds",
    "PeriodWord",
    "Person",
    "ResolvedAudit",
    "Rule",
    "RunResult",
    "Schema",
    "Scope",
    "Span",
    "TableAccount",
    "Tally",
    "Target",
    "TextColumns",
    "Unit",
    "Verdict",
    "Window",
    "demands_of",
    "failed",
    "figure_id",
    "same_in_all",
]
