"""`forget` in the aws deployment: no version of an object in any bucket holds the word any more, and nothing is asked anew."""

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest

from batch_classifier.warehouse.tables import CATEGORY_SUMMARY, CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.aws_deployment import Deployment, deployed
from batch_classifier_tests.support.command_line import run
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.repository import PROMPTS

MARKER = "Quetzalcoatl"
TEXTS = [f"{MARKER} would like to change a booking.", "The invoice is wrong.", "Where is my suitcase?"]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment whose buckets keep versions, with a file that has been classified twice."""
    with BedrockEmulator() as emulator, deployed(emulator, tmp_path) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr("batch_classifier.command_line.forget.open_instance", lambda: made.instance)
        patch.setenv("BATCH_CLASSIFIER_PROMPTS", str(PROMPTS))
        for bucket in ("customer", "internal"):
            made.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        made.inference.poll_seconds = 0.05
        made.put("input_data/travel/few.csv", TEXTS)
        made.tick("request_files")
        for _ in range(2):
            result = made.make_all("few.csv", wait_seconds=30)
            assert result.success, failure_of(result)
        yield made


def holders(deployment: Deployment) -> list[str]:
    """The keys of all versions of all objects, but for dropped files, that hold the marker, unpacked where they are packed."""
    found = []
    for bucket in ("customer", "internal"):
        for page in deployment.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", []):
                key = version["Key"]
                content = deployment.s3.get_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])[
                    "Body"
                ].read()
                if key.endswith(".parquet"):
                    content = str(pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()).encode()
                if MARKER.encode() in content and not key.startswith("input_data/"):
                    found.append(f"{bucket}/{key}")
    return found


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(("--text-like", MARKER), marks=pytest.mark.long),
        ("--record-id", "0"),
        pytest.param(("--file", "few.csv"), marks=pytest.mark.long),
    ],
)
def test_a_word_leaves_every_version_of_every_object(deployment: Deployment, key: tuple[str, str]) -> None:
    before = holders(deployment)
    assert any("/tables/" in name for name in before) and any("output_data/" in name for name in before), before
    assert any(".jsonl.out" in name for name in before)
    counts = f"select * from {deployment.warehouse.name('travel', CATEGORY_SUMMARY)}"
    summary = deployment.query(counts)
    asked = len(deployment.emulator.calls.texts_asked_twice())
    result = run("forget", *key, "--prompt", "travel", "--yes")
    assert result.exit_code == 0, result.output
    assert holders(deployment) == []
    left = [] if key[0] == "--file" else ["1", "2"]
    for table in (CLASSIFICATIONS, RAW_REQUESTS):
        sql = f"select record_id from {deployment.warehouse.name('travel', table)} order by record_id"
        assert [row["record_id"] for row in deployment.query(sql)] == left
    assert deployment.query(counts) == summary
    assert "s3://customer/input_data/travel/few.csv still holds it" in result.output.replace("\n", " ")
    assert not deployment.tick("request_files").run_requests
    if key[0] != "--file":
        again = deployment.make_all("few.csv", wait_seconds=30)
        assert again.success, failure_of(again)
        sql = f"select status from {deployment.warehouse.name('travel', CLASSIFICATIONS)} where row_number = 1"
        assert deployment.query(sql) == [{"status": "rejected"}]
    assert len(deployment.emulator.calls.texts_asked_twice()) == asked
    assert [name for name in holders(deployment) if "input_data" not in name] == []


@pytest.mark.long
def test_what_is_interrupted_between_two_tables_is_finished(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from batch_classifier.warehouse.athena import AthenaWarehouse

    replace = AthenaWarehouse.replace

    def interrupted(self: AthenaWarehouse, prompt: str, table: object, *rest: object) -> int:
        if table is CLASSIFICATIONS:
            raise KeyboardInterrupt
        return replace(self, prompt, table, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(AthenaWarehouse, "replace", interrupted)
        assert run("forget", "--text-like", MARKER, "--yes").exit_code != 0
    assert run("forget", "--text-like", MARKER, "--yes").exit_code == 0
    assert holders(deployment) == []
