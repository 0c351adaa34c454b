"""The warm process, from which runs are forked: `python -m` of this module.

Each line on standard input is a JSON object with `run_id` and `arguments`, those of the command `dagster`. Lines on standard
output tell that it is ready, that a run has begun (`begun`, its process id), and how one has ended (`ended`, its exit code). It opens
no database and starts no thread, so that each run begins as a process of its own does; prompts and settings are read by the
run. When standard input ends, it waits for its runs and ends too.
"""

import atexit
import gc
import importlib
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import NoReturn

from batch_classifier.interrupts import end_soon_after_an_interrupt

# What a run of this machine imports sooner or later. What is not there, in another version or installation, is passed over:
# the run imports what it needs.
PRELOADED = (
    "batch_classifier.defs.duckdb_resource",
    "batch_classifier.defs.event_log.sqlite",
    "batch_classifier.definitions",
    "batch_classifier.requests.readers.delimited",
    "batch_classifier.requests.readers.delimited_slow",
    "batch_classifier.requests.readers.encoding",
    "batch_classifier.results.csv_file",
    "batch_classifier.results.xlsx_file",
    "batch_classifier.warehouse.duckdb",
    "batch_classifier.warehouse.views",
    "alembic.command",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.storage.legacy_storage",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.root",
    "dagster._core.storage.runs",
    "dagster._core.storage.schedules",
    "dagster._daemon",
    "dagster._utils.test.definitions",
    "openpyxl.packaging.extended",
    "pandas",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.pandas_compat",
    "rich.console",
    "safetensors.numpy",
    "scipy.linalg",
    "sklearn.linear_model",
    "sqlalchemy.dialects.sqlite",
    "structlog",
    "tokenizers",
    "upath.implementations.local",
    "watchdog.observers.polling",
)
_READ_BYTES = 1 << 16


def main() -> None:
    """Import, tell that it is ready, and begin runs until nobody asks for any more."""
    # What a run prints goes where Dagster's own output goes.
    replies = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    (command,) = entry_points(group="console_scripts", name="dagster")
    dagster: Callable[[], object] = command.load()
    for module in PRELOADED:
        try:
            importlib.import_module(module)
        except ImportError:
            continue
    # The runs share what is there now; the garbage collector would write to it.
    gc.collect()
    gc.freeze()
    Forking(sys.stdin.fileno(), replies, dagster).serve()
    # Modules are let go as usual; DuckDB would print pages about those that are not.
    gc.unfreeze()


class Forking:
    """Begins a process for each request, and tells of its beginning and its end.

    Args:
        requests: the file descriptor that requests are read from.
        replies: the one that replies are written to.
        dagster: the command line of Dagster, which takes its arguments from `sys.argv`.
    """

    def __init__(self, requests: int, replies: int, dagster: Callable[[], object]) -> None:
        self._requests = requests
        self._replies = replies
        self._dagster = dagster
        self._runs: dict[int, str] = {}

    def serve(self) -> None:
        """Take requests until there are no more, and wait for the runs."""
        woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wakes)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        # An interrupt at the terminal is for the runs; without a parent this process ends by itself.
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
        self._reply(ready=os.getpid())
        pending, is_open = b"", True
        while is_open or self._runs:
            readable, _, _ = select.select([woken, *([self._requests] if is_open else [])], [], [])
            if woken in readable:
                os.read(woken, _READ_BYTES)
                self._collect()
            if self._requests in readable:
                read = os.read(self._requests, _READ_BYTES)
                is_open = bool(read)
                *lines, pending = (pending + read).split(b"\n")
                for line in lines:
                    self._begin(json.loads(line))

    def _begin(self, request: dict[str, object]) -> None:
        run_id = str(request["run_id"])
        process_id = os.fork()
        if process_id == 0:
            self._run(request)
        self._runs[process_id] = run_id
        self._reply(run_id=run_id, begun=process_id)

    def _collect(self) -> None:
        """Tell of the runs that have ended."""
        while self._runs:
            process_id, status = os.waitpid(-1, os.WNOHANG)
            if process_id == 0:
                return
            self._reply(run_id=self._runs.pop(process_id), ended=os.waitstatus_to_exitcode(status))

    def _reply(self, **reply: object) -> None:
        try:
            os.write(self._replies, json.dumps(reply).encode() + b"\n")
        except BrokenPipeError:
            # Whoever asked is gone; the runs go on.
            return

    def _run(self, request: dict[str, object]) -> NoReturn:
        """In the new process: become the run."""
        exit_code = 1
        try:
            self._leave()
            arguments = request["arguments"]
            sys.argv = ["dagster", *(arguments if isinstance(arguments, list) else [])]
            self._dagster()
            exit_code = 0
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            # Nothing may return to the loop of the process that this one was forked from.
            traceback.print_exc()
        finally:
            _end(exit_code)

    def _leave(self) -> None:
        """Let go of what belongs to the process that this one was forked from."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        end_soon_after_an_interrupt()
        os.close(self._replies)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self._requests)
        os.close(nothing)


def _end(exit_code: int) -> NoReturn:
    """End this process without taking all of Python apart, which would take a tenth of a second."""
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(exit_code)


if __name__ == "__main__":
    main()
