"""The house: which way imports run, who may touch the big library, and where the clock is read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"

# The floors, ground first. A module imports from lower floors only; those on one floor never import each other.
FLOORS = (
    {"errors", "model", "resources", "__init__"},
    {"money", "window", "sql", "metrics", "progress", "presets"},
    {"catalogue", "show", "cron", "score", "prove"},
    {"config", "ask", "ledger", "report"},
    {"source", "snapshot", "witness", "findings", "elements", "charts", "sheets"},
    {"management", "manager", "pen"},
    {"validate", "render", "workbook", "read_html", "read_workbook", "publish", "demo_words"},
    {"run", "schedule", "demo"},
    {"check", "summary"},
    {"cli"},
    {"__main__"},
)
MODULES = sorted(path.stem if path.parent == PACKAGE else path.parent.name for path in PACKAGE.rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """Our own modules that a file imports, lazy ones and those for types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pipeline":
            parts = node.module.split(".")[1:]
            found |= (
                {parts[0]} if parts else {alias.name for alias in node.names if (PACKAGE / f"{alias.name}.py").exists()}
            )
    return found


def path_of(module: str) -> Path:
    return PACKAGE / module / "__init__.py" if (PACKAGE / module).is_dir() else PACKAGE / f"{module}.py"


def floor_of(module: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if module in floor)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module: str) -> None:
    module = "__init__" if module == "pipeline" else module
    own = floor_of(module)
    wrong = sorted(other for other in imports_of(path_of(module)) - {"__init__"} if floor_of(other) >= own)
    assert not wrong, f"{module} imports {wrong}, which do not stand below it"


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
                    readers.add(path.stem)
    assert readers == {"cli"}


def test_randomness_is_seeded_and_only_in_the_demo() -> None:
    users = {path.stem for path in PACKAGE.rglob("*.py") if "import random" in path.read_text("utf-8")}
    assert users <= {"demo", "demo_words"}
