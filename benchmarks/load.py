"""`make load`: many request files dropped at once, through the sensors, the daemon and the runs of a real Dagster.

    python -m benchmarks.load small --files 5000 --rows 20
    python -m benchmarks.load large --files 20 --rows 50000
    python -m benchmarks.load quota --files 300 --rows 150 --quota 20

Afterwards every row of every file must be classified exactly once, under its own id. `quota` runs on the emulator of Bedrock,
where so many jobs may be in flight, and must not send a text twice. It prints a table; benchmarks/results.md keeps earlier ones.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from batch_classifier.prompts.loading import load_prompts
from batch_classifier.sample_data.generate import write_sample
from benchmarks.data import DATA
from benchmarks.own_work import own_seconds
from benchmarks.running_dagster import RunningDagster, running_dagster, wait_until_ready

PROMPT = "travel"
QUOTA = 20
JOB_SECONDS = 20.0
_LOOK_SECONDS = 1.0
_SIZES = {"small": (5_000, 20), "large": (20, 50_000), "quota": (300, 150)}
# Files of so few rows are also classified without Dagster, so many of them.
_OWN_FILES, _OWN_ROWS = 21, 1_000


@dataclass(frozen=True)
class Load:
    """What is dropped, and where."""

    kind: str
    files: int
    rows: int
    home: Path
    quota: int = QUOTA

    @property
    def waiting(self) -> Path:
        """Where the files are dropped."""
        return self.home / "data" / "input_data" / PROMPT


def main() -> None:
    """Drop the files, wait for their results, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("kind", choices=_SIZES)
    parser.add_argument("--files", type=int, help="request files")
    parser.add_argument("--rows", type=int, help="rows in each")
    parser.add_argument("--quota", type=int, default=QUOTA, help="jobs that may be in flight at the emulator")
    parser.add_argument("--minutes", type=float, default=240.0, help="when to give up")
    parser.add_argument("--dagster", type=Path, help="a dagster.yaml to compare with, by default the project's own")
    options = parser.parse_args()
    files, rows = (
        given or default for given, default in zip((options.files, options.rows), _SIZES[options.kind], strict=True)
    )
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="load-", dir=DATA) as folder:
        load = Load(options.kind, files, rows, Path(folder), options.quota)
        print(carry(load, options.minutes * 60, options.dagster))


def carry(load: Load, seconds: float, dagster_yaml: Path | None = None) -> str:
    """Carry a load to its end and return the table; raises RuntimeError where a row is missing, and TimeoutError."""
    staged = _write_files(load)
    with contextlib.ExitStack() as stack:
        settings: Mapping[str, str] = {}
        tells: Callable[[], list[str]] = list
        if load.kind == "quota":
            settings, tells = stack.enter_context(_emulator(load.quota))
        dagster = stack.enter_context(running_dagster(load.home, settings, dagster_yaml))
        wait_until_ready(load.home)
        dagster.look()
        idle = {role: usage.cpu_seconds for role, usage in dagster.usage.items()}
        load.waiting.parent.mkdir(parents=True, exist_ok=True)
        load.waiting.mkdir(exist_ok=True)
        begun = time.monotonic()
        for path in staged.iterdir():
            path.rename(load.waiting / path.name)
        _wait(load, dagster, begun + seconds)
        taken = time.monotonic() - begun
        told = tells()
    _check_every_row(load)
    return _table(load, taken, dagster, idle, told)


def _write_files(load: Load) -> Path:
    staged = load.home / "staged"
    staged.mkdir(parents=True)
    for number in range(load.files):
        write_sample(PROMPT, load.rows, number, staged / f"calls_{number:05}.csv")
    return staged


