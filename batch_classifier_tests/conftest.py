"""What the behaviour tests share: a project in a temporary folder, and an inference service whose answers a test chooses."""

import csv
import datetime
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import pytest
import yaml

from batch_classifier.definitions import build_definitions
from batch_classifier.inference.bedrock.model_requests import model_input
from batch_classifier.inference.interface import Inference, Job, JobRequest, JobState, Limits
from batch_classifier.inference.prices import Price
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.duckdb import DuckDBWarehouse

REPOSITORY = Path(__file__).parent.parent
PROMPT = "tickets"
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"

CLASSIFYING = ("raw_requests", "bedrock_jsonl", "batch_job", "classifications")
EVERYTHING = (*CLASSIFYING, "category_summary", "result_files")

# The model's words, a record's other fields, a line as it is, several of these, or no line at all.
Reply = str | Mapping[str, Any] | bytes | list | None


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    """Tests say what they set; a developer's own variables must not decide them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("BATCH_CLASSIFIER_") or name == "DAGSTER_HOME":
                patch.delenv(name)
        yield


def prompt_content(**changes: Any) -> dict[str, Any]:
    """The content of a small, valid prompt file; a change to None leaves the key out."""
    content = {
        "description": "What a ticket is about",
        "input": {"text": "text", "id": "id", "label": "label"},
        "categories": [
            {"name": "Billing", "description": "money, bills, charges", "examples": ["I was charged twice"]},
            {"name": "Travel", "description": "flights, hotels, trips", "examples": ["My flight was moved"]},
            {"name": "Other", "description": "none of the above", "examples": ["Wrong number, sorry"]},
        ],
        "fallback": "Other",
        "instructions": "Choose one of:\n{% for category in categories %}\n- {{ category.name }}\n{% endfor %}\n"
        "Answer <class>name</class><rationale>reason</rationale>.",
        "model": {"id": MODEL, "max_tokens": 100},
        "budget_usd": 5.0,
        "max_attempts": 1,
        **changes,
    }
    return {key: value for key, value in content.items() if value is not None}


def by_keyword(text: str) -> str:
    """What a model that does as it is told would answer."""
    name = "Billing" if "charge" in text else "Travel" if "flight" in text else "Other"
    return f"<class>{name}</class><rationale>It says so.</rationale>"


def said(words: str, input_tokens: int = 100, output_tokens: int = 10, stop_reason: str = "end_turn") -> dict[str, Any]:
    """The fields of a record that a model has answered with these words."""
    usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    return {"modelOutput": {"content": [{"type": "text", "text": words}], "stop_reason": stop_reason, "usage": usage}}


class ScriptedInference(Inference):
    """Does its jobs at once, as `reply` says, in files of Bedrock's form.

    Attributes:
        jobs: its jobs by name; those a person left waiting are done when `waits` is false again.
        submitted: every request, in order.
        asked: every text that it was sent, in order.
        turned: whether answers come in the reverse order.
        failure: the message with which jobs fail, or None.
    """

    kind = "scripted"
    poll_seconds = 0.01
    limits = Limits(minimum_records=1, maximum_records=50_000, maximum_bytes=1_000_000_000)

    def __init__(self, home: Path, reply: Callable[[str], Reply] = by_keyword, price: Price | None = None) -> None:
        self.internal = LocalFolder(home / "internal")
        self.reply = reply
        self.usd = price or Price(0.0, 0.0)
        self.model = "scripted-1"
        self.jobs: dict[str, Job] = {}
        self.submitted: list[JobRequest] = []
        self.asked: list[str] = []
        self.waits = False
        self.turned = False
        self.failure: str | None = None

    def model_input(self, prompt: Prompt, user: str) -> dict[str, Any]:
        return model_input(prompt, user)

    def model_id(self, prompt: Prompt) -> str:
        return self.model

    def price(self, prompt: Prompt, records: int) -> Price | None:
        return self.usd

    def free_places(self, prompt: Prompt) -> int:
        return 20

    def submit(self, request: JobRequest) -> Job:
        if request.name in self.jobs and self.jobs[request.name].state is not JobState.IN_PROGRESS:
            return self.jobs[request.name]
        if request.name not in self.jobs:
            self.submitted.append(request)
        now = datetime.datetime.now(datetime.UTC)
        job = Job(request.name, f"scripted:{request.name}", JobState.IN_PROGRESS, now, total=request.records)
        if not self.waits:
            state, message = (JobState.FAILED, self.failure) if self.failure else (JobState.COMPLETED, "")
            if not self.failure:
                self._answer(request)
            job = Job(request.name, job.arn, state, now, now, request.records, request.records, message=message)
        self.jobs[request.name] = job
        return job

    def take_up(self, request: JobRequest, job: Job) -> Job:
        return self.submit(request)

    def find(self, name: str) -> Job | None:
        return self.jobs.get(name)

    def look_up(self, arn: str) -> Job:
        return self.jobs[arn.removeprefix("scripted:")]

    def list_jobs(self) -> Iterator[Job]:
        return reversed(list(self.jobs.values()))

    def stop(self, arn: str) -> None: ...

    def console_url(self, job: Job) -> str | None:
        return None

    def _answer(self, request: JobRequest) -> None:
        with self.internal.read(request.input_key) as file:
            records = [json.loads(line) for line in file]
        lines: list[bytes] = []
        for record in records:
            self.asked.append(text_of(record))
            reply = self.reply(self.asked[-1])
            lines += [_line(record, one) for one in (reply if isinstance(reply, list) else [reply]) if one is not None]
        name = request.input_key.rsplit("/", 1)[-1]
        ordered = lines[::-1] if self.turned else lines
        self.internal.write_bytes(f"{request.output_key}/{request.name}/{name}.out", b"".join(ordered))
        counts = {"totalRecordCount": len(records), "processedRecordCount": len(records)}
        self.internal.write_bytes(f"{request.output_key}/{request.name}/manifest.json.out", orjson.dumps(counts))


def _line(record: Mapping[str, Any], reply: Reply) -> bytes:
    if isinstance(reply, bytes):
        return reply + b"\n"
    fields = said(reply) if isinstance(reply, str) else dict(reply or {})
    return json.dumps({**record, **fields}).encode() + b"\n"


def text_of(record: Mapping[str, Any]) -> str:
    """The text that a record of a Claude model asks about, as it is put to the model."""
    (message,) = record["modelInput"]["messages"]
    found = re.match(r"<text>\n(.*)\n</text>", message["content"][0]["text"], re.DOTALL)
    assert found, message
    return found[1]


@dataclass
class Project:
    """A project in a folder of its own: drop files, run the assets on them, look at what came of it."""

    home: Path
    inference: Inference | None
    instance: dg.DagsterInstance
    prompt_name: str = PROMPT
    _loaded: dg.Definitions | None = None

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

    def make(self, request_file: str, *assets: str) -> dg.ExecuteInProcessResult:
        """The same without the assets' checks, which takes a third of the time: by default what classifications need."""
        self.instance.add_dynamic_partitions(f"{self.prompt_name}_request_files", [request_file])
        return dg.materialize(
            list(self.definitions.assets or []),  # type: ignore[arg-type]
            selection=[dg.AssetKey([self.prompt_name, asset]) for asset in assets or CLASSIFYING],
            resources=self.definitions.resources,
            instance=self.instance,
            partition_key=request_file,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )

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


