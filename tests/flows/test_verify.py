"""Whatever is altered in a published run's folder is named, and nothing else is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pipeline.config import load_audit
from pipeline.delivery.sums import SUMS, deviations, published_as, read_sums
from pipeline.errors import ConfigError, ProofError
from pipeline.flows.disclosure import disclosure
from tests.program import crm_audit
from tests.published import AS_OF, copied_to, managers_of, published_run

PAGE: Final = "report.html"
BOOK: Final = "report.xlsx"
DEALS: Final = "snapshot/deal.parquet"
MANIFEST: Final = "snapshot/manifest.json"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return copied_to(tmp_path / "copy")


def verified(run: Path) -> dict[str, str]:
    """path -> what is wrong with it."""
    return {found.path: found.what for found in deviations(run, read_sums(run))}


def test_a_run_is_as_it_was_published(run: Path) -> None:
    assert verified(run) == {}
    files = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert read_sums(run).files.keys() == files - {SUMS}
    assert {PAGE, BOOK, "figures.json", "findings.csv", DEALS, MANIFEST} < files


def test_anybody_can_check_the_list_without_this_program(run: Path) -> None:
    check = ["sha256sum", "--check", "--strict", "--quiet", SUMS]
    done = subprocess.run(check, cwd=run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_file_of_a_run_is_disclosed() -> None:
    run = published_run()
    audit = load_audit(run.parents[2] / "audit.yaml")
    [files] = re.findall(r"(?s)File +What it holds.*?\n\n", disclosure(audit, "en", AS_OF))
    named = {line.split(" ")[0].partition(".")[0].rstrip("/") for line in files.splitlines()}
    assert {path.stem for path in run.iterdir()} - {"managers"} <= named
    assert "managers/NAME" in named


def test_permissions_times_and_the_folders_name_do_not_count(run: Path) -> None:
    moved = run.rename(run.parent / "sent by mail")
    for path in [moved, *moved.rglob("*")]:
        path.chmod(0o755)
        os.utime(path, (0, 0))
    assert verified(moved) == {}


# ------------------------------------------------------------------------------------------------ corruptions


def flipped(name: str, bit: int = 1) -> Callable[[Path], None]:
    """In the middle of the file."""

    def act(run: Path) -> None:
        content = bytearray((run / name).read_bytes())
        content[len(content) // 2] ^= bit
        (run / name).write_bytes(content)

    return act


def rewritten(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def act(run: Path) -> None:
        before = (run / name).read_bytes()
        after = change(before)
        assert after != before
        (run / name).write_bytes(after)

    return act


def replaced(name: str, before: bytes, after: bytes) -> Callable[[Path], None]:
    return rewritten(name, lambda content: content.replace(before, after, 1))


def indented(content: bytes) -> bytes:
    return json.dumps(json.loads(content), indent=2).encode()


def one_figure_more(content: bytes) -> bytes:
    document = json.loads(content)
    document["figures"][0]["numerator"] += 1
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def removed(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).unlink()


def added(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).write_bytes(b"added")


def renamed(name: str, to: str) -> Callable[[Path], None]:
    return lambda run: (run / name).replace(run / to)


def exchanged(name: str) -> Callable[[Path], None]:
    """Between the first two managers."""

    def act(run: Path) -> None:
        one, other = (folder / name for folder in managers_of(run)[:2])
        kept = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(kept)

    return act


def linked(name: str, to: str) -> Callable[[Path], None]:
    def act(run: Path) -> None:
        (run / name).unlink()
        (run / name).symlink_to(to)

    return act


def led_out(name: str) -> Callable[[Path], None]:
    """A link to what is the same, somewhere else."""

    def act(run: Path) -> None:
        moved = (run / name).rename(run.parent / "elsewhere")
        (run / name).symlink_to(moved)

    return act


def made_folder(name: str) -> Callable[[Path], None]:
    def act(run: Path) -> None:
        (run / name).unlink()
        (run / name).mkdir()

    return act


def made_pipe(run: Path) -> None:
    """One that nobody writes into: who read it would wait for ever."""
    (run / PAGE).unlink()
    os.mkfifo(run / PAGE)


ALTERED: Final = "altered"
MISSING: Final = "missing"
ADDED: Final = "not published"
NO_FILE: Final = "altered: it is no file of its own"
FIRST: Final = "managers/daan-van-der-zandvliet-95b6504a"
SECOND: Final = "managers/lieke-de-kerkuyl-a50656c6"

CORRUPTIONS: Final[dict[str, tuple[Callable[[Path], None], dict[str, str]]]] = {
    "a bit of a page": (flipped(PAGE), {PAGE: ALTERED}),
    "the highest bit": (flipped(PAGE, 128), {PAGE: ALTERED}),
    "a bit of a manager's page": (flipped(f"{FIRST}/{PAGE}"), {f"{FIRST}/{PAGE}": ALTERED}),
    "a bit of a workbook": (flipped(BOOK), {BOOK: ALTERED}),
    "a bit of the findings": (flipped("findings.parquet"), {"findings.parquet": ALTERED}),
    "a bit of the snapshot": (flipped(DEALS), {DEALS: ALTERED}),
    "a bit of the witness": (
        flipped("snapshot/witness_failing.parquet"),
        {"snapshot/witness_failing.parquet": ALTERED},
    ),
    "the zone of the manifest": (
        replaced(MANIFEST, b"Europe/Amsterdam", b"Europe/Brussels"),
        {MANIFEST: ALTERED},
    ),
    "the history": (
        rewritten("snapshot/history.json", lambda content: content + b" "),
        {"snapshot/history.json": ALTERED},
    ),
    "figures written otherwise": (
        rewritten("figures.json", indented),
        {"figures.json": ALTERED},
    ),
    "a figure": (rewritten("figures.json", one_figure_more), {"figures.json": ALTERED}),
    "line ends": (
        rewritten("findings.csv", lambda content: content.replace(b"\r\n", b"\n")),
        {"findings.csv": ALTERED},
    ),
    "a finding less": (
        rewritten("findings.csv", lambda content: content[: content.rindex(b"\r\n", 0, -2)]),
        {"findings.csv": ALTERED},
    ),
    "a byte less": (rewritten(PAGE, lambda content: content[:-1]), {PAGE: ALTERED}),
    "a byte more": (rewritten(PAGE, lambda content: content + b"\n"), {PAGE: ALTERED}),
    "half of it": (
        rewritten(BOOK, lambda content: content[: len(content) // 2]),
        {BOOK: ALTERED},
    ),
    "empty": (rewritten(DEALS, lambda _: b""), {DEALS: ALTERED}),
    "a page removed": (removed(PAGE), {PAGE: MISSING}),
    "a snapshot's file removed": (removed(DEALS), {DEALS: MISSING}),
    "a manager removed": (
        lambda run: shutil.rmtree(run / FIRST),
        {f"{FIRST}/{PAGE}": MISSING, f"{FIRST}/{BOOK}": MISSING},
    ),
    "a file added": (added("report-final.html"), {"report-final.html": ADDED}),
    "a hidden file added": (added("snapshot/.note"), {"snapshot/.note": ADDED}),
    "an empty folder added": (
        lambda run: (run / "managers" / "nobody").mkdir(),
        {"managers/nobody": "not published, and no file"},
    ),
    "renamed": (
        renamed(PAGE, "Report.html"),
        {PAGE: MISSING, "Report.html": f"{ADDED}; this was published as {PAGE}"},
    ),
    "moved over another": (
        renamed(f"{FIRST}/{PAGE}", f"{SECOND}/{PAGE}"),
        {
            f"{FIRST}/{PAGE}": MISSING,
            f"{SECOND}/{PAGE}": f"{ALTERED}; this was published as {FIRST}/{PAGE}",
        },
    ),
    "pages of two managers exchanged": (
        exchanged(PAGE),
        {
            f"{FIRST}/{PAGE}": f"{ALTERED}; this was published as {SECOND}/{PAGE}",
            f"{SECOND}/{PAGE}": f"{ALTERED}; this was published as {FIRST}/{PAGE}",
        },
    ),
    "workbooks of two managers exchanged": (
        exchanged(BOOK),
        {
            f"{FIRST}/{BOOK}": f"{ALTERED}; this was published as {SECOND}/{BOOK}",
            f"{SECOND}/{BOOK}": f"{ALTERED}; this was published as {FIRST}/{BOOK}",
        },
    ),
    "a link to another": (linked(f"{FIRST}/{PAGE}", f"../../{PAGE}"), {f"{FIRST}/{PAGE}": NO_FILE}),
    "a link to nothing": (linked(PAGE, "nowhere"), {PAGE: NO_FILE}),
    "a link to itself": (linked(PAGE, PAGE), {PAGE: NO_FILE}),
    "a link to the same elsewhere": (led_out(PAGE), {PAGE: NO_FILE}),
    "a folder that is a link": (
        led_out(FIRST),
        {
            FIRST: "not published, and no file",
            f"{FIRST}/{PAGE}": MISSING,
            f"{FIRST}/{BOOK}": MISSING,
        },
    ),
    "a folder in its place": (made_folder(PAGE), {PAGE: NO_FILE}),
    "a pipe in its place": (made_pipe, {PAGE: NO_FILE}),
    "a hash of the list": (
        rewritten(SUMS, lambda content: (b"1" if content[:1] == b"0" else b"0") + content[1:]),
        {"figures.json": ALTERED},
    ),
    "a line of the list removed": (
        rewritten(SUMS, lambda content: content[content.index(b"\n") + 1 :]),
        {"figures.json": f"{ADDED}"},
    ),
    "a line of the list added": (
        rewritten(SUMS, lambda content: content + b"0" * 64 + b"  ../audit.yaml\n"),
        {"../audit.yaml": MISSING},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_what_was_altered_is_named(run: Path, name: str) -> None:
    act, expected = CORRUPTIONS[name]
    act(run)
    assert verified(run) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"  ", b" ", 1),
        lambda content: b"",
        lambda content: content + content,
        lambda content: content.replace(b"  f", b"  /f", 1),
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"\xff" + content,
    ],
)
def test_a_list_that_is_none_is_refused(run: Path, change: Callable[[bytes], bytes]) -> None:
    rewritten(SUMS, change)(run)
    with pytest.raises(ProofError, match="was altered: its line"):
        read_sums(run)


def test_without_a_list_nothing_is_said(run: Path, tmp_path: Path) -> None:
    (run / SUMS).rename(run / "list")
    with pytest.raises(ConfigError, match="an earlier version of this program"):
        read_sums(run)
    (run / SUMS).symlink_to("list")
    with pytest.raises(ConfigError, match="an earlier version of this program"):
        read_sums(run)
    with pytest.raises(ConfigError, match="There is no run in"):
        read_sums(tmp_path)


def test_a_file_that_was_sent_is_found_by_what_it_holds(run: Path, tmp_path: Path) -> None:
    sent = tmp_path / "my figures.html"
    shutil.copy(run / FIRST / PAGE, sent)
    assert published_as(sent, read_sums(run)) == [f"{FIRST}/{PAGE}"]
    sent.write_bytes(sent.read_bytes() + b" ")
    assert published_as(sent, read_sums(run)) == []


# ------------------------------------------------------------------------------------------------ the command


def test_the_command_says_what_was_compared(run: Path) -> None:
    done = crm_audit(run.parent, "verify", "copy")
    assert done.returncode == 0, done.stderr
    number = len(read_sums(run).files)
    assert (
        f"SHA-256 of {number} files equal those in copy/{SUMS}, and nothing else" in done.stdout
    )
    assert "SHA256SUMS is not signed" in done.stdout
    assert read_sums(run).sha256 in done.stdout


def test_the_command_names_what_differs(run: Path) -> None:
    flipped(PAGE)(run)
    (run / "a\nb.html").touch()
    done = crm_audit(run.parent, "verify", "copy")
    assert done.returncode == 4
    assert done.stdout.splitlines() == ["a?b.html: not published", f"{PAGE}: altered"]
    assert "copy is not what was published" in done.stderr
    sent = crm_audit(run.parent, "verify", f"copy/{PAGE}", "--run", "copy")
    assert (sent.returncode, sent.stdout) == (4, "")
    assert f"copy/{PAGE} is none of the" in sent.stderr
    sent = crm_audit(run.parent, "verify", f"copy/{BOOK}", "--run", "copy")
    assert sent.returncode == 0, sent.stderr
    assert f"copy/{BOOK} equals that of {BOOK} in copy/{SUMS}. Nothing else" in sent.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["copy/report.html"], "--run FOLDER"),
        (["copy", "--run", "copy"], "--run goes with a file"),
        (["nowhere"], "does not exist"),
        (["."], "There is no run in ."),
    ],
)
def test_the_command_is_kind(run: Path, arguments: list[str], said: str) -> None:
    done = crm_audit(run.parent, "verify", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
