"""What is installed from a wheel works away from the checkout: field sets and templates travel along."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.paths import ROOT


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
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "demo", "demo", "--run", "--today", "2026-11-24"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / done.stdout.splitlines()[-1]).is_file()
