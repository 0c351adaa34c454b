"""A project in a folder of its own, as a test uses it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from batch_classifier.definitions import build_definitions
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.prompt_content import PROMPT, prompt_content
from batch_classifier_tests.support.request_files import file_of
from batch_classifier_tests.support.scripted_inference import ScriptedInference

CLASSIFYING = ("raw_requests", "bedrock_jsonl", "batch_job", "classifications")


EVERYTHING = (*CLASSIFYING, "category_summary", "result_files")


@dataclass
class Project:
    """A project in a folder of its own: drop files, run the assets on them, look at what came of it."""

    home: Path
    inference: Inference | None
    instance: dg.DagsterInstance
    prompt_name: str = PROMPT
    _loaded: dg.Definitions | None = None
    _jobs: dict[tuple[str, ...], dg.JobDefinition] = field(default_factory=dict)

    @property
    def prompts(self) -> Path:
        """The folder of the prompt files."""
        return self.home / "prompts"

    @property
    def settings(self) -> Settings:
        """The settings of this project."""
        return Settings(home=self.home, prompts=self.prompts, _env_file=None)  # type: ignore[call-arg]

    @property
    def warehouse(self) -> DuckDBWarehouse:
        """Its tables."""
        return DuckDBWarehouse(self.home / "warehouse.duckdb")

    @property
    def prompt(self) -> Prompt:
        """Its prompt, as the file says now."""
        return load_prompts(self.prompts).get(self.prompt_name)

    def set_prompt(self, name: str | None = None, **changes: Any) -> None:
        """Write a prompt file; definitions are loaded anew for the next run, as after a restart."""
        self.prompts.mkdir(parents=True, exist_ok=True)
        content = yaml.safe_dump(prompt_content(**changes), sort_keys=False)
        (self.prompts / f"{name or self.prompt_name}.yaml").write_text(content, encoding="utf-8")
        self.restart()

    @property
    def definitions(self) -> dg.Definitions:
        """What Dagster loads."""
        if self._loaded is None:
            own = {} if self.inference is None else {"inference": self.inference}
            self._loaded = build_definitions(self.settings, load_prompts(self.prompts), **own)
        return self._loaded

    def restart(self) -> None:
        """Have Dagster load everything anew; what is on the disk stays."""
        self._loaded = None
        self._jobs.clear()

    def path_of(self, request_file: str, prompt_name: str | None = None) -> Path:
        """Where a request file is dropped."""
        return self.home / "input_data" / (prompt_name or self.prompt_name) / request_file

    def drop(self, request_file: str, content: bytes | Sequence[str | Mapping[str, Any]]) -> Path:
        """Put a request file in place: bytes as they are, rows (or just their texts) in the format of the name."""
        path = self.path_of(request_file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else file_of(content, path.suffix))
        return path

    def run(
        self, request_file: str, *assets: str, config: Mapping[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Materialize these assets (all by default) for one request file; the result may be a failure."""
        self.instance.add_dynamic_partitions(f"{self.prompt_name}_request_files", [request_file])
        return self.definitions.resolve_job_def(f"classify_{self.prompt_name}").execute_in_process(
            instance=self.instance,
            partition_key=request_file,
            raise_on_error=False,
            asset_selection=[dg.AssetKey([self.prompt_name, asset]) for asset in assets] or None,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, **(config or {})},
        )

    def make(self, request_file: str, *assets: str, tags: Mapping[str, str] | None = None) -> dg.ExecuteInProcessResult:
        """The same without the assets' checks, which takes a third of the time: by default what classifications need."""
        self.instance.add_dynamic_partitions(f"{self.prompt_name}_request_files", [request_file])
        return self._job(assets or CLASSIFYING).execute_in_process(
            instance=self.instance,
            partition_key=request_file,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            tags=dict(tags or {}),
        )

    def _job(self, assets: tuple[str, ...]) -> dg.JobDefinition:
        """A job of these assets alone, put together once until Dagster loads everything anew."""
        definitions = self.definitions
        if assets not in self._jobs:
            job = dg.define_asset_job("make", selection=[dg.AssetKey([self.prompt_name, asset]) for asset in assets])
            made = dg.Definitions(assets=definitions.assets, resources=definitions.resources, jobs=[job])
            self._jobs[assets] = made.resolve_job_def("make")
        return self._jobs[assets]

    def classify(
        self, request_file: str, content: bytes | Sequence[str | Mapping[str, Any]], *assets: str
    ) -> list[dict]:
        """Drop a file, make its assets, and return its classifications."""
        self.drop(request_file, content)
        result = self.make(request_file, *assets)
        assert result.success, failure_of(result)
        return self.rows("classifications", request_file)

    def rows(self, table: str, request_file: str | None = None) -> list[dict]:
        """The rows of a table, by row number where it has one; of one request file or of all."""
        order = "request_file, row_number" if table in ("raw_requests", "classifications") else "request_file"
        where = f"where request_file = '{request_file.replace(chr(39), chr(39) * 2)}'" if request_file else ""
        return self.query(f"select * from {self.prompt_name}.{table} {where} order by {order}")

    def query(self, sql: str) -> list[dict]:
        """What the database answers."""
        return self.warehouse.query(self.prompt_name, sql)

    def jsonl_files(self) -> list[Path]:
        """All batches written so far, by name."""
        return sorted(self.home.glob("internal/**/*.jsonl"))


def scripted(project: Project) -> ScriptedInference:
    """The project's inference, as what it is."""
    assert isinstance(project.inference, ScriptedInference)
    return project.inference
