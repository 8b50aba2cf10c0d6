"""Every figure has its records where these have several owners, where sales support and whoever entered them owe
something, under exceptions, and for groups that management sees in the place of people.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from pipeline.flows import run
from pipeline.model import Figures, Scope
from pipeline.progress import Silence
from tests.explained import explanations, unexplained
from tests.flows import test_creators as creators
from tests.flows import test_operators as operators
from tests.flows import test_owners as owners


def figures_of(data: Path) -> Figures:
    return run.compute(data, run_id="r", progress=Silence()).figures


def scopes(figures: Figures) -> set[Scope]:
    return {
        scope for scope, _, numbers in figures.numbers() if any(n for n, _ in numbers.values())
    }


def test_several_owners(tmp_path: Path) -> None:
    with owners.sqlite(tmp_path) as url:
        owners.store(url, owners.rows_of(7))
        figures = owners.audited(tmp_path, url, "all").figures
    assert Scope.DOUBLE_COUNTED in scopes(figures)
    assert unexplained(explanations(tmp_path / "data", figures)) == []


@pytest.mark.parametrize(
    "exceptions", ["", ",contact,{shared},phone,exempt,asked,boss,2026-12-31"]
)
def test_operators(tmp_path: Path, exceptions: str) -> None:
    with owners.sqlite(tmp_path) as url:
        tables = operators.tables()
        owners.store(url, tables)
        lines = exceptions.format(shared=tables["owners"][0]["record"])
        data = operators.extracted(tmp_path, operators.with_exceptions(tmp_path, url, lines))
    figures = figures_of(data)
    assert {Scope.OPERATOR, Scope.DOUBLE_COUNTED} <= scopes(figures)
    exempt = figures.get("field_exempt/contact.phone@operator")
    assert (exempt is not None) == bool(exceptions)
    assert unexplained(explanations(data, figures)) == []


CONTACT_EXEMPT = ",contact,shared,,exempt,asked for,boss,2026-12-31\n"


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    """With a contact of a's that c entered, and of which nothing is asked."""
    url = URL.create("sqlite", database=str(tmp_path / "crm.db"))
    creators.store(url, tmp_path, creators.rows_of(11))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO contacts (id, owner, maker, email, made)"
                " VALUES ('shared', 'a', 'c', 'e', '2026-11-10 11:30:00')"
            )
        )
    engine.dispose()
    (tmp_path / "exceptions.csv").write_text(
        f"finding,kind,record,rule,state,reason,approver,until\n{CONTACT_EXEMPT}"
    )
    return creators.write(url, tmp_path, "operators: [op]\nexceptions: exceptions.csv\n")


def kept_by(crm: Path) -> Path:
    """The snapshot that was computed last."""
    return max(crm.parent.glob("data*"), key=lambda path: path.stat().st_mtime)


def test_whoever_entered_a_record(crm: Path) -> None:
    figures = creators.computed(crm).figures
    assert figures["of_colleagues_records/contact@manager:c"].numerator
    assert figures["field_exempt/contact.phone@manager:c"].numerator == 1
    assert unexplained(explanations(kept_by(crm), figures)) == []


def test_groups(crm: Path) -> None:
    creators.in_two_teams(crm, creators.rows_of(11))
    figures = creators.computed(crm).figures
    groups = {key for scope, key, _ in figures.numbers() if scope is Scope.GROUP}
    assert len(groups) == 3  # two teams and everybody
    assert unexplained(explanations(kept_by(crm), figures)) == []
