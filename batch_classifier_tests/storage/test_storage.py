"""Folders of files: found whatever they are called, seen when they change, and published whole or not at all."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.file_access import FileAccess
from batch_classifier.storage.file_name import fitting_name
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.storage.s3_folder import S3Folder
from batch_classifier_tests.support.odd_dates import with_dates
from batch_classifier_tests.support.outcomes import is_one_sentence

NAMES = [
    "plain.csv",
    "with space.csv",
    "100%.csv",
    'it\'s "new".csv',
    "März/日本 #1?.csv",
    "a/b/c/deep.csv",
    "a&b=c;d.csv",
]


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    return LocalFolder(tmp_path / "files")


@pytest.mark.parametrize("key", NAMES)
def test_a_file_of_any_name_is_written_listed_found_read_and_deleted(folder: LocalFolder, key: str) -> None:
    folder.write_bytes(key, b"content")
    (listed,) = folder.list()
    assert listed == folder.find(key) and (listed.key, listed.size) == (key, 7)
    assert folder.read_bytes(key) == b"content"
    assert folder.key_of(folder.uri_of(key)) == key
    folder.delete(key)
    assert folder.find(key) is None and not list(folder.list())


def test_a_prefix_is_the_beginning_of_a_key(folder: LocalFolder) -> None:
    for key in ("in/a/1.csv", "in/ab/2.csv", "in/a.csv", "out/a/3.csv"):
        folder.write_bytes(key, b"")
    assert {file.key for file in folder.list("in/a/")} == {"in/a/1.csv"}
    assert {file.key for file in folder.list("in/a")} == {"in/a/1.csv", "in/ab/2.csv", "in/a.csv"}
    assert not list(folder.list("nothing/"))


def test_what_is_not_there_is_no_surprise(folder: LocalFolder) -> None:
    assert not list(folder.list()) and folder.find("a/b.csv") is None and folder.read_bytes("b.csv") is None
    folder.delete("b.csv")
    with pytest.raises(ClassifierError) as caught, folder.read("b.csv"):
        pass
    assert "b.csv" in str(caught.value) and is_one_sentence(str(caught.value))


@pytest.mark.parametrize("key", ["folder", "file.csv/below.csv"])
def test_only_a_file_is_found(folder: LocalFolder, key: str) -> None:
    folder.write_bytes("folder/file.csv", b"")
    folder.write_bytes("file.csv", b"")
    assert folder.find(key) is None


def test_a_fingerprint_changes_with_the_content_also_within_a_second(folder: LocalFolder) -> None:
    path = folder.path / "a.csv"
    fingerprints = set()
    for content, moment in ((b"one", 1_000_000_000), (b"two", 1_000_000_001), (b"three", 1_000_000_001)):
        folder.write_bytes("a.csv", content)
        os.utime(path, ns=(moment, moment))
        found = folder.find("a.csv")
        assert found is not None
        fingerprints.add(found.fingerprint)
    assert len(fingerprints) == 3


def test_a_file_is_not_there_before_it_is_whole(folder: LocalFolder) -> None:
    with folder.spool() as path:
        path.write_bytes(b"half")
        assert not list(folder.list())
        folder.publish(path, "a.csv")
    assert folder.read_bytes("a.csv") == b"half"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(folder: LocalFolder) -> None:
    folder.write_bytes("a.csv", b"old")
    with pytest.raises(RuntimeError), folder.spool() as path:
        path.write_bytes(b"new")
        raise RuntimeError
    assert folder.read_bytes("a.csv") == b"old"
    assert [path.name for path in folder.path.rglob("*") if path.is_file()] == ["a.csv"]


def test_readers_see_the_old_or_the_new_file_and_never_a_mixture(folder: LocalFolder) -> None:
    contents = {bytes([letter]) * 100_000 for letter in b"ab"}
    folder.write_bytes("a", b"a" * 100_000)
    seen: set[bytes | None] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add(folder.read_bytes("a"))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(50):
        for content in contents:
            folder.write_bytes("a", content)
    done.set()
    reader.join()
    assert seen <= contents


def test_hidden_files_and_broken_links_are_passed_over(folder: LocalFolder) -> None:
    folder.write_bytes("a.csv", b"")
    (folder.path / ".hidden").mkdir()
    (folder.path / ".hidden" / "b.csv").touch()
    (folder.path / "c.csv").symlink_to(folder.path / "nowhere.csv")
    assert [file.key for file in folder.list()] == ["a.csv"]


@pytest.mark.parametrize(("mode", "folder_mode"), [(0o600, 0o700), (0o660, 0o770), (0o644, 0o755)])
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_published_has_the_permissions_that_are_set(
    tmp_path: Path, mode: int, folder_mode: int, umask: int
) -> None:
    before = os.umask(umask)
    try:
        LocalFolder(tmp_path / "files", FileAccess(mode)).write_bytes("below/a.csv", b"")
    finally:
        os.umask(before)
    made = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    folders = ("files", "files/below", "files/.unfinished")
    assert made == {**dict.fromkeys(folders, folder_mode), "files/below/a.csv": mode}


def test_a_folder_that_was_there_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir(0o755)
    LocalFolder(tmp_path / "files").write_bytes("a.csv", b"")
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "files" / "a.csv").stat().st_mode) == 0o600


def test_nobody_elses_files_are_open_to_all_while_files_are_published(
    folder: LocalFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The umask is the whole process's: whoever changes it, even for a moment, changes it for every other thread."""

    def publish(number: int) -> None:
        for turn in range(100):
            folder.write_bytes(f"{number}/{turn}.csv", b"")

    def make(number: int) -> None:
        for turn in range(1_000):
            (tmp_path / f"own-{number}-{turn}").touch()

    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patch, ThreadPoolExecutor(8) as pool:
            patch.setattr(os, "umask", lambda mask: pytest.fail("it is changed for all threads"))
            for done in [pool.submit(work, number) for number in range(4) for work in (publish, make)]:
                done.result()
    finally:
        os.umask(before)
    published = [path for path in folder.path.rglob("*") if path.is_file()]
    others = list(tmp_path.glob("own-*"))
    assert (len(published), len(others)) == (4 * 100, 4 * 1_000)
    assert {stat.S_IMODE(path.stat().st_mode) for path in published} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in others} == {0o640}


