"""Folders as people leave them: which file is what, what is lacking, and what is not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook

from pipeline.config import load_audit
from pipeline.databases.exports.tables import find, lacking
from pipeline.errors import ConfigError, ImplausibleError, SourceError
from pipeline.presets import load_preset
from pipeline.setup.look.recognise import Place, fitting
from pipeline.setup.write.exported import unknown_words
from tests.crms.exports import hubspot, pipedrive, salesforce
from tests.crms.exports.company import OWNERS, Company
from tests.crms.exports.ours import edition_of, own_of, prepared, values, write
from tests.crms.suitecrm.test_equal import AMSTERDAM

SETTING = replace(AMSTERDAM, targets={})
DEALS = "hubspot-crm-exports-deals-2027-03-26.csv"
Files = dict[str, list[Sequence[str]]]


@pytest.fixture(scope="module")
def company() -> Company:
    return hubspot.company()


@pytest.fixture
def files(company: Company) -> Files:
    return {name: list(rows) for name, rows in hubspot.files(company, "english").items()}


def without(rows: Sequence[Sequence[str]], *headers: str) -> list[Sequence[str]]:
    """The file without these columns."""
    kept = [place for place, header in enumerate(rows[0]) if header not in headers]
    assert len(rows[0]) - len(kept) == len(headers)
    return [[row[place] for place in kept] for row in rows]


# ------------------------------------------------------------------------------------------------ which file is what


@pytest.mark.parametrize("vendor", [hubspot, pipedrive, salesforce])
def test_a_vendor_is_recognised_by_headers_whatever_files_are_called(
    vendor, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    variants = ("weekly", "loader") if vendor is salesforce else ("english", "dutch")
    name = vendor.__name__.rpartition(".")[2]
    made = vendor.company()
    for variant in variants:
        folder = tmp_path / variant
        folder.mkdir()
        renamed = {
            f"{number}.csv": rows
            for number, rows in enumerate(vendor.files(made, variant).values())
        }
        write(folder, renamed)
        fits = fitting(Place("files:///exports", folder))
        assert [preset.name for preset, _ in fits][:1] == [name]
        own = own_of(folder, name)
        assert set(own.files.exports) >= set(own.preset.exports) - {"people"}
        assert own.files.unread == (
            ("8.csv",) if vendor is salesforce else ()
        )  # the history of opportunities
        assert not [
            gap
            for gap in own.lacking
            if gap.partition(".")[2] in ("id", "owner_id", "name", "stage")
        ]


def test_headers_compare_without_case_white_space_and_ways_of_writing() -> None:
    preset = load_preset("hubspot", Path())
    found = find(
        preset,
        {"a.csv": ["\ufeffRECORD ID ", "deal name", "Deal\u00a0Stage", "ｏwner", "Deal owner"]},
    )
    assert found.exports["deals"].columns == {"id": 0, "name": 1, "owner_id": 4, "stage": 2}


def test_a_contact_with_a_company_name_is_a_contact() -> None:
    preset = load_preset("hubspot", Path())
    contact = [
        "Record ID",
        "First Name",
        "Last Name",
        "Email",
        "Company Name",
        "Contact owner",
        "Company owner",
    ]
    assert find(preset, {"a.csv": contact}).exports.keys() == {"contacts"}


def test_what_fits_two_tables_equally_well_is_refused() -> None:
    preset = load_preset("hubspot", Path())
    with pytest.raises(SourceError, match=r"a\.csv fits meetings and calls equally well"):
        find(preset, {"a.csv": ["Record ID", "Meeting name", "Call Title", "Create date"]})


def test_two_files_of_one_table_are_both_named(files: Files, tmp_path: Path) -> None:
    write(tmp_path, {**files, "hubspot-crm-exports-deals-2027-02-26.csv": files[DEALS]})
    with pytest.raises(SourceError) as refusal:
        fitting(Place("files:///exports", tmp_path))
    said = str(refusal.value)
    assert DEALS in said
    assert "hubspot-crm-exports-deals-2027-02-26.csv" in said
    assert "keep the newest in the folder, or join them into one file" in said


def test_a_header_that_stands_twice_is_refused_only_where_it_is_read(
    files: Files, tmp_path: Path
) -> None:
    twice = [
        [*row, *more]
        for row, more in zip(
            files[DEALS], [("Score", "score"), *[("1", "2")] * 9999], strict=False
        )
    ]
    write(tmp_path, {**files, DEALS: twice})
    with Place("files:///exports", tmp_path).opened(
        prepared(tmp_path, "hubspot", SETTING).preset
    ) as connection:
        assert connection.exec_driver_sql(
            'SELECT DISTINCT "Score", "score (2)" FROM deals'
        ).all() == [("1", "2")]
    write(
        tmp_path,
        {
            DEALS: [
                [*row, more]
                for row, more in zip(files[DEALS], ["amount", *["1"] * 9999], strict=False)
            ]
        },
    )
    with pytest.raises(
        SourceError, match=rf"{DEALS}, column Amount: two columns have this name"
    ):
        own_of(tmp_path, "hubspot")


def test_a_file_that_is_no_table_is_not_read_and_said(files: Files, tmp_path: Path) -> None:
    write(
        tmp_path, {**files, "notes.csv": [("Record ID", "Note body"), ("1", "x", "and broken")]}
    )
    audit = prepared(tmp_path, "hubspot", SETTING)
    result = edition_of(audit, SETTING)
    assert str(result.source) == (
        "HubSpot exports; equal to the export of that time; files know no transaction; not read: notes.csv"
    )
    assert not [name for name in result.figures if "notes" in name]
    assert "# not read: notes.csv\n" in (tmp_path / "crm.yaml").read_text("utf-8")


def test_workbooks_are_read_as_the_csv_files_are(
    company: Company, files: Files, tmp_path: Path
) -> None:
    """One with a sheet per object, one beside; numbers are cells of numbers there."""
    (tmp_path / "csv").mkdir()
    write(tmp_path / "csv", files)
    (tmp_path / "exports").mkdir()
    book = Workbook()
    for name, rows in files.items():
        sheet = book.create_sheet(name.removeprefix("hubspot-crm-exports-")[:12])
        for row in rows:
            sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.create_sheet("Notes").append(["nothing", "of ours"])
    book.save(tmp_path / "exports" / "all.xlsx")
    audit = prepared(tmp_path, "hubspot", SETTING)
    result = edition_of(audit, SETTING)
    assert str(result.source).endswith("; not read: all.xlsx, sheet Notes")
    expected = edition_of(prepared(tmp_path / "csv", "hubspot", SETTING), SETTING)
    assert values(result) == values(expected)


# ------------------------------------------------------------------------------------------------ what is lacking


def test_a_lacking_column_is_absent_and_nobody_is_charged(files: Files, tmp_path: Path) -> None:
    """Of several that feed one of ours, one is enough; of none it is said why."""
    contacts = "hubspot-crm-exports-contacts-2027-03-26.csv"
    changed = {
        DEALS: without(files[DEALS], "Amount", "Currency"),
        contacts: without(files[contacts], "Phone Number"),
    }
    write(tmp_path, {**files, **changed})
    result = edition_of(prepared(tmp_path, "hubspot", SETTING), SETTING)
    why = {
        name: str(said)
        for name, said in result.not_checked.items()
        if not name.startswith(("lead.", "meeting.result"))
    }
    assert why == {"deal.amount": "the export has no such column: Amount, Bedrag, amount"}
    assert not [
        name
        for name in result.figures
        if name.startswith(("deals_open_amount", "unreadable/deal.amount"))
    ]
    assert result.figures["field_missing/contact.details@company"].numerator > 0
    assert result.figures["deals_won@company"].numerator > 0


def test_without_contacts_nobody_is_asked_whom_he_met(files: Files, tmp_path: Path) -> None:
    for gone in ("contacts", "calls"):
        del files[f"hubspot-crm-exports-{gone}-2027-03-26.csv"]
    write(tmp_path, files)
    audit = prepared(
        tmp_path, "hubspot", SETTING, add={"meeting.result": hubspot.RESULT["english"]}
    )
    result = edition_of(audit, SETTING)
    why = {name: str(said) for name, said in result.not_checked.items()}
    assert why["call.counterpart"] == "no export of calls is in the folder"
    assert (
        why["meeting.contact"]
        == why["contact.details"]
        == "no export of contacts is in the folder"
    )
    lacking_of = {
        name.partition("@")[0]
        for name in result.figures
        if name.startswith("meetings_lacking/")
    }
    assert lacking_of == {
        "meetings_lacking/date",
        "meetings_lacking/subject",
        "meetings_lacking/result",
    }
    complete = result.figures["complete_meetings@company"]
    assert 0 < complete.numerator < (complete.denominator or 0)
    assert not [
        name
        for name in result.figures
        if name.startswith(("calls_held", "field_good/call", "score/call"))
    ]


def test_without_companies_a_deal_owes_no_client(files: Files, tmp_path: Path) -> None:
    del files["hubspot-crm-exports-companies-2027-03-26.csv"]
    write(tmp_path, files)
    result = edition_of(prepared(tmp_path, "hubspot", SETTING), SETTING)
    assert str(result.not_checked["deal.client"]) == "no export of companies is in the folder"
    assert "call.counterpart" not in result.not_checked  # a contact will do


def test_undeclared_it_is_an_error_with_both_remedies(files: Files, tmp_path: Path) -> None:
    write(tmp_path, {**files, DEALS: without(files[DEALS], "Close Date")})
    audit = prepared(tmp_path, "hubspot", SETTING)
    document = yaml.safe_load((tmp_path / "audit.yaml").read_text("utf-8"))
    document["source"]["preset"] = "hubspot"
    (tmp_path / "audit.yaml").write_text(yaml.safe_dump(document), "utf-8")
    with pytest.raises(ConfigError) as refusal:
        edition_of(load_audit(audit.file), SETTING)
    said = str(refusal.value)
    assert (
        "deal.close_day: the export has no such column: Close Date, Sluitingsdatum, closedate"
        in said
    )
    assert "Export again with these columns" in said
    assert "absent: {deal.amount: why}" in said


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (
            {"Close Date"},
            f"{DEALS}: there is no column Close Date, Sluitingsdatum, closedate, but there was",
        ),
        (
            {"Currency"},
            f"{DEALS}: there is no column Currency, Valuta, deal_currency_code, but there was",
        ),
    ],
)
def test_a_column_that_is_lost_later_stops_the_audit(
    files: Files, tmp_path: Path, lost: set[str], said: str
) -> None:
    """Also one that only helps: without its currency an amount would be in another."""
    write(tmp_path, files)
    audit = prepared(tmp_path, "hubspot", SETTING)
    with Place("files:///exports", tmp_path).opened(audit.preset) as connection:
        assert (
            connection.exec_driver_sql("SELECT count(*) FROM deals").scalar()
            == len(files[DEALS]) - 1
        )
    write(tmp_path, {DEALS: without(files[DEALS], *lost)})
    with pytest.raises(ConfigError) as refusal:
        edition_of(audit, SETTING)
    assert said in str(refusal.value)


def test_an_export_that_is_lost_later_stops_the_audit(files: Files, tmp_path: Path) -> None:
    """Also where it is there under a header that nobody knows: then it is said by which it would be."""
    write(tmp_path, files)
    audit = prepared(tmp_path, "hubspot", SETTING)
    (tmp_path / "exports" / "people.csv").unlink()
    write(
        tmp_path,
        {
            DEALS: [
                ["Phase" if cell == "Deal Stage" else cell for cell in row]
                for row in files[DEALS]
            ]
        },
    )
    with pytest.raises(ConfigError) as refusal:
        edition_of(audit, SETTING)
    lines = str(refusal.value).splitlines()
    was = "is in the folder, but there was one when this was set up; it is known by"
    assert lines[1:-1] == [
        f"  deals: no export of deals {was} Record ID, Deal Name, Deal Stage; not read: {DEALS}",
        f"  people: no export of people {was} Owner, Active; not read: {DEALS}",
    ]


def test_a_column_under_a_header_of_ones_own_is_read(files: Files, tmp_path: Path) -> None:
    header = ["Worth" if name == "Amount" else name for name in files[DEALS][0]]
    write(tmp_path, {**files, DEALS: [header, *files[DEALS][1:]]})
    prepared(tmp_path, "hubspot", SETTING)
    own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
    del own["absent"]["deal.amount"]
    own["exports"] = {"deals": {"amount": ["Worth"]}}
    (tmp_path / "crm.yaml").write_text(yaml.safe_dump(own), "utf-8")
    audit = load_audit(tmp_path / "audit.yaml")
    assert "deal.amount" not in audit.absent
    with Place("files:///exports", tmp_path).opened(audit.preset) as connection:
        amounts = [
            amount for (amount,) in connection.exec_driver_sql("SELECT amount FROM deals")
        ]
    assert amounts == [row[header.index("Worth")] for row in files[DEALS][1:]]


def test_all_that_a_preset_reads_can_be_lacking() -> None:
    """Whatever is left out of a folder, what is lacking is an entity or a column that may be declared absent."""
    for name in ("hubspot", "pipedrive", "salesforce"):
        preset = load_preset(name, Path())
        gaps = lacking(preset, find(preset, {}))
        assert {gap for gap in gaps if "." not in gap} >= {
            "client",
            "contact",
            "meeting",
            "call",
            "deal",
        }
        assert not [gap for gap in gaps if gap.startswith("deal.")]  # with the deals as a whole


def test_few_columns_of_the_data_loader_will_do(tmp_path: Path) -> None:
    """Without UserType all users are people, without IsDeleted nothing is deleted, and nobody reports to anybody."""
    made = salesforce.files(salesforce.company(), "loader")
    lean = {
        "User.csv": without(made["User.csv"], "UserType", "ManagerId", "FirstName"),
        "Account.csv": without(made["Account.csv"], "IsDeleted", "MasterRecordId", "IsPersonAccount", "FirstName",
                               "LastName", "PersonEmail", "Type"),
        "Opportunity.csv": without(made["Opportunity.csv"], "IsDeleted", "IsClosed", "IsWon", "CurrencyIsoCode"),
    }  # fmt: skip
    write(tmp_path, lean)
    with pytest.raises(ImplausibleError, match=r"deal\.stage\.unknown: 246 of the 246 values"):
        edition_of(prepared(tmp_path, "salesforce", SETTING), SETTING)
    audit = prepared(tmp_path, "salesforce", SETTING, accept=["deal.stage.unknown"])
    result = edition_of(audit, SETTING)
    assert sum(person.scope == "manager" for person in result.people) == len(OWNERS)
    assert {person.team for person in result.people} == {""}
    assert (
        result.figures["table_audited/accounts@company"].numerator
        == len(lean["Account.csv"]) - 1
    )
    assert (
        result.figures["deals_unknown@company"].numerator
        > result.figures["deals_won@company"].numerator
        == 0
    )
    assert str(audit.absent["user.leader_id"]) == "the export has no such column: ManagerId"
    assert str(audit.absent["client.email"]) == "the export has no such column: PersonEmail"
    assert "client.details" not in result.not_checked  # a phone will do


# ------------------------------------------------------------------------------------------------ words


def test_words_that_the_preset_does_not_know_are_told(files: Files, tmp_path: Path) -> None:
    write(tmp_path, files)
    prepared(tmp_path, "hubspot", SETTING)
    found = unknown_words(
        Place("files:///exports", tmp_path), load_preset("crm.yaml", tmp_path)
    )
    assert {entity: list(words) for entity, words in found.items()} == {
        "meeting": ["Perhaps"], "call": ["Sang a song"], "deal": ["Demo booked"],
    }  # fmt: skip


def test_what_words_mean_is_added_to_those_that_are_known(files: Files, tmp_path: Path) -> None:
    write(tmp_path, files)
    own = own_of(tmp_path, "hubspot")
    own.states["deal"] = {"Demo booked": "open"}
    states = own.loaded().states["deal"]
    assert states["open"][-2:] == ("contractsent", "Demo booked")
    assert states["won"] == own.preset.states["deal"]["won"]


def test_hubspots_flags_say_the_state_of_a_stage_of_ones_own(tmp_path: Path) -> None:
    """Whatever the stage is called; where the flags say nothing, the stage must."""
    flags = {
        "won": ("true", "false", ""), "lost": ("No", "Yes", "Yes"), "open": ("no", "0", ""),
        "still open": ("No", "No", "No"), "unknown": ("", "", "true"),
    }  # fmt: skip
    header = ["Record ID", "Deal Name", "Deal Stage", "Close Date", "Deal owner", "Is Closed Won", "Is closed lost",
              "Is Deal Closed?"]  # fmt: skip
    rows = [
        (str(n), "One", "Handshake", "2027-03-09", who, *said)
        for n, (who, said) in enumerate(flags.items())
    ]
    write(tmp_path, {DEALS: [header, *rows]})
    figures = edition_of(prepared(tmp_path, "hubspot", SETTING), SETTING).figures
    for who in flags:
        state = who.removeprefix("still ")
        names = ("open", "won", "lost", "unknown")
        counted = {name: figures[f"deals_{name}@manager:{who}"].numerator for name in names}
        assert counted == {**dict.fromkeys(names, 0), state: 1}


# ------------------------------------------------------------------------------------------------ presets


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dialects": ["duckdb"]}, "exports: with the dialect files only"),
        ({"known_by": {"cats": ["id"]}}, "known_by: needs each table of exports, and no other"),
        ({"held": {"deals": ["ident"]}}, r"held\.deals: exports has no ident"),
        (
            {"absent": {"meeting.contacts": "x"}},
            r"absent\.meeting\.contacts: no such entity or column",
        ),
    ],
)
def test_a_preset_of_exports_that_is_wrong_is_refused(
    tmp_path: Path, change: Mapping[str, object], said: str
) -> None:
    (tmp_path / "own.yaml").write_text(
        yaml.safe_dump({"extends": "hubspot", **change}), "utf-8"
    )
    with pytest.raises(ConfigError, match=said):
        load_preset("own.yaml", tmp_path)
