"""Texts leave batches and their answers leave the files of answers, also where no table knows them any more."""

from pathlib import Path

import orjson
import pytest

from batch_classifier.batches.forgetting import forget_texts, remove_batch, stored_batches, text_ids_like
from batch_classifier.batches.texts import texts_of_batch
from batch_classifier.inference.questions import question, quote
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.internal_keys import answer_part_key
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.wanted import KeyKind, Wanted
from batch_classifier_tests.support.core_pipeline import CorePipeline
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.scripted_inference import ScriptedInference

TEXTS = ["I was charged twice", "<class>Anna</class> said", 'Where is my "suitcase"?']
IDS = [text_id(text) for text in TEXTS]
FOLDER = "travel/version/batch"


@pytest.fixture
def internal(tmp_path: Path) -> LocalFolder:
    """A batch of a version of the prompt that nobody has any more, with two attempts' answers."""
    folder = LocalFolder(tmp_path)
    lines = [
        orjson.dumps(
            {
                "recordId": one,
                "modelInput": {
                    "system": "A refund for Anna goes to Billing.",
                    "messages": [{"role": "user", "content": [{"type": "text", "text": question(quote(text))}]}],
                },
            }
        )
        for one, text in zip(IDS, TEXTS, strict=True)
    ]
    answers = [orjson.dumps({**orjson.loads(line), "modelOutput": {"content": []}}) for line in lines]
    folder.write_bytes(f"{FOLDER}/batch.jsonl", b"\n".join(lines) + b"\n")
    folder.write_bytes(f"{FOLDER}/attempt-2.jsonl", lines[1] + b"\n")
    folder.write_bytes(f"{FOLDER}/text_ids.txt", "".join(f"{one}\n" for one in IDS).encode())
    folder.write_bytes(f"{FOLDER}/answers-batch-1/job/batch.jsonl.out", b"\n".join(answers) + b"\n{cut\n")
    folder.write_bytes(f"{FOLDER}/answers-batch-1/parsed_answers.arrow", b"parsed")
    for one, answer in zip(IDS, answers, strict=True):
        folder.write_bytes(answer_part_key(f"{FOLDER}/answers-batch-1/job", one), answer)
    folder.write_bytes(f"{FOLDER}/answers-batch-1/job/manifest.json.out", b"{}")
    return folder


def content(internal: LocalFolder, name: str) -> bytes:
    return internal.read_bytes(f"{FOLDER}/{name}") or b""


def test_the_lines_of_a_text_go_and_the_others_stay_as_they_were(internal: LocalFolder) -> None:
    (batch,) = stored_batches(internal, "travel")
    before = content(internal, "batch.jsonl").splitlines()
    rehearsed = forget_texts(internal, batch, {IDS[1]}, is_rehearsal=True)
    assert content(internal, "batch.jsonl").splitlines() == before
    done = forget_texts(internal, batch, {IDS[1]}, is_rehearsal=False)
    assert done == rehearsed and done is not None
    assert (done.lines, done.answers, done.is_empty) == (2, 2, False), "a line that says nothing may be this one's"
    assert content(internal, "batch.jsonl").splitlines() == [before[0], before[2]]
    assert content(internal, "attempt-2.jsonl") == b""
    assert content(internal, "text_ids.txt").decode().split() == [IDS[0], IDS[2]]
    assert [
        orjson.loads(line)["recordId"] for line in content(internal, "answers-batch-1/job/batch.jsonl.out").splitlines()
    ] == [
        IDS[0],
        IDS[2],
    ]
    assert internal.find(f"{FOLDER}/answers-batch-1/parsed_answers.arrow") is None
    parts = sorted(file.key.rsplit("/", 1)[-1] for file in internal.list(f"{FOLDER}/answers-batch-1/job/parts/"))
    assert parts == sorted(f"{one}.json" for one in (IDS[0], IDS[2])), "answers on demand, one by one"
    assert forget_texts(internal, batch, {IDS[1]}, is_rehearsal=False) is None, "nothing is left to do"


def test_words_are_looked_for_in_texts_and_not_in_instructions(internal: LocalFolder) -> None:
    batches = stored_batches(internal, "travel")
    for words, ids in (
        ("ANNA", {IDS[1]}),
        ("<class>anna", {IDS[1]}),
        ('my "suitcase', {IDS[2]}),
        ("refund", set()),
        ("charged", {IDS[0]}),
    ):
        assert text_ids_like(internal, batches, Wanted(KeyKind.TEXT_LIKE, words)) == ids, words
    assert text_ids_like(internal, batches, Wanted(KeyKind.RECORD_ID, "anna")) == set()


def test_of_a_batch_without_texts_nothing_is_left_and_its_jobs_are_forgotten(
    internal: LocalFolder, tmp_path: Path
) -> None:
    """Were the note of its job left, the same texts would not be asked again when they come again."""
    notes = LocalFolder(tmp_path / "local_jobs")
    for name in ("travel-0123-batch-1.json", "travel-0123-other-1.json"):
        notes.write_bytes(name, b"{}")
    (batch,) = stored_batches(internal, "travel")
    done = forget_texts(internal, batch, set(IDS), is_rehearsal=False)
    assert done is not None and done.is_empty
    remove_batch(internal, batch, [notes])
    assert stored_batches(internal, "travel") == []
    assert [file.key for file in notes.list()] == ["travel-0123-other-1.json"]


def test_a_text_leaves_a_record_that_holds_others_too(tmp_path: Path) -> None:
    """From what was asked and what was answered; the others stay, and their answers are read as before."""
    texts = [f"flight {number}, {'Anna' if number == 4 else 'Berta'} said" for number in range(12)]
    inference = ScriptedInference(tmp_path)
    inference.reply = lambda text: f"<class>Travel</class><rationale>{text}</rationale>"
    prompt = Prompt(name="tickets", **prompt_content(texts_per_record=6))
    made = CorePipeline(tmp_path, prompt, inference, inference.internal)
    before = made.run("calls.csv", texts)
    (batch,) = stored_batches(inference.internal, "tickets")
    (found,) = text_ids_like(inference.internal, [batch], Wanted(KeyKind.TEXT_LIKE, "anna"))
    assert found == text_id(texts[4])
    rehearsed = forget_texts(inference.internal, batch, {found}, is_rehearsal=True)
    done = forget_texts(inference.internal, batch, {found}, is_rehearsal=False)
    assert done == rehearsed and done is not None and (done.lines, done.answers, done.is_empty) == (1, 1, False)
    files = [path.read_bytes() for path in inference.internal.path.rglob("*") if path.is_file()]
    assert not any(b"Anna" in content or found.encode() in content for content in files)
    after = made.classify("calls.csv")
    assert [row["class"] for row in after] == ["Travel"] * 4 + [None] + ["Travel"] * 7
    assert [row["rationale"] for row in after if row["class"]] == [
        row["rationale"] for row in before if row["text_id"] != found
    ]
    assert texts_of_batch_again(made) == sorted(set(map(text_id, texts)) - {found}), "and they could be sent again"
    everything = forget_texts(inference.internal, batch, set(map(text_id, texts)), is_rehearsal=False)
    assert everything is not None and (everything.lines, everything.answers, everything.is_empty) == (2, 2, True)


def texts_of_batch_again(made: CorePipeline) -> list[str]:
    (batch,) = stored_batches(made.internal, "tickets")
    forms = made.inference.record_forms(made.prompt)
    rows = texts_of_batch(made.internal, made.prompt, batch.name, forms)
    return sorted(row["text_id"] for some in rows for row in some.to_pylist())