@pytest.mark.parametrize("where", ["home", "target"])
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, where: str) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "plain").touch()
    folder = LocalFolder(tmp_path / "files" / "plain" / "below" if where == "home" else tmp_path / "files")
    with pytest.raises(ClassifierError) as caught:
        folder.write_bytes("plain/below/a.csv", b"")
    assert is_one_sentence(str(caught.value)) and str(folder.path) in str(caught.value)
    assert not list((tmp_path / "files").glob(".unfinished/*"))


def test_a_file_is_on_the_disk_before_it_is_in_its_place(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a power cut could leave its name with half of its content, or none."""
    was_there: list[bool] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        was_there.append((folder.path / "file.txt").exists())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    folder.write_bytes("file.txt", b"content")
    with folder.spool() as path:
        path.write_bytes(b"other")
        assert folder.publish_new(path, "new.txt")
    assert was_there == [False, True]


def test_what_cannot_be_removed_hides_no_error(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with folder.spool() as path:
        monkeypatch.setattr(Path, "replace", refuse)
        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(ClassifierError, match=r"file\.txt cannot be written: Permission denied"):
            folder.write_bytes("file.txt", b"content")
    assert path.exists()


def test_an_error_of_whoever_writes_is_not_taken_for_the_folders(folder: LocalFolder) -> None:
    with pytest.raises(OSError, match="their own"), folder.spool():
        raise OSError("their own")


@pytest.mark.parametrize("letter", ["n", "é", "漢", "🎉"])
def test_a_name_is_cut_to_what_a_file_system_takes(tmp_path: Path, letter: str) -> None:
    stems = [letter * (length // len(letter.encode())) for length in range(240, 500, 4)]
    names = [fitting_name(stem, suffix) for stem in stems for suffix in (".csv", ".json")]
    assert len(set(names)) == len(names) - 2 * (len(stems) - len(set(stems)))
    assert all(len(name.encode()) <= 255 and name.endswith((".csv", ".json")) for name in names)
    assert all(name == stem + ".csv" for stem, name in zip(stems, names[::2], strict=True) if len(stem.encode()) < 252)
    for name in names:
        (tmp_path / name).touch()


def test_what_is_not_published_yet_is_nobody_elses_on_a_shared_disk() -> None:
    with S3Folder("s3://bucket/prefix").spool() as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_address_of_elsewhere_has_no_key(folder: LocalFolder) -> None:
    with pytest.raises(ClassifierError, match="not below") as caught:
        folder.key_of("/elsewhere/a.csv")
    assert is_one_sentence(str(caught.value))


def test_a_folder_is_opened_at_a_path_and_other_addresses_are_refused(tmp_path: Path) -> None:
    assert open_folder(str(tmp_path)).uri == str(tmp_path)
    with pytest.raises(SettingError, match="gs://bucket") as caught:
        open_folder("gs://bucket/prefix")
    assert is_one_sentence(str(caught.value))


def listed(folder: LocalFolder, prefix: str = "") -> tuple[set[str], dict[str, str]]:
    """The keys of the files, and what is passed over with its problem."""
    listing = folder.list(prefix)
    keys = {file.key for file in listing}
    return keys, {entry.key: entry.problem for entry in listing.passed_over}


def test_a_link_is_followed_inside_the_folder_only(folder: LocalFolder, tmp_path: Path) -> None:
    """Whoever may drop files could otherwise have any file of the machine read."""
    secret = tmp_path / "passwords"
    secret.write_text("secret")
    (tmp_path / "files of others").mkdir()
    folder.write_bytes("in/a.csv", b"content")
    links = {
        "in/inside.csv": folder.path / "in/a.csv",
        "in/relative.csv": Path("a.csv"),
        "in/out.csv": secret,
        "in/up.csv": Path("../../passwords"),
        "in/beside.csv": tmp_path / "files of others/a.csv",
        "in/twice.csv": Path("out.csv"),
        "in/nowhere.csv": Path("nothing.csv"),
        "in/loop.csv": Path("loop.csv"),
    }
    for key, target in links.items():
        (folder.path / key).symlink_to(target)
    keys, passed_over = listed(folder, "in/")
    assert keys == {"in/a.csv", "in/inside.csv", "in/relative.csv"}
    assert set(passed_over) == set(links) - keys
    assert all("out of the folder" in passed_over[f"in/{name}.csv"] for name in ("out", "up", "twice"))
    assert "nowhere" in passed_over["in/nowhere.csv"] and "cannot be followed" in passed_over["in/loop.csv"]
    assert folder.read_bytes("in/relative.csv") == b"content"
    for key in passed_over:
        assert folder.find(key) is None
        with pytest.raises(ClassifierError) as caught, folder.read(key):
            pass
        assert is_one_sentence(str(caught.value)) and key in str(caught.value) and "link" in str(caught.value)


@pytest.mark.parametrize("target", ["outside", "inside"])
def test_a_folder_that_is_a_link_is_told_and_not_followed(folder: LocalFolder, tmp_path: Path, target: str) -> None:
    LocalFolder(tmp_path / "outside").write_bytes("b.csv", b"secret")
    folder.write_bytes("inside/b.csv", b"content")
    folder.write_bytes("in/a.csv", b"content")
    (folder.path / "in/travel").symlink_to(tmp_path / "outside" if target == "outside" else folder.path / "inside")
    keys, passed_over = listed(folder, "in/")
    assert keys == {"in/a.csv"} and "is a link" in passed_over["in/travel"]
    assert (folder.find("in/travel/b.csv") is None) == (target == "outside")
    if target == "outside":
        with pytest.raises(ClassifierError, match="out of the folder"), folder.read("in/travel/b.csv"):
            pass
    assert listed(folder, "in/travel/") == (set(), {"in/travel": passed_over["in/travel"]})


def test_a_key_does_not_lead_out_of_the_folder(folder: LocalFolder, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    folder.write_bytes("a.csv", b"")
    assert folder.find("../secret.csv") is None
    with pytest.raises(ClassifierError, match="out of the folder"), folder.read("../secret.csv"):
        pass


def test_the_folder_itself_may_be_a_link(folder: LocalFolder, tmp_path: Path) -> None:
    folder.write_bytes("in/a.csv", b"content")
    (folder.path / "in/b.csv").symlink_to("a.csv")
    (tmp_path / "link").symlink_to(folder.path)
    linked = LocalFolder(tmp_path / "link")
    assert listed(linked, "in/") == ({"in/a.csv", "in/b.csv"}, {}) and linked.read_bytes("in/b.csv") == b"content"


def test_odd_entries_are_told_and_the_others_are_listed(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("in/a.csv", "in/z.csv", "in/closed/b.csv", "in/far.csv", "in/early.csv"):
        folder.write_bytes(key, b"")
    with_dates(monkeypatch, {"far.csv": 300_000_000_000, "early.csv": -100_000_000_000})
    os.mkfifo(folder.path / "in/pipe.csv")
    (folder.path / "in/round").mkdir()
    (folder.path / "in/round/again").symlink_to("../round")
    scandir = os.scandir

    def closed(path: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        # The administrator, as whom tests may run, may open any folder.
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    keys, passed_over = listed(folder, "in/")
    assert keys == {"in/a.csv", "in/z.csv"}
    assert set(passed_over) == {"in/closed", "in/far.csv", "in/early.csv", "in/pipe.csv", "in/round/again"}
    assert "Permission denied" in passed_over["in/closed"] and "date" in passed_over["in/far.csv"]
    assert "is a pipe" in passed_over["in/pipe.csv"]
    with pytest.raises(ClassifierError, match="date") as caught:
        folder.find("in/far.csv")
    assert is_one_sentence(str(caught.value))


def test_a_file_that_cannot_be_looked_at_is_told(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_bytes("in/a.csv", b"")
    folder.write_bytes("in/b.csv", b"")
    look = Path.stat

    def denied(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name == "b.csv":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return look(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", denied)
    assert listed(folder) == ({"in/a.csv"}, {"in/b.csv": "cannot be looked at: Permission denied"})
