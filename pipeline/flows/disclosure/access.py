"""Who sees what, where it lies and how long; and what the company has to say itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from pipeline.config import Audit
from pipeline.flows.disclosure.document import Document
from pipeline.language.format import day_text
from pipeline.language.languages import Language
from pipeline.language.marked import forms, marked
from pipeline.measures.groups import FEWEST
from pipeline.model import ResolvedAudit
from pipeline.model.keeping import Age, Keep


def in_short(document: Document, audit: ResolvedAudit, today: date) -> None:
    """What a reader must know if they read nothing else."""
    translate = document.language.translate
    document.section(translate("In short"))
    document.bullets(
        (
            translate(
                "The program reads the CRM and never writes to it. It counts what account managers "
                "entered, and lists records in which something is missing."
            ),
            _audience(audit, document.language),
            translate("Each account manager sees their own page and nobody else's."),
            _agreement(audit, today, document.language),
        )
    )


def _audience(audit: ResolvedAudit, language: Language) -> str:
    if audit.audience == "named":
        return language.translate(
            "Management sees the figures of each account manager by name."
        )
    return language.translate(
        "Management sees no figures of single people: teams of {fewest} account managers or more, "
        "the other teams together, and the company.",
        fewest=FEWEST,
    )


def _agreement(audit: ResolvedAudit, today: date, language: Language) -> str:
    agreement = audit.agreement
    if agreement is None:
        return language.translate("No agreement with staff representatives is on record.")
    places = {"partner": agreement.partner, "day": day_text(agreement.agreed_on, language)}
    if agreement.until is None:
        return language.translate(
            "An agreement with {partner} of {day} covers these figures.", **places
        )
    places["until"] = day_text(agreement.until, language)
    if agreement.ended_by(today):
        return language.translate(
            "The agreement with {partner} of {day} ended on {until}.", **places
        )
    return language.translate(
        "An agreement with {partner} of {day} covers these figures until {until}.", **places
    )


def who_sees_it(document: Document, audit: ResolvedAudit) -> None:
    """Each kind of reader, and what they get."""
    translate = document.language.translate
    document.section(translate("Who sees it"))
    document.table(
        (translate("Who"), translate("What they see")),
        (
            (translate("account manager"), translate("own figures and records to complete")),
            *_of_operators(audit, document.language),
            (translate("sales management"), _of_management(audit, document.language)),
            (
                translate("analysts and administrators"),
                translate(
                    "all figures, findings and copied records by name: they answer for the audit"
                ),
            ),
        ),
    )
    if audit.audience == "own":
        document.paragraph(
            translate(
                "No sum or difference of what management sees is about fewer than {fewest} people. "
                "Fewer than {fewest} former colleagues are counted with the other teams. A manager "
                "sees the completeness of a team or the company only if {fewest} others are in it.",
                fewest=FEWEST,
            )
        )


def _of_operators(audit: ResolvedAudit, language: Language) -> Iterator[tuple[str, str]]:
    if audit.operators:
        yield (
            language.translate("sales support"),
            language.translate(
                "its own figures, all of it together; the records that it is to complete, with "
                "the name of the account manager who owns them"
            ),
        )


def _of_management(audit: ResolvedAudit, language: Language) -> str:
    if audit.audience == "named":
        return language.translate(
            "every figure of every account manager by name, a chart with a point for each, and up "
            "to three people worth discussing, by fixed reasons that the page states"
        )
    return language.translate(
        "figures of teams of {fewest} or more, of the other teams together, and of the company; no "
        "names of account managers beside figures",
        fewest=FEWEST,
    )


def where_it_is(document: Document, audit: Audit) -> None:
    """The files, for whom each is, and their rights."""
    translate = document.language.translate
    managers, analysts = translate("that account manager"), translate("analysts")
    management = translate("sales management")
    document.section(translate("Where it lies, and with which rights"))
    document.paragraph(
        translate(
            "On the machine that runs the audit, under {folder}. A run makes a folder of its own "
            "below runs/. Folders have the mode 0700 and files 0600: only the account that runs "
            "the audit, and the machine's administrators, can open them. Others get what is handed "
            "to them.",
            folder=audit.output,
        )
    )
    document.table(
        (translate("File"), translate("What it holds"), translate("For")),
        (
            ("report.html, report.xlsx", translate("management's report"), management),
            *_queue_file(audit, document.language),
            ("managers/NAME/", translate("each account manager's report"), managers),
            (
                "figures.json, .parquet",
                translate("all figures, with ids and names of people"),
                analysts,
            ),
            ("findings.csv, .parquet", translate("records that miss something"), analysts),
            ("snapshot/", translate("copies of the records that were read"), analysts),
            ("SHA256SUMS", translate("whether a file is as it was published"), analysts),
            (
                "../../registry.db",
                translate("when runs took place, and how they ended"),
                analysts,
            ),
        ),
    )


def _queue_file(audit: Audit, language: Language) -> Iterator[tuple[str, str, str]]:
    if audit.operators:
        yield (
            "sales-support/",
            language.translate("sales support's report"),
            language.translate("sales support"),
        )


def how_long(document: Document, keep: Keep) -> None:
    """What is erased when, and what is not."""
    translate = document.language.translate
    document.section(translate("How long it is kept"))
    for age, kept in (
        (keep.snapshots, marked("Copies of the records that were read: {age}.")),
        (keep.reports, marked("Reports and lists of findings: {age}.")),
        (keep.people, marked("Whatever is about a single person: {age}.")),
    ):
        document.paragraph(translate(kept, age=_age(age, document.language)))
    document.paragraph(
        translate(
            "After each run the program erases what is older, in its folder and in the registry; the last good "
            "run stays whole. Figures of teams and of the company stay. Folders of runs that "
            "failed are removed at once."
        )
    )


def _age(age: Age | None, language: Language) -> str:
    if age is None:
        return language.translate("until somebody removes them")
    singular, plural = _AGES[age.unit]
    return language.translate_plural(singular, plural, age.number, count=age.number)


_AGES: Final = {
    "day": forms("{count} day", "{count} days"),
    "month": forms("{count} month", "{count} months"),
}


def to_fill_in(document: Document) -> None:
    """What only the company can say, as lines to write on."""
    translate = document.language.translate
    document.section(translate("For the company to fill in"))
    for label in (
        translate("Responsible company"),
        translate("Purpose"),
        translate("Legal basis"),
        translate("Retention period"),
        translate("Who may open the folder of the audit"),
        translate("Data protection officer"),
    ):
        document.blank(label)
