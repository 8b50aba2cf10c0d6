"""Work in other processes: the same results in the same order, errors as from here, and nobody left behind."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import workers as workers_module
from pipeline.errors import ProofError, PublishError
from pipeline.model import Figure, Scope
from pipeline.progress import Silence
from pipeline.reports import write
from pipeline.workers import apart, workers, workers_for
from tests import factory
from tests.paths import ROOT
from tests.tasks import refuse, touch, whereabouts


def counted(taken: list[int], until: int) -> Iterator[int]:
    for number in range(until):
        taken.append(number)
        yield number


def test_results_come_in_order_from_processes_that_hold_nothing_of_ours(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with workers(2) as each:
            found = list(each(whereabouts, range(12)))
            list(each(touch, [tmp_path / "private"]))
    finally:
        os.umask(before)
    assert [number for number, _, _ in found] == list(range(12))
    assert os.getpid() not in {pid for _, pid, _ in found}
    assert {name for _, _, modules in found for name in modules} == set()
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
    assert multiprocessing.active_children() == []


def test_one_worker_is_this_process() -> None:
    with workers(1) as each:
        assert {pid for _, pid, _ in each(whereabouts, range(3))} == {os.getpid()}


def test_a_system_without_shared_semaphores_has_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*arguments: object, **named: object) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(workers_module, "ProcessPoolExecutor", refused)
    with workers(2) as each:
        assert {pid for _, pid, _ in each(whereabouts, range(3))} == {os.getpid()}
    assert apart(whereabouts, 7)[1] == os.getpid()


def test_items_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []
    with workers(2) as each:
        results = each(whereabouts, counted(taken, 1_000))
        next(results)
        assert len(taken) < 10
    assert multiprocessing.active_children() == []


def test_an_error_is_the_one_that_happened_there() -> None:
    with workers(2) as each:
        with pytest.raises(ProofError, match="one figure differs") as refused:
            list(each(refuse, ["proof"]))
        assert refused.value.differences == (("a", "b", "c", "d"),)
        with pytest.raises(OSError, match="No space left") as full:
            list(each(refuse, ["disk"]))
        assert full.value.errno == errno.ENOSPC
        assert list(each(refuse, ["Ctrl-C", "nothing"])) == [None, None]


def test_a_worker_that_dies_is_said_kindly() -> None:
    with (
        pytest.raises(PublishError, match="ended from outside, perhaps because memory ran out"),
        workers(2) as each,
    ):
        list(each(refuse, ["nothing", "death", "nothing"]))
    assert multiprocessing.active_children() == []


def test_a_task_is_done_apart() -> None:
    [(number, pid, modules)] = [apart(whereabouts, 7)]
    assert (number, list(modules)) == (7, [])
    assert pid != os.getpid()
    with pytest.raises(ProofError, match="one figure differs"):
        apart(refuse, "proof")
    with pytest.raises(
        PublishError, match="ended from outside, perhaps because memory ran out"
    ):
        apart(refuse, "death")
    assert multiprocessing.active_children() == []


def test_an_interruption_here_ends_them_too() -> None:
    def interrupted() -> None:
        with workers(2) as each:
            for _ in each(whereabouts, range(1_000)):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert multiprocessing.active_children() == []


def test_workers_end_with_a_run_that_was_killed() -> None:
    program = (
        "import os, time\nfrom pipeline.workers import workers\n"
        "with workers(2) as each:\n    for pid in each(os.getpgid, [0]): pass\n"
        "    import multiprocessing\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        left = [int(pid) for pid in run.stdout.readline().split()]
        run.kill()
    assert left
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in left if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize(
    ("cores", "items", "count"),
    [(1, 600, 1), (2, 12, 1), (2, 79, 1), (2, 80, 2), (2, 600, 2), (64, 600, 8), (8, 0, 1)],
)
def test_as_many_as_there_are_cores_and_none_for_little_work(
    cores: int, items: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_module, "_cores", lambda: cores)
    assert workers_for(items) == count


# ------------------------------------------------------------------------------------------------ reports


class Told(Silence):
    """What a run tells of its stages; at the second one it may do something."""

    def __init__(self, act: object = None) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.steps, self.act = 0, act

    def stage(self, title: str, total: int | None = None) -> None:
        self.stages.append((title, total))
        if len(self.stages) == 2 and callable(self.act):
            self.act()

    def advance(self, steps: int) -> None:
        self.steps += steps


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_two_processes_write_what_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {}
    for count in (1, 2):
        folder, told = tmp_path / str(count), Told()
        folder.mkdir()
        monkeypatch.setattr(write, "workers_for", lambda items, count=count: count)
        write.write_reports(factory.result(), folder, told)
        written[count] = content(folder)
        assert told.stages == [("Writing the reports", 6), ("Reading every figure back", 6)]
        assert told.steps == 12
    assert len(written[1]) == 2 * 6 + 4
    assert written[1] == written[2]


def test_what_another_process_reads_back_is_told_as_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()

        def spoil(folder: Path = folder) -> None:
            page = next(folder.glob("managers/bo-*/report.html"))
            page.write_text(
                page.read_text("utf-8").replace("27 ", "28 ").replace(">28<", ">29<"), "utf-8"
            )
            next(folder.glob("managers/anna-*/report.xlsx")).write_bytes(b"")

        monkeypatch.setattr(write, "workers_for", lambda items, count=count: count)
        with pytest.raises(ProofError, match="not written as computed") as refused:
            write.write_reports(factory.result(), folder, Told(spoil))
        said.append(refused.value.differences)
    assert said[0] == said[1]
    assert {where.split("/")[1][:3] for _, where, *_ in said[0]} == {"ann", "bo-"}


def test_two_managers_of_one_name_have_a_folder_each(tmp_path: Path) -> None:
    people = tuple(replace(person, name="Anna Berg") for person in factory.PEOPLE)
    write.write_reports(replace(factory.result(), people=people), tmp_path, Silence())
    folders = sorted((tmp_path / "managers").iterdir())
    managers = [person for person in people if person.scope is Scope.MANAGER]
    assert (
        len(folders) == len(managers) == len({write.folder_of(person) for person in managers})
    )
    assert all(folder.name.startswith("anna-berg-") for folder in folders)
    for person in managers:
        page = (tmp_path / "managers" / write.folder_of(person) / "report.html").read_text(
            "utf-8"
        )
        assert f"@manager:{person.id}" in page
        assert not [
            other.id
            for other in managers
            if other.id != person.id and f"@manager:{other.id}" in page
        ]


def test_a_report_never_takes_anothers_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "folder_of", lambda person: "everybody")
    with pytest.raises(FileExistsError):
        write.write_reports(factory.result(), tmp_path, Silence())


def test_a_pair_takes_no_more_of_the_edition_along_than_it_prints() -> None:
    for pair in write._pairs(factory.result(), Path("anywhere")):
        held: dict[str, Figure] = dict(pair.report.result.figures)
        assert held.keys() == {figure.id.partition("#")[0] for figure in pair.report.figures()}
        assert all(factory.result().figures[name] == figure for name, figure in held.items())
        assert (pair.report.result.people, pair.report.result.fix_list) == ((), ())
