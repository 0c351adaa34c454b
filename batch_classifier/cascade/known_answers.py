"""What the model is known to have answered: what the local model learns from, and which of it was drawn by chance."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from batch_classifier.answers.attempt_answers import AttemptAnswers
from batch_classifier.cascade.chance import Chance
from batch_classifier.cascade.standing import Standing
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.job_name import job_name
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.internal_keys import answers_key
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import classes_given, texts_of_ids
from batch_classifier.warehouse.statuses import HOLDING

MOST_TEXTS = 3_000
"""How many answers are learned from; the local model learns little from more, and each file waits for it."""
_IDS_AT_ONCE = 500


@dataclass(frozen=True)
class KnownText:
    """A text that the model has answered.

    Attributes:
        class_name: what the model said.
        is_drawn: whether it was asked by chance, and not because the local model was unsure.
    """

    text_id: str
    class_name: str
    is_drawn: bool


def known_texts(
    warehouse: Warehouse,
    standing: Standing,
    chance: Chance,
    of_file: Iterable[tuple[str, str | None]],
    drawn_of_file: float,
) -> list[KnownText]:
    """The answers in the tables and those of a file that is under way, at most `MOST_TEXTS`, by chance.

    Args:
        warehouse: where the tables are.
        standing: of the prompt version and model.
        chance: the prompt's.
        of_file: ids and classes of the file's texts that are answered and stand in no table; None for no class.
        drawn_of_file: the share of that file that was drawn.
    """
    found = (
        (chance.place(text_id), text_id, class_name, drawn)
        for text_id, class_name, drawn in _all(warehouse, standing, of_file, drawn_of_file)
    )
    # By their places, which the classes have nothing to do with, and each text once.
    chosen: dict[str, KnownText] = {}
    for place, text_id, class_name, drawn in heapq.nsmallest(2 * MOST_TEXTS, found):
        is_drawn = place < drawn or (text_id in chosen and chosen[text_id].is_drawn)
        chosen[text_id] = KnownText(text_id, class_name, is_drawn)
    return list(chosen.values())[:MOST_TEXTS]


def _all(
    warehouse: Warehouse, standing: Standing, of_file: Iterable[tuple[str, str | None]], drawn_of_file: float
) -> Iterator[tuple[str, str, float]]:
    yield from ((text_id, class_name or "", drawn_of_file) for text_id, class_name in of_file)
    drawn: dict[str, float] = {}
    sql = classes_given(warehouse, standing.prompt, standing.model_id)
    with warehouse.stream(standing.prompt.name, sql) as batches:
        for batch in batches:
            columns = (batch[name].to_pylist() for name in ("text_id", "class", "request_file"))
            for text_id, class_name, request_file in zip(*columns, strict=True):
                if request_file not in drawn:
                    noted = standing.of_file(request_file)
                    drawn[request_file] = 1.0 if noted is None else noted.drawn
                yield text_id, class_name, drawn[request_file]


def texts_by_id(warehouse: Warehouse, prompt: Prompt, text_ids: Sequence[str]) -> dict[str, str]:
    """The texts of these ids, as they were sent."""
    texts: dict[str, str] = {}
    for start in range(0, len(text_ids), _IDS_AT_ONCE):
        sql = texts_of_ids(warehouse, prompt, text_ids[start : start + _IDS_AT_ONCE])
        with warehouse.stream(prompt.name, sql) as batches:
            for batch in batches:
                texts |= zip(batch["text_id"].to_pylist(), batch["text"].to_pylist(), strict=True)
    return texts


def answers_of_batches(
    standing: Standing, inference: Inference, batches: Iterable[str]
) -> tuple[list[tuple[str, str | None]], bool]:
    """What the jobs of these batches have answered, a text and its class (None for an unfit answer), and whether all are over."""
    found: dict[str, str | None] = {}
    is_over = True
    for batch in batches:
        attempt = 1
        while (job := inference.find(_job_name(standing, batch, attempt))) is not None:
            is_over = is_over and job.state.is_over
            key = answers_key(standing.prompt, inference.kind, batch, attempt)
            for rows in AttemptAnswers(standing.internal, key, standing.prompt):
                _take(rows, found)
            attempt += 1
        is_over = is_over and attempt > 1
    return list(found.items()), is_over


def _job_name(standing: Standing, batch: str, attempt: int) -> str:
    return job_name(standing.prompt, standing.model_id, standing.internal, batch, attempt)


def _take(rows: pa.RecordBatch, found: dict[str, str | None]) -> None:
    columns = (rows[name].to_pylist() for name in ("text_id", "class", "status"))
    for text_id, class_name, status in zip(*columns, strict=True):
        if status in HOLDING or text_id not in found:
            found[text_id] = class_name if status in HOLDING else None
