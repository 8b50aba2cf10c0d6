"""The house: which way imports run, who may touch the big library, and where the clock is read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"

# The floors, ground first. A module imports from lower floors only; those on one floor never import each other.
FLOORS = (
    {"visible", "model.schema", "model.window", "model.rules", "model.people", "model.answers"},
    {"model.audit"},
    {"model.figures"},
    {"model.measures"},
    {"model.results"},
    {"model"},
    {"errors"},
    {
        "pipeline",
        "addresses",
        "complaints",
        "lacks",
        "resources",
        "demo.words",
        "setup.vocabulary",
        "setup.markup",
    },
    {"presets.columns"},
    {
        "money",
        "demo.company",
        "window",
        "sql",
        "progress",
        "retry",
        "yaml_files",
        "source.databases.sizes",
        "source.databases.formulas",
        "source.databases.remedies",
    },
    {"memory", "workers", "plausible"},
    {"demo.dirt", "demo.trail", "catalogue.terms", "show", "cron", "presets"},
    {"measures.measure", "measures.common"},
    {"measures.meetings", "measures.calls", "measures.deals", "measures.clients"},
    {"measures.completeness", "measures.plan", "measures.company"},
    {"measures.registry"},
    {"measures.own", "score"},
    {"measures", "measures.asked"},
    {
        "formats.texts",
        "formats.contents",
        "source.names",
        "source.databases.seam",
        "source.databases.cells",
        "source.databases.exports",
        "source.databases.places",
        "source.databases.select_guard",
    },
    {
        "prove",
        "catalogue.views",
        "catalogue.counts",
        "catalogue.fields",
        "source.databases.mysql",
        "source.databases.sqlite",
        "source.databases.duckdb",
        "source.databases.files",
        "source.databases.postgresql",
    },
    {"catalogue.census"},
    {"catalogue", "source.databases", "formats.written", "formats.flags", "formats.currencies"},
    {"formats.zones", "source.guard"},
    {"formats"},
    {
        "config.lines",
        "config.settings",
        "config.targets",
        "ask",
        "ledger",
        "reports",
        "reports.report",
        "source.typed",
        "check.masking",
        "source.selects",
    },
    {"config.field_sets", "config.measures", "source.given"},
    {
        "config",
        "source.reading",
        "source.connect",
        "snapshot",
        "witness",
        "entity_counts",
        "findings",
        "reports.elements",
        "reports.charts",
        "reports.sheets",
    },
    {"source", "manifest", "reports.management", "reports.manager", "reports.pen", "reports.read_drawings"},
    {
        "validate",
        "publish",
        "fingerprints",
        "reports.page",
        "reports.workbook",
        "reports.read_page",
        "reports.read_workbook",
    },
    {"validating", "extract", "reports.pair", "schedule", "demo"},
    {"write"},
    {"grants", "setup.contents"},
    {"setup.recognise", "setup.kinds", "setup.written"},
    {"setup.tables", "setup.fit"},
    {"setup.guess", "setup.draft"},
    {"setup.leftover"},
    {"setup.mapping"},
    {"setup.own"},
    {"setup.extended"},
    {"setup.interview", "setup.exported"},
    {"setup"},
    {"compute", "check.looking"},
    {"run", "supervisor", "check.tables", "check.sentences"},
    {"check", "summary"},
    {"cli.common"},
    {"cli.check", "cli.expectations", "cli.grants", "cli.init", "cli.run", "cli.schedule"},
    {"cli.demo"},
    {"cli"},
    {"__main__"},
)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "pipeline"


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(path: Path) -> set[str]:
    """Our own modules that a file imports, lazy ones and those for types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pipeline":
            base = node.module.removeprefix("pipeline").removeprefix(".")
            inner = {f"{base}.{alias.name}".removeprefix(".") for alias in node.names} & FILES.keys()
            found |= inner or {base or "pipeline"}
    return found


def floor_of(module: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if module in floor)


@pytest.mark.parametrize("module", FILES)
def test_imports_run_downwards(module: str) -> None:
    wrong = sorted(other for other in imports_of(FILES[module]) if floor_of(other) >= floor_of(module))
    assert not wrong, f"{module} imports {wrong}, which do not stand below it"


def test_every_floor_stands() -> None:
    assert set().union(*FLOORS) == FILES.keys()


def test_one_module_imports_great_expectations() -> None:
    users = {path.stem for path in PACKAGE.rglob("*.py") if "great_expectations" in path.read_text("utf-8")}
    assert users == {"validate"}


def test_the_clock_is_read_in_one_place() -> None:
    readers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "time_ns"):
                owner = ast.unparse(node.value)
                if owner in ("datetime", "date", "time", "datetime.datetime"):
                    readers.add(name_of(path))
    assert readers == {"cli.common"}


def test_randomness_is_seeded_and_only_in_the_demo() -> None:
    users = {path.stem for path in PACKAGE.rglob("*.py") if "import random" in path.read_text("utf-8")}
    assert users <= {"company", "words"}
