"""A project in a folder of its own, on a laptop or with its files at the emulators' AWS: started, broken, looked at."""

import csv
import ctypes
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import RunsFilter

from batch_classifier.defs.sensors.finished_jobs import IN_PROGRESS
from batch_classifier.inference.local.local_inference import held_lock
from batch_classifier.settings import Settings
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.tables import BATCH_JOB, BEDROCK_JSONL, CATEGORY_SUMMARY, CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator
from batch_classifier_tests.emulators.storage_faults import StorageFaults
from batch_classifier_tests.faults import stops
from batch_classifier_tests.faults.command import ASKED
from batch_classifier_tests.faults.comparison import Outcome
from batch_classifier_tests.faults.stops import Place, Stage
from batch_classifier_tests.support.repository import PROMPTS, REPOSITORY

PROMPT = "travel"
FILE = "calls.csv"
CUSTOMER, INTERNAL = "customer", "internal"
CLASSIFY = ("classify", FILE, "--prompt", PROMPT)
DAEMON = ("daemon",)
# Of a machine that is busy with other tests; what is waited for comes much sooner.
PATIENCE_SECONDS = 150.0

_CATEGORIES = ("Booking Inquiry", "Reservation Change", "Refund Issues", "Complaint")
_TABLES = (RAW_REQUESTS, BEDROCK_JSONL, BATCH_JOB, CLASSIFICATIONS, CATEGORY_SUMMARY)
_HOUR = 3600
# What lets root read and write whatever the permissions say: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, in prctl's numbers.
_DROP_FROM_BOUNDING_SET = 24
_OVERRIDES = (1, 2)
# Sockets and folders of Dagster's servers have Python's own names.
_OF_DAGSTER = re.compile(r"tmp[a-z0-9_]{8}")
_PLACE = re.compile(r"(?<=travel-)[0-9a-f]{8}-")


