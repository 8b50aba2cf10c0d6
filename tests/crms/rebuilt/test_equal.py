"""What we publish of a CRM equals what is counted, in plain Python, from the very rows that were put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from pipeline.config import Audit, load_audit
from pipeline.flows import run
from pipeline.measures.registry import COUNTED
from pipeline.model import RunResult
from pipeline.progress import Silence
from tests.crms.rebuilt import espocrm, vtiger
from tests.crms.rebuilt.counting import Counting, PlainHand, World
from tests.crms.rebuilt.schema import built, fill
from tests.crms.rebuilt.seed import Id
from tests.crms.suitecrm import ours
from tests.crms.suitecrm.by_hand import Setting, Value
from tests.crms.suitecrm.database import Database, Row
from tests.crms.suitecrm.test_equal import AMSTERDAM, SETTINGS

Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Crm:
    """A preset, and a CRM to try it on."""

    preset: str
    result: str  # the company's own field of a meeting's result
    tables: Sequence[str]
    further: Sequence[str]  # statements that make what the list of columns lacks
    collation: str
    other_collation: str
    targets: Mapping[Id, Mapping[str, int]]
    rows: Callable[[], Rows]
    read: Callable[
        [Rows, str, bool], World
    ]  # with the audit's currency, and whether results are mapped
    not_held: frozenset[str]  # demands that this CRM cannot meet, besides a meeting's result
    lackable: Sequence[str]  # tables that the preset does without
    forms: Mapping[str, str]  # entity -> the address of a record's edit form


CRMS = (
    Crm(
        "espocrm", "meeting.c_result", espocrm.TABLES, espocrm.FURTHER, espocrm.COLLATION, "utf8mb4_bin",
        espocrm.TARGETS,
        lambda: espocrm.EspoSeed(20270326).rows,
        lambda rows, currency, results: espocrm.EspoReader(rows, currency, results=results).world(),
        frozenset(),
        ("team_user", "account_contact", "contact_meeting", "lead_meeting", "call_contact", "call_lead"),
        {
            entity: f"#{name}/edit/ID"
            for entity, name in {"client": "Account", "contact": "Contact", "lead": "Lead", "meeting": "Meeting",
                                 "call": "Call", "deal": "Opportunity"}.items()
        },
    ),
    Crm(
        "vtiger", "vtiger_activitycf.cf_901", vtiger.TABLES, vtiger.FURTHER, vtiger.COLLATION, "utf8mb4_unicode_ci",
        vtiger.TARGETS,
        lambda: vtiger.VtigerSeed(20270326).rows,
        lambda rows, currency, results: vtiger.VtigerReader(rows, currency, results=results).world(),
        frozenset({"call.direction"}),
        ("vtiger_currency_info",),
        {
            entity: f"index.php?module={name}&view=Edit&record=ID"
            for entity, name in {"client": "Accounts", "contact": "Contacts", "lead": "Leads", "meeting": "Events",
                                 "call": "Events", "deal": "Potentials"}.items()
        },
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """A CRM in its database, and the rows that were put there."""

    crm: Crm
    database: Database
    rows: Rows

    def hand(self, setting: Setting, *, results: bool) -> dict[str, Value]:
        """Every figure, counted from the rows."""
        world = self.crm.read(self.rows, setting.currency, results)
        return PlainHand(world, setting).figures(Counting(world, setting).all())

    def ours(self, setting: Setting, folder: Path, *, results: bool) -> dict[str, Value]:
        """Every figure that is published, but for the one that is about the proof."""
        return values(self.result(setting, folder, results=results))

    def result(self, setting: Setting, folder: Path, *, results: bool) -> RunResult:
        audit = self.audit(setting, folder, results=results)
        ours.extract(self.database, setting, audit)
        return run.compute(folder / "data", run_id="test", progress=Silence())

    def audit(self, setting: Setting, folder: Path, *, results: bool) -> Audit:
        added = {"add": {"meeting.result": self.crm.result}} if results else {}
        url = f"${{{ours.URL}}}"
        document = {
            "name": "A CRM",
            "zone": setting.zone,
            "currency": setting.currency,
            "source": {
                "url": url,
                "preset": self.crm.preset,
                "crm_url": "https://crm.example",
                **added,
            },
            "period": yaml.safe_load(setting.period),
            "targets": {
                str(who): {setting.month: dict(of)} for who, of in setting.targets.items()
            },
        }
        (folder / "data").mkdir()
        (folder / "audit.yaml").write_text(yaml.safe_dump(document), "utf-8")
        return load_audit(folder / "audit.yaml")


def values(result: RunResult) -> dict[str, Value]:
    """Every figure that is published, but for the one that is about the proof."""
    return {
        f.id: (f.numerator, f.denominator)
        for f in result.figures.values()
        if f.metric != "figures_proven"
    }


@contextmanager
def made(crm: Crm) -> Iterator[Filled]:
    with built(crm.preset, crm.tables, crm.further, crm.collation) as database:
        rows = crm.rows()
        fill(database, rows)
        yield Filled(crm, database, rows)


def set_for(crm: Crm, setting: Setting) -> Setting:
    """The moments of the tests of SuiteCRM, with this CRM's targets."""
    return replace(setting, targets={str(who): of for who, of in crm.targets.items()})


