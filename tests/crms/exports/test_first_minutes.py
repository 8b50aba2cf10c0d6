"""From a folder of exports to a published report, at a terminal and without one."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from pipeline.config import load_audit
from tests.crms.exports import hubspot, pipedrive, salesforce
from tests.crms.exports.company import OWNERS
from tests.crms.exports.ours import write
from tests.crms.exports.world import hand
from tests.crms.suitecrm.test_equal import AMSTERDAM
from tests.setup.first_minutes.terminal import newest
from tests.setup.test_init import at_a_terminal, crm_audit, figures

AS_OF = datetime.fromisoformat(AMSTERDAM.as_of + "+00:00").isoformat()


def test_hubspot_at_a_terminal(tmp_path: Path) -> None:
    """What the exports cannot say is asked: words of their own, zone, currency, and the account's address."""
    company = hubspot.company()
    write(
        tmp_path,
        hubspot.files(company, "dutch")
        | {"notes.csv": [("Record ID", "Note body"), ("1", "x")]},
    )
    ended, said = at_a_terminal(
        tmp_path, "init", "--source", "files:///exports", TZ="UTC",
        answers=[("Perhaps .1.*times.*:", "unknown"), ("Sang a song .*times.*:", "unk"),
                 ("Demo booked .*times.*:", "unknown"), ("Which.*:", "1"), ("zone of your people:", "Europe/Amsterdam"),
                 (r"name none \[EUR\]:", ""), (r"Language of the reports.*:", ""),
                 (r"Which \(own, named\).*:", ""), (r"like https://app.hubspot.com/contacts/YOUR-ACCOUNT-NUMBER.*none\):",
                                               "https://app.hubspot.com/contacts/1234567"), (r"plan.*\[y/N\]:", "n")],
    )  # fmt: skip
    assert ended == 0, said
    assert "Recognised by their headers: HubSpot exports, with 5 active users" in said
    assert "deals: hubspot-crm-exports-deals-2027-03-26.csv" in said
    assert "not read: notes.csv" in said
    checked = crm_audit(tmp_path, "check")
    assert checked.returncode == 0, checked.stderr
    assert "not read: notes.csv" in " ".join(checked.stdout.split())
    ran = crm_audit(tmp_path, "run", "--as-of", AS_OF)
    assert ran.returncode == 0, ran.stderr
    expected = hand(company, hubspot.holds(company, "dutch"), AMSTERDAM)
    published = figures(tmp_path / "output")
    for name in (
        "meetings_held",
        "complete_meetings",
        "deals_won",
        "deals_won_amount/EUR",
        "score",
        "clients_new",
    ):
        for whom in ("company", f"manager:{OWNERS[0]}"):
            one = published[f"{name}@{whom}"]
            assert (one["numerator"], one["denominator"]) == expected[f"{name}@{whom}"], name
    with (newest(tmp_path / "output") / "findings.csv").open(
        encoding="utf-8-sig", newline=""
    ) as stream:
        deals = [row for row in csv.DictReader(stream) if row["entity"] == "deal"]
    assert deals
    links = {row["record_id"]: row["link"] for row in deals}
    assert all(
        link == f"https://app.hubspot.com/contacts/1234567/record/0-3/{key}"
        for key, link in links.items()
    )


@pytest.mark.parametrize("vendor", [pipedrive, salesforce])
def test_without_a_terminal_what_is_open_is_named(vendor, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name = vendor.__name__.rpartition(".")[2]
    variant = "loader" if vendor is salesforce else "english"
    company = vendor.company()
    write(tmp_path, vendor.files(company, variant))
    done = crm_audit(tmp_path, "init", "--source", "files:///exports", TZ="UTC")
    assert done.returncode == 0, done.stderr
    unknown = vendor.STAGE["odd"] if vendor is salesforce else vendor.STATUS[variant]["odd"]
    assert f"crm.yaml: states.deal: what these words mean: {unknown}" in done.stdout
    assert ("source.end_passed_is_held" in done.stdout) is (vendor is salesforce)
    own = yaml.safe_load((tmp_path / "crm.yaml").read_text("utf-8"))
    assert own["extends"] == name
    text = (tmp_path / "audit.yaml").read_text("utf-8")
    (tmp_path / "audit.yaml").write_text(
        text.replace("# zone:", "zone:").replace("# currency:", "currency:"), "utf-8"
    )
    assert load_audit(tmp_path / "audit.yaml").preset.pages.startswith("https://YOUR-COMPANY.")
    ran = crm_audit(tmp_path, "run", "--as-of", AS_OF)
    assert ran.returncode == 0, ran.stderr
    expected = hand(company, vendor.holds(company, variant), AMSTERDAM)
    published = figures(tmp_path / "output")
    for figure in (
        "deals_won@company",
        "calls_held@company",
        "clients_new@company",
        "deals_won_amount/EUR@company",
    ):
        assert published[figure]["numerator"] == expected[figure][0]


def test_users_must_be_among_the_exports(tmp_path: Path) -> None:
    files = salesforce.files(salesforce.company(), "weekly")
    del files["User.csv"]
    write(tmp_path, files)
    done = crm_audit(tmp_path, "init", "--source", "files:///exports")
    assert done.returncode == 2
    assert "no export of users is in the folder, so no owner would be known" in done.stderr


def test_two_exports_of_one_object_are_refused(tmp_path: Path) -> None:
    files = hubspot.files(hubspot.company(), "english")
    write(
        tmp_path, files | {"old deals.csv": files["hubspot-crm-exports-deals-2027-03-26.csv"]}
    )
    done = crm_audit(tmp_path, "init", "--source", "files:///exports")
    assert done.returncode == 3
    assert "are both an export of deals" in done.stderr
    assert "Traceback" not in done.stderr
