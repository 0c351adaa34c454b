"""`make bench`: measures the pipeline, prints a table and writes benchmarks/results.md.

Each measure is a process of its own, so that a peak of memory belongs to one group of steps. The pipeline, the baseline
and the copy take turns, so that whatever else the machine does meets all three.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

from benchmarks import cascade, engine, known_texts, savings
from benchmarks.data import DATA, request_file
from benchmarks.known_texts import SIZES as KNOWN

RESULTS = Path(__file__).parent / "results.md"
LOADS = "## Many files at once"
_ROOT = Path(__file__).parent.parent
SIZES = (10_000, 100_000, 1_000_000)
MIDDLE, LARGE = SIZES[1:]
ENGINE_ROWS = 100_000
SENSOR_FILES = 10_000
_PACKAGES = ("dagster", "duckdb", "pyarrow", "orjson", "msgspec", "python-calamine")
_TITLES = {
    "read": "raw_requests + bedrock_jsonl",
    "write": "classifications + category_summary + result_files",
}


@dataclass(frozen=True)
class Measure:
    """What one process told of its work."""

    seconds: float
    cpu_seconds: float
    start_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Compared:
    """A group of steps on one file, with the baseline and the copy of the same bytes."""

    group: str
    rows: int
    suffix: str
    megabytes: float
    ours: Measure
    baseline: Measure
    copy: Measure


def main() -> None:
    """Measure what the options say, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 rows only, once: to see that it works")
    parser.add_argument(
        "--small",
        action="store_true",
        help="without 1,000,000 rows, which take 12 GB of disk and, in the baseline, 15 of memory",
    )
    options = parser.parse_args()
    sizes = SIZES[:1] if options.quick else SIZES[:2] if options.small else SIZES
    compared: list[Compared] = []
    for rows in sizes:
        compared += _compare(rows, ".csv", 1 if options.quick or rows == LARGE else 3)
    if not options.quick:
        for suffix in (".json", ".xlsx"):
            compared += _compare(MIDDLE, suffix, 2)
    sections = [
        "# Benchmarks",
        _machine(),
        _table(compared),
        _growth(compared),
        _engine(),
        _start_up(1 if options.quick else 3),
        _sensor(),
        _cascade(4 if options.quick else 100),
        _savings(),
        _known_texts(SIZES[-1:] if options.quick or options.small else KNOWN),
    ]
    text = "\n\n".join(sections) + "\n"
    print(text)
    RESULTS.write_text(text + _loads(), encoding="utf-8")


def _savings() -> str:
    _tell("tokens and USD")
    return (
        f"## Tokens and USD\n\n`python -m benchmarks.savings`, also with a CSV file of one's own.\n\n{savings.tables()}"
    )


def _known_texts(sizes: Sequence[int]) -> str:
    _tell("texts that are known")
    told = "`python -m benchmarks.known_texts`: on DuckDB; half of the file's texts are known, and each look-up is a process."
    return f"## Look-up among known texts\n\n{told}\n\n{known_texts.table(sizes)}"


