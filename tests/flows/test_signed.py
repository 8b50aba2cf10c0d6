"""Runs that are signed: OpenSSL makes the keys and agrees about the signatures."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.config import load_audit
from pipeline.delivery.erased import ERASED
from pipeline.delivery.signing import public_key
from pipeline.delivery.sums import SUMS, write_sums
from pipeline.errors import ConfigError
from pipeline.flows.run import run_audit
from pipeline.progress import Silence
from tests.paths import ROOT
from tests.program import crm_audit
from tests.published import copied_to
from tests.small_demo import write_tiny_demo

NO_KEY = "is no private Ed25519 key in PEM without a password"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)


def key_in(folder: Path, name: str = "key", algorithm: str = "ed25519", *more: str) -> Path:
    """A private key; its public one lies beside it."""
    key = folder / f"{name}.pem"
    assert openssl("genpkey", "-algorithm", algorithm, *more, "-out", key).returncode == 0
    key.chmod(0o600)
    openssl("pkey", "-in", key, "-passin", "pass:x", "-pubout", "-out", key.with_suffix(".pub"))
    return key


def run_on(folder: Path, days: int) -> Path:
    moment = START + timedelta(days=days)
    audit = load_audit(folder / "audit.yaml")
    return run_audit(
        audit, run_id=f"day{days}", clock=lambda: moment, progress=Silence()
    ).folder


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is signed, and an earlier one of which rows were erased."""
    folder = tmp_path_factory.mktemp("signed")
    write_tiny_demo(folder, date(2026, 11, 24))
    key_in(folder)
    audit = folder / "audit.yaml"
    audit.write_text(audit.read_text("utf-8") + "sign_with: key.pem\n", "utf-8")
    run_on(folder, 0)
    run_on(folder, 60)
    return folder


def copied(signed: Path, tmp_path: Path, name: str) -> Path:
    subprocess.run(["cp", "-r", signed / "output" / "runs" / name, tmp_path], check=True)
    return tmp_path / name


def test_a_run_is_signed_and_openssl_agrees(signed: Path) -> None:
    run = signed / "output" / "runs" / "day60"
    done = crm_audit(ROOT, "verify", str(run), "--key", str(signed / "key.pub"))
    assert done.returncode == 0, done.stderr
    assert f"SHA256SUMS is signed with the key {signed / 'key.pub'}." in done.stdout
    assert "not signed" not in done.stdout
    done_by_openssl = openssl(
        "pkeyutl", "-verify", "-pubin", "-inkey", signed / "key.pub", "-rawin",
        "-in", run / SUMS, "-sigfile", run / f"{SUMS}.sig",
    )  # fmt: skip
    assert done_by_openssl.returncode == 0, done_by_openssl
    assert (run / f"{SUMS}.sig").stat().st_mode & 0o777 == 0o600


def test_without_the_key_it_says_that_nothing_was_checked(signed: Path) -> None:
    done = crm_audit(ROOT, "verify", str(signed / "output" / "runs" / "day60"))
    assert done.returncode == 0
    assert (
        "SHA256SUMS has a signature, which was not checked: name the public key" in done.stdout
    )


def test_whoever_alters_a_file_and_the_list_cannot_sign_it(
    signed: Path, tmp_path: Path
) -> None:
    run = copied(signed, tmp_path, "day60")
    signature = (run / f"{SUMS}.sig").read_bytes()
    (run / "report.html").write_text("mine")
    write_sums(run)
    (run / f"{SUMS}.sig").write_bytes(signature)
    done = crm_audit(ROOT, "verify", str(run), "--key", str(signed / "key.pub"))
    assert done.returncode == 4
    assert "SHA256SUMS is not signed with the key" in done.stderr
    (run / f"{SUMS}.sig").unlink()
    assert crm_audit(ROOT, "verify", str(run), "--key", str(signed / "key.pub")).returncode == 4


def test_the_key_of_somebody_else(signed: Path, tmp_path: Path) -> None:
    other = key_in(tmp_path, "other").with_suffix(".pub")
    run = signed / "output" / "runs" / "day60"
    for arguments in ([str(run)], [str(run / "report.xlsx"), "--run", str(run)]):
        done = crm_audit(ROOT, "verify", *arguments, "--key", str(other))
        assert done.returncode == 4
        assert f"is not signed with the key {other}" in done.stderr


def test_a_single_file_of_a_signed_run(signed: Path, tmp_path: Path) -> None:
    run = signed / "output" / "runs" / "day60"
    file = tmp_path / "sent.xlsx"
    file.write_bytes((run / "report.xlsx").read_bytes())
    done = crm_audit(
        ROOT, "verify", str(file), "--run", str(run), "--key", str(signed / "key.pub")
    )
    assert done.returncode == 0, done.stderr
    assert "equals that of report.xlsx" in done.stdout
    assert "SHA256SUMS is signed with the key" in done.stdout


def test_erasures_are_signed_too(signed: Path, tmp_path: Path) -> None:
    run = copied(signed, tmp_path, "day0")
    public = str(signed / "key.pub")
    done = crm_audit(ROOT, "verify", str(run), "--key", public)
    assert done.returncode == 0, done.stderr
    assert "ERASED.json is signed with the key" in done.stdout
    erased = run / ERASED
    # a report that somebody removed is passed off as erased
    erased.write_text(
        erased.read_text("utf-8").replace(
            '"snapshot/call.parquet"', '"snapshot/call.parquet", "report.html"'
        )
    )
    (run / "report.html").unlink()
    assert crm_audit(ROOT, "verify", str(run)).returncode == 0
    done = crm_audit(ROOT, "verify", str(run), "--key", public)
    assert done.returncode == 4
    assert "ERASED.json is not signed with the key" in done.stderr


def test_what_was_published_without_a_key(tmp_path: Path) -> None:
    run = copied_to(tmp_path / "run")
    public = key_in(tmp_path).with_suffix(".pub")
    done = crm_audit(ROOT, "verify", str(run), "--key", str(public))
    assert done.returncode == 4
    assert "or it was published without that key" in done.stderr


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda f: key_in(f, "key", "RSA"), NO_KEY),
        (lambda f: key_in(f, "key", "ed25519", "-aes256", "-pass", "pass:x"), NO_KEY),
        (lambda f: key_in(f).chmod(0o640), "can be read by others than this account"),
        (lambda f: (f / "key.pem").write_text("no key") and (f / "key.pem").chmod(0o600), "is no private Ed25519 key"),
        (lambda f: None, "cannot be read: No such file or directory"),
    ],
    ids=["rsa", "password", "mode", "text", "none"],
)  # fmt: skip
def test_a_key_that_cannot_sign_is_said_before_the_crm_is_read(
    command: str, made: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    write_tiny_demo(tmp_path, date(2026, 11, 24))
    made(tmp_path)
    audit = tmp_path / "audit.yaml"
    audit.write_text(audit.read_text("utf-8") + "sign_with: key.pem\n", "utf-8")
    done = crm_audit(ROOT, command, str(audit))
    assert done.returncode == 2, done.stdout
    assert f"sign_with: {tmp_path / 'key.pem'} {said}" in done.stderr
    assert list(tmp_path.glob("output/runs/*")) == []


def test_a_public_key_that_is_none(signed: Path) -> None:
    with pytest.raises(ConfigError, match="is no public Ed25519 key in PEM"):
        public_key(signed / "audit.yaml")
