"""What is read of exports only on demand is what stands in the files; by default its headers are not looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import load_audit
from pipeline.databases.exports.tables import find
from pipeline.errors import ConfigError
from pipeline.model import FURTHER
from pipeline.presets import load_preset
from pipeline.snapshot.manifest import load_manifest
from tests.crms.asked import everything_asked, stored
from tests.crms.exports.ours import edition_of, prepared, write
from tests.crms.exports.test_equal import VENDORS, Vendor
from tests.crms.suitecrm.test_equal import AMSTERDAM

Cells = Sequence[tuple[str, Any]]
"""What stands in a file, in turn, and what that is."""

TEXT: Cells = (("Some text", "Some text"), ("", ""), ("é 2", "é 2"))
WORDS: Cells = (("NL", "NL"), ("", ""), ("Belgium", "Belgium"))
FILLED: Cells = (("Mailbox full", "1"), ("", "0"))
YES: Cells = (("true", "1"), ("false", "0"), ("", None))
CONSENT: Cells = (
    ("Freely given consent from contact", "1"),
    ("Legitimate interest – lead", "0"),
    ("", None),
)
NUMBERS: Cells = (("7;8", "7"), ("", None), ("9", "9"))
DAYS: Cells = (("2026-01-02", date(2026, 1, 2)), ("", None))
STATUS_OUT: Cells = (("Unsubscribed", "1"), ("Subscribed", "0"), ("Bounced", "0"), ("", None))
STATUS_IN: Cells = (("Unsubscribed", "0"), ("Subscribed", "1"), ("Bounced", "0"), ("", None))
STATUS_BACK: Cells = (("Unsubscribed", "0"), ("Subscribed", "0"), ("Bounced", "1"), ("", None))
WHAT: Cells = (("006A", "006A"), ("001B", None), ("", None))
LOCAL: Cells = (("2027-03-02 10:00", datetime(2027, 3, 2, 9, tzinfo=UTC)), ("", None))
IN_UTC: Cells = (("2027-03-02 10:00:00", datetime(2027, 3, 2, 10, tzinfo=UTC)), ("", None))

Column = tuple[str, str, str, Cells]
"""Our column, its header in English and in Dutch, and the cells."""


@dataclass(frozen=True)
class Wide:
    """What a vendor's files may hold besides what is always read."""

    vendor: Vendor
    # a part of the file's name -> the entities in it, and their columns
    files: Mapping[str, tuple[Sequence[str], Sequence[Column]]]


def _who(
    cells: Cells, modified: tuple[str, str], creator: tuple[str, str]
) -> tuple[Column, ...]:
    return ("modified_at", *modified, cells), ("created_by", *creator, WORDS)


_HUBSPOT = _who(
    LOCAL,
    ("Last Modified Date", "Laatst gewijzigd op"),
    ("Created by user ID", "Gemaakt door gebruikers-ID"),
)
_PLACE = (
    ("country", "Country/Region", "Land/regio", WORDS), ("street", "Street Address", "Adres", TEXT),
    ("postcode", "Postal Code", "Postcode", TEXT), ("city", "City", "Plaats", TEXT),
)  # fmt: skip
_EVENT = (
    ("deal_id", "Associated Deal IDs", "Associated Deal IDs", NUMBERS),
    ("source", "Record source", "Recordbron", WORDS), *_HUBSPOT,
)  # fmt: skip
_PEOPLE = (
    ("email", "Email", "E-mail", (("a@x.example", "a@x.example"), ("", ""))), ("language", "Language", "Taal", WORDS),
    ("working_share", "Working share", "Deeltijdfactor", (("0.8", "0.8"), ("1", "1"))),
    ("joined_day", "First working day", "Eerste werkdag", DAYS),
    ("left_day", "Last working day", "Laatste werkdag", DAYS),
)  # fmt: skip
_SALESFORCE = _who(IN_UTC, ("LastModifiedDate",) * 2, ("CreatedById",) * 2)
_SF_MAIL = (
    ("opted_out", "HasOptedOutOfEmail", "", YES), ("bounced", "EmailBouncedDate", "", FILLED), *_SALESFORCE,
)  # fmt: skip