@pytest.fixture(scope="module", params=CRMS, ids=[crm.preset for crm in CRMS])
def filled(request: pytest.FixtureRequest) -> Iterator[Filled]:
    with made(request.param) as crm:
        yield crm


@pytest.fixture(params=SETTINGS.values(), ids=SETTINGS)
def setting(request: pytest.FixtureRequest, filled: Filled) -> Setting:
    """Zones on both sides of Greenwich, a part of a month, a month that is over."""
    return set_for(filled.crm, request.param)


@pytest.fixture(scope="module")
def result_of(
    filled: Filled, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Setting], RunResult]:
    """What the program makes of this CRM, worked out once for each setting."""
    known: dict[tuple[str, str], RunResult] = {}

    def result(setting: Setting) -> RunResult:
        key = (setting.zone, setting.period)
        if key not in known:
            folder = tmp_path_factory.mktemp(filled.crm.preset)
            known[key] = filled.result(setting, folder, results=True)
        return known[key]

    return result


def test_every_figure(
    filled: Filled, result_of: Callable[[Setting], RunResult], setting: Setting
) -> None:
    figures = values(result_of(setting))
    assert ours.differences(filled.hand(setting, results=True), figures) == {}


def test_without_a_field_for_results(filled: Filled, tmp_path: Path) -> None:
    """As the CRM comes: nobody is charged for a result, and the reports say that it is not checked."""
    setting = set_for(filled.crm, AMSTERDAM)
    result = filled.result(setting, tmp_path, results=False)
    figures = values(result)
    assert ours.differences(filled.hand(setting, results=False), figures) == {}
    assert result.not_checked.keys() == {"meeting.result", *filled.crm.not_held}
    assert not [
        name for name in figures if any(f"/{field}@" in name for field in result.not_checked)
    ]
    assert not [name for name in figures if name.startswith("meetings_lacking/result")]


def test_every_measure_is_tried(filled: Filled, setting: Setting) -> None:
    """A measure that is zero proves nothing: each is non-zero for three managers and more, in each setting."""
    managers: dict[str, set[str]] = {measure.name: set() for measure in COUNTED}
    for name, (numerator, _) in filled.hand(setting, results=True).items():
        what, _, who = name.partition("@")
        if who.startswith("manager:") and numerator and what.split("/")[0] in managers:
            managers[what.split("/")[0]].add(who)
    assert {metric: len(who) for metric, who in managers.items() if len(who) < 3} == {}


def test_links_lead_to_the_edit_form(
    filled: Filled, result_of: Callable[[Setting], RunResult]
) -> None:
    fix_list = result_of(set_for(filled.crm, AMSTERDAM)).fix_list
    forms = {item.entity: item.link.replace(item.record_id, "ID") for item in fix_list}
    assert forms == {
        entity: f"https://crm.example/{form}" for entity, form in filled.crm.forms.items()
    }


@pytest.mark.parametrize("crm", CRMS, ids=[crm.preset for crm in CRMS])
def test_tables_that_a_copy_may_lack(crm: Crm, tmp_path: Path) -> None:
    """They are read as if they were empty, and are in no accounting. The copy has a collation of its own, too."""

    def without() -> Rows:
        return {table: of for table, of in crm.rows().items() if table not in crm.lackable}

    with made(replace(crm, rows=without, collation=crm.other_collation)) as filled:
        filled.database.execute(*(f"DROP TABLE {table}" for table in crm.lackable))
        setting = set_for(crm, AMSTERDAM)
        figures = filled.ours(setting, tmp_path, results=True)
        assert ours.differences(filled.hand(setting, results=True), figures) == {}
        assert not [
            name for name in figures if any(f"/{table}@" in name for table in crm.lackable)
        ]
