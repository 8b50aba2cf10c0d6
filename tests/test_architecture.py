"""The house: which way imports run, who may touch the big library, and where the clock is read."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from benchmarks.style import MEASURES, Measure, figures_of
from tests.paths import ROOT

PACKAGE = ROOT / "pipeline"

FLOORS = (
    {"model", "values", "complaints", "lacks", "memory", "progress", "resources", "pipeline"},
    {"language"},
    {"errors", "calendar", "findings"},
    {"retry", "workers", "yaml_files", "demo"},
    {"presets"},
    {"databases"},
    {"formats", "queries"},
    {"measures", "rules", "snapshot", "source"},
    {"delivery", "proof", "registry", "reports"},
    {"config", "schedule"},
    {"setup"},
    {"flows"},
    {"cli"},
    {"__main__"},
)
"""Folders, and the few files beside them, ground first. One imports from lower floors and from itself only.

`flows` alone puts the stages together. Where one imports a lower stage, it takes what that declares (reports the
measures), or reads again what that wrote (the proof source and snapshot, delivery the manifest).
"""


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "pipeline"


FILES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(path: Path) -> set[str]:
    """Our own modules that a file imports, lazy ones and those for types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] == "pipeline"
        ):
            base = node.module.removeprefix("pipeline").removeprefix(".")
            inner = {
                f"{base}.{alias.name}".removeprefix(".") for alias in node.names
            } & FILES.keys()
            found |= inner or {base or "pipeline"}
    return found


def house_of(module: str) -> str:
    """The folder below the package in which a module lies; of a file beside the folders its own name."""
    return module.split(".", maxsplit=1)[0]


def floor_of(house: str) -> int:
    return next(number for number, floor in enumerate(FLOORS) if house in floor)


@pytest.mark.parametrize("module", FILES)
def test_imports_run_downwards(module: str) -> None:
    own = house_of(module)
    others = {house_of(other) for other in imports_of(FILES[module])} - {own}
    wrong = sorted(other for other in others if floor_of(other) >= floor_of(own))
    assert not wrong, f"{module} imports from {wrong}, which do not stand below {own}"


def test_no_files_import_each_other_in_a_circle() -> None:
    """Lazy imports and those for types included."""
    TopologicalSorter(
        {module: imports_of(path) - {module} for module, path in FILES.items()}
    ).prepare()


def test_every_floor_stands() -> None:
    assert set().union(*FLOORS) == {house_of(module) for module in FILES}
    assert sum(map(len, FLOORS)) == len(set().union(*FLOORS))


def test_a_run_is_published_by_what_knows_no_reports() -> None:
    houses = {
        house_of(other)
        for module in FILES
        if house_of(module) == "delivery"
        for other in imports_of(FILES[module])
    }
    assert "snapshot" in houses
    assert "reports" not in houses


def test_one_module_imports_great_expectations() -> None:
    users = {
        path.stem
        for path in PACKAGE.rglob("*.py")
        if "great_expectations" in path.read_text("utf-8")
    }
    assert users == {"gx"}


def test_the_clock_is_read_in_one_place() -> None:
    readers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in (
                "now",
                "utcnow",
                "today",
                "time_ns",
            ):
                owner = ast.unparse(node.value)
                if owner in ("datetime", "date", "time", "datetime.datetime"):
                    readers.add(name_of(path))
    assert readers == {"cli.common"}


def test_randomness_is_seeded_and_only_in_the_demo() -> None:
    users = {
        path.stem
        for path in PACKAGE.rglob("*.py")
        if "import random" in path.read_text("utf-8")
    }
    assert users <= {"company", "words"}


@pytest.fixture(scope="module")
def style() -> Mapping[str, float]:
    return figures_of(PACKAGE)


@pytest.mark.parametrize("measure", [one for one in MEASURES if one.most is not None])
def test_the_code_reads_as_well_as_is_asked(
    measure: Measure, style: Mapping[str, float]
) -> None:
    """`make style` shows all of it."""
    assert measure.most is not None
    assert style[measure.label] <= measure.most, measure.label


def test_tests_lie_where_their_subject_lies() -> None:
    """A folder of tests is that of a folder of the package, or one of those that try the whole program."""
    folders = {
        path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")
    }
    rooms = {folder.parts[0] for folder in folders if folder.parts}
    assert rooms - {"crms", "soak", "benchmarks"} <= {house_of(module) for module in FILES}