def _sf_place(prefix: str) -> tuple[Column, ...]:
    headers = {
        "country": "Country",
        "street": "Street",
        "postcode": "PostalCode",
        "city": "City",
    }
    return tuple((ours, prefix + theirs, "", TEXT) for ours, theirs in headers.items())


def _pipedrive(english: str, dutch: str) -> tuple[Column, ...]:
    return _who(
        LOCAL,
        (f"{english} - Update time", f"{dutch} - Tijd bijgewerkt"),
        (f"{english} - Creator", f"{dutch} - Maker"),
    )


_MARKETING = ("Person - Marketing status", "Persoon - Marketingstatus")
WIDE = (
    Wide(VENDORS[0], {
        "companies": (["client"], [*_PLACE, *_HUBSPOT]),
        "contacts": (["contact"], [
            *_PLACE, *_HUBSPOT, ("opted_out", "Unsubscribed from all email", "Uitgeschreven voor alle e-mail", YES),
            ("consent", "Legal basis for processing contact's data",
             "Wettelijke basis voor het verwerken van de contactgegevens", CONSENT),
            ("bounced", "Email hard bounce reason", "Reden harde bounce e-mail", FILLED),
        ]),
        "meetings": (["meeting"], _EVENT),
        "calls": (["call"], _EVENT),
        "deals": (["deal"], [("next_step", "Next step", "Volgende stap", TEXT),
                             ("lost_reason", "Closed Lost Reason", "Reden voor verlies", TEXT), *_HUBSPOT]),
        "people.csv": (["user"], _PEOPLE),
    }),
    Wide(VENDORS[1], {
        "organizations": (["client"], [
            ("country", "Organization - Country of Address", "Organisatie - Land van Adres", WORDS),
            ("street", "Organization - Street/road name of Address", "Organisatie - Straatnaam van Adres", TEXT),
            ("postcode", "Organization - ZIP/Postal code of Address", "Organisatie - Postcode van Adres", TEXT),
            ("city", "Organization - City/town/village/locality of Address",
             "Organisatie - Stad/dorp/plaats van Adres", TEXT),
            *_pipedrive("Organization", "Organisatie"),
        ]),
        "people-2": (["contact"], [
            ("opted_out", *_MARKETING, STATUS_OUT), ("consent", *_MARKETING, STATUS_IN),
            ("bounced", *_MARKETING, STATUS_BACK), *_pipedrive("Person", "Persoon"),
        ]),
        "deals": (["deal"], [("lost_reason", "Deal - Lost reason", "Deal - Reden van verlies", TEXT),
                             *_pipedrive("Deal", "Deal")]),
        "activities": (["meeting", "call"], [("deal_id", "Deal - ID", "Deal - ID", WORDS),
                                             *_pipedrive("Activity", "Activiteit")]),
        "people.csv": (["user"], _PEOPLE),
    }),
    Wide(VENDORS[2], {
        "User": (["user"], [("email", "Email", "", WORDS), ("language", "LanguageLocaleKey", "", WORDS)]),
        "Account": (["client"], [*_sf_place("Billing"), ("opted_out", "PersonHasOptedOutOfEmail", "", YES),
                                 ("bounced", "PersonEmailBouncedDate", "", FILLED), *_SALESFORCE]),
        "Contact": (["contact"], [*_sf_place("Mailing"), *_SF_MAIL]),
        "Lead": (["lead"], [("country", "Country", "", WORDS), *_SF_MAIL]),
        "Event.csv": (["meeting"], [("deal_id", "WhatId", "", WHAT), *_SALESFORCE]),
        "Task": (["call"], [("deal_id", "WhatId", "", WHAT),
                            ("reached_nobody", "CallDisposition", "", TEXT), *_SALESFORCE]),
        "Opportunity.csv": (["deal"], [("next_step", "NextStep", "", TEXT), *_SALESFORCE]),
    }),
)  # fmt: skip
CASES = [
    (wide, variant) for wide in WIDE for variant in wide.vendor.variants if variant != "loader"
]
GIVEN_BY_STATUS = {"hubspot": {"call.reached_nobody"}}
"""What the preset makes of a column that is always read."""


