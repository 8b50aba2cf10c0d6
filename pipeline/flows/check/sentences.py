"""The results of `check` in sentences: demands, the account's rights, the length of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from rich.markup import escape

from pipeline import source
from pipeline.config import Audit
from pipeline.config.field_sets import of_debtor, of_operators
from pipeline.flows.check.looking import Pace
from pipeline.flows.check.masking import mask
from pipeline.language.conditions import condition_text
from pipeline.language.languages import ENGLISH
from pipeline.model import (
    CHECKED,
    ENTITIES,
    Agreement,
    Debtor,
    Demand,
    ExceptionLine,
    FieldSet,
    Kind,
    LocalText,
    ResolvedAudit,
)
from pipeline.model.rules import judgements_in
from pipeline.presets import Preset
from pipeline.setup.guess.leftover import unmarked_sentence
from pipeline.setup.look.fit import Fit

_MOST_NAMED: Final = 20
_AN: Final = ("a", "e", "i", "o", "u")


def on_field_sets(field_sets: Mapping[str, FieldSet]) -> Iterator[str]:
    """'A meeting owes a date, a subject, a contact and, once held, its result.'"""
    for entity, fields in field_sets.items():
        owed = [
            _owed(demand)
            for demand in sorted(fields.demands, key=lambda demand: demand.when is not None)
        ]
        yield f"{_article(entity).capitalize()} owes {_listed(owed)}."
        for name, why in fields.absent.items():
            yield f"  Not checked: {name.replace('_', ' ')} ({why})."


def on_not_given(not_given: Mapping[str, LocalText]) -> Iterator[str]:
    """'Not checked: meeting.result (not given by the SELECT of meetings).'"""
    yield from (f"Not checked: {name} ({why})." for name, why in not_given.items())


def on_origins(audit: ResolvedAudit) -> Iterator[str]:
    """'Taken over (beside completeness): told for clients; not told for calls.'"""
    for name, untold in (
        ("Taken over", audit.untold_owners),
        ("Imported", audit.untold_makers),
    ):
        kinds = [kind for kind in CHECKED if any(audit.schema.get(kind, {}))]
        told = [f"{kind}s" for kind in kinds if kind not in untold]
        sides = [f"the CRM tells it of {_listed(told)}"] if told else []
        sides += [f"not of {_listed([f'{kind}s' for kind in untold])}"] if untold else []
        yield f"{name}, beside completeness: {', '.join(sides)}."


def on_operators(audit: Audit) -> Iterator[str]:
    """What operators owe, or a sentence where somebody else has to."""
    named = ", ".join(audit.operators)
    if audit.operators:
        yield f"With sales support ({named}): {', '.join(of_operators(audit.field_sets))}."
    elif audit.settings.operators:
        yield (
            f"Operators are named ({', '.join(audit.settings.operators)}) and owe nothing: no demand of a field set "
            "says owed_by: operator."
        )
    elif audit.left_to_owners:
        yield (
            f"Left to the owners of records: {', '.join(audit.left_to_owners)}. The field sets say owed_by: "
            "operator, and audit.yaml names no operators."
        )


def on_creators(field_sets: Mapping[str, FieldSet]) -> Iterator[str]:
    """What is owed by whoever entered a record."""
    if owed := of_debtor(field_sets, Debtor.CREATOR):
        yield f"Asked of whoever entered the record (created_by): {', '.join(owed)}."


def on_formats(fit: Fit, zone: ZoneInfo) -> Iterator[str]:
    """'deal.close_day: 60 of 60 values … are not written as declared, like
    xx-xx-xxxx. Write … in the preset.'
    """
    formats = fit.lines()
    for misread in fit.misread:
        samples = ", ".join(
            dict.fromkeys(
                mask(misread.column, misread.kind, value, (), zone) for value in misread.samples
            )
        )
        if misread.kind in formats:
            remedy = f"Under formats in the preset, this line fits: {formats[misread.kind]}"
        elif misread.kind is Kind.FLAG:
            remedy = "Map a column that says yes or no."
        else:
            remedy = "No format that is known here fits most of them; declare it under formats in the preset."
        yield (
            f"{misread.entity}.{misread.column}: {misread.unreadable:,} of {misread.stated:,} "
            f"values that were looked at cannot be read, like {samples}. {remedy}"
        )


def _owed(demand: Demand) -> str:
    weight = f" (counts {demand.weight})" if demand.weight != 1 else ""
    if demand.when is not None:
        return f"{condition_text(demand.when, ENGLISH)}, its {demand.label}{weight}"
    return f"{_article(str(demand.label))}{weight}"


def _article(word: str) -> str:
    plural = word.endswith("s") and not word.endswith(("ss", "us"))
    return word if plural else f"an {word}" if word[:1].lower() in _AN else f"a {word}"


def _listed(owed: Sequence[str]) -> str:
    if len(owed) < 2:
        return owed[0] if owed else "nothing"
    comma = "," if owed[-1].startswith(("once ", "if ")) else ""
    return f"{', '.join(owed[:-1])} and{comma} {owed[-1]}"


def on_the_account(rights: source.Rights) -> Iterator[str]:
    """Whether the account could write; in rich's markup."""
    if rights.could_write:
        yield (
            f"[yellow]This account could write to the CRM:[/] {escape(rights.seen_by)}. The audit reads in a "
            "transaction that refuses writes; better still is an account that cannot: see crm-audit grants."
        )
    elif rights.could_write is None:
        yield (
            f"Whether this account could write to the CRM is not known: {escape(rights.seen_by)}. "
            "crm-audit grants makes one that cannot."
        )
    else:
        yield f"This account cannot write to the CRM: {escape(rights.seen_by)}."


