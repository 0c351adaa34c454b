"""Folders on S3, against a real S3 server: every name, large files in parts, many pages, and two who write at once."""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.storage.s3_folder import S3Folder
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier_tests.emulators.seaweedfs import SeaweedFS
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator
from batch_classifier_tests.support.aws_deployment import TEXTS, Deployment
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence, materialized
from batch_classifier_tests.support.stored_instance import stored_instance_in

ODD_NAME = "May 2026/a b+c&d=e;f,g:h'i\"(j)[k]{l}!@$~^%20#1?*|<> März 日本 \U0001f600.csv"
NAMES = [ODD_NAME, "plain.csv", "-dash.csv", "a%2Fb.csv", "trailing space .csv", "tab\tkey.csv", "x" * 200 + ".csv"]
# boto3 sends and fetches what is larger than a part in parts.
PART = 8 * 1024 * 1024
LARGE = 2 * PART + 256


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """One server for all tests here, and boto3 led to it."""
    with SeaweedFS(tmp_path_factory.mktemp("seaweedfs")) as serving, pytest.MonkeyPatch.context() as patch:
        for name, value in serving.environment.items():
            patch.setenv(name, value)
        for bucket in ("customer", "internal"):
            serving.client().create_bucket(Bucket=bucket)
        yield serving


@pytest.fixture
def folder(server: SeaweedFS, request: pytest.FixtureRequest) -> S3Folder:
    """A folder for each test."""
    return S3Folder(f"s3://internal/{request.node.originalname}")


@pytest.mark.parametrize("key", NAMES, ids=range(len(NAMES)))
def test_a_file_of_any_name_is_written_listed_found_read_and_deleted(folder: S3Folder, key: str) -> None:
    folder.write_bytes(key, b"content")
    (listed,) = folder.list()
    assert listed.key == key and listed.size == 7
    found = folder.find(key)
    # A listing has parts of a second, a look at one object has none.
    assert found is not None and (found.fingerprint, found.size) == (listed.fingerprint, 7)
    assert folder.read_bytes(key) == b"content"
    assert folder.key_of(folder.uri_of(key)) == key
    folder.delete(key)
    assert folder.find(key) is None and not list(folder.list())


def test_a_listing_has_every_page_and_no_folder_markers(server: SeaweedFS, folder: S3Folder) -> None:
    keys = {f"in/{number:04d}.csv" for number in range(1_005)}
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda key: folder.clients.s3.put_object(Bucket="internal", Key=folder.prefix + key), keys))
    folder.clients.s3.put_object(Bucket="internal", Key=f"{folder.prefix}in/marker/")
    listed = [file.key for file in folder.list("in/")]
    assert len(listed) == len(keys) and set(listed) == keys
    assert not list(folder.list("nothing/"))


def test_a_large_file_goes_and_comes_in_parts(folder: S3Folder) -> None:
    content = bytes(range(256)) * (LARGE // 256)
    folder.write_bytes("large", content)
    (listed,) = folder.list()
    # The ETag of an object in parts ends with their number; its time and size follow.
    assert "-3-" in listed.fingerprint and listed.size == len(content)
    assert folder.read_bytes("large") == content


def test_of_many_who_create_a_file_one_does(folder: S3Folder) -> None:
    contents = [str(number).encode() for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda content: folder.create("lease", content), contents))
    assert sum(created) == 1
    assert folder.read_bytes("lease") == contents[created.index(True)]
    assert not folder.create("lease", b"later")


@pytest.mark.parametrize("times", [1, 99])
def test_a_file_that_is_replaced_while_it_is_read_is_never_a_mixture(folder: S3Folder, times: int) -> None:
    """Each of its parts is asked for by itself; whoever reads gets the new version, or a sentence where it never rests."""
    folder.write_bytes("file", b"0" * LARGE)
    s3 = folder.clients.s3
    replaced: list[object] = []

    def replace(params: dict[str, Any], **event: Any) -> None:
        if params["headers"].get("Range", "").startswith(f"bytes={PART}-") and len(replaced) < times:
            replaced.append(len(replaced) + 1)
            S3Folder(folder.uri).write_bytes("file", str(len(replaced) % 10).encode() * LARGE)

    s3.meta.events.register("before-call.s3.GetObject", replace)
    if times == 1:
        assert folder.read_bytes("file") == b"1" * LARGE
    else:
        with pytest.raises(ClassifierError, match="changes again and again while it is read") as caught:
            folder.read_bytes("file")
        assert is_one_sentence(str(caught.value))


