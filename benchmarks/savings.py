"""`python -m benchmarks.savings [FILE]`: tokens and USD of a file as a plain script would have them, then with each saving in turn.

The records are written as they would be sent, and counted. Tokens are estimated from their bytes, as before the first job of a
model; a CSV file of labelled calls can be named, else generated samples are taken, whose every call stands in them four times.
"""

import argparse
import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from batch_classifier.batches.packing import Asked, room_of_records
from batch_classifier.batches.writing import BatchWriter
from batch_classifier.inference.bedrock.batch_inference import BedrockInference
from batch_classifier.inference.interface import RecordRoom
from batch_classifier.inference.prices import ModelPrice, answer_tokens
from batch_classifier.inference.token_use import TokenUse, starting_use
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier.storage.local_folder import LocalFolder

_PROMPT = Path(__file__).parent.parent / "prompts" / "travel.yaml"
_SHORT, _LONG = "{{ category.description }}", "{{ category.description }}. {{ category.examples[:1] | join }}"
_SAMPLES, _TIMES, _SEED = (210, 2_000), 4, 7


@dataclass(frozen=True)
class Sent:
    """What is sent for a file in one way: its records, bytes and tokens, and what they cost."""

    way: str
    records: int
    megabytes: float
    tokens_read: int
    tokens_written: int
    usd: float


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.savings", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="a CSV file with a column conversation")
    file = parser.parse_args().file
    print(tables() if file is None else _table(file.name, _read(file)))


def tables() -> str:
    """The tables for the generated samples: few texts, of which a job of 100 records can hardly pack any, and many."""
    return "\n\n".join(_table("A generated sample", _sample(texts)) for texts in _SAMPLES)


def _table(name: str, rows: Sequence[str]) -> str:
    ways = list(_ways(rows))
    lines = [
        f"{name}: {len(rows):,} rows, {len(set(map(text_id, rows))):,} distinct texts of {_mean_bytes(rows):,.0f} bytes.",
        "",
        "| each row includes those above | records | MB | tokens read | tokens written | USD | of the first |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for way in ways:
        lines.append(
            f"| {way.way} | {way.records:,} | {way.megabytes:.2f} | {way.tokens_read:,} | {way.tokens_written:,} "
            f"| {way.usd:.4f} | {way.usd / ways[0].usd:.0%} |"
        )
    return "\n".join(lines)


def _ways(rows: Sequence[str]) -> Iterator[Sent]:
    shipped = load_prompt(_PROMPT)
    long = shipped.instructions.replace(_SHORT, _LONG)
    plain = Prompt(name=shipped.name, **{**shipped.model_dump(), "instructions": long, "texts_per_record": 1})
    packed = Prompt(name=shipped.name, **{**shipped.model_dump(), "instructions": long, "texts_per_record": 10})
    distinct = list(dict.fromkeys(rows))
    yield _sent("a record a row, on demand, an example a category", rows, plain, is_job=False)
    yield _sent("each distinct text once", distinct, plain, is_job=False)
    yield _sent("in a batch job", distinct, plain, is_job=True)
    yield _sent("ten texts a record, as far as a job has 100", distinct, packed)
    yield _sent("no examples in the question", distinct, shipped)


def _sent(way: str, texts: Sequence[str], prompt: Prompt, is_job: bool | None = None) -> Sent:
    """What is sent in one way; whether as a job is left to the records' number where it is not said."""
    use = starting_use(prompt, answer_tokens(prompt, prompt.texts_per_record))
    with tempfile.TemporaryDirectory() as folder:
        internal = LocalFolder(Path(folder))
        inference = BedrockInference(internal, None)
        price = inference.model_price(prompt)
        if price is None:
            raise SystemExit(inference.price_is_unknown(prompt))
        asked = Asked(len(texts), sum(len(text.encode()) for text in texts), inference.minimum_records)
        room = room_of_records(asked, prompt, inference, use)
        use = starting_use(prompt, answer_tokens(prompt, room.most_texts))
        batches = list(_written(texts, prompt, inference, use, room, internal))
    records = sum(batch.records_sent for batch in batches)
    read, written = (sum(getattr(b, f"estimated_{w}_tokens") for b in batches) for w in ("input", "output"))
    as_job = records >= inference.minimum_records if is_job is None else is_job
    told = way if is_job is not None else f"{way}: {room.most_texts} a record, {'as a job' if as_job else 'on demand'}"
    return Sent(told, records, sum(b.bytes for b in batches) / 1e6, read, written, _usd(price, as_job, read, written))


def _written(
    texts: Sequence[str],
    prompt: Prompt,
    inference: BedrockInference,
    use: TokenUse,
    room: RecordRoom,
    internal: LocalFolder,
) -> Iterator:  # type: ignore[type-arg]
    rows = pa.record_batch({"text_id": [text_id(text) for text in texts], "text": list(texts)})
    writer = BatchWriter("calls.csv", prompt, inference, None, internal, lambda sha256: sha256, use, room)
    return writer.write([rows], prompt.batch_size)


def _usd(price: ModelPrice, is_job: bool, read: int, written: int) -> float:
    return (price.batch if is_job else price.on_demand).cost(read, written)


def _sample(texts: int) -> list[str]:
    return [str(row["conversation"]) for row in sample_rows("travel", texts, _SEED)] * _TIMES


def _read(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as source:
        return [row["conversation"] for row in csv.DictReader(source)]


def _mean_bytes(rows: Sequence[str]) -> float:
    return sum(len(row.encode()) for row in set(rows)) / max(1, len(set(rows)))


if __name__ == "__main__":
    main()
