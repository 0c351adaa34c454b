"""The sensor `request_files`: every new or changed file is requested once, whatever it is called and whoever restarts."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRun, DagsterRunStatus

from batch_classifier.errors import ClassifierError
from batch_classifier.storage.folder import StoredFile
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.odd_dates import with_dates
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.request_files import REQUEST_FILE_NAMES
from batch_classifier_tests.support.sensor_daemon import Daemon

LONG_AGO = time.time() - 3 * 24 * 3600


@pytest.fixture
def daemon(stored_project: Project) -> Daemon:
    return Daemon(stored_project)


def drop(
    daemon: Daemon, names: Sequence[str], content: bytes = b"id,text\n1,My flight\n", at: float | None = None
) -> None:
    """Files that were written a minute ago, or at a moment."""
    for name in names:
        path = daemon.project.drop(name, content)
        moment = time.time() - 60 if at is None else at
        os.utime(path, (moment, moment))


def test_a_file_of_any_name_is_requested_once(daemon: Daemon) -> None:
    drop(daemon, REQUEST_FILE_NAMES)
    assert sorted(daemon.ticks()) == sorted(REQUEST_FILE_NAMES)
    assert set(daemon.launched) == {(f"classify_{daemon.project.prompt_name}", name) for name in REQUEST_FILE_NAMES}
    assert daemon.message is not None and "No new request files" in daemon.message


def test_every_format_is_seen(daemon: Daemon) -> None:
    names = [
        f"calls.{suffix}" for suffix in ("csv", "tsv", "json", "jsonl", "xlsx", "xls", "parquet", "csv.gz", "jsonl.gz")
    ]
    drop(daemon, names)
    assert sorted(daemon.tick()) == sorted(names)


def test_files_of_the_same_moment_are_all_requested_also_when_they_come_one_by_one(daemon: Daemon) -> None:
    moment = float(int(time.time()) - 60)
    drop(daemon, ["a.csv", "b.csv"], at=moment)
    assert sorted(daemon.tick()) == ["a.csv", "b.csv"]
    drop(daemon, ["c.csv"], at=moment)
    assert daemon.tick() == ["c.csv"]


def test_a_file_older_than_all_that_were_seen_is_new_all_the_same(daemon: Daemon) -> None:
    """Files that are moved or copied keep their time."""
    drop(daemon, ["a.csv"])
    daemon.tick()
    drop(daemon, ["b.csv"], at=LONG_AGO)
    assert daemon.ticks() == ["b.csv"]


@pytest.mark.parametrize("moment", [time.time() - 30, LONG_AGO], ids=["newer", "older"])
@pytest.mark.parametrize("restarts", [False, True], ids=["running", "restarted"])
def test_a_changed_file_is_requested_again(daemon: Daemon, restarts: bool, moment: float) -> None:
    """Also one that was replaced by an older copy, and while the daemon was down."""
    drop(daemon, ["a.csv"])
    daemon.ticks()
    daemon.project.make("a.csv", "raw_requests")
    drop(daemon, ["a.csv"], b"id,text\n1,Another flight\n", at=moment)
    if restarts:
        daemon.restart()
    assert daemon.ticks() == ["a.csv"]


def test_a_file_still_being_written_is_left_until_it_rests(daemon: Daemon) -> None:
    path = daemon.project.drop("a.csv", b"id,text\n")
    assert daemon.tick() == [] and "Still being written" in str(daemon.message) and "a.csv" in str(daemon.message)
    path.write_bytes(b"id,text\n1,My flight\n")
    assert daemon.tick() == [], "it has grown since"
    assert daemon.tick() == ["a.csv"]
    assert daemon.ticks() == []


def test_a_clock_that_is_ahead_keeps_no_file_out(daemon: Daemon) -> None:
    drop(daemon, ["a.csv"], at=time.time() + 3_600)
    assert daemon.ticks() == ["a.csv"]


def test_what_cannot_be_read_is_named(daemon: Daemon) -> None:
    drop(daemon, ["notes.docx", "sub/scan.pdf", "no_suffix"])
    assert daemon.tick() == []
    folder = daemon.project.prompt_name
    assert all(f"{folder}/{name}" in str(daemon.message) for name in ("notes.docx", "sub/scan.pdf", "no_suffix"))


def test_what_cannot_be_read_keeps_no_other_file_out(daemon: Daemon) -> None:
    drop(daemon, ["notes.docx", "a.csv"])
    assert daemon.ticks() == ["a.csv"] and "notes.docx" in str(daemon.message)


def test_what_programs_leave_while_they_work_is_passed_over(daemon: Daemon) -> None:
    names = [
        "~$calls.xlsx",
        ".calls.csv.swp",
        ".hidden.csv",
        "calls.csv.part",
        "calls.csv.tmp",
        "x.csv~",
        "a.csv.crdownload",
    ]
    drop(daemon, names)
    assert daemon.ticks() == [] and not any(name in str(daemon.message) for name in names)


def test_a_folder_of_no_prompt_is_named(daemon: Daemon) -> None:
    path = daemon.project.path_of("a.csv", "trvael")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"id,text\n")
    assert daemon.ticks() == [] and "trvael" in str(daemon.message)


def test_a_prompt_file_with_an_error_is_told_in_the_tick(daemon: Daemon) -> None:
    daemon.project.set_prompt("broken", fallback=None)
    daemon.tick()
    assert "broken.yaml: fallback" in str(daemon.message)


def test_a_name_that_is_not_utf8_keeps_no_other_file_out(daemon: Daemon) -> None:
    """Such names come out of archives that were packed on Windows; Dagster cannot store them."""
    drop(daemon, ["good.csv"])
    bad = daemon.project.path_of("") / os.fsdecode("café.csv".encode("latin-1"))
    bad.write_bytes(b"id,text\n1,My flight\n")
    os.utime(bad, (LONG_AGO, LONG_AGO))
    assert daemon.ticks() == ["good.csv"]
    assert "caf" in str(daemon.message)


def test_each_prompt_has_its_own_folder_and_job(daemon: Daemon) -> None:
    first = daemon.project.prompt_name
    daemon.project.set_prompt("invoices")
    drop(daemon, ["same.csv"])
    daemon.project.prompt_name = "invoices"
    drop(daemon, ["same.csv"])
    daemon.tick()
    assert sorted(daemon.launched) == [("classify_invoices", "same.csv"), (f"classify_{first}", "same.csv")]


def test_a_restart_requests_nothing_twice(daemon: Daemon) -> None:
    drop(daemon, REQUEST_FILE_NAMES)
    daemon.ticks(2)
    daemon.restart()
    assert daemon.ticks() == []
    drop(daemon, ["new.csv"])
    daemon.restart()
    assert daemon.ticks() == ["new.csv"]


def test_a_tick_that_was_lost_loses_no_file(daemon: Daemon) -> None:
    """The daemon was killed between the evaluation and keeping its result."""
    drop(daemon, ["a.csv"])
    daemon.tick()
    drop(daemon, ["b.csv"])
    daemon.tick(is_lost=True)
    assert daemon.ticks() == ["b.csv"]


def test_a_file_that_somebody_else_has_read_is_not_requested(daemon: Daemon) -> None:
    """As the command line does; but once it changes, it is the sensor's."""
    drop(daemon, ["a.csv"])
    assert daemon.project.make("a.csv", "raw_requests").success
    assert daemon.ticks() == []
    daemon.restart()
    assert daemon.ticks() == []
    drop(daemon, ["a.csv"], b"id,text\n1,Another flight\n", at=time.time() - 30)
    assert daemon.ticks() == ["a.csv"]