@contextlib.contextmanager
def _emulator(quota: int) -> Iterator[tuple[Mapping[str, str], Callable[[], list[str]]]]:
    """Bedrock on this machine with a quota, tables in DuckDB; with what it says of texts that were sent twice."""
    from batch_classifier_tests.emulators.limits import Durations, Limits
    from batch_classifier_tests.emulators.server import ROLE_ARN, BedrockEmulator

    with BedrockEmulator(Limits(active_jobs_per_model=quota), Durations.over(JOB_SECONDS)) as emulator:
        emulator.create_buckets("internal")
        settings = {
            **emulator.environment,
            "BATCH_CLASSIFIER_INFERENCE": "bedrock",
            "BATCH_CLASSIFIER_INTERNAL_URI": "s3://internal/work",
            "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": ROLE_ARN,
            "BATCH_CLASSIFIER_BEDROCK_MAX_JOBS": str(quota),
            "BATCH_CLASSIFIER_WAIT_SECONDS": "0",
        }
        yield settings, emulator.calls.texts_asked_twice


def _wait(load: Load, dagster: RunningDagster, deadline: float) -> None:
    """Until each file has its result, which is the last that a run writes."""
    results = load.home / "data" / "output_data" / PROMPT
    shown = -1
    while (done := len(list(results.glob("*/*.csv")))) < load.files:
        dagster.look()
        if done // 100 != shown // 100:
            print(f"{done:,} of {load.files:,} files", file=sys.stderr, flush=True)
        shown = done
        if time.monotonic() > deadline:
            raise TimeoutError(f"{done:,} of {load.files:,} files were done in the time given.")
        time.sleep(_LOOK_SECONDS)
    dagster.look()


def _check_every_row(load: Load) -> None:
    """Every row of every file is in classifications once, under its id and with its text."""
    with duckdb.connect(str(load.home / "data" / "warehouse.duckdb"), read_only=True) as connection:
        sql = f"""
            with dropped as (
                select parse_filename(filename) as request_file, conversation_id as record_id, conversation as text
                from read_csv('{load.waiting}/*.csv', filename = true, all_varchar = true)
            ), found as (select request_file, record_id, input_text as text from {PROMPT}.classifications)
            select (select count(*) from dropped), (select count(*) from found),
                (select count(*) from (from dropped except all from found))
        """
        ((dropped, found, missing),) = connection.sql(sql).fetchall()
    if not dropped == found == load.files * load.rows or missing:
        raise RuntimeError(f"{dropped:,} rows were dropped, {found:,} are there, {missing:,} are missing.")


def _table(load: Load, taken: float, dagster: RunningDagster, idle: Mapping[str, float], told: Sequence[str]) -> str:
    lines = [
        f"### {load.files:,} files of {load.rows:,} rows ({load.kind})\n",
        f"{taken:,.0f} s in all, {taken / load.files:.2f} s a file; every row is there. "
        f"{os.cpu_count()} cores, load average {os.getloadavg()[1]:.1f}.",
    ]
    if load.kind == "quota":
        lines.append(f"\nJobs in flight at most: {load.quota}. Texts that were sent twice: {len(told)}.")
    if load.kind == "small" and load.rows <= _OWN_ROWS:
        clock, cpu = _own(load)
        lines.append(
            f"\nThe same work without Dagster takes {clock:.2f} s a file ({cpu:.2f} s of CPU), so that a run costs "
            f"{taken / load.files - clock:.2f} s beside its own work."
        )
    lines += [
        "\n| processes | CPU s | CPU s a file | MB at first | MB at most | MB at last |",
        f"|{' --- |' * 6}",
    ]
    for role, usage in sorted(dagster.usage.items()):
        seconds = usage.cpu_seconds - idle.get(role, 0.0)
        cells = [role, f"{seconds:,.0f}", f"{seconds / load.files:.2f}"]
        cells += [f"{megabytes:,.0f}" for megabytes in (usage.first_mb, usage.peak_mb, usage.last_mb)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _own(load: Load) -> tuple[float, float]:
    """What a file takes without Dagster, in a home of its own."""
    home = load.home / "without_dagster"
    folder = home / "input_data" / PROMPT
    folder.mkdir(parents=True)
    names = [path.name for path in sorted(load.waiting.iterdir())[:_OWN_FILES]]
    for name in names:
        os.link(load.waiting / name, folder / name)
    return own_seconds(home, load_prompts(load.home / "prompts").get(PROMPT), names)


if __name__ == "__main__":
    main()