def _loads() -> str:
    """What `make load` measured before, which stays."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    _, heading, after = before.partition(LOADS)
    return f"\n{heading}{after}" if heading else ""


def _measure(what: str, home: Path, file: Path) -> Measure:
    command = [sys.executable, "-m", "benchmarks.work", what, str(home), str(file)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BATCH_CLASSIFIER_")}
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{what} on {file.name} failed:\n{done.stderr[-4000:]}")
    return Measure(**json.loads(done.stdout.splitlines()[-1]))


def _compare(rows: int, suffix: str, turns: int) -> list[Compared]:
    """All groups on one file, in turns; of several turns the fastest counts."""
    file = request_file(rows, suffix)
    taken: dict[str, list[Measure]] = {}
    sizes: dict[str, float] = {}
    groups = ("read", "write") if suffix == ".csv" else ("read",)
    for turn in range(turns):
        _tell(f"{rows:,} rows, {suffix}, turn {turn + 1} of {turns}")
        with _home(file) as folder:
            home = Path(folder)
            for group in groups:
                if group == "write":
                    _measure("fake", home, file)
                    _measure("engine", home, file)
                for what in (group, f"baseline_{group}", f"copy_{group}"):
                    taken.setdefault(what, []).append(_measure(what, home, file))
                    for made in (*home.glob("baseline.*"), *home.glob("copy.*")):
                        made.unlink()
                sizes[group] = _megabytes(_in_and_out(group, home, file))
    return [
        Compared(
            group,
            rows,
            suffix,
            sizes[group],
            _best(taken[group]),
            _best(taken[f"baseline_{group}"]),
            _best(taken[f"copy_{group}"]),
        )
        for group in groups
    ]


def _in_and_out(group: str, home: Path, file: Path) -> list[Path]:
    """The files that a group reads and writes, tables apart."""
    if group == "read":
        return [file, *(home / "internal").rglob("*.jsonl")]
    return [*(home / "internal").rglob("*.jsonl.out"), *(home / "output_data").rglob("*.csv")]


def _home(file: Path) -> "tempfile.TemporaryDirectory[str]":
    """A fresh home that has the request file."""
    DATA.mkdir(exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="home-", dir=DATA)
    inside = Path(folder.name) / "input_data" / "travel"
    inside.mkdir(parents=True)
    os.link(file, inside / file.name)
    return folder


def _best(measures: Sequence[Measure]) -> Measure:
    fastest = min(measures, key=lambda measure: measure.seconds)
    return Measure(
        fastest.seconds, fastest.cpu_seconds, fastest.start_seconds, max(measure.peak_mb for measure in measures)
    )


def _engine() -> str:
    _tell("the local engine")
    file = request_file(ENGINE_ROWS, ".csv")
    with _home(file) as folder:
        _measure("read", Path(folder), file)
        measure = _measure("engine", Path(folder), file)
    return (
        f"## The local engine\n\nbatch_job, {ENGINE_ROWS:,} rows (a text that is there twice is asked once): "
        f"{ENGINE_ROWS / measure.seconds:,.0f} rows a second, {measure.peak_mb:,.0f} MB.\n\n{engine.measured()}"
    )


def _cascade(seeds: int) -> str:
    _tell("the cascade")
    return f"## The cascade\n\n{cascade.DESCRIPTION.format(seeds=seeds)}\n\n{cascade.measure(seeds)}"


def _start_up(turns: int) -> str:
    _tell("start-up")
    file = request_file(100, ".csv")
    walls: list[float] = []
    measures: list[Measure] = []
    for _ in range(turns):
        with _home(file) as folder:
            begun = time.monotonic()
            measures.append(_measure("all", Path(folder), file))
            walls.append(time.monotonic() - begun)
    best = _best(measures)
    return (
        f"## Start-up\n\nAll assets and checks on 100 rows, from the start of the process to its end: {min(walls):.1f} s; "
        f"of these imports and definitions {best.start_seconds:.1f} s, the run {best.seconds:.1f} s."
    )


def _sensor() -> str:
    _tell("sensor")
    source = request_file(100, ".csv")
    with _home(source) as folder:
        waiting = Path(folder) / "input_data" / "travel"
        for number in range(SENSOR_FILES):
            path = waiting / f"{number % 100:02}" / f"calls_{number}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"conversation\nhello\n")
            # Older than the seconds in which a file may still be written.
            os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        first = _measure("sensor", Path(folder), source)
        again = _measure("sensor_after_restart", Path(folder), source)
    return (
        f"## Sensor\n\nThe first tick of request_files with {SENSOR_FILES:,} new files: {first.seconds:.1f} s, "
        f"{first.peak_mb:,.0f} MB. The first tick after a restart with {SENSOR_FILES:,} files that were read: "
        f"{again.seconds:.1f} s."
    )


def _table(compared: Iterable[Compared]) -> str:
    lines = [
        "## Steps\n",
        "Baseline: csv + json (openpyxl for XLSX), one dictionary a row, everything in lists; it keeps no tables. Copy: "
        "the same bytes in and out, copied. The answers behind classifications are written by a stand-in, in the form "
        "of the local engine's. Checks run with their assets. Seconds are those of the run; megabytes a second count "
        "the files read and written, not the tables.\n",
        "| steps | rows | format | seconds | CPU s | rows/s | MB/s | peak MB | baseline s | baseline peak MB | "
        "times as fast as the baseline | times as long as the copy |",
        f"|{' --- |' * 12}",
    ]
    for item in compared:
        ours, plain = item.ours, item.baseline
        cells = [
            _TITLES[item.group],
            f"{item.rows:,}",
            item.suffix[1:],
            f"{ours.seconds:.2f}",
            f"{ours.cpu_seconds:.2f}",
            f"{item.rows / ours.seconds:,.0f}",
            f"{item.megabytes / ours.seconds:,.0f}",
            f"{ours.peak_mb:,.0f}",
            f"{plain.seconds:.2f}",
            f"{plain.peak_mb:,.0f}",
            f"{plain.seconds / ours.seconds:.1f}",
            f"{ours.seconds / item.copy.seconds:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _growth(compared: Iterable[Compared]) -> str:
    """From one size to the next: by how much rows, time and memory grew."""
    lines = [
        "## Growth\n",
        "| steps | from | to | times the rows | times the seconds | times the memory |",
        f"|{' --- |' * 6}",
    ]
    of_csv = [item for item in compared if item.suffix == ".csv"]
    for group in _TITLES:
        sizes = sorted((item for item in of_csv if item.group == group), key=lambda item: item.rows)
        for small, large in pairwise(sizes):
            cells = [
                _TITLES[group],
                f"{small.rows:,}",
                f"{large.rows:,}",
                f"{large.rows / small.rows:.0f}",
                f"{large.ours.seconds / small.ours.seconds:.1f}",
                f"{large.ours.peak_mb / small.ours.peak_mb:.2f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _machine() -> str:
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{datetime.datetime.now(datetime.UTC).date().isoformat()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GB, load {load:.1f}; Python {platform.python_version()}, {versions}."
    )


def _megabytes(files: Iterable[Path]) -> float:
    return sum(path.stat().st_size for path in files) / 1e6


def _tell(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