def test_what_is_not_there_is_told_in_a_sentence(server: SeaweedFS, folder: S3Folder) -> None:
    assert folder.find("a/b.csv") is None and folder.read_bytes("b.csv") is None
    folder.delete("b.csv")
    nowhere = S3Folder("s3://no-such-bucket/prefix")
    for act, said in (
        (lambda: folder.read("b.csv").__enter__(), "the file is not there"),
        (lambda: list(nowhere.list()), "the bucket does not exist"),
        (lambda: nowhere.write_bytes("a", b""), "the bucket does not exist"),
    ):
        with pytest.raises(ClassifierError, match=said) as caught:
            act()
        assert is_one_sentence(str(caught.value)) and "s3://" in str(caught.value)


@pytest.mark.long
def test_memory_does_not_grow_with_a_file(folder: S3Folder, tmp_path: Path) -> None:
    """What a file of 5 GB takes is what one of 200 MB takes: a few parts. On this disk it has no blocks."""
    size = 200_000_000
    folder.write_bytes("small", b"1" * LARGE)
    assert folder.read_bytes("small")
    tracemalloc.start()
    try:
        with (tmp_path / "large").open("wb") as sparse:
            sparse.truncate(size)
        folder.publish(tmp_path / "large", "large")
        with folder.read("large") as file:
            assert sum(len(piece) for piece in iter(lambda: file.read(1_000_000), b"")) == size
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        folder.delete("large")
    # boto3 holds ten parts at once.
    assert grown < 15 * PART < size, f"{grown:,} bytes"


@pytest.mark.long
def test_the_whole_pipeline_on_a_real_s3(server: SeaweedFS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with every odd character in its key, from the sensor to Athena's answer; Bedrock's job reads and writes here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("batch_classifier.requests.request_files.SETTLED_SECONDS", 0.0)
    s3 = server.client()
    with (
        BedrockEmulator(jobs_s3=s3, queries_s3=s3) as emulator,
        stored_instance_in(tmp_path) as instance,
    ):
        for name, value in {
            **emulator.environment,
            **server.environment,
            "BATCH_CLASSIFIER_DEPLOYMENT": "aws",
            "BATCH_CLASSIFIER_CUSTOMER_URI": "s3://customer",
            "BATCH_CLASSIFIER_INTERNAL_URI": "s3://internal/batches",
            "BATCH_CLASSIFIER_TABLES_URI": "s3://internal/tables",
            "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": ROLE_ARN,
        }.items():
            monkeypatch.setenv(name, value)
        deployment = Deployment(emulator, instance, s3=s3)
        deployment.put(f"input_data/travel/{ODD_NAME}", TEXTS)
        (request,) = deployment.tick("request_files").run_requests
        assert request.partition_key == ODD_NAME
        emulator.durations.in_progress = 0.1
        deployment.inference.poll_seconds = 0.05
        result = deployment.run(ODD_NAME, wait_seconds=30)
        assert result.success, failure_of(result)
        assert len(materialized([result])) == 6
        table = deployment.warehouse.name("travel", CLASSIFICATIONS)
        found = deployment.query(f"select request_file, count(*) as requests from {table} group by request_file")
        assert found == [{"request_file": ODD_NAME, "requests": len(TEXTS)}]
        assert emulator.calls.creates_accepted == 1 and not emulator.calls.texts_asked_twice()
        results = [found["Key"] for found in s3.list_objects_v2(Bucket="customer", Prefix="output_data/")["Contents"]]
        assert results and all(f"/{ODD_NAME[:-4]}." in key for key in results)
        assert not deployment.tick("request_files").run_requests
