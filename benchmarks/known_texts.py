"""`python -m benchmarks.known_texts`: what it takes to look up a file's texts among millions that are answered.

The tables are filled in SQL, without the long columns, which no look-up reads; text ids are hashes, as in life. Each look-up is
a process of its own, so that the peak of memory is its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from batch_classifier.batches.needed_texts import texts_of_file
from batch_classifier.batches.unread_batches import texts_in_tables
from batch_classifier.inference.local.local_inference import LocalInference
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.queries import answered_texts, failed_texts, known_answers
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS

SIZES = (1_000_000, 10_000_000)
_FILE, _REQUESTS = "new.csv", 20_000
_ROWS_A_FILE, _TEXTS_A_BATCH = 100_000, 50_000
_PROMPT = Path(__file__).parent.parent / "prompts" / "travel.yaml"


def fill(home: Path, known: int) -> None:
    """Make a warehouse of so many answered texts, and a new file, half of whose texts are among them."""
    prompt, warehouse = load_prompt(_PROMPT), DuckDBWarehouse(home / "warehouse.duckdb")
    for table in (RAW_REQUESTS, CLASSIFICATIONS):
        warehouse.replace(prompt.name, table, _FILE, [])
    inference = LocalInference(LocalFolder(home / "internal"), home)
    with duckdb.connect(home / "warehouse.duckdb") as connection:
        connection.execute(
            f"""
            insert into {prompt.name}.classifications by name
            select 'file_' || (number // {_ROWS_A_FILE}) as request_file, number as row_number, md5(number::varchar) as text_id,
                'Complaint' as "class", 'It says so.' as rationale, 'classified' as status, ? as model_id,
                ? as prompt_version, now() as answered_at, 'batch_' || (number // {_TEXTS_A_BATCH}) as batch, 0.0 as cost_usd
            from range({known}) as numbers(number)
            """,
            [inference.model_id(prompt), prompt.version],
        )
        connection.execute(
            f"""
            insert into {prompt.name}.raw_requests by name
            select '{_FILE}' as request_file, number + 1 as row_number, number::varchar as record_id, 'a text' as text,
                md5(({known} - {_REQUESTS // 2} + number)::varchar) as text_id, 6 as text_bytes
            from range({_REQUESTS}) as numbers(number)
            """
        )


def look_up(home: Path, what: str) -> dict[str, float]:
    """Do one look-up; returns how many rows it gave, its seconds and the peak of memory in megabytes."""
    prompt, warehouse = load_prompt(_PROMPT), DuckDBWarehouse(home / "warehouse.duckdb")
    model_id = LocalInference(LocalFolder(home / "internal"), home).model_id(prompt)
    started, cpu = time.perf_counter(), time.process_time()
    rows = _LOOK_UPS[what](prompt, warehouse, model_id)
    return {
        "rows": rows,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _nothing(prompt: Prompt, warehouse: DuckDBWarehouse, model_id: str) -> int:
    return len(
        warehouse.query(prompt.name, f"select count(*) from {prompt.name}.raw_requests where text_id = '{model_id}'")
    )


def _left_out(prompt: Prompt, warehouse: DuckDBWarehouse, model_id: str) -> int:
    with texts_of_file(warehouse, prompt, _FILE) as needed:
        with warehouse.stream(prompt.name, answered_texts(warehouse, prompt, model_id, _FILE)) as ids:
            needed.leave_out(ids)
        return len(needed)


def _known(prompt: Prompt, warehouse: DuckDBWarehouse, model_id: str) -> int:
    with warehouse.stream(prompt.name, known_answers(warehouse, prompt, model_id, _FILE)) as found:
        return sum(batch.num_rows for batch in found)


def _failed(prompt: Prompt, warehouse: DuckDBWarehouse, model_id: str) -> int:
    with warehouse.stream(prompt.name, failed_texts(warehouse, prompt, model_id)) as found:
        return sum(batch.num_rows for batch in found)


def _batches(prompt: Prompt, warehouse: DuckDBWarehouse, model_id: str) -> int:
    return len(texts_in_tables(warehouse, prompt, model_id))


_LOOK_UPS = {
    "nothing (imports, opening the file)": _nothing,
    "texts that need no asking": _left_out,
    "their answers": _known,
    "texts that failed": _failed,
    "batches that the tables hold": _batches,
}


def _measured(folder: str, what: str, known: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.known_texts", "--home", folder, "--what", what, "--sizes", str(known)]
    told: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.known_texts", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="how many texts are known")
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--what", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.home is not None:
        if options.what == "fill":
            fill(options.home, options.sizes[0])
        print(json.dumps({} if options.what == "fill" else look_up(options.home, options.what)))
        return
    print(table(options.sizes))


def table(sizes: Sequence[int]) -> str:
    """The look-ups among so many known texts, in Markdown."""
    lines = [
        f"| known texts | looked up for a file of {_REQUESTS:,} | rows | seconds | CPU s | peak MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for known in sizes:
        with tempfile.TemporaryDirectory() as folder:
            # Not in this process: its peak of memory would count as that of those that it starts.
            _measured(folder, "fill", known)
            for what in _LOOK_UPS:
                told = _measured(folder, what, known)
                lines.append(
                    f"| {known:,} | {what} | {told['rows']:,} | {told['seconds']:.2f} | {told['cpu_seconds']:.2f} "
                    f"| {told['peak_mb']:,.0f} |"
                )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
