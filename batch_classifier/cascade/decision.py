"""Which of a file's texts the local model answers: it is trained on what the model said, judges all, and is tested on the drawn ones.

What it says of all texts stands in the table `judged` of a scratch database: text_id, class, confidence, whether the text was
drawn (`is_drawn`), so that the model answers it in any case, and whether it was answered in the sample (`is_sampled`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from batch_classifier.cascade.certificate import SHARES, Certificate, Cut, Promise, certify
from batch_classifier.cascade.chance import Chance
from batch_classifier.cascade.known_answers import MOST_TEXTS, KnownText
from batch_classifier.cascade.local_answers import MODEL_ID
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.local_model import LocalModel
from batch_classifier.training.train import train
from batch_classifier.training.training_texts import Origin, TrainingText, TrainingTexts
from batch_classifier.warehouse.column import NUMBER, TEXT
from batch_classifier.warehouse.duckdb_stream import record_batches
from batch_classifier.warehouse.scratch import load, one_number

if TYPE_CHECKING:
    import numpy as np

_JUDGED = pa.schema(
    [
        ("text_id", TEXT),
        ("class", TEXT),
        ("confidence", NUMBER),
        *((name, pa.bool_()) for name in ("is_drawn", "is_sampled")),
    ]
)
_TEXTS_AT_ONCE = 1_000
# What so many differ in is the model's contradicting itself, more than the local model's mistakes.
_SUREST = 0.2


@dataclass(frozen=True)
class Decision:
    """What the local model may answer.

    Attributes:
        model_id: the local model's id.
        certificate: what the drawn texts say of each share of the file.
        texts: how many texts there were to decide on.
        learned_from: on how many answers the local model was trained.
        drawn: how many answers were drawn by chance, and so tested it.
        classes: of each category, how many of the file's texts the local model gives it, and how many of these it may answer.
    """

    model_id: str
    certificate: Certificate
    texts: int
    learned_from: int
    drawn: int
    classes: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def never_answered(self) -> list[str]:
        """The categories that the local model may not answer a text with."""
        return [name for name, (_, may) in self.classes.items() if not may]

    @property
    def contradiction(self) -> float | None:
        """The share in which the surest of the drawn texts differ: so often the model contradicts itself, at most."""
        sure = [tried for tried in self.certificate.tested if tried.share <= _SUREST and tried.sampled]
        return sure[-1].differing / sure[-1].sampled if sure else None

    def summary(self) -> dict[str, Any]:
        """What there is to keep and to show, as JSON holds it."""
        certified = self.certificate.certified
        return {
            "model_id": self.model_id,
            "texts": self.texts,
            "learned_from": self.learned_from,
            "drawn": self.drawn,
            "certified_share": certified.share if certified else 0.0,
            "least_confidence": certified.cut.least_confidence if certified else None,
            "contradiction": self.contradiction,
            "never_answered": self.never_answered,
            "tested": [
                {
                    "share": tried.share,
                    "least_confidence": tried.cut.least_confidence,
                    "drawn": tried.sampled,
                    "differing": tried.differing,
                    "agreement": tried.agreement,
                    "chance": tried.chance,
                    "holds": tried.holds,
                }
                for tried in self.certificate.tested
            ],
        }


def decide(
    model: LocalModel,
    promise: Promise,
    chance: Chance,
    audit: float,
    known: Sequence[KnownText],
    texts_of_known: Mapping[str, str],
    texts: Iterable[pa.RecordBatch],
    sampled_in_file: Sequence[str],
    scratch: duckdb.DuckDBPyConnection,
) -> Decision:
    """Judge and test; the table `judged` is made on the way.

    Args:
        model: trained on what is known.
        promise: what is to hold.
        chance: the prompt's.
        audit: the share of the texts that is drawn.
        known: what the model answered.
        texts_of_known: the texts of these, by their ids.
        texts: text_id and text of those to decide on, without the sampled ones.
        sampled_in_file: ids of the texts of this very file that were sampled; these are all drawn ones there are, or there are none.
        scratch: where `judged` is made.
    """
    own = set(sampled_in_file)
    drawn = [
        text for text in known if text.text_id in texts_of_known and (text.text_id in own if own else text.is_drawn)
    ]
    classes, sure = _judged_of(model, [text.text_id for text in drawn], texts_of_known)
    load(scratch, "judged", _JUDGED, _judge(model, texts, chance, audit))
    if own:
        ids = [text.text_id for text in drawn]
        load(
            scratch,
            "judged",
            _JUDGED,
            [_record_batch([*zip(ids, classes, sure.tolist(), [True] * len(ids), [True] * len(ids), strict=True)])],
        )
    import numpy as np

    agrees = np.array([text.class_name == name for text, name in zip(drawn, classes, strict=True)], bool)
    count = one_number(scratch, "select count(*) from judged")
    certificate = certify(_cuts(scratch, count), count, sure, agrees, promise, bool(own))
    certified = certificate.certified
    least = certified.cut.least_confidence if certified else 2.0
    return Decision(
        f"{MODEL_ID}{model.digest}",
        certificate,
        count,
        model.trained_on.texts,
        len(drawn),
        _counted(scratch, model.classes, least),
    )


def answered_locally(scratch: duckdb.DuckDBPyConnection, least_confidence: float) -> Iterator[pa.RecordBatch]:
    """Of the judged texts those that the local model answers: it is so sure, and they were not drawn."""
    return _chosen(scratch, f"confidence >= {_number(least_confidence)} and not is_drawn")


def audited(scratch: duckdb.DuckDBPyConnection, least_confidence: float) -> Iterator[pa.RecordBatch]:
    """Of the judged texts those that it would answer as surely, and that the model is asked since they were drawn."""
    return _chosen(scratch, f"confidence >= {_number(least_confidence)} and is_drawn and not is_sampled")


def _chosen(scratch: duckdb.DuckDBPyConnection, condition: str) -> Iterator[pa.RecordBatch]:
    sql = f'select text_id, "class", confidence from judged where {condition} order by text_id'
    return record_batches(scratch, sql, is_ordered=True)


def trained(
    prompt: Prompt, known: Sequence[KnownText], texts: Mapping[str, str], said_by_people: Iterable[TrainingText]
) -> LocalModel:
    """The local model of what the model answered; raises ClassifierError where that is too little to learn from.

    What people said of other texts is learned from too, as far as there is room. Of a text that the model answered its
    answer counts: it is the model that is to be agreed with.
    """
    learned = {
        text.text_id: TrainingText(text.text_id, texts[text.text_id], text.class_name, Origin.MODEL_ANSWER)
        for text in known
        if text.class_name in prompt.class_names and text.text_id in texts
    }
    asked = {text.text_id for text in known}
    for text in said_by_people:
        if len(learned) >= MOST_TEXTS:
            break
        if text.origin is not Origin.MODEL_ANSWER and text.text_id not in asked:
            learned[text.text_id] = text
    # In an order of their own, so that the same answers make the same model.
    return train(prompt, TrainingTexts(sorted(learned.values(), key=lambda text: text.text_id)))


def _judged_of(
    model: LocalModel, text_ids: Sequence[str], texts: Mapping[str, str]
) -> "tuple[list[str], np.ndarray[Any, Any]]":
    import numpy as np

    classes: list[str] = []
    sure: list[float] = []
    for start in range(0, len(text_ids), _TEXTS_AT_ONCE):
        some = text_ids[start : start + _TEXTS_AT_ONCE]
        names, confidences = _said(model, some, [texts[text_id] for text_id in some])
        classes += names
        sure += confidences
    return classes, np.array(sure)


def _judge(
    model: LocalModel, texts: Iterable[pa.RecordBatch], chance: Chance, audit: float
) -> Iterator[pa.RecordBatch]:
    for batch in texts:
        ids = batch["text_id"].to_pylist()
        names, confidences = _said(model, ids, batch["text"].to_pylist())
        drawn = [chance.place(text_id) < audit for text_id in ids]
        yield _record_batch(list(zip(ids, names, confidences, drawn, [False] * len(ids), strict=True)))


def _said(model: LocalModel, text_ids: Sequence[str], texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """The class that the model gives each text, not having seen its answer, and how sure it is, 0 to 1."""
    import numpy as np

    shares = model.out_of_fold(text_ids, texts)
    best = shares.argmax(axis=1)
    confidences = np.exp(shares[np.arange(len(best)), best].astype(np.float64))
    return [model.classes[place] for place in best], confidences.tolist()


def _record_batch(rows: Sequence[tuple[str, str, float, bool, bool]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, _JUDGED, strict=True)], schema=_JUDGED
    )


def _cuts(scratch: duckdb.DuckDBPyConnection, texts: int) -> list[Cut]:
    """The cuts of the judged texts, as `cuts_of` makes them."""
    found: dict[float, Cut] = {}
    for share in SHARES:
        place = max(1, round(share * texts)) - 1
        rows = scratch.execute(
            f"select confidence from judged order by confidence desc limit 1 offset {place}"
        ).fetchall()
        for (least,) in rows:
            if least not in found:
                above = one_number(scratch, f"select count(*) from judged where confidence >= {_number(least)}")
                found[least] = Cut(least, above)
    return list(found.values())


def _number(value: float) -> str:
    # Plain digits would be a decimal number, which is not quite the same.
    return f"'{value!r}'::double"


def _counted(scratch: duckdb.DuckDBPyConnection, names: Sequence[str], least: float) -> dict[str, tuple[int, int]]:
    rows = scratch.execute(
        f'select "class", count(*), count(*) filter (confidence >= {_number(least)}) from judged group by 1'
    ).fetchall()
    counts = {name: (texts, may) for name, texts, may in rows}
    return {name: counts.get(name, (0, 0)) for name in names}
