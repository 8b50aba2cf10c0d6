"""What is installed from a wheel works away from the checkout: field sets and templates travel along."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.paths import ROOT
from tests.small_demo import keep_three_managers


def test_the_wheel_audits_the_demo(tmp_path: Path) -> None:
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("crm_audit-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
        names = archive.namelist()
    assert not [name for name in names if name.startswith(("tests/", "output/", "benchmarks/"))]
    assert "pipeline/language/locale/nl/LC_MESSAGES/crm_audit.mo" in names
    assert "crm-audit = pipeline.__main__:main" in next(
        installed.glob("*.dist-info/entry_points.txt")
    ).read_text("utf-8")
    made = installed_program(tmp_path, "demo", "demo", "--today", "2026-11-24")
    keep_three_managers(tmp_path / "demo")
    said = installed_program(tmp_path, "run", made.splitlines()[-1])
    assert (tmp_path / said.splitlines()[-1]).is_file()


def installed_program(folder: Path, *arguments: str) -> str:
    """What the program in the folder said, away from the checkout."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder / "installed")}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
