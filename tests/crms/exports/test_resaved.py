"""Exports that a Dutch spreadsheet saved anew: 5-11-2026 10:00, 1234,5 and WAAR, from init to the figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from pipeline.config import load_audit
from pipeline.errors import ConfigError, ImplausibleError, SourceError
from pipeline.flows.check import check_audit
from pipeline.setup import initialise
from tests.crms.exports.ours import edition_of, prepared, values, write
from tests.crms.exports.test_equal import VENDORS, Vendor
from tests.crms.exports.world import hand
from tests.crms.suitecrm.ours import differences
from tests.crms.suitecrm.test_equal import AMSTERDAM

NOW = datetime.fromisoformat(AMSTERDAM.as_of).replace(tzinfo=UTC)
WRITTEN = {"hubspot": "english", "pipedrive": "english", "salesforce": "loader"}
FLAGS = {"true": "WAAR", "false": "ONWAAR", "yes": "Ja", "no": "Nee"}
MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::00)?(?:\.000Z)?)?")
AMOUNTS = ("Amount", "Deal - Value")


def resaved(files: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, list[Sequence[str]]]:
    """The same rows in the forms of a Dutch spreadsheet."""
    found = {}
    for name, (header, *rows) in files.items():
        amounts = [column in AMOUNTS for column in header]
        found[name] = [
            header,
            *([_cell(*cell) for cell in zip(row, amounts, strict=True)] for row in rows),
        ]
    return found


def _cell(text: str, amount: bool) -> str:
    if moment := MOMENT.fullmatch(text):
        year, month, day, hour, minute = moment.groups()
        written = f"{int(day)}-{int(month)}-{year}"
        return f"{written} {hour}:{minute}" if hour else written
    if amount and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return f"{text if '.' in text else text + '.0'}".replace(".", ",")
    return FLAGS.get(text, text)


@pytest.fixture(params=VENDORS, ids=[vendor.preset for vendor in VENDORS])
def vendor(request: pytest.FixtureRequest) -> Vendor:
    found: Vendor = request.param
    return found


def test_init_proposes_the_formats_that_fit(
    vendor: Vendor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is used before it is confirmed; then every figure is that of the exports as the CRM wrote them."""
    company, variant = vendor.company(), WRITTEN[vendor.preset]
    write(tmp_path, resaved(vendor.files(company, variant)))
    monkeypatch.chdir(tmp_path)
    initialise(
        "files:///exports",
        Path("audit.yaml"),
        preset=None,
        asking=False,
        now=NOW,
        new_id=lambda: "audit-1",
    )
    said = capsys.readouterr().out
    for column in ("deal.close_day", "deal.created_at", "deal.amount", "client.created_at"):
        assert re.search(
            rf"{column}: .* are not written as {vendor.preset} writes them: \d… \(", said
        ), said
    assert "crm.yaml: confirm each line under `unconfirmed`" in said
    written = (tmp_path / "crm.yaml").read_text("utf-8")
    own = yaml.safe_load(written)
    assert own["extends"] == vendor.preset
    assert [line.partition(" =")[0] for line in own["unconfirmed"]] == [
        "formats.day", "formats.instant", "formats.amount"
    ]  # fmt: skip
    setting = replace(AMSTERDAM, targets=vendor.targets)
    prepared(
        tmp_path, vendor.preset, setting, **vendor.source(variant)
    )  # the same settings as elsewhere
    (tmp_path / "crm.yaml").write_text(written, "utf-8")
    with pytest.raises(ConfigError, match=r"(?s)not confirmed yet.*formats\.amount"):
        load_audit(tmp_path / "audit.yaml")
    (tmp_path / "crm.yaml").write_text(
        re.sub(r"unconfirmed:\n(  - .*\n)+", "", written), "utf-8"
    )
    audit = load_audit(tmp_path / "audit.yaml")
    check_audit(audit, NOW)
    assert "cannot be read" not in capsys.readouterr().out
    result = edition_of(audit, setting)
    assert (
        differences(hand(company, vendor.holds(company, variant), setting), values(result))
        == {}
    )


def test_check_names_the_column_and_the_line_that_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exports that were saved anew after the audit was set up."""
    vendor = VENDORS[0]
    write(tmp_path, resaved(vendor.files(vendor.company(), "english")))
    audit = prepared(tmp_path, vendor.preset, AMSTERDAM, **vendor.source("english"))
    with pytest.raises(ImplausibleError):
        check_audit(audit, NOW)
    said = " ".join(capsys.readouterr().out.split())
    found = re.search(
        r"Warning: deal\.close_day: (\S+) of \1 values .*?, like (x+-x+-x{4}.*?)\. (Under.*?\])",
        said,
    )
    assert found, said
    assert not re.search(r"\d", found[2])
    assert found[3].startswith('Under formats in the preset, this line fits: day: ["%-d-%-m-%Y')
    assert 'amount: [{decimal: ","}]' in said


def test_marks_of_deletion_in_a_language_that_nobody_knows(tmp_path: Path) -> None:
    """They must neither delete a record nor keep it."""
    vendor = VENDORS[2]
    words = {"true": "VERDADERO", "false": "FALSO"}
    files = vendor.files(vendor.company(), "loader")
    odd = {
        name: [[words.get(cell, cell) for cell in row] for row in rows]
        for name, rows in files.items()
    }
    write(tmp_path, {**odd, "User.csv": files["User.csv"]})
    audit = prepared(tmp_path, vendor.preset, AMSTERDAM, **vendor.source("loader"))
    with pytest.raises(ImplausibleError) as error:
        check_audit(audit, NOW)
    tables = (
        "accounts",
        "contacts",
        "leads",
        "opportunities",
        "events",
        "event_relations",
        "tasks",
    )
    assert [
        table for table in tables if f"{table}.deleted.unreadable" not in str(error.value)
    ] == []
    write(tmp_path, odd)
    with pytest.raises(
        SourceError,
        match=r"user\.active: neither yes nor no: 'VERDADERO' \(5 rows\), 'FALSO'",
    ):
        check_audit(audit, NOW)


def test_errors_of_a_spreadsheet_are_found_by_the_header_that_the_file_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not by the name that the preset gives the column; also where it reads none of it."""
    vendor = VENDORS[0]
    files = vendor.files(vendor.company(), "english")
    name, (header, *rows) = next((name, of) for name, of in files.items() if "Amount" in of[0])
    place = header.index("Amount")
    broken = [
        [*row[:place], "#N/A" if number < 2 else row[place], *row[place + 1 :]]
        for number, row in enumerate(rows)
    ]
    further = [[*row, "#REF!" if not number else ""] for number, row in enumerate(broken)]
    write(tmp_path, {**files, name: [[*header, "Copied"], *further]})
    check_audit(prepared(tmp_path, vendor.preset, AMSTERDAM, **vendor.source("english")), NOW)
    said = " ".join(capsys.readouterr().out.split())
    assert f"{name}, column Amount: 2 cells hold an error (#N/A 2); correct that" in said
    assert f"{name}, column Copied: 1 cell holds an error (#REF! 1); correct that" in said
