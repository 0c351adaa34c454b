"""The answers of an attempt are parsed once, and whatever becomes of the parsed file, they are what the service wrote."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from batch_classifier.answers import attempt_answers
from batch_classifier.answers.answer_files import Answers
from batch_classifier.answers.attempt_answers import AttemptAnswers
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.project import Project

OUTPUT = "tickets/version/batch/answers-scripted-1"
FILES = [f"{OUTPUT}/job/{name}.jsonl.out" for name in ("a", "b")]
PARSED = f"{OUTPUT}/parsed_answers.arrow"
# More than one record batch of answers in the first file.
SIZES = (4_500, 30)


def lines(name: str, count: int, category: str = "Billing") -> bytes:
    """A file of answers, with one line that nothing can be read from."""
    written = [
        {
            "recordId": f"{name}{number}",
            "modelOutput": {
                "content": [
                    {"type": "text", "text": f"<class>{category}</class><rationale>Reason {number}.</rationale>"}
                ],
                "usage": {"input_tokens": number, "output_tokens": 2},
            },
        }
        for number in range(count)
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in written) + b"not JSON\n"


@pytest.fixture(scope="module")
def prompt(tmp_path_factory: pytest.TempPathFactory) -> Prompt:
    made = Project(tmp_path_factory.mktemp("prompt"), None, None)  # type: ignore[arg-type]
    made.set_prompt()
    return load_prompts(made.prompts).get("tickets")


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    """An internal folder with the answers of one attempt."""
    made = LocalFolder(tmp_path / "internal")
    for key, name, count in zip(FILES, "ab", SIZES, strict=True):
        made.write_bytes(key, lines(name, count))
    return made


@pytest.fixture
def parsed_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that grows by the name of each file of answers that is parsed."""
    names: list[str] = []

    class Watched(Answers):
        def __iter__(self) -> Iterator[pa.RecordBatch]:
            names.append(Path(str(self.file.name)).name)
            return super().__iter__()

    monkeypatch.setattr(attempt_answers, "Answers", Watched)
    return names


def read(folder: LocalFolder, prompt: Prompt) -> tuple[pa.Table, int]:
    answers = AttemptAnswers(folder, OUTPUT, prompt)
    table = pa.Table.from_batches(answers)
    return table, answers.unreadable


def test_the_second_reader_reads_what_the_first_has_parsed(
    folder: LocalFolder, prompt: Prompt, parsed_files: list[str]
) -> None:
    first, unreadable = read(folder, prompt)
    assert first.num_rows == sum(SIZES) and unreadable == 2 and parsed_files == ["a.jsonl.out", "b.jsonl.out"]
    assert first.slice(0, 1).to_pylist() == [
        {
            "text_id": "a0",
            "class": "Billing",
            "rationale": "Reason 0.",
            "status": "classified",
            "raw_class": "Billing",
            "confidence": None,
            "error": None,
            "input_tokens": 0,
            "output_tokens": 2,
            "is_left_out": False,
        }
    ]
    again, unreadable = read(folder, prompt)
    assert again.equals(first) and again.schema.metadata is None and unreadable == 2 and len(parsed_files) == 2


def test_parsed_answers_come_in_pieces(folder: LocalFolder, prompt: Prompt) -> None:
    for _ in range(2):
        assert max(batch.num_rows for batch in AttemptAnswers(folder, OUTPUT, prompt)) == 2_000


def test_a_file_of_answers_that_has_changed_is_parsed_anew(
    folder: LocalFolder, prompt: Prompt, parsed_files: list[str]
) -> None:
    read(folder, prompt)
    folder.write_bytes(FILES[1], lines("b", SIZES[1], "Travel"))
    table, _ = read(folder, prompt)
    assert table["class"].to_pylist()[-1] == "Travel" and len(parsed_files) == 4
    folder.write_bytes(f"{OUTPUT}/job/c.jsonl.out", lines("c", 1))
    assert read(folder, prompt)[0].num_rows == sum(SIZES) + 1
    folder.delete(f"{OUTPUT}/job/c.jsonl.out")
    assert read(folder, prompt)[0].num_rows == sum(SIZES)


def test_another_parser_parses_anew(
    folder: LocalFolder, prompt: Prompt, parsed_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read(folder, prompt)
    monkeypatch.setattr(attempt_answers, "_parser", lambda: "another one")
    read(folder, prompt)
    assert len(parsed_files) == 4


def test_the_parser_is_told_by_its_code() -> None:
    """Code that reads answers and is not in the list would leave old answers standing when it changes."""
    assert len(attempt_answers._parser()) == 64
    for name in attempt_answers._PARSER:
        assert name.startswith("batch_classifier.")


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def damaged_in_the_middle(content: bytes) -> bytes:
    """The second record batch: what stands before it is read, and passed on."""
    middle = len(content) // 2
    return (
        content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 2_000]) + content[middle + 2_000 :]
    )


def foreign(content: bytes) -> bytes:
    """An Arrow file with other columns, as of another version."""
    sink = pa.BufferOutputStream()
    with pa.ipc.open_file(pa.py_buffer(content)) as reader:
        schema = pa.schema([("text_id", pa.string())], metadata=reader.schema.metadata)
    with pa.ipc.new_file(sink, schema):
        pass
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    "damage", [cut, damaged_in_the_middle, foreign, lambda _: b"", lambda _: b"no Arrow file" * 100, lambda c: c[:-1]]
)
def test_a_parsed_file_that_is_of_no_use_is_made_again(
    folder: LocalFolder, prompt: Prompt, parsed_files: list[str], damage: Callable[[bytes], bytes]
) -> None:
    whole = read(folder, prompt)
    content = folder.read_bytes(PARSED)
    assert content is not None
    folder.write_bytes(PARSED, damage(content))
    assert read(folder, prompt) == whole and len(parsed_files) == 4
    assert folder.read_bytes(PARSED) == content
    assert read(folder, prompt) == whole and len(parsed_files) == 4


def test_answers_are_read_where_the_parsed_ones_cannot_be_kept(
    folder: LocalFolder, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, key: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder, "publish", refuse)
    assert read(folder, prompt)[0].num_rows == sum(SIZES) and folder.find(PARSED) is None
    assert not list(folder.spool_directory().iterdir())


def test_a_reader_that_stops_early_leaves_nothing_behind(folder: LocalFolder, prompt: Prompt) -> None:
    pieces = iter(AttemptAnswers(folder, OUTPUT, prompt))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert folder.find(PARSED) is None and not list(folder.spool_directory().iterdir())


def test_an_attempt_without_answers_has_none(folder: LocalFolder, prompt: Prompt) -> None:
    assert (
        list(AttemptAnswers(folder, f"{OUTPUT}0", prompt)) == []
        and folder.find(f"{OUTPUT}0/parsed_answers.arrow") is None
    )
