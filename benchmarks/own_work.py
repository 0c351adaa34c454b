"""What classifying a file takes without Dagster: the same steps of the core, one after the other in one process."""

import time
from collections.abc import Sequence
from pathlib import Path

from batch_classifier.answers.category_summary import category_summary_rows, summarise
from batch_classifier.answers.classifications import Classifications
from batch_classifier.answers.finished_jobs import finished_jobs
from batch_classifier.batches.bedrock_jsonl import BedrockJsonl
from batch_classifier.inference.local.local_inference import LocalInference
from batch_classifier.jobs.batch_job import Finished, run_batch_jobs
from batch_classifier.limits import Limits
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import RawRequests
from batch_classifier.results.result_files import write_result_files
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.tables import BATCH_JOB, BEDROCK_JSONL, CATEGORY_SUMMARY, CLASSIFICATIONS, RAW_REQUESTS


def own_seconds(home: Path, prompt: Prompt, request_files: Sequence[str]) -> tuple[float, float]:
    """Seconds on the clock and of CPU for each of the files, which lie in the home's folder; the first one is not counted.

    It brings the model into memory, which a run shares with the others.
    """
    _classify(home, prompt, request_files[0])
    begun, cpu = time.perf_counter(), time.process_time()
    for request_file in request_files[1:]:
        _classify(home, prompt, request_file)
    files = len(request_files) - 1
    return (time.perf_counter() - begun) / files, (time.process_time() - cpu) / files


def _classify(home: Path, prompt: Prompt, request_file: str) -> None:
    customer, internal = LocalFolder(home), LocalFolder(home / "internal")
    warehouse, inference = DuckDBWarehouse(home / "warehouse.duckdb"), LocalInference(internal, home)
    name = prompt.name
    warehouse.replace(name, RAW_REQUESTS, request_file, RawRequests(prompt, request_file, customer, Limits()))
    made = BedrockJsonl(prompt, request_file, warehouse, inference, internal)
    warehouse.replace(name, BEDROCK_JSONL, request_file, made)
    batches: list[Batch] = list(made.batches)
    outcome = run_batch_jobs(
        prompt, request_file, batches, inference, internal, wait_seconds=None, on_progress=lambda _done, _total: None
    )
    if not isinstance(outcome, Finished):
        raise RuntimeError(f"The jobs of {request_file} did not end.")
    warehouse.replace(name, BATCH_JOB, request_file, iter(outcome.batches))
    jobs = finished_jobs([job.to_row() for job in outcome.jobs])
    classifications = Classifications(
        prompt,
        request_file,
        inference.model_id(prompt),
        warehouse,
        internal,
        jobs,
        price_of=lambda records: inference.price(prompt, records),
    )
    warehouse.replace(name, CLASSIFICATIONS, request_file, classifications)
    summary = category_summary_rows(request_file, summarise(warehouse, prompt, request_file))
    warehouse.replace(name, CATEGORY_SUMMARY, request_file, iter([summary]))
    write_result_files(prompt, request_file, warehouse, customer, [])
