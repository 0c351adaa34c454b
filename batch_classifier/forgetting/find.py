"""Where what is to be forgotten stands: in each place of each prompt, counted and not yet touched."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from batch_classifier.batches.forgetting import ForgottenBatch, forget_texts, stored_batches, text_ids_like
from batch_classifier.results.forgetting import forget_results
from batch_classifier.storage.folder import Folder
from batch_classifier.training.forgetting import forget_model
from batch_classifier.warehouse.forgetting import FoundRows, find_rows
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.wanted import KeyKind, Wanted

# Clears what an orchestrator keeps of a prompt's request files, or in a rehearsal counts it.
Metadata = Callable[[str, Sequence[str], bool], int]


@dataclass(frozen=True)
class Places:
    """All places where texts lie.

    Attributes:
        customer: results.
        internal: batches, answers, trained models and notes.
        kept: marks and the audit file, which stay.
        warehouse: the tables.
        job_notes: where jobs that this project does itself are noted.
        metadata: what the orchestrator keeps.
    """

    customer: Folder
    internal: Folder
    kept: Folder
    warehouse: Warehouse
    job_notes: Sequence[Folder] = ()
    metadata: Metadata = lambda _prompt, _request_files, _is_rehearsal: 0


@dataclass
class Found:
    """What was found of one prompt.

    Attributes:
        rows: in the tables.
        results: rows by the key of their result file; with a file the number of files.
        batches: batches with texts of these rows.
        models: models that were trained on such a text.
        text_ids: the texts that are to go.
        metadata: records of the orchestrator.
    """

    prompt: str
    rows: FoundRows = field(default_factory=FoundRows)
    results: dict[str, int] = field(default_factory=dict)
    batches: list[ForgottenBatch] = field(default_factory=list)
    models: int = 0
    text_ids: set[str] = field(default_factory=set)
    metadata: int = 0

    def counts(self) -> dict[str, int]:
        """How much there is, by place; places without any are left out."""
        counts = {f"{self.prompt}.{table}": count for table, count in self.rows.counts.items()}
        counts[f"{self.prompt}: result files"] = sum(self.results.values())
        counts[f"{self.prompt}: batches"] = sum(batch.lines for batch in self.batches)
        counts[f"{self.prompt}: answers"] = sum(batch.answers for batch in self.batches)
        counts[f"{self.prompt}: trained model"] = self.models
        counts[f"{self.prompt}: Dagster's metadata"] = self.metadata
        return {place: count for place, count in counts.items() if count}


def find(places: Places, prompts: Collection[str], wanted: Wanted) -> list[Found]:
    """Look for it in every place of these prompts; nothing is changed. Raises ClassifierError when a place can't be read."""
    with_tables = places.warehouse.prompts()
    return [_find(places, prompt, wanted, prompt in with_tables) for prompt in sorted({*prompts})]


def _find(places: Places, prompt: str, wanted: Wanted, has_tables: bool) -> Found:
    found = Found(prompt)
    if has_tables:
        with places.warehouse.looked_through():
            found.rows = find_rows(places.warehouse, prompt, wanted)
    ids = {request_file: found.rows.record_ids(request_file) for request_file in found.rows.request_files}
    found.results = forget_results(places.customer, prompt, wanted, ids, is_rehearsal=True)
    batches = stored_batches(places.internal, prompt)
    found.text_ids = found.rows.text_ids | text_ids_like(places.internal, batches, wanted)
    if found.text_ids:
        looked_at = (forget_texts(places.internal, batch, found.text_ids, is_rehearsal=True) for batch in batches)
        found.batches = [batch for batch in looked_at if batch is not None]
    found.models = forget_model(places.internal, prompt, found.text_ids, is_rehearsal=True)
    found.metadata = places.metadata(prompt, request_files(found, wanted), True)
    return found


def request_files(found: Found, wanted: Wanted) -> list[str]:
    """The request files of a prompt that are concerned."""
    return [wanted.value] if wanted.kind is KeyKind.FILE else found.rows.request_files
