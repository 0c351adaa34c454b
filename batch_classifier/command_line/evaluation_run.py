"""One variant of an evaluation, taken through the assets that classify any request file, in a home that is gone afterwards.

Tables, notes and Dagster's records of it are its own; of the team's nothing is changed but the bill, which has what it cost. What costs
money is shared: batches and answers lie in the internal folder, where a run that is started again, or the team's own next run, finds them.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from batch_classifier.command_line.project import failure_sentence, was_interrupted
from batch_classifier.definitions import build_definitions
from batch_classifier.defs.names import asset_key, op_name, partitions_name
from batch_classifier.errors import ClassifierError
from batch_classifier.evaluation.billed import bill_evaluation, lend_spending
from batch_classifier.evaluation.earlier_answers import lend_answers, tokens_used
from batch_classifier.evaluation.labelled_rows import COLUMNS
from batch_classifier.evaluation.measurement import Usage, cost_of, tokens_per_thousand
from batch_classifier.evaluation.variants import Variant
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.progress import Progress
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.requests.request_files import input_key
from batch_classifier.settings import Settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.storage.notes_apart import NotesApart
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.storage.unfinished import temporary_folder
from batch_classifier.training.model_file import lend_local_model
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.queries import batches, jobs
from batch_classifier.warehouse.tables import BATCH_JOB, BEDROCK_JSONL, CLASSIFICATIONS, RAW_REQUESTS

# As good as for ever; the run's configuration has no word for it.
_TO_THE_END = 10 * 365 * 24 * 3600.0
# Of a number of texts for which a job is a batch job, at whose price evaluations are compared.
_MANY = 1_000


@dataclass
class EvaluationRun:
    """One variant and the labelled file, in a home of their own.

    Attributes:
        warehouse: the tables of this run.
        request_file: the labelled file, as they know it.
    """

    variant: Variant
    settings: Settings
    team: Settings
    inference: Inference
    warehouse: Warehouse
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    request_file: str
    _seconds: float = 0.0

    def read(self) -> None:
        """Read the labelled file; raises ClassifierError where it cannot be read."""
        self._make(RAW_REQUESTS.name)

    @contextmanager
    def requests(self) -> Iterator[Iterator[Any]]:
        """The rows that were read, with the columns that labels are judged by."""
        with self.warehouse.read(self.variant.prompt.name, RAW_REQUESTS, self.request_file, COLUMNS) as rows:
            yield rows

    def classify(self) -> dict[int, str | None]:
        """Classify what was read, and return each row's class, None for none; raises ClassifierError where that fails."""
        if self.variant.engine == "local":
            self._make(BEDROCK_JSONL.name, BATCH_JOB.name, CLASSIFICATIONS.name)
        else:
            self._classify_for_money()
        return dict(self._classified("row_number", "class"))

    def _classify_for_money(self) -> None:
        prompt, tables = self.variant.prompt, open_warehouse(self.team)
        lend_answers(tables, self.warehouse, prompt, self.inference.model_id(prompt), self._text_ids())
        internal = open_folder(self.team.internal_location, self.team.kms_key_id, self.team.file_access)
        lend_spending(tables, self.warehouse, prompt, self.inference, internal)
        try:
            self._make(BEDROCK_JSONL.name, BATCH_JOB.name, CLASSIFICATIONS.name)
        finally:
            # Also of an evaluation that fails, or is interrupted, after a job: that is paid.
            bill_evaluation(tables, self.warehouse, prompt)

    def usage(self) -> Usage:
        """What the answers took."""
        prompt = self.variant.prompt
        made = [
            Batch.from_row(row)
            for row in self.warehouse.query(prompt.name, batches(self.warehouse, prompt, self.request_file))
        ]
        asked = sum(batch.records for batch in made if batch.shared_with is None)
        finished = self.warehouse.query(prompt.name, jobs(self.warehouse, prompt, self.request_file))
        costs = [job["cost_usd"] for job in finished]
        answered_in = {text_id: batch for text_id, batch in self._classified("text_id", "batch") if text_id}
        names = sorted({batch for batch in answered_in.values() if batch})
        used = tokens_used(open_warehouse(self.team), prompt, names) if self.variant.engine != "local" else {}
        used |= tokens_used(self.warehouse, prompt, names)
        tokens = tokens_per_thousand(answered_in.values(), used)
        return Usage(
            tokens=tokens,
            cost_usd=cost_of(tokens, self.inference.price(prompt, _MANY)),
            spent_usd=None if None in costs else float(sum(costs)),
            seconds=self._seconds,
            asked=min(asked, len(answered_in)),
            reused=max(0, len(answered_in) - asked),
        )

    def _text_ids(self) -> Sequence[str]:
        ids: dict[str, None] = {}
        with self.requests() as rows:
            for batch in rows:
                ids.update(dict.fromkeys(text_id for text_id in batch["text_id"].to_pylist() if text_id))
        return list(ids)

    def _classified(self, *columns: str) -> Iterator[tuple[Any, ...]]:
        prompt = self.variant.prompt.name
        with self.warehouse.read(prompt, CLASSIFICATIONS, self.request_file, columns) as rows:
            for batch in rows:
                yield from zip(*(batch[column].to_pylist() for column in columns), strict=True)

    def _make(self, *assets: str) -> None:
        """Make these assets of the labelled file, without their checks, which would stop at the very faults to be counted."""
        prompt = self.variant.prompt.name
        began = time.monotonic()
        configuration: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        if BATCH_JOB.name in assets:
            configuration["ops"] = {op_name(prompt, BATCH_JOB.name): {"config": {"wait_seconds": _TO_THE_END}}}
        try:
            result = dg.materialize(
                list(self.definitions.assets or []),  # type: ignore[arg-type]
                selection=[asset_key(prompt, asset) for asset in assets],
                resources=self.definitions.resources,
                instance=self.instance,
                partition_key=self.request_file,
                raise_on_error=False,
                run_config=configuration,
            )
        except dg.DagsterExecutionInterruptedError as error:
            raise KeyboardInterrupt from error
        self._seconds += time.monotonic() - began
        if was_interrupted(result):
            raise KeyboardInterrupt
        for event in result.all_node_events:
            if event.is_step_failure:
                raise ClassifierError(failure_sentence(event))
        if not _made(result, assets[-1]):
            raise ClassifierError(
                f"{self.request_file} has too few texts for a job of {self.inference.minimum_records}, and on_demand of the prompt "
                f"{prompt} is never: label more, or set on_demand to auto."
            )