def request_file() -> bytes:
    """160 rows: 130 texts of all categories, 20 of them twice, and 10 rows without a text."""
    texts = [f"User: this is about my {_CATEGORIES[n % 4]}, number {n}." for n in range(130)]
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["conversation_id", "conversation", "agent"])
    rows.writerows(
        [number, text, f"agent {number % 7}"] for number, text in enumerate([*texts, *texts[:20], *[""] * 10])
    )
    return file.getvalue().encode()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Started:
    """A command that was started."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path, folder: Path) -> None:
        self.process = process
        self.output = output
        self.folder = folder

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def wait_for(self, is_there: Callable[[], bool], what: str) -> None:
        """Wait for something to come; fails when the command ends before that."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there():
            assert self.process.poll() is None, f"it ended before {what}: {self.said[-2_000:]}"
            assert time.monotonic() < deadline, f"no {what}: {self.said[-2_000:]}"
            time.sleep(0.02)

    def reach(self) -> int:
        """Wait until it stands still; returns the id of the process that does."""
        reached = self.folder / stops.REACHED
        self.wait_for(lambda: reached.exists() and bool(reached.read_text()), "its stop")
        return int(reached.read_text())

    def go(self) -> None:
        """Let it go on."""
        (self.folder / stops.GO).touch()

    def end(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Its exit code, when it has ended; minus the signal's number where one ended it."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not end within {seconds:.0f} s: {self.said[-2_000:]}") from None

    @property
    def last_words(self) -> str:
        """The sentence it ended with."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("Error:", "Interrupted"))]
        return (told or lines or [""])[-1]


@dataclass
class Project:
    """A project.

    Attributes:
        folder: where commands are started; `data/` is in it.
        meeting: where commands and suite meet, on another disk than the project's.
        emulator: the AWS account, for a project whose files are there.
        storage: what goes wrong at S3.
        as_ordinary_user: whether permissions count for its commands also where root runs them.
    """

    folder: Path
    meeting: Path
    emulator: BedrockEmulator | None = None
    storage: StorageFaults | None = None
    as_ordinary_user: bool = False
    started: list[Started] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.temporary.mkdir(parents=True)
        self.meeting.mkdir(parents=True)
        shutil.copy(REPOSITORY / "dagster.yaml", self.folder)
        workspace = (REPOSITORY / "workspace.yaml").read_text()
        own = workspace.replace("batch_classifier.code_location", "batch_classifier_tests.faults.code_location")
        assert own != workspace
        (self.folder / "workspace.yaml").write_text(own)
        shutil.copytree(PROMPTS, self.folder / "prompts")
        (self.folder / "prompts" / "lost_deals.yaml").unlink()
        prompt = self.folder / "prompts" / f"{PROMPT}.yaml"
        prompt.write_text(prompt.read_text().replace("[csv, xlsx]", "[csv, json]"))
        (self.folder / FILE).write_bytes(request_file())

    @property
    def data(self) -> Path:
        """The home of local files."""
        return self.folder / "data"

    @property
    def dropped(self) -> Path:
        """Where the request file is dropped on a laptop."""
        return self.data / "input_data" / PROMPT / FILE

    @property
    def temporary(self) -> Path:
        """Where its commands put temporary files."""
        return self.folder / "tmp"

    @property
    def is_on_aws(self) -> bool:
        """Whether its files, tables and models are at AWS."""
        return self.emulator is not None

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its commands."""
        own = {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(self.temporary), "COLUMNS": "400"}
        aws = {"BATCH_CLASSIFIER_DEPLOYMENT": "local"}
        if self.emulator is not None:
            aws = {
                **self.emulator.environment,
                "AWS_ACCESS_KEY_ID": "pipeline",
                "BATCH_CLASSIFIER_DEPLOYMENT": "aws",
                "BATCH_CLASSIFIER_CUSTOMER_URI": f"s3://{CUSTOMER}",
                "BATCH_CLASSIFIER_INTERNAL_URI": f"s3://{INTERNAL}/work",
                "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": ROLE_ARN,
                "BATCH_CLASSIFIER_BEDROCK_POLL_SECONDS": "0.1",
                "BATCH_CLASSIFIER_ATHENA_OUTPUT": f"s3://{INTERNAL}/query-results/",
            }
        return own | aws

    def start(self, command: Sequence[str], stop: tuple[Stage, Place] | None = None) -> Started:
        """Start a command as a person does; with a stop, it stands still there."""
        for name in (stops.REACHED, stops.GO, stops.HUNGRY, stops.CLOCK):
            (self.meeting / name).unlink(missing_ok=True)
        output = self.meeting / f"output-{len(self.started)}.txt"
        environment = {**os.environ, **self.environment, stops.FOLDER: str(self.meeting)}
        if stop is not None:
            environment[stops.STOP] = "/".join(stop)
        with output.open("wb") as printed:
            process = subprocess.Popen(
                [sys.executable, "-m", "batch_classifier_tests.faults.command", *command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
                preexec_fn=_begin_as_ordinary_user if self.as_ordinary_user else _hear_interrupts,
            )
        self.started.append(Started(process, output, self.meeting))
        return self.started[-1]

    def run(self, command: Sequence[str]) -> Started:
        """Start a command and wait for its end."""
        started = self.start(command)
        started.end()
        return started

    def drop(self, content: bytes) -> None:
        """Put the request file where the sensor looks, as if an hour ago."""
        if self.emulator is not None:
            self.emulator.client("s3").put_object(Bucket=CUSTOMER, Key=f"input_data/{PROMPT}/{FILE}", Body=content)
            return
        path = self.dropped
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        then = time.time() - _HOUR + len(content) / 1_000
        os.utime(path, (then, then))

    def change_prompt(self) -> None:
        """What a colleague does: better instructions."""
        path = self.folder / "prompts" / f"{PROMPT}.yaml"
        path.write_text(path.read_text().replace("You sort calls", "You sort all calls"))

    def close(self) -> None:
        """End what is still there of its commands."""
        for started in self.started:
            if started.process.poll() is None:
                os.killpg(started.process.pid, signal.SIGKILL)
                started.process.wait()

    def outcome(self) -> Outcome:
        """What is there now."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, "AWS_ACCESS_KEY_ID": "emulated"}.items():
                patch.setenv(name, value)
            settings = Settings(home=self.data, _env_file=None)  # type: ignore[call-arg]
            tables = self._tables(open_warehouse(settings))
        slots, runs = self._dagster()
        return Outcome(
            tables=tables,
            results=self._results(),
            files=self._files(),
            left_over=sorted(path.name for path in self.temporary.iterdir() if not _OF_DAGSTER.fullmatch(path.name)),
            slots=slots,
            runs=runs,
            locks=[path.name for path in self.data.rglob("*.lock") if "dagster" not in path.parts and _is_held(path)],
            asked=self._asked(),
        )

    def _tables(self, warehouse: Warehouse) -> dict[str, Any]:
        tables = {}
        for table in _TABLES:
            with warehouse.read(PROMPT, table, FILE) as batches:
                rows = [row for batch in batches for row in batch.to_pylist()]
            tables[table.name] = [
                {name: self._as_anywhere(value) if isinstance(value, str) else value for name, value in row.items()}
                for row in rows
            ]
        return tables

    def _as_anywhere(self, text: str) -> str:
        """Without what is of this very project: the place of its folder, also in the names of jobs, and the ids of jobs at AWS."""
        for job in self.emulator.jobs if self.emulator else ():
            # Its name comes from what it is asked, and so is the same in every project.
            text = text.replace(job.arn.rpartition("/")[2], f"<job {job.name}>")
        return _PLACE.sub("<place>-", text.replace(str(self.folder), "<folder>"))

    def _results(self) -> dict[str, bytes]:
        if self.emulator is None:
            files = {
                str(path.relative_to(self.data)): path.read_bytes() for path in self.data.glob("output_data/**/*.*")
            }
        else:
            s3 = self.emulator.client("s3")
            found = s3.list_objects_v2(Bucket=CUSTOMER, Prefix="output_data/").get("Contents", [])
            files = {one["Key"]: s3.get_object(Bucket=CUSTOMER, Key=one["Key"])["Body"].read() for one in found}
        return files

    def _files(self) -> set[str]:
        names = {
            str(path.relative_to(self.folder))
            for path in self.data.rglob("*")
            # A lock's file stays after a `classify`, and a sensor makes none; who holds one is looked at apart.
            if path.is_file() and path.relative_to(self.data).parts[0] not in ("dagster", "locks")
        }
        if self.emulator is None:
            return set(map(self._as_anywhere, names))
        s3 = self.emulator.client("s3")
        for bucket in (CUSTOMER, INTERNAL):
            found = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            names |= {f"{bucket}/{one['Key']}" for page in found for one in page.get("Contents", [])}
        return {self._as_anywhere(_without_version(name)) for name in names if "/query-results/" not in name}

    @contextmanager
    def _instance(self) -> Iterator[dg.DagsterInstance]:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            with dg.DagsterInstance.from_config(".") as instance:
                yield instance

    def runs(self) -> Sequence[dg.DagsterRun]:
        """The runs that Dagster knows of."""
        with self._instance() as instance:
            return instance.get_runs()

    def _dagster(self) -> tuple[list[str], list[str]]:
        with self._instance() as instance:
            storage = instance.event_log_storage
            slots = [
                f"{pool}: {run_id[:8]} {step_key}"
                for pool in storage.get_concurrency_keys()
                for info in [storage.get_concurrency_info(pool)]
                for run_id, step_key in [
                    *((slot.run_id, slot.step_key) for slot in info.claimed_slots),
                    *((step.run_id, step.step_key) for step in info.pending_steps),
                ]
            ]
            in_progress = instance.get_runs(RunsFilter(statuses=IN_PROGRESS))
        return slots, [f"{run.run_id[:8]} {run.status.value}" for run in in_progress]

    def _asked(self) -> Counter[str]:
        if self.emulator is not None:
            return self.emulator.calls.texts()
        asked = self.meeting / ASKED
        return Counter(asked.read_text().splitlines()) if asked.exists() else Counter()


def _hear_interrupts() -> None:
    """A shell's background job ignores interrupts, and hands that down."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _begin_as_ordinary_user() -> None:
    _hear_interrupts()
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in _OVERRIDES:
            assert libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) == 0


def _is_held(path: Path) -> bool:
    with held_lock(path) as is_free:
        return not is_free


def _without_version(name: str) -> str:
    """A table's rows of a request file have a folder for each version, of which the catalog names one."""
    return re.sub(r"/\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}/", "/<version>/", name)
