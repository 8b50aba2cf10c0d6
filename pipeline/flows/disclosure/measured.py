"""What is measured, of whom, from what; and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.config import Audit
from pipeline.flows.disclosure.document import Document
from pipeline.language.conditions import condition_text
from pipeline.language.labels import column_label, entity_label, field_label, period_label
from pipeline.language.languages import Language
from pipeline.language.marked import marked
from pipeline.measures.completeness import COLLEAGUES, WITH_OPERATORS
from pipeline.measures.custom import measure_of
from pipeline.measures.measure import Counted
from pipeline.measures.registry import MEASURES, OF_THE_COMPANY
from pipeline.model import (
    CustomMeasure,
    Debtor,
    Demand,
    FieldSet,
    Measure,
    ResolvedAudit,
)
from pipeline.queries.context import Count, QueryContext
from pipeline.setup.grants import tables_of

_NEVER: Final = (
    marked("what is said or written in e-mails, chats, calls and documents;"),
    marked("where anybody is, what they type, what is on their screen;"),
    marked("hours of work, pay, absence, health;"),
    marked("anything from outside the CRM: the program asks no other source."),
)
_UNLESS_READ: Final[Mapping[str, str]] = {
    "visit": marked("when anybody logs in or opens a page of the CRM;"),
    "change": marked("who changed which record at what hour;"),
    "deletion": marked("who deleted what;"),
    "mailing": marked("who opened or clicked which mailing;"),
}
"""Entity -> what is not known as long as that entity is not read."""


def whose_data(document: Document, audit: ResolvedAudit) -> None:
    """The groups of people of whom the program reads anything."""
    translate = document.language.translate
    document.section(translate("Whose data"))
    document.bullets(
        (
            translate(
                "Account managers: active users of the CRM who own a record or have a target. "
                "Each of them is measured, see below."
            ),
            _former(audit, document.language),
            *_operators(audit, document.language),
            translate(
                "Clients, contacts and leads: their names stand beside the records to complete, on "
                "the page of the account manager who owns these. They are not measured."
            ),
        )
    )


def _former(audit: ResolvedAudit, language: Language) -> str:
    if audit.audience == "named":
        return language.translate(
            "Former colleagues: users who are no longer active and still own records. They are "
            "measured together; management's list of records names them."
        )
    return language.translate(
        "Former colleagues: users who are no longer active and still own records. They are "
        "measured together, and named to the analysts only."
    )


def _operators(audit: ResolvedAudit, language: Language) -> Iterator[str]:
    if audit.operators:
        yield language.translate(
            "Sales support (users that the audit names: {count}): what it is to complete, on "
            "everybody's records, is measured together and never by person. It counts for no "
            "account manager.",
            count=len(audit.operators),
        )


def _left_out(audit: ResolvedAudit) -> Iterator[Measure]:
    """The measures that this audit makes of nobody by themselves."""
    yield from OF_THE_COMPANY
    if not audit.operators:
        yield from WITH_OPERATORS
    if not any(fields.asks_creator for fields in audit.field_sets.values()):
        yield from COLLEAGUES


def measures(document: Document, audit: ResolvedAudit, context: QueryContext) -> None:
    """Every measure that this CRM can tell, from its declaration."""
    language = document.language
    custom = {own.name: own for own in audit.measures}
    declared = [*MEASURES.values(), *map(measure_of, audit.measures)]
    left_out = set(_left_out(audit))
    about_people = [measure for measure in declared if measure not in left_out]
    measured = [measure for measure in about_people if _can_be_told(measure, context)]
    document.section(language.translate("What is measured of each account manager"))
    document.paragraph(
        language.translate(
            "Each figure is also computed for each team, for former colleagues together, for "
            "records without an owner, and for the company."
        )
    )
    document.table(
        (
            language.translate("Figure"),
            language.translate("Over"),
            language.translate("Made from"),
        ),
        (
            (
                _label(measure, language),
                period_label(measure.period, language),
                _made_from(measure, custom.get(measure.name), language),
            )
            for measure in measured
        ),
    )
    if len(measured) < len(about_people):
        rest = (
            _label(measure, language) for measure in about_people if measure not in measured
        )
        document.paragraph(
            language.translate(
                "Not measured, because this CRM does not hold it: {measures}.",
                measures=", ".join(rest),
            )
        )


def _can_be_told(measure: Measure, context: QueryContext) -> bool:
    counts = measure.counts if isinstance(measure, Counted) else ()
    return all(count.can_be_told(context) for count in counts)


def _label(measure: Measure, language: Language) -> str:
    return language.translate(measure.label)


def _made_from(measure: Measure, own: CustomMeasure | None, language: Language) -> str:
    if not isinstance(measure, Counted):
        return _of_no_count(measure, language)
    parts = {part: None for count in measure.counts for part in _columns(count, language)}
    if own is not None:
        parts.update((column_label(column, language), None) for column in own.where)
    kinds = {count.entity: None for count in measure.counts if count.entity}
    kind = ", ".join(entity_label(entity, language) for entity in kinds)
    if not kind:
        return language.translate("records of every kind")
    return ": ".join(filter(None, (kind, ", ".join(parts))))


def _of_no_count(measure: Measure, language: Language) -> str:
    if measure.name.startswith("plan_"):
        return language.translate("the targets")
    return language.translate("the minimum data")


def _columns(count: Count, language: Language) -> Iterator[str]:
    """The columns that a count needs, as a reader calls them."""
    either = language.translate("{one} or {other}", one="{one}", other="{other}")
    for need in count.needs:
        first, *others = (column_label(column, language) for column in need.split("|"))
        for other in others:
            first = either.format(one=first, other=other)
        yield first
    if count.money:
        yield column_label("amount", language)


def minimum_data(document: Document, audit: ResolvedAudit) -> None:
    """What a record must hold, and why it is asked."""
    language = document.language
    document.section(language.translate("The minimum data of a record"))
    document.paragraph(
        language.translate(
            "Completeness is the share of these fields that is filled. What this CRM does not "
            "hold is nobody's to fill."
        )
    )
    document.table(
        (language.translate("Field"), language.translate("Why it is asked")),
        (
            (_field_name(fields, field, language), language.chosen(field.why))
            for fields in audit.field_sets.values()
            for field in fields.demands
        ),
    )
    for sentence in _on_absent(audit, language):
        document.paragraph(sentence)


def _on_absent(audit: ResolvedAudit, language: Language) -> Iterator[str]:
    absent = [
        field_label(f"{entity}.{name}", language)
        for entity, fields in audit.field_sets.items()
        for name in fields.absent
    ]
    if absent:
        yield language.translate(
            "Not checked, because this CRM does not hold it: {fields}.",
            fields=", ".join(absent),
        )


def _field_name(fields: FieldSet, field: Demand, language: Language) -> str:
    name = f"{entity_label(fields.entity, language)}: {language.chosen(field.label)}"
    notes = [] if field.when is None else [condition_text(field.when, language)]
    if field.owed_by is Debtor.OPERATOR:
        notes.append(language.translate("with sales support"))
    if field.owed_by is Debtor.CREATOR:
        notes.append(language.translate("asked of whoever entered the record"))
    return f"{name} ({', '.join(notes)})" if notes else name


def what_is_read(document: Document, audit: Audit) -> None:
    """The tables and columns of the CRM."""
    language = document.language
    document.section(language.translate("What is read from the CRM"))
    document.paragraph(
        language.translate(
            "In one transaction that only reads. What is not named here is not read."
        )
    )
    document.table(
        (
            language.translate("Record"),
            language.translate("Table"),
            language.translate("What of it"),
        ),
        _read(audit, language),
    )
    tables = [name for names in tables_of(audit.preset, audit.add) for name in names]
    document.paragraph(
        language.translate("All tables that are looked at: {tables}.", tables=", ".join(tables))
    )
    document.paragraph(
        language.translate(
            "The preset {preset} says which columns of these tables they are.",
            preset=audit.settings.source.preset,
        )
    )


def _read(audit: Audit, language: Language) -> Iterator[tuple[str, str, str]]:
    for entity, columns in _columns_read(audit).items():
        tables = dict.fromkeys(part.table for part in audit.preset.entities[entity])
        labels = dict.fromkeys(column_label(column, language) for column in columns)
        yield entity_label(entity, language), ", ".join(tables), ", ".join(labels)


def _columns_read(audit: Audit) -> dict[str, list[str]]:
    """Entity -> its columns that are read; without entities of which none is."""
    present = {
        entity: [column for column in columns if f"{entity}.{column}" not in audit.absent]
        for entity, columns in audit.schema.items()
        if entity in audit.preset.entities
    }
    return {entity: columns for entity, columns in present.items() if columns}


def what_is_not(document: Document, audit: Audit) -> None:
    """What is never measured; what a log would tell, as long as that log is not read."""
    translate = document.language.translate
    read = _columns_read(audit)
    unread = [text for entity, text in _UNLESS_READ.items() if entity not in read]
    document.section(translate("What is not measured"))
    *most, last = _NEVER
    document.bullets(map(translate, (*most, *unread, last)))
    document.paragraph(
        translate(
            "The program decides nothing about anybody and advises nothing: it counts, and people "
            "read what it counted."
        )
    )
