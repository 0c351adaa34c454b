"""One measured piece of work, in a process of its own: `python -m benchmarks.work <what> <home> <file>` prints JSON.

`seconds` are those of the work alone; imports and the loading of definitions are told as `start_seconds`. `peak_mb` is
the process's whole peak, imports included.
"""

import json
import logging
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.steps import ALL, ENGINE, READ, WRITE

_STEPS = {"read": READ, "engine": ENGINE, "write": WRITE, "all": ALL}
_ROOT = Path(__file__).parent.parent


def main() -> None:
    """Do what the command line says, and print the measure."""
    started = time.perf_counter()
    what, home, file = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    work = _assets(_STEPS[what], home, file) if what in _STEPS else _OTHERS[what](home, file)
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    measure = {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "start_seconds": begun - started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if what == "write":
        _check_that_all_is_classified(home)
    print(json.dumps(measure))


def _open(home: Path) -> tuple[Any, Any]:
    """The definitions and the Dagster instance of a home; the instance is as the project's own dagster.yaml says."""
    import os

    from batch_classifier.command_line.process_start import quick_start

    with quick_start():
        import dagster as dg

        from batch_classifier.definitions import build_definitions
        from batch_classifier.prompts.loading import load_prompts
        from batch_classifier.settings import Settings

    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_ROOT / "dagster.yaml", home / "dagster.yaml")
    os.chdir(home)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    settings = Settings(home=home, prompts=_ROOT / "prompts", deployment="local")
    definitions = build_definitions(settings, load_prompts(settings.prompts))
    return definitions, dg.DagsterInstance.from_config(str(home))


def _assets(assets: tuple[str, ...], home: Path, file: Path) -> Callable[[], object]:
    import dagster as dg

    definitions, instance = _open(home)
    instance.add_dynamic_partitions("travel_request_files", [file.name])
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if "result_files" in assets:
        config["ops"] = {"travel__result_files": {"config": {"formats": ["csv"]}}}
    job = definitions.resolve_job_def("classify_travel")
    return lambda: job.execute_in_process(
        instance=instance,
        partition_key=file.name,
        asset_selection=[dg.AssetKey(["travel", name]) for name in assets],
        run_config=config,
    )


def _check_that_all_is_classified(home: Path) -> None:
    """A measure of rows that have no answer would say nothing."""
    import duckdb

    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        counts = connection.sql("select status, count(*) from travel.classifications group by status").fetchall()
    if [status for status, _ in counts] != ["classified"]:
        raise RuntimeError(f"The rows ended as {counts}.")


def _sensor(home: Path, _file: Path) -> Callable[[], object]:
    """The first tick of the sensor `request_files`: all files are new."""
    definitions, instance = _open(home)
    return lambda: _tick(definitions, instance, expects_runs=True)


def _sensor_after_restart(home: Path, _file: Path) -> Callable[[], object]:
    """A tick of a process that has just started, with an event log that knows all files."""
    import dagster as dg

    definitions, instance = _open(home)
    folder = (definitions.resources or {})["customer_folder"]
    names = {
        found.key.removeprefix("input_data/travel/"): found.fingerprint for found in folder.list("input_data/travel/")
    }
    instance.add_dynamic_partitions("travel_request_files", list(names))
    for name, fingerprint in names.items():
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                dg.AssetKey(["travel", "raw_requests"]), partition=name, metadata={"fingerprint": fingerprint}
            )
        )
    return lambda: _tick(definitions, instance, expects_runs=False)


def _tick(definitions: Any, instance: Any, expects_runs: bool) -> None:
    import dagster as dg

    repository = definitions.get_repository_def()
    sensor = repository.get_sensor_def("request_files")
    resources = {name: (definitions.resources or {})[name] for name in sensor.required_resource_keys}
    with dg.build_sensor_context(instance=instance, repository_def=repository, resources=resources) as context:
        result: Any = sensor(context)
    if bool(result.run_requests) != expects_runs:
        raise RuntimeError("The tick found other files than it should.")


def _fake(home: Path, _file: Path) -> Callable[[], object]:
    from batch_classifier.prompts.loading import load_prompts
    from benchmarks.data import fake_answers

    prompt = load_prompts(_ROOT / "prompts").get("travel")
    return lambda: fake_answers(home, prompt)


def _baseline_read(home: Path, file: Path) -> Callable[[], object]:
    from batch_classifier.prompts.loading import load_prompts
    from benchmarks.baseline import rows_to_jsonl

    prompt = load_prompts(_ROOT / "prompts").get("travel")
    return lambda: rows_to_jsonl(file, home / "baseline.jsonl", prompt)


def _baseline_write(home: Path, file: Path) -> Callable[[], object]:
    from benchmarks.baseline import answers_to_csv

    return lambda: answers_to_csv(file, _answers(home), home / "baseline.csv")


def _copy_read(home: Path, file: Path) -> Callable[[], object]:
    from benchmarks.baseline import copy

    return lambda: copy([file, *sorted((home / "internal").rglob("*.jsonl"))], home / "copy")


def _copy_write(home: Path, _file: Path) -> Callable[[], object]:
    from benchmarks.baseline import copy

    return lambda: copy([*_answers(home), *sorted((home / "output_data").rglob("*.csv"))], home / "copy")


def _answers(home: Path) -> list[Path]:
    return sorted((home / "internal").rglob("*.jsonl.out"))


_OTHERS: dict[str, Callable[[Path, Path], Callable[[], object]]] = {
    "sensor": _sensor,
    "sensor_after_restart": _sensor_after_restart,
    "fake": _fake,
    "baseline_read": _baseline_read,
    "baseline_write": _baseline_write,
    "copy_read": _copy_read,
    "copy_write": _copy_write,
}

if __name__ == "__main__":
    main()
