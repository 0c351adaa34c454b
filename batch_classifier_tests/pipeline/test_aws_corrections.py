"""`corrections` in the aws deployment: the table in the catalog, results on S3, and nobody asked anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_classifier.warehouse.tables import CATEGORY_SUMMARY, CORRECTIONS
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.aws_deployment import Deployment, deployed
from batch_classifier_tests.support.command_line import run
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.repository import PROMPTS

TEXTS = ["I would like to change a booking.", "The invoice is wrong.", "Where is my suitcase?"]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with a file that has been classified."""
    with BedrockEmulator() as emulator, deployed(emulator, tmp_path) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr("batch_classifier.command_line.corrected_results.open_instance", lambda: made.instance)
        patch.setenv("BATCH_CLASSIFIER_PROMPTS", str(PROMPTS))
        made.inference.poll_seconds = 0.05
        made.put("input_data/travel/few.csv", TEXTS)
        made.tick("request_files")
        result = made.make_all("few.csv", wait_seconds=30)
        assert result.success, failure_of(result)
        yield made


def test_a_correction_on_aws(deployment: Deployment, tmp_path: Path) -> None:
    asked = len(deployment.emulator.calls.texts_asked_twice())
    labels = tmp_path / "labels.csv"
    labels.write_text("id,class\n0,Refund Issues\n1,Feedback\n", encoding="utf-8")
    result = run("corrections", "--prompt", "travel", "--import", labels, "--who", "Ann")
    assert result.exit_code == 1 and "'Feedback', which is no category of travel" in result.output
    table = deployment.warehouse.name("travel", CORRECTIONS)
    assert deployment.query(f"select * from {table}") == []
    labels.write_text("id,class\n0,Refund Issues\n", encoding="utf-8")
    result = run("corrections", "--prompt", "travel", "--import", labels, "--who", "Ann")
    assert result.exit_code == 0, result.output
    (row,) = deployment.query(f"select input_text, old_class, new_class, who, request_file from {table}")
    assert (row["input_text"], row["who"], row["request_file"]) == (TEXTS[0], "Ann", "few.csv")
    summary = deployment.query(
        f'select "class", corrected from {deployment.warehouse.name("travel", CATEGORY_SUMMARY)} where corrected > 0'
    )
    assert [tuple(one.values()) for one in summary] == [("Refund Issues", 1)]
    keys = [one["Key"] for one in deployment.s3.list_objects_v2(Bucket="customer", Prefix="output_data/")["Contents"]]
    texts = {key: deployment.s3.get_object(Bucket="customer", Key=key)["Body"].read() for key in keys}
    (csv,) = [content.decode("utf-8-sig") for key, content in texts.items() if key.endswith(".csv")]
    assert f'"{TEXTS[0]}","Refund Issues","{row["old_class"]}"' in csv
    assert run("corrections", "--prompt", "travel", "--withdraw", "0").exit_code == 0
    assert len(deployment.query(f"select number from {table}")) == 2
    assert len(deployment.emulator.calls.texts_asked_twice()) == asked