def file_of(rows: Sequence[str | Mapping[str, Any]], suffix: str) -> bytes:
    """A request file in the format of a suffix, written with other libraries than those that read it where there are any."""
    dicts = [
        {"id": f"R{number}", "text": row} if isinstance(row, str) else dict(row) for number, row in enumerate(rows)
    ]
    if suffix == ".csv":
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(dict.fromkeys(key for row in dicts for key in row)))
        writer.writeheader()
        writer.writerows(dicts)
        return out.getvalue().encode()
    if suffix == ".json":
        return json.dumps(dicts).encode()
    if suffix == ".jsonl":
        return b"".join(json.dumps(row).encode() + b"\n" for row in dicts)
    if suffix == ".xlsx":
        return workbook({"Sheet1": dicts})
    if suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet

        buffer = io.BytesIO()
        pyarrow.parquet.write_table(pa.Table.from_pylist(dicts), buffer)
        return buffer.getvalue()
    raise ValueError(suffix)


def workbook(sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """An XLSX workbook with these sheets."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What a person reads about the first failed step: the Failure's description, or whatever there is instead of one."""
    for event in result.all_node_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return data.user_failure_data.description
            return f"{event.step_key} without a description: {data.error and data.error.to_string()[:2_000]}"
    return "no step failed"


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata values of an asset's materialization."""
    for event in result.all_node_events:
        if event.is_step_materialization and event.asset_key and event.asset_key.path[-1] == asset:
            metadata = event.step_materialization_data.materialization.metadata
            return {name: entry.value for name, entry in metadata.items()}
    raise AssertionError(f"{asset} was not materialized: {failure_of(result)}")


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluations of a run's checks, by name."""
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def is_one_sentence(message: str) -> bool:
    """Whether a message is fit to be shown to a person: one line that ends, and nothing of Python's."""
    return message.endswith(".") and "\n" not in message and "Traceback" not in message and "Error(" not in message


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Project]]:
    """Makes projects that live as long as a test module."""
    instances: list[dg.DagsterInstance] = []

    def make(reply: Callable[[str], Reply] = by_keyword, price: Price | None = None, **prompt: Any) -> Project:
        home = tmp_path_factory.mktemp("project")
        instances.append(dg.DagsterInstance.ephemeral())
        project = Project(home, ScriptedInference(home, reply, price), instances[-1])
        project.set_prompt(**prompt)
        return project

    yield make
    for instance in instances:
        instance.dispose()


@pytest.fixture(scope="module")
def stored_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance on the disk, as sensors need it."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance:
        yield instance


@pytest.fixture
def stored_project(tmp_path: Path, stored_instance: dg.DagsterInstance) -> Project:
    """A project of its own for one test; its prompt has a name of its own too, for the tests share Dagster's memory."""
    name = f"tickets{len(list(tmp_path.parent.iterdir()))}"
    project = Project(tmp_path / "project", ScriptedInference(tmp_path / "project"), stored_instance, name)
    project.set_prompt()
    return project


@pytest.fixture
def project(projects: Callable[..., Project]) -> Project:
    """A project of its own for one test."""
    return projects()


def scripted(project: Project) -> ScriptedInference:
    """The project's inference, as what it is."""
    assert isinstance(project.inference, ScriptedInference)
    return project.inference
