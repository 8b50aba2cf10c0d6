"""`crm-audit registry`, as an administrator uses it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from pipeline.cli import cli
from pipeline.registry.database import HEAD
from tests.weeks import Weeks, deal


def crm_audit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def test_a_backup_of_a_run_goes_back(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path, [deal(f"d{number}", amount=None) for number in range(1, 21)])
    weeks.run(1)
    backup = tmp_path / "backup.db"
    config = "--config", weeks.file
    done = crm_audit("registry", "backup", backup, *config)
    assert (done.exit_code, done.output) == (0, f"{backup} is written. Runs: 1.\n")
    weeks.run(2)
    refused = crm_audit("registry", "restore", backup, *config)
    assert "holds 2 runs" in str(refused.exception)
    done = crm_audit("registry", "restore", backup, "--replace", *config)
    assert done.output == f"{tmp_path / 'output' / 'registry.db'} is restored. Runs: 1.\n"
    assert weeks.lives()["d1", "amount"] == "opened 1 a"
    done = crm_audit("registry", "upgrade", *config)
    assert done.output == f"{tmp_path / 'output' / 'registry.db'} is of version {HEAD}.\n"
