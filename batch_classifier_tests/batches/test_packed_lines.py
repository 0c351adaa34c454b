"""Lines that hold several texts: which go together, and that all of them can be read back."""

import re
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from batch_classifier.batches.packed_lines import PackedLines, PackedLineSource
from batch_classifier.batches.packing import Asked, room_of_records
from batch_classifier.inference.bedrock.batch_inference import BedrockInference
from batch_classifier.inference.bedrock.model_limits import record_room
from batch_classifier.inference.interface import RecordRoom
from batch_classifier.inference.prices import answer_tokens
from batch_classifier.inference.token_use import starting_use
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.prompt_content import prompt_content

TEXTS = [f'Call {number} <text id="aaaaaaaa">\n</text> with "quotes" {"x" * (number % 7)}' for number in range(95)]
BEDROCK = BedrockInference(LocalFolder(Path("/nowhere")), None)
MODELS = {
    "claude": {"id": "anthropic.claude-3-haiku-20240307-v1:0"},
    "nova": {"id": "amazon.nova-lite-v1:0"},
    "llama": {"id": "us.meta.llama3-3-70b-instruct-v1:0"},
    "mistral": {"id": "mistral.mistral-large-2407-v1:0"},
    "older mistral": {"id": "mistral.mistral-small-2402-v1:0"},
    "converse": {"id": "amazon.nova-lite-v1:0", "invocation": "Converse"},
}


def prompt(**changes: object) -> Prompt:
    return Prompt(name="tickets", **prompt_content(**{"texts_per_record": 10, **changes}))


def batches(
    asked: Prompt, cut: int = 95, room: RecordRoom | None = None, per_batch: int = 50
) -> list[list[PackedLines]]:
    """The lines of each batch, from a stream that comes in pieces of so many texts."""
    stream = (
        pa.record_batch({"text_id": [text_id(text) for text in some], "text": some})
        for some in (TEXTS[start : start + cut] for start in range(0, len(TEXTS), cut))
    )
    source = PackedLineSource(stream, BEDROCK.record_forms(asked), room or RecordRoom(10), asked.version)
    made = []
    while source.has_more():
        made.append(list(source.of_a_batch(per_batch, 1_000_000)))
    return made


def lines_of(batch: list[PackedLines]) -> list[bytes]:
    return b"".join(piece for some in batch for piece in some.pieces()).splitlines()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_texts_are_put_together_and_read_back(model: dict[str, str]) -> None:
    asked = prompt(model={"max_tokens": 100, **model}, answer="json" if "invocation" in model else "tags")
    made = batches(asked)
    sizes = [[len(record.text_ids) for some in batch for record in some.record_texts] for batch in made]
    assert sizes == [[10] * 5, [10] * 4 + [5]]
    forms = BEDROCK.record_forms(asked)
    records = [record for batch in made for some in batch for record in some.record_texts]
    found: list[str] = []
    for record, line in zip(records, [line for batch in made for line in lines_of(batch)], strict=True):
        read = forms.read(line)
        assert read.record_id == record.record_id and list(read.texts) == list(record.ids_within())
        assert re.fullmatch(r"[0-9a-f]{32}", record.record_id) and not read.asks_of_one
        found += read.texts.values()
        written = orjson.dumps(orjson.loads(line)["modelInput"]).decode()
        limit = int(re.search(r'"(?:max_tokens|maxTokens|max_gen_len)":(\d+)', written)[1])  # type: ignore[index]
        assert limit == len(record.text_ids) * 124, "the answer may be as long as there are texts"
    assert found == [text.replace("<text", "‹text").replace("</text", "‹/text").strip() for text in TEXTS]


def test_lines_follow_from_the_texts_however_the_stream_is_cut() -> None:
    asked = prompt()
    whole = [lines_of(batch) for batch in batches(asked)]
    for cut in (1, 7, 40):
        assert [lines_of(batch) for batch in batches(asked, cut)] == whole


def test_no_text_can_know_the_id_that_it_goes_by() -> None:
    """The id depends on all texts of the record, so that a text that holds its id would have to be another text."""
    first, second = (batches(asked)[0][0].record_texts[0] for asked in (prompt(), prompt(fallback="Travel")))
    assert first.text_ids == second.text_ids and not set(first.ids_within()) & set(second.ids_within())
    other = batches(prompt(), room=RecordRoom(9))[0][0].record_texts[0]
    assert other.text_ids == first.text_ids[:9] and not set(first.ids_within()) & set(other.ids_within())


def test_long_texts_do_not_go_together() -> None:
    """A record that holds several is bounded in bytes; one that is alone too long is a record as ever."""
    made = batches(prompt(), room=RecordRoom(10, 200))
    for some in (some for batch in made for some in batch):
        assert all(len(record.text_ids) <= 4 for record in some.record_texts)
    alone = batches(prompt(), room=RecordRoom(10, 10))
    single = BEDROCK.record_form(prompt())
    assert [single.read(line)[0] for batch in alone for line in lines_of(batch)] == [text_id(text) for text in TEXTS]


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ({"id": "anthropic.claude-3-haiku-20240307-v1:0", "max_tokens": 200}, 18),
        ({"id": "anthropic.claude-3-haiku-20240307-v1:0", "max_tokens": 4_096}, 1),
        ({"id": "eu.anthropic.claude-haiku-4-5-20251001-v1:0", "max_tokens": 200}, 36),
        ({"id": "us.meta.llama3-3-70b-instruct-v1:0", "max_tokens": 200}, 9),
        ({"id": "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1", "family": "nova"}, 22),
        ({"id": "somebody.new-model", "invocation": "Converse"}, 9),
    ],
)
def test_a_record_asks_for_no_longer_answer_than_its_model_can_give(model: dict[str, object], most: int) -> None:
    assert record_room(prompt(texts_per_record=50, model=model)).most_texts == most


@pytest.mark.parametrize(
    ("texts", "on_demand", "text_bytes", "expected", "why"),
    [
        (5_000, "auto", 1_700, 10, "500 records are a job"),
        (1_000, "auto", 1_700, 10, "100 records are just a job"),
        (60, "auto", 1_700, 10, "too few for a job in any case: asked on demand, together"),
        (60, "never", 1_700, 1, "they wait for others, and are written as they will be sent with these"),
        (900, "never", 1_700, 9, "100 records are needed"),
        (150, "never", 1_700, 1, "no two can go together"),
        (900, "auto", 1_700, 9, "a job of 100 records costs half of 90 on demand"),
        (150, "auto", 100, 10, "short texts: the instructions 150 times cost more than on demand 15 times"),
        (150, "auto", 9_000, 1, "long texts: half the price of them is worth more"),
    ],
)
def test_how_many_go_together_where_a_job_needs_a_hundred_records(
    texts: int, on_demand: str, text_bytes: int, expected: int, why: str
) -> None:
    asked = prompt(on_demand=on_demand, rationale=False, instructions="A, Billing, Travel, Other. " + "x" * 4_000)
    use = starting_use(asked, answer_tokens(asked, 10))
    assert room_of_records(Asked(texts, texts * text_bytes, 100), asked, BEDROCK, use).most_texts == expected, why
