"""What is decided about a request file, and about a note that one cannot be read."""

import pytest

from batch_classifier.requests.intake_decision import FileFacts, Standing, Verdict, standing_of, verdict_on


@pytest.mark.parametrize(
    "facts, verdict",
    [
        (FileFacts("a"), Verdict.RUN),
        (FileFacts("b", fingerprint_read="a"), Verdict.RUN),
        (FileFacts("a", fingerprint_read="a"), Verdict.NOTHING),
        (FileFacts("a", cannot_be_read=True), Verdict.NOTHING),
        (FileFacts("b", fingerprint_read="a", cannot_be_read=True), Verdict.NOTHING),
        (FileFacts("a", is_in_progress=True), Verdict.LATER),
        (FileFacts("a", fingerprint_read="a", is_in_progress=True), Verdict.LATER),
        (FileFacts("a", cannot_be_read=True, is_in_progress=True), Verdict.LATER),
    ],
)
def test_a_file_is_run_when_its_content_was_neither_read_nor_found_unreadable(
    facts: FileFacts, verdict: Verdict
) -> None:
    assert verdict_on(facts) is verdict


@pytest.mark.parametrize(
    "is_file_gone, is_partition_gone, is_set_aside, standing",
    [
        (False, False, False, Standing.STANDS),
        (False, True, False, Standing.PARTITION_IS_GONE),
        (False, True, True, Standing.STANDS),
        (False, False, True, Standing.STANDS),
        (True, False, False, Standing.FILE_IS_GONE),
        (True, True, False, Standing.FILE_IS_GONE),
        (True, True, True, Standing.FILE_IS_GONE),
    ],
)
def test_a_note_stands_until_the_file_or_its_partition_is_gone(
    is_file_gone: bool, is_partition_gone: bool, is_set_aside: bool, standing: Standing
) -> None:
    assert standing_of(is_file_gone, is_partition_gone, is_set_aside) is standing