def test_a_file_that_changes_while_its_run_works_is_requested_after_it(daemon: Daemon) -> None:
    drop(daemon, ["a.csv"])
    daemon.tick()
    daemon.restart()
    run = DagsterRun(
        f"classify_{daemon.project.prompt_name}", status=DagsterRunStatus.STARTED, tags={"dagster/partition": "a.csv"}
    )
    daemon.instance.add_run(run)
    drop(daemon, ["a.csv"], b"id,text\n1,Another flight\n", at=time.time() - 30)
    assert daemon.ticks(2) == []
    daemon.instance.report_run_canceled(run)
    assert daemon.ticks() == ["a.csv"]


def test_a_file_that_is_gone_is_no_trouble(daemon: Daemon) -> None:
    drop(daemon, ["a.csv"])
    daemon.tick()
    daemon.project.path_of("a.csv").unlink()
    assert daemon.ticks() == []


def test_an_empty_folder_and_none_at_all_are_no_trouble(daemon: Daemon) -> None:
    assert daemon.tick() == []
    daemon.project.path_of("").mkdir(parents=True)
    assert daemon.tick() == [] and daemon.message is not None


@pytest.mark.long
def test_a_thousand_files_are_all_requested_in_ticks_of_a_bearable_size(daemon: Daemon) -> None:
    names = [f"{number:04}.csv" for number in range(1_000)]
    drop(daemon, names)
    sizes = [len(daemon.tick()) for _ in range(6)]
    assert sum(sizes) == 1_000 == len(set(daemon.launched)) and max(sizes) <= 500
    assert daemon.cursor and len(daemon.cursor) < 1_000, "Dagster writes it to its database at every tick"
    daemon.restart()
    began = time.monotonic()
    assert daemon.tick() == []
    assert time.monotonic() - began < 30, "a tick that takes a minute is given up by Dagster"