def widened(
    wide: Wide, variant: str
) -> tuple[dict[str, list[Sequence[str]]], dict[tuple[str, str], dict[str, Any]]]:
    """The vendor's files with the further columns; and (entity, column) -> record -> what was written."""
    files = wide.vendor.files(wide.vendor.company(), variant)
    found: dict[str, list[Sequence[str]]] = {}
    written: dict[tuple[str, str], dict[str, Any]] = {}
    for name, (header, *rows) in files.items():
        wider = [list(header), *map(list, rows)]
        entities, columns = next(
            (of for part, of in wide.files.items() if part in name), ((), ())
        )
        for ours, english, dutch, cells in columns:
            place = _place_of(dutch if variant == "dutch" else english, wider)
            for number, row in enumerate(wider[1:]):
                row[place], value = cells[number % len(cells)]
                for entity in entities:
                    written.setdefault((entity, ours), {})[row[0]] = value
        found[name] = [*wider]
    return found, written


def _place_of(header: str, rows: list[list[str]]) -> int:
    """The place of a column, which is added where there is none."""
    if header not in rows[0]:
        for row in rows:
            row.append("")
        rows[0][-1] = header
    return rows[0].index(header)


@pytest.mark.parametrize(
    ("wide", "variant"), CASES, ids=[f"{w.vendor.preset}-{v}" for w, v in CASES]
)
def test_all_that_can_be_asked_for_is_what_stands_there(
    wide: Wide, variant: str, tmp_path: Path
) -> None:
    files, written = widened(wide, variant)
    write(tmp_path, files)
    with everything_asked():
        audit = prepared(tmp_path, wide.vendor.preset, AMSTERDAM, **wide.vendor.source(variant))
        edition_of(audit, AMSTERDAM)
    data = tmp_path / "data"
    for (entity, column), values in written.items():
        rows = dict(stored(data, entity, ["id", column]))
        assert rows == {record: values[record] for record in rows}, (entity, column)
        assert len(set(rows.values())) > 1, (entity, column)
    manifest = load_manifest(data)
    told = {f"{entity}.{column}" for entity, column in written}
    every = {f"{entity}.{column}" for entity, columns in FURTHER.items() for column in columns}
    lacking = {*manifest.not_given, *audit.absent}
    people = {
        name for name in every if name.startswith("user.")
    }  # a list of one's own may lack any
    assert every - told - people - GIVEN_BY_STATUS.get(wide.vendor.preset, set()) <= lacking
    assert told.isdisjoint(lacking)


@pytest.mark.parametrize("wide", WIDE, ids=[wide.vendor.preset for wide in WIDE])
def test_by_default_its_headers_are_not_looked_for(wide: Wide, tmp_path: Path) -> None:
    variant = wide.vendor.variants[0]
    files, _ = widened(wide, variant)
    headers = {name: tuple(rows[0]) for name, rows in files.items()}
    narrow = {
        name: tuple(rows[0])
        for name, rows in wide.vendor.files(wide.vendor.company(), variant).items()
    }
    preset = load_preset(wide.vendor.preset, tmp_path)
    plain, wider = (find(preset, of).exports for of in (narrow, headers))
    assert {name: one.columns.keys() for name, one in plain.items()} == {
        name: one.columns.keys() for name, one in wider.items()
    }


def test_what_is_demanded_and_not_exported_is_refused(tmp_path: Path) -> None:
    write(tmp_path, VENDORS[0].files(VENDORS[0].company(), "english"))
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "contact.yaml").write_text(
        "entity: contact\nfields:\n  - {name: city, columns: [city]}\n", "utf-8"
    )
    audit = prepared(tmp_path, "hubspot", AMSTERDAM)
    audit.file.write_text(audit.file.read_text("utf-8") + "field_sets: sets\n", "utf-8")
    with pytest.raises(
        ConfigError, match=r"contact\.city: the export has no such column: City, Plaats, Stad"
    ):
        edition_of(load_audit(audit.file), AMSTERDAM)
