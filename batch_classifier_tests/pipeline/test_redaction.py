"""What a prompt has masked is masked before it leaves, in every file and table, and stays nowhere unless the prompt keeps it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import EVERYTHING, Project, scripted

REDACT = {"patterns": {"customer_number": r"K-\d{6}"}}
SECRETS = (b"jane.doe@example.com", b"john@example.org", b"170 1234567", b"0532 0130", b"4111 1111", b"K-123456")
ROWS = [
    {"id": "A", "text": "charge me at jane.doe@example.com, K-123456", "note": "said john@example.org"},
    {"id": "B", "text": "charge me at john@example.org, K-654321", "note": "team 5"},
    {"id": "C", "text": "flight, call +49 170 1234567", "note": ""},
    {"id": "D", "text": "flight, from DE89 3704 0044 0532 0130 00 and 4111 1111 1111 1111", "note": ""},
    {"id": "E", "text": "nothing to mask in order 4711", "note": ""},
]
SENT = [
    "charge me at [email], [customer_number]",
    "flight, call [phone]",
    "flight, from [iban] and [card]",
    "nothing to mask in order 4711",
]


def files_with(home: Path, secret: bytes) -> list[str]:
    """Files below a project's home that hold these bytes, but for the customer's own request files."""
    found = [path for path in home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    return [str(path) for path in found if path.relative_to(home).parts[0] != "input_data"]


def masked_counts(result: Any) -> dict[str, Any]:
    (event,) = (one for one in result.get_asset_materialization_events() if one.asset_key.path[-1] == "raw_requests")
    return {name: value.value for name, value in event.materialization.metadata.items() if name.startswith("masked")}


@pytest.fixture(scope="module")
def masked(projects: Callable[..., Project]) -> tuple[Project, Any]:
    project = projects(redact=REDACT, input={"text": "text", "id": "id"}, results=["csv", "json", "xlsx"])
    project.drop("calls.csv", ROWS)
    result = project.run("calls.csv")
    assert result.success, failure_of(result)
    return project, result


def test_only_masked_texts_leave_and_those_that_are_alike_then_leave_once(masked: tuple[Project, Any]) -> None:
    project, _ = masked
    assert [text for text in SENT if any(text in asked for asked in scripted(project).asked)] == SENT
    assert len(scripted(project).asked) == len(SENT)


def test_the_id_is_that_of_what_was_sent(masked: tuple[Project, Any]) -> None:
    project, _ = masked
    rows = project.rows("classifications", "calls.csv")
    assert [row["input_text"] for row in rows] == [SENT[0], *SENT]
    assert rows[0]["text_id"] == rows[1]["text_id"] and len({row["text_id"] for row in rows}) == 4
    assert [row["class"] for row in rows] == ["Billing", "Billing", "Travel", "Travel", "Other"]


def test_the_original_is_nowhere_but_in_the_customers_own_file(masked: tuple[Project, Any]) -> None:
    project, _ = masked
    assert project.path_of("calls.csv").read_bytes().count(b"jane.doe@example.com") == 1
    assert {secret: files_with(project.home, secret) for secret in SECRETS} == {secret: [] for secret in SECRETS}
    everything = str([project.rows(table) for table in ("raw_requests", "classifications")])
    assert not [secret for secret in SECRETS if secret.decode() in everything]
    (row, *_) = project.rows("raw_requests")
    assert row["attributes"] == '{"note":"said [email]"}' and row["original_text"] is None


def test_metadata_counts_what_was_masked_and_never_says_what(masked: tuple[Project, Any]) -> None:
    _, result = masked
    assert masked_counts(result) == {
        "masked_texts": 4,
        "masked_email": 2,
        "masked_phone": 1,
        "masked_iban": 1,
        "masked_card": 1,
        "masked_customer_number": 2,
        "masked_in_other_columns": 1,
    }
    events = str(
        [event.to_json() for event in result.all_events]
        if hasattr(result.all_events[0], "to_json")
        else result.all_events
    )
    assert not [secret for secret in SECRETS if secret.decode() in events]


def test_originals_that_are_kept_stand_beside_what_was_sent(projects: Callable[..., Project]) -> None:
    project = projects(redact={**REDACT, "keep_originals": True}, input={"text": "text", "id": "id"})
    project.drop("calls.csv", ROWS)
    result = project.run("calls.csv", *EVERYTHING)
    assert result.success, failure_of(result)
    rows = project.rows("classifications", "calls.csv")
    originals = [row["text"] for row in ROWS]
    assert [row["original_text"] for row in rows] == [*originals[:4], None]
    assert [row["input_text"] for row in rows] == [SENT[0], *SENT]
    assert rows[0]["attributes"] == '{"note":"said john@example.org"}'
    (written,) = project.home.glob("output_data/**/*.csv")
    assert b"original_text" in written.read_bytes() and b"jane.doe@example.com" in written.read_bytes()
    assert "jane.doe@" not in str(scripted(project).asked)
    batches = [path for path in (project.home / "internal").rglob("*") if path.is_file()]
    assert batches and not [path for path in batches if b"jane.doe@example.com" in path.read_bytes()]
    shown = str([event.materialization.metadata for event in result.get_asset_materialization_events()])
    assert "jane" not in shown, "previews in Dagster have no originals"


def test_texts_that_were_read_before_the_prompt_masked_are_never_sent(project: Project) -> None:
    """The prompt changes between two assets: the texts that lie there are refused, and read again they are masked."""
    project.drop("calls.csv", ROWS)
    assert project.make("calls.csv", "raw_requests").success
    project.set_prompt(redact=REDACT)
    result = project.make("calls.csv", "bedrock_jsonl", "batch_job")
    assert "materialize raw_requests again" in failure_of(result)
    assert not scripted(project).asked and not project.jsonl_files()
    assert project.make("calls.csv").success
    assert "jane.doe" not in str(scripted(project).asked)


def test_batches_that_were_made_before_the_prompt_masked_are_not_sent_by_the_new_one(project: Project) -> None:
    """A batch waits with its original texts; the file that runs again makes another."""
    project.drop("calls.csv", ROWS)
    assert project.make("calls.csv", "raw_requests", "bedrock_jsonl").success
    project.set_prompt(redact=REDACT)
    assert project.make("calls.csv").success
    assert scripted(project).asked and "jane.doe" not in str(scripted(project).asked)


def test_a_prompt_that_masks_nothing_keeps_its_version_and_its_texts(project: Project) -> None:
    plain = project.prompt.version
    rows = project.classify("calls.csv", ROWS)
    assert [row["input_text"] for row in rows] == [row["text"] for row in ROWS]
    assert {row["original_text"] for row in rows} == {None}
    project.set_prompt(redact={"kinds": ["email"]})
    masking = project.prompt.version
    project.set_prompt(redact={"kinds": ["email"], "keep_originals": True})
    assert plain != masking and project.prompt.version == masking


def test_what_masks_too_long_is_a_rejected_row_without_its_text(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch_classifier.redaction.masker.SECONDS_A_TEXT", -1)
    project.set_prompt(redact={"kinds": ["email"]})
    rows = project.classify("calls.csv", [{"text": "jane.doe@example.com"}])
    assert [(row["status"], row["input_text"]) for row in rows] == [("rejected", None)]
    assert "takes too long to mask" in rows[0]["error"]


def test_rows_that_cannot_be_used_are_masked_too(project: Project) -> None:
    project.set_prompt(redact=REDACT)
    broken = b'text,id\n"jane.doe@example.com",1,john@example.org\njane.doe@example.com,2\n'
    project.classify("calls.csv", broken)
    assert not files_with(project.home, b"jane.doe@example.com") and not files_with(project.home, b"john@example.org")