def test_a_tick_that_fails_after_it_has_seen_a_file_loses_no_file(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notes of reruns are looked for last; when they cannot be read, nothing of the tick has happened."""
    assert daemon.tick() == []
    drop(daemon, ["a.csv"])
    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "list", fails_below(daemon.project.home / "internal"))
        with pytest.raises(dg.Failure, match="The storage cannot list"):
            daemon.tick()
    assert daemon.tick() == ["a.csv"]
    assert daemon.ticks() == []


def fails_below(home: Path) -> Callable[..., Iterator[StoredFile]]:
    """A listing that fails in one folder."""
    real = LocalFolder.list

    def failing(folder: LocalFolder, prefix: str = "") -> Iterator[StoredFile]:
        if folder.path == home:
            raise ClassifierError("The storage cannot list it.")
        return real(folder, prefix)

    return failing


def test_a_name_is_told_without_what_it_does_to_a_terminal(daemon: Daemon) -> None:
    drop(daemon, ["\x1b[31mred.doc", "a\nb.pdf"])
    assert daemon.tick() == []
    assert daemon.message is not None and daemon.message.isprintable()
    assert "\\x1b[31mred.doc" in daemon.message and "a\\nb.pdf" in daemon.message


def test_a_tick_tells_of_prompt_files_that_changed_since_they_were_loaded(daemon: Daemon) -> None:
    """Until the definitions are loaded anew; what was loaded goes on meanwhile."""
    prompt = daemon.project.prompts / f"{daemon.project.prompt_name}.yaml"
    daemon.tick()
    assert "Reload definitions" not in str(daemon.message)
    prompt.write_text(prompt.read_text().replace("budget_usd: 5.0", "budget_usd: 6.0"))
    shutil.copy(prompt, prompt.with_name("newer.yaml"))
    assert daemon.tick() == []
    assert f"newer (new), {daemon.project.prompt_name} (changed); press" in str(daemon.message)
    drop(daemon, ["a.csv"])
    assert daemon.tick() == ["a.csv"]
    daemon.restart()
    daemon.tick()
    assert "Reload definitions" not in str(daemon.message)


def test_odd_entries_are_told_by_name_and_the_other_files_go_on(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link round in a circle, one that leads out of the folder, a date past the year 9999, a prompt's folder that is a link."""
    drop(daemon, ["a.csv", "far.csv"])
    inbox = daemon.project.drop("b.csv", b"id,text\n1,My flight\n").parent
    os.utime(inbox / "b.csv", (LONG_AGO, LONG_AGO))
    with_dates(monkeypatch, {"far.csv": 300_000_000_000})
    secret = tmp_path / "secret.csv"
    secret.write_text("id,text\n1,secret\n")
    (inbox / "loop.csv").symlink_to("loop.csv")
    (inbox / "out.csv").symlink_to(secret)
    (inbox.parent / "linked_prompt").symlink_to(tmp_path)
    assert sorted(daemon.tick()) == ["a.csv", "b.csv"]
    assert daemon.tick() == []
    assert daemon.message is not None
    for name in ("far.csv has a date", "loop.csv is a link", "out.csv is a link", "linked_prompt is a link"):
        assert name in daemon.message
