"""The pipeline without Dagster, for tests of what happens between batches and answers: rows in, classifications out."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from batch_classifier.answers.classifications import Classifications
from batch_classifier.answers.finished_jobs import finished_jobs
from batch_classifier.batches.bedrock_jsonl import BedrockJsonl
from batch_classifier.inference.interface import Inference
from batch_classifier.jobs.bill import record_bill
from batch_classifier.jobs.following import BatchJobs
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.tables import BATCH_JOB, BEDROCK_JSONL, CLASSIFICATIONS, RAW_REQUESTS


@dataclass
class CorePipeline:
    """Takes texts of a request file through the core, on a real DuckDB file."""

    home: Path
    prompt: Prompt
    inference: Inference
    internal: Folder

    @property
    def warehouse(self) -> DuckDBWarehouse:
        """The tables."""
        return DuckDBWarehouse(self.home / "warehouse.duckdb")

    def put(self, request_file: str, texts: list[str]) -> None:
        """Make raw_requests of these texts."""
        rows = [
            {
                "request_file": request_file,
                "row_number": number,
                "record_id": str(number),
                "text": text,
                "text_id": text_id(text),
                "expected_class": None,
                "attributes": "{}",
                "problem": None,
                "text_bytes": len(text.encode()),
            }
            for number, text in enumerate(texts, 1)
        ]
        self._replace(RAW_REQUESTS, request_file, rows)

    def plan(self, request_file: str) -> BedrockJsonl:
        """Write the batches."""
        plan = BedrockJsonl(self.prompt, request_file, self.warehouse, self.inference, self.internal)
        self.warehouse.replace(self.prompt.name, BEDROCK_JSONL, request_file, plan)
        return plan

    def jobs(self, request_file: str) -> BatchJobs:
        """The jobs of the planned batches, ready to run."""
        sql = f"select * from {self.prompt.name}.bedrock_jsonl where request_file = '{request_file}' order by batch"
        batches = [Batch.from_row(row) for row in self.warehouse.query(self.prompt.name, sql)]
        return BatchJobs(self.prompt, batches, self.inference, self.internal)

    def run_jobs(self, request_file: str, wait_seconds: float | None = None) -> bool:
        """Run the jobs; True when they are over and noted."""
        jobs = self.jobs(request_file)
        is_over = jobs.run(wait_seconds)
        if is_over:
            finished = jobs.finished_jobs()
            self._replace(BATCH_JOB, request_file, [job.to_row() for job in finished])
            batches = [followed.batch for followed in jobs.followed]
            record_bill(self.warehouse, self.prompt, self.inference, batches, finished)
        return is_over

    def classify(self, request_file: str) -> list[dict]:
        """Make the classifications and return them, ordered by row."""
        sql = f"select * from {self.prompt.name}.batch_job where request_file = '{request_file}'"
        jobs = self.warehouse.query(self.prompt.name, sql)
        model_id = self.inference.model_id(self.prompt)
        made = Classifications(
            self.prompt,
            request_file,
            model_id,
            self.warehouse,
            self.internal,
            finished_jobs(jobs),
            lambda records: self.inference.price(self.prompt, records),
        )
        self.warehouse.replace(self.prompt.name, CLASSIFICATIONS, request_file, made)
        sql = f"select * from {self.prompt.name}.classifications where request_file = '{request_file}' order by row_number"
        return self.warehouse.query(self.prompt.name, sql)

    def run(self, request_file: str, texts: list[str]) -> list[dict]:
        """All of it: every text must come back exactly once, in its row."""
        self.put(request_file, texts)
        self.plan(request_file)
        assert self.run_jobs(request_file)
        rows = self.classify(request_file)
        assert [row["row_number"] for row in rows] == list(range(1, len(texts) + 1))
        assert [row["input_text"] for row in rows] == texts
        return rows

    def job_rows(self, request_file: str) -> list[dict]:
        """The rows of batch_job, by attempt."""
        sql = (
            f"select * from {self.prompt.name}.batch_job where request_file = '{request_file}' order by batch, attempt"
        )
        return self.warehouse.query(self.prompt.name, sql)

    def _replace(self, table: object, request_file: str, rows: list[dict]) -> None:
        batches = [pa.RecordBatch.from_pylist(rows, schema=table.schema)] if rows else []  # type: ignore[attr-defined]
        self.warehouse.replace(self.prompt.name, table, request_file, batches)  # type: ignore[arg-type]


def statuses(rows: list[dict]) -> Counter[str]:
    """How many rows ended how."""
    return Counter(row["status"] for row in rows)
