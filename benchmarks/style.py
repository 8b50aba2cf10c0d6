"""How the code of the package reads, in numbers: `python -m benchmarks.style [REVISION]`.

Beside today's figures it prints those of a revision of git, and what is asked for. It ends with 1 where that is missed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from io import BytesIO
from pathlib import Path
from statistics import mean, median
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = "pipeline"
BLOCK: Final = 6
"""Lines in succession that stand in two places are a duplicate from this number on."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its dotted name, its lines without indent and blank ones, its tree."""

    name: str
    lines: Sequence[str]
    tree: ast.Module

    @classmethod
    def read(cls, path: Path, root: Path) -> Module:
        text = path.read_text("utf-8")
        parts = path.relative_to(root).with_suffix("").parts
        lines = [line.strip() for line in text.splitlines()]
        name = ".".join(part for part in parts if part != "__init__")
        return cls(name, [line for line in lines if line], ast.parse(text))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


Modules = Sequence[Module]


def circles(modules: Modules) -> int:
    """1 where modules import each other in a circle, imports within functions and for types included."""
    names = {module.name for module in modules}
    graph = {module.name: _imports(module, names) - {module.name} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return 1
    return 0


def _imports(module: Module, names: set[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & names
        if isinstance(node, ast.ImportFrom) and node.module in names:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & names
            found |= inner or {str(node.module)}
    return found


def function_lengths(modules: Modules) -> list[int]:
    """Lines of each function from its `def`, docstring included, shortest first."""
    functions = (node for module in modules for node in module.nodes(*_FUNCTIONS))
    return sorted(
        1 + (node.end_lineno or 0) - node.lineno
        for node in functions
        if isinstance(node, _FUNCTIONS)
    )


def ninetieth(lengths: Sequence[int]) -> int:
    return lengths[len(lengths) * 9 // 10]


def line_length(modules: Modules) -> float:
    return mean(len(line) for module in modules for line in module.lines)


def nested_comprehensions(modules: Modules) -> float:
    """Comprehensions that hold another, per 1,000 lines."""
    outer = (node for module in modules for node in module.nodes(*_COMPREHENSIONS))
    return _per_thousand(modules, sum(_holds_another(node) for node in outer))


def _holds_another(outer: ast.AST) -> bool:
    return any(
        node is not outer and isinstance(node, _COMPREHENSIONS) for node in ast.walk(outer)
    )


def conditional_expressions(modules: Modules) -> float:
    return _per_thousand(modules, sum(1 for module in modules for _ in module.nodes(ast.IfExp)))


def _per_thousand(modules: Modules, count: int) -> float:
    return 1000 * count / sum(len(module.lines) for module in modules)


def unformatted(modules: Modules) -> int:
    """Statements that the formatter is told to leave."""
    return sum(
        "fmt: skip" in line or "fmt: off" in line for module in modules for line in module.lines
    )


def duplicates(modules: Modules) -> float:
    """Lines of code in blocks that stand in two places, in per cent of all."""
    code = [[line for line in module.lines if not _says_nothing(line)] for module in modules]
    blocks = Counter(block for lines in code for block in _blocks(lines))
    twice = 0
    for lines in code:
        repeated = [blocks[block] > 1 for block in _blocks(lines)]
        twice += sum(any(repeated[max(0, at - BLOCK + 1) : at + 1]) for at in range(len(lines)))
    return 100 * twice / sum(map(len, code))


def _says_nothing(line: str) -> bool:
    return line.startswith(("import ", "from ", "#")) or not any(map(str.isalnum, line))


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(lines[at : at + BLOCK]) for at in range(len(lines) - BLOCK + 1))


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure about all modules, and what it is to stay below or at."""

    label: str
    of: Callable[[Modules], float]
    most: float | None


MEASURES: Final = (
    Measure("modules", len, None),
    Measure(
        "lines that are not blank",
        lambda modules: sum(len(module.lines) for module in modules),
        None,
    ),
    Measure("import circles", circles, 0),
    Measure(
        "lines of a function, median", lambda modules: median(function_lengths(modules)), 10
    ),
    Measure(
        "lines of a function, 90th percentile",
        lambda modules: ninetieth(function_lengths(modules)),
        30,
    ),
    Measure(
        "lines of a function, longest", lambda modules: function_lengths(modules)[-1], None
    ),
    Measure("characters of a line, mean", line_length, 40),
    Measure("nested comprehensions per 1,000 lines", nested_comprehensions, 2),
    Measure("conditional expressions per 1,000 lines", conditional_expressions, None),
    Measure("`fmt: skip`", unformatted, 19),
    Measure("duplicate lines, %", duplicates, 1),
)


def figures_of(package: Path) -> Mapping[str, float]:
    """Every measure of a package, by its label."""
    modules = [Module.read(path, package.parent) for path in sorted(package.rglob("*.py"))]
    return {measure.label: measure.of(modules) for measure in MEASURES}


def figures_at(revision: str) -> Mapping[str, float]:
    """Every measure of the package as a revision of git holds it."""
    command = ["git", "archive", revision, PACKAGE]
    archive = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(fileobj=BytesIO(archive.stdout)) as files,
    ):
        files.extractall(folder, filter="data")
        return figures_of(Path(folder) / PACKAGE)


def main(revisions: Sequence[str]) -> int:
    columns = {
        **{revision: figures_at(revision) for revision in revisions},
        "now": figures_of(ROOT / PACKAGE),
    }
    print(f"{'':42}{''.join(f'{name[:10]:>12}' for name in columns)}{'at most':>12}")
    for measure in MEASURES:
        shown = "".join(f"{figures[measure.label]:>12.4g}" for figures in columns.values())
        print(f"{measure.label:42}{shown}{'' if measure.most is None else measure.most:>12}")
    now = columns["now"]
    missed = [
        measure.label
        for measure in MEASURES
        if measure.most is not None and now[measure.label] > measure.most
    ]
    print(f"Missed: {', '.join(missed)}." if missed else "All is kept.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
