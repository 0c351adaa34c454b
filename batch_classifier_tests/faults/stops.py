"""Where a command can be made to stand still: at each stage of a request file's way, before its work or in the middle of it.

The command's process writes the file `reached` and waits for the file `go`; meanwhile the suite lets the world change. Nothing of
this is in the product: a wrapper (`command.py`) puts it around the product's own functions, in the child process only.
"""

import importlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any

# The folder of the meeting of child and suite, and the stop as "stage/place".
FOLDER = "FAULTS_FOLDER"
STOP = "FAULTS_STOP"
REACHED, GO, HUNGRY, CLOCK = "reached", "go", "hungry", "clock"
# What a child without address space asks for, and does not get.
_HUNGER_BYTES = 1 << 30
_LOOK_SECONDS = 0.01


class Stage(StrEnum):
    """The stages of a request file's way."""

    SENSOR = "sensor"
    READ = "read"
    WRITE_JSONL = "write JSONL"
    SUBMIT = "submit"
    WAIT = "wait"
    READ_ANSWERS = "read answers"
    WRITE_TABLE = "write table"
    WRITE_FILES = "write files"
    SUMMARY = "summary"


class Place(StrEnum):
    """Where in a stage: before it holds or has changed anything, or when its work is done and is not yet in its place."""

    BEFORE = "before"
    MIDDLE = "middle"


@dataclass(frozen=True)
class Stop:
    """A function of the product around which a command stands still.

    Attributes:
        function: module and name, as in "package.module:Class.method".
        after: whether it stands still after the function's work instead of before it; a generator has given its first item then.
        concerns: whether a call is the one that is meant.
    """

    function: str
    after: bool = False
    concerns: Callable[..., bool] = lambda *_arguments, **_options: True


def _published(fits: Callable[[str], bool]) -> list[Stop]:
    """Before a file of such a key is put in its place, in either kind of folder."""
    return [
        Stop(f"batch_classifier.storage.{kind}", concerns=lambda _folder, _file, key: fits(key))
        for kind in ("local_folder:LocalFolder.publish", "s3_folder:S3Folder.publish")
    ]


def _replaced(table: str) -> list[Stop]:
    """When the rows of a table are written and nobody can see them yet, in either warehouse."""
    return [
        Stop(
            "batch_classifier.warehouse.duckdb:insert",
            after=True,
            concerns=lambda _connection, name, _rows: name.endswith(f".{table}"),
        ),
        Stop(
            "batch_classifier.warehouse.glue_catalog:GlueCatalog.point_partition",
            concerns=lambda _catalog, name, *_rest: name.endswith(f"_{table}"),
        ),
    ]


STOPS: dict[tuple[Stage, Place], list[Stop]] = {
    (Stage.SENSOR, Place.BEFORE): [Stop("batch_classifier.requests.intake:Intake.decide")],
    # What the tick has found is not kept anywhere yet.
    (Stage.SENSOR, Place.MIDDLE): [Stop("batch_classifier_tests.faults.daemon:keep")],
    (Stage.READ, Place.BEFORE): [Stop("batch_classifier.defs.assets.raw_requests:RawRequests")],
    (Stage.READ, Place.MIDDLE): _replaced("raw_requests"),
    (Stage.WRITE_JSONL, Place.BEFORE): [Stop("batch_classifier.defs.assets.bedrock_jsonl:BedrockJsonl")],
    (Stage.WRITE_JSONL, Place.MIDDLE): _published(lambda key: key.endswith(".jsonl")),
    (Stage.SUBMIT, Place.BEFORE): [
        Stop("batch_classifier.inference.local.local_inference:LocalInference.submit"),
        Stop("batch_classifier.inference.bedrock.batch_inference:BedrockInference.submit"),
    ],
    # The job is there, and this process has not been told so.
    (Stage.SUBMIT, Place.MIDDLE): [
        Stop("batch_classifier.inference.local.local_inference:LocalInference.submit", after=True),
        Stop("batch_classifier.inference.bedrock.batch_inference:BedrockInference.submit", after=True),
    ],
    (Stage.WAIT, Place.BEFORE): [Stop("batch_classifier.jobs.following:BatchJobs._pause")],
    # On this machine the model is at work in this process, and its answers are not in their place.
    (Stage.WAIT, Place.MIDDLE): [
        *_published(lambda key: key.endswith(".jsonl.out")),
        Stop("batch_classifier.inference.bedrock.batch_inference:BedrockInference.look_up"),
    ],
    (Stage.READ_ANSWERS, Place.BEFORE): [Stop("batch_classifier.jobs.followed_batch:read_outcome")],
    (Stage.READ_ANSWERS, Place.MIDDLE): _published(lambda key: key.endswith("parsed_answers.arrow")),
    (Stage.WRITE_TABLE, Place.BEFORE): [Stop("batch_classifier.defs.assets.classifications:Classifications")],
    (Stage.WRITE_TABLE, Place.MIDDLE): _replaced("classifications"),
    (Stage.WRITE_FILES, Place.BEFORE): [Stop("batch_classifier.defs.assets.result_files:write_result_files")],
    (Stage.WRITE_FILES, Place.MIDDLE): _published(lambda key: key.startswith("output_data/")),
    (Stage.SUMMARY, Place.BEFORE): [Stop("batch_classifier.defs.assets.category_summary:summarise")],
    (Stage.SUMMARY, Place.MIDDLE): _replaced("category_summary"),
}


class StandStill:
    """Stands still once, in whichever of the functions is called first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_over = False

    def __call__(self) -> None:
        """Tell the suite, wait for its word, and meet what it has prepared."""
        if self._is_over:
            return
        self._is_over = True
        (self._folder / REACHED).write_text(str(os.getpid()))
        while not (self._folder / GO).exists():
            time.sleep(_LOOK_SECONDS)
        if (self._folder / CLOCK).exists():
            move_clock(float((self._folder / CLOCK).read_text()))
        if (self._folder / HUNGRY).exists():
            bytearray(_HUNGER_BYTES)


def move_clock(seconds: float) -> None:
    """Have all of Python's clocks but the monotonic one show another time from now on."""
    import time_machine

    time_machine.travel(time.time() + seconds, tick=True).start()


def install(stage: Stage, place: Place, stand_still: Callable[[], None]) -> None:
    """Put the stop around the product's functions, in this process."""
    for stop in STOPS[stage, place]:
        module_name, _, path = stop.function.partition(":")
        owner: Any = importlib.import_module(module_name)
        *outer, name = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        setattr(owner, name, _stopping(getattr(owner, name), stop, stand_still))


def _stopping(function: Any, stop: Stop, stand_still: Callable[[], None]) -> Any:
    @wraps(function)
    def stopping(*arguments: Any, **options: Any) -> Any:
        if not stop.concerns(*arguments, **options):
            return function(*arguments, **options)
        if not stop.after:
            stand_still()
            return function(*arguments, **options)
        made = function(*arguments, **options)
        if not isinstance(made, Iterator):
            stand_still()
        return made

    return stopping