def on_the_hold(pace: Pace, limit: float) -> str:
    """How long a run would hold the CRM, and how that was measured."""
    sentence = (
        f"A run would hold the CRM for about {source.duration_text(round(pace.hold, 1))}; "
        f"{source.duration_text(limit)} are allowed. Measured: all of its counting, {pace.counting:.1f} s, and reading "
        f"and storing {pace.tried:,} of its {pace.rows:,} rows, {pace.reading:.1f} s"
    )
    sentence += "; the other rows at that pace." if pace.tried < pace.rows else "."
    return (
        sentence
        if pace.hold <= limit
        else f"{sentence} That is more than allowed: use a replica, or raise source.max_hold."
    )


def on_the_id(audit_id: str) -> Iterator[str]:
    """What to add if audit.yaml has no id."""
    if not audit_id:
        yield (
            "audit.yaml has no id, by which findings are known from run to run. Add a line like "
            "`id: sales-europe`, of your own choice, and never change it."
        )


def on_the_region(audit: ResolvedAudit) -> Iterator[str]:
    """A sentence if phone numbers are judged and nobody knows the country of some."""
    asked = judgements_in(audit.field_sets).values()
    if not audit.region and any(each.judges_phones for of in asked for each in of):
        yield (
            "a phone number without + is not judged where its record names no country. Write region: NL (the ISO "
            "code of your country) in audit.yaml to have it judged."
        )


def on_the_agreement(agreement: Agreement | None, today: date) -> Iterator[str]:
    """A sentence if the agreement about these figures has ended."""
    if agreement is not None and agreement.ended_by(today):
        yield (
            f"the agreement with {agreement.partner} of {agreement.agreed_on} ended on "
            f"{agreement.until}, and every report says so. Renew it and write its new last day under "
            "agreement.until in audit.yaml."
        )


def on_exceptions(lines: Sequence[ExceptionLine], today: date) -> Iterator[str]:
    """The exceptions that have ended, by file and line."""
    ended = [line for line in lines if line.expired_by(today)]
    for line in ended[:_MOST_NAMED]:
        yield (
            f"{line.place}: this exception ended on {line.until}, and what it was about counts "
            "again. Write a new last day, or remove the line."
        )
    if len(ended) > _MOST_NAMED:
        yield f"{len(ended) - _MOST_NAMED} more exceptions have ended; management's report names each."


def on_unmarked(preset: Preset) -> Iterator[str]:
    """A sentence on mapped tables without a mark of deletion; a SELECT excludes rows itself."""
    tables = [
        part.table
        for entity in (*CHECKED, "user")
        for part in preset.entities.get(entity, ())
        if part.columns
        and "active" not in part.columns
        and all(map(_of_another, part.excluded))
    ]
    if tables:
        yield unmarked_sentence(tables)


def _of_another(reason: str) -> bool:
    """Whether a row is excluded because it is another kind of record, not because it is deleted."""
    return reason in ENTITIES or reason.startswith("neither_")
