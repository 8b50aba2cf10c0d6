"""Questions that the hand and the program once answered differently: each as small as it can be, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.crms.suitecrm.by_hand import Hand, Value
from tests.crms.suitecrm.database import Database, suitecrm
from tests.crms.suitecrm.ours import differences, values
from tests.crms.suitecrm.overlay import TABLES
from tests.crms.suitecrm.test_equal import AMSTERDAM

SETTING = replace(
    AMSTERDAM, targets={"seed_max_id": {"deals_won": 3}, "u-gone": {"deals_won": 7}}
)


@dataclass(frozen=True)
class Case:
    """What is done to the bare dump, and the figures that tell."""

    why: str
    done: tuple[str, ...]
    figures: tuple[str, ...]


CASES = {
    "currency deleted": Case(
        "deleted = 0 marks live rows in every table: the accounting excludes a deleted currency, so it names no money",
        (
            "INSERT INTO currencies (id, iso4217, deleted) VALUES ('chf', 'CHF', 1)",
            "INSERT INTO opportunities (id, sales_stage, amount, currency_id) VALUES ('chf', 'Prospecting', 7, 'chf')",
        ),
        ("deals_open_amount/CHF@company",),
    ),
    "no currency": Case(
        "money is one figure per currency: what has none is counted as unreadable and is no sum of nothing",
        (
            "INSERT INTO opportunities (id, sales_stage, amount, currency_id) VALUES ('none', 'Signed', 7, 'absent')",
        ),
        ("deals_open_amount@company", "deals_won_amount@company"),
    ),
    "target of an inactive user": Case(
        "team and company sum the managers with a target",
        (
            "INSERT INTO users (id, last_name, status, deleted) VALUES ('u-gone', 'Gone', 'Inactive', 0)",
            "INSERT INTO accounts (id, assigned_user_id) VALUES ('gone-1', 'u-gone')",
        ),
        ("plan_target/deals_won@company", "plan_left/deals_won@company"),
    ),
    "deleted is NULL": Case(
        "deleted = 0 marks live rows: SuiteCRM itself does not show a row whose deleted is NULL",
        ("INSERT INTO meetings (id, name, deleted) VALUES ('half-1', 'Ghost', NULL)",),
        (
            "meetings@company",
            "table_audited/meetings@company",
            "table_excluded/meetings/deleted@company",
        ),
    ),
    "relation deleted is NULL": Case(
        "the preset's join leaves such a link out while its accounting calls it audited",
        (
            "INSERT INTO accounts_contacts (id, contact_id, deleted) VALUES ('half-2', 'x', NULL)",
        ),
        (
            "table_audited/accounts_contacts@company",
            "table_excluded/accounts_contacts/deleted@company",
        ),
    ),
    "status of a user in capitals": Case(
        "mapped words are compared in binary: 'ACTIVE' is not 'Active'",
        (
            "INSERT INTO users (id, last_name, status, deleted) VALUES ('u-case', 'Case', 'ACTIVE', 0)",
            "INSERT INTO accounts (id, assigned_user_id) VALUES ('case-1', 'u-case')",
        ),
        ("managers@company", "inactive_users@company", "clients@manager:u-case"),
    ),
    "module in small letters": Case(
        "the accounting excludes the row as an address of another module, so it is no address of the client",
        (
            "INSERT INTO accounts (id, name) VALUES ('module-1', 'Reached by nothing')",
            "INSERT INTO email_addr_bean_rel (id, email_address_id, bean_id, bean_module)"
            " SELECT 'module-1', id, 'module-1', 'accounts' FROM email_addresses LIMIT 1",
        ),
        ("base_missing/client.details@company",),
    ),
    "led by one who leads no manager": Case(
        "a leader is whoever a manager reports to, and who owns no record and has no plan is no manager",
        (
            "INSERT INTO users (id, last_name, status, deleted, reports_to_id)"
            " VALUES ('u-idle', 'Idle', 'Active', 0, 'seed_max_id')",
        ),
        ("teams@company", "contacts@team:seed_max_id", "contacts@team:seed_sarah_id"),
    ),
}


@pytest.fixture(scope="module")
def found() -> Iterator[Database]:
    """The bare dump with all cases laid over it: each has figures of its own, so that they do not mix."""
    with suitecrm() as database:
        database.execute(
            TABLES[0], *(statement for case in CASES.values() for statement in case.done)
        )
        yield database


@pytest.fixture(scope="module")
def ours(found: Database, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Value]:
    return values(found, SETTING, tmp_path_factory.mktemp("ours"), results=False)


@pytest.fixture(scope="module")
def disputed(
    found: Database, ours: Mapping[str, Value]
) -> Mapping[str, tuple[Value | None, ...]]:
    hand = Hand(found, SETTING, results=False)
    return differences(hand.figures(hand.counts()), ours)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_case(disputed: Mapping[str, tuple[Value | None, ...]], case: Case) -> None:
    assert {name: disputed[name] for name in case.figures if name in disputed} == {}, case.why


def test_ids_are_compared_to_the_letter(bare_suitecrm: Database, tmp_path: Path) -> None:
    """'SEED_MAX_ID' names nobody, on every engine alike, though the server takes it for 'seed_max_id'."""
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    before = values(bare_suitecrm, SETTING, tmp_path / "before", results=False)
    [call] = bare_suitecrm.rows("SELECT id, parent_id FROM calls ORDER BY id LIMIT 1")
    bare_suitecrm.execute(
        "UPDATE meetings SET assigned_user_id = 'SEED_MAX_ID' WHERE assigned_user_id = 'seed_max_id' LIMIT 1",
        f"UPDATE calls SET parent_id = UPPER(parent_id) WHERE id = '{call['id']}'",
    )
    try:
        after = values(bare_suitecrm, SETTING, tmp_path / "after", results=False)
    finally:
        bare_suitecrm.execute(
            "UPDATE meetings SET assigned_user_id = 'seed_max_id' WHERE assigned_user_id = 'seed_max_id'",
            f"UPDATE calls SET parent_id = '{call['parent_id']}' WHERE id = '{call['id']}'",
        )
    for figure, change in (
        ("meetings@unassigned", 1),
        ("meetings@manager:seed_max_id", -1),
        ("meetings@company", 0),
    ):
        assert after[figure][0] == before[figure][0] + change
    assert (
        after["base_missing/call.counterpart@company"][0]
        == before["base_missing/call.counterpart@company"][0] + 1
    )


@pytest.mark.usefixtures("disputed")  # which is of the collation that the dump has
def test_an_installation_in_utf8mb4(
    found: Database, ours: Mapping[str, Value], tmp_path: Path
) -> None:
    """Newer installations store in utf8mb4: the same figures, and no illegal mix of collations."""
    tables = [table for row in found.rows("SHOW TABLES") for table in row.values()]
    found.execute(
        *(
            f"ALTER TABLE `{table}` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
            for table in tables
        )
    )
    assert values(found, SETTING, tmp_path, results=False) == ours