def _made(result: Any, asset: str) -> bool:
    return any(event.is_step_materialization and event.asset_key.path[-1] == asset for event in result.all_node_events)


@dataclass(frozen=True)
class VariantProgress:
    """Tells how far a variant's answers are, under its title; its other stages take no time worth a bar."""

    title: str
    progress: Progress

    def report(self, stage: str, done: int, total: int | None, log: Callable[[str], None]) -> None:
        """Pass on the stage in which texts are answered."""
        if stage == BATCH_JOB.name:
            self.progress.report(self.title, done, total, log)


@contextmanager
def evaluation_run(team: Settings, variant: Variant, file: Path, progress: Progress) -> Iterator[EvaluationRun]:
    """A run of a variant on a labelled file; its home is gone at the end of the `with`.

    `team` are the project's own settings.
    """
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    prompt = variant.prompt
    with temporary_folder() as home, dg.DagsterInstance.ephemeral() as instance:
        settings = _settings(team, variant.engine, home)
        customer = LocalFolder(home, settings.file_access)
        with customer.spool() as path:
            shutil.copyfile(file, path)
            customer.publish(path, input_key(prompt.name, file.name))
        inference = open_inference(settings)
        inference.check_prompt(prompt)
        internal = open_folder(settings.internal_location, settings.kms_key_id, settings.file_access)
        if variant.engine == "local":
            # It answers as it does in the team's own runs.
            lend_local_model(
                open_folder(team.internal_location, team.kms_key_id, team.file_access), internal, prompt.name
            )
        instance.add_dynamic_partitions(partitions_name(prompt.name), [file.name])
        definitions = build_definitions(
            settings,
            PromptFolder({prompt.name: prompt}, ()),
            progress=VariantProgress(variant.title, progress),
            inference=inference,
            internal_folder=NotesApart(internal, LocalFolder(home / "notes", settings.file_access)),
        )
        yield EvaluationRun(
            variant, settings, team, inference, open_warehouse(settings), definitions, instance, file.name
        )


def _settings(team: Settings, engine: str, home: Path) -> Settings:
    """The team's settings with tables and request files in another home.

    Batches and answers are the team's where they cost money. What the local engine answers costs nothing: it is asked anew, so
    that its speed is measured, and leaves nothing behind.
    """
    return team.model_copy(
        update={
            "home": home,
            "customer_uri": str(home),
            "internal_uri": str(home / "internal") if engine == "local" else team.internal_location,
            "inference": engine,
            "warehouse": "duckdb",
            "sqs_url": None,
            "alert_urls": None,
            "alert_topic_arn": None,
        }
    )
