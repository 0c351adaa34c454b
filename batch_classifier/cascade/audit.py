"""Whether the promise of the cascade holds: the audited texts of all files, which the model answers as well as the local model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batch_classifier.cascade.certificate import Promise
from batch_classifier.cascade.evidence import AuditedFile, evidence, is_broken
from batch_classifier.cascade.local_answers import read_audited
from batch_classifier.cascade.standing import Standing
from batch_classifier.prompts.prompt import Cascade
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import classes_of_texts
from batch_classifier.wording import counted

_IDS_AT_ONCE = 500


@dataclass(frozen=True)
class Audit:
    """What a file's audited texts say.

    Attributes:
        audited: texts that the local model was sure of and that the model answered as well, since they were drawn.
        differing: of these, where the two differ.
        local_share: the share of the file that the local model may answer.
        files: how many files' audits are judged together, this one among them.
        evidence: how strongly they speak against the promise, as `evidence` says.
        is_broken: whether they say that the promise does not hold.
    """

    audited: int
    differing: int
    local_share: float
    files: int
    evidence: float
    is_broken: bool

    @property
    def agreement(self) -> float | None:
        """The share that agrees; None where nothing was audited."""
        return 1 - self.differing / self.audited if self.audited else None


def audit(standing: Standing, cascade: Cascade, warehouse: Warehouse, request_file: str) -> Audit | None:
    """Compare a file's audited texts, and judge them with those of the files before; None for a file that the local model has answered nothing of."""
    noted = standing.of_file(request_file)
    if noted is None or not noted.batches:
        return None
    audited = differing = 0
    for name in noted.batches:
        said = dict(read_audited(standing.internal, standing.prompt, name))
        for text_id, class_name in _answered(standing, warehouse, list(said)):
            audited += 1
            differing += class_name != said[text_id]
    promise = Promise(cascade.agreement, cascade.confidence)
    if standing.off() is not None:
        return Audit(audited, differing, noted.local_share, 1, 0.0, standing.was_turned_off_by(request_file))
    if audited:
        standing.note_audit(request_file, AuditedFile(noted.local_share, audited, differing))
    files = standing.audits()
    found = evidence(promise, files)
    return Audit(audited, differing, noted.local_share, len(files), found, is_broken(promise, found))


def turn_off_where_broken(standing: Standing, request_file: str, found: Audit) -> None:
    """From now on everything is sent, until the prompt, its model or its categories change."""
    if found.is_broken and standing.off() is None:
        others = f", with those of {counted(found.files - 1, 'file')} before" if found.files > 1 else ""
        standing.turn_off(
            request_file,
            why=f"of {found.audited:,} audited texts {found.differing:,} got another class from the model than from the local model{others}",
            audited=found.audited,
            differing=found.differing,
        )


def _answered(standing: Standing, warehouse: Warehouse, text_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The model's classes of these texts, each once."""
    seen = set()
    for start in range(0, len(text_ids), _IDS_AT_ONCE):
        some = text_ids[start : start + _IDS_AT_ONCE]
        for row in warehouse.query(
            standing.prompt.name, classes_of_texts(warehouse, standing.prompt, standing.model_id, some)
        ):
            if row["text_id"] not in seen:
                seen.add(row["text_id"])
                yield row["text_id"], row["class"]
