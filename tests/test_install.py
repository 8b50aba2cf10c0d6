"""The program is called crm-audit, is there after `make install`, is completed by the shell, and is kept running."""

from __future__ import annotations

import os
import plistlib
import shlex
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.schedule.supervisor import Service, unit_text
from tests.paths import ROOT
from tests.program import crm_audit


def test_make_leaves_the_program_where_the_readme_says(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", symlinks=True)
    base = {"base": str(tmp_path / "env"), "platbase": str(tmp_path / "env")}
    purelib = Path(sysconfig.get_path("purelib", "venv", base))
    (purelib / "libraries.pth").write_text(
        sysconfig.get_path("purelib"), "utf-8"
    )  # what pip would have installed
    place = os.path.relpath(tmp_path / "env", ROOT)
    made = subprocess.run(
        ["make", "-o", f"{place}/.runtime", "install", f"VENV={place}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (tmp_path / "pipeline").mkdir()  # a folder of that name where one stands is not what is run
    (tmp_path / "pipeline" / "__init__.py").write_text("raise SystemExit('somebody else')")
    asked = [tmp_path / "env" / "bin" / "crm-audit", "--version"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("crm-audit, version ")


def test_help_and_usage_say_crm_audit_whatever_started_it() -> None:
    for asked in (
        ["check", "--help"],
        ["check", "--nonsense"],
        ["expectations", "copy", "--help"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *asked],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"Usage: crm-audit {asked[0]} " in done.stdout + done.stderr
        assert "python" not in done.stdout + done.stderr


def test_the_shell_completes_commands_and_options(tmp_path: Path) -> None:
    def completed(words: str, place: int) -> list[str]:
        asked = {
            "COMP_WORDS": words,
            "COMP_CWORD": str(place),
            "_CRM_AUDIT_COMPLETE": "bash_complete",
        }
        return [line.partition(",")[2] for line in crm_audit(tmp_path, **asked).stdout.split()]

    assert completed("crm-audit gr", 1) == ["grants"]
    assert completed("crm-audit run --as", 2) == ["--as-of"]
    script = crm_audit(tmp_path, _CRM_AUDIT_COMPLETE="zsh_source").stdout
    assert "compdef _crm_audit_completion crm-audit" in script


# ------------------------------------------------------------------------------------------------ kept running


def service(folder: Path) -> Service:
    return Service(
        ("/opt/crm audit/bin/crm-audit",), folder / "audit.yaml", folder / "output", "auditor"
    )


def test_a_systemd_unit_is_one_that_systemd_accepts(tmp_path: Path) -> None:
    odd = tmp_path / "100% $HOME of \"us\" \\ 'them'"
    odd.mkdir()
    text = unit_text("systemd", service(odd))
    assert "UMask=0077" in text
    assert "RestartPreventExitStatus=2" in text
    assert r"100%% $$HOME of \"us\" \\ " in text
    file = tmp_path / "crm-audit.service"
    file.write_text(text.replace("/opt/crm audit/bin/crm-audit", "/bin/true"), "utf-8")
    try:
        said = subprocess.run(
            ["systemd-analyze", "verify", file], capture_output=True, text=True, check=False
        ).stderr
    except FileNotFoundError:
        pytest.skip("there is no systemd-analyze here")
    assert "crm-audit.service:" not in said, said


@pytest.mark.parametrize("name", ["plain", "of us", "it's", "a;b"])
def test_each_word_of_a_systemd_unit_stays_one(tmp_path: Path, name: str) -> None:
    ours = service(tmp_path / name)
    lines = [line.partition("=") for line in unit_text("systemd", ours).splitlines()]
    said = {key: value for key, _, value in lines}
    assert shlex.split(said["ExecStart"]) == list(ours.command)
    assert shlex.split(said["ReadWritePaths"]) == [str(ours.output)]


def test_a_launchd_agent_is_a_property_list(tmp_path: Path) -> None:
    told = plistlib.loads(unit_text("launchd", service(tmp_path / "a & b <c>")).encode())
    folder = str(tmp_path / "a & b <c>")
    assert told["ProgramArguments"][1:] == [
        "schedule",
        f"{folder}/audit.yaml",
        "--output",
        f"{folder}/output",
    ]
    assert told["Umask"] == 0o077
    assert told["KeepAlive"] == {"SuccessfulExit": False}


def test_a_path_that_would_add_lines_to_a_unit_is_refused(tmp_path: Path) -> None:
    for kind in ("systemd", "launchd"):
        with pytest.raises(ConfigError, match="rename it"):
            unit_text(kind, service(tmp_path / "a\nExecStartPre=/bin/false"))


def test_a_unit_is_printed_of_an_audit_that_schedules_something(tmp_path: Path) -> None:
    crm_audit(tmp_path, "demo", ".", "--today", "2026-11-24")
    done = crm_audit(tmp_path, "schedule", "--unit", "systemd")
    assert done.returncode == 0, done.stderr
    assert f"schedule {tmp_path}/audit.yaml --output {tmp_path}/output" in done.stdout
    assert not (tmp_path / "output").exists()
