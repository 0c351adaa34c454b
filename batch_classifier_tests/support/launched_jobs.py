"""Jobs for the run launcher, each of which does one thing that a run may do to the process it is in."""

import os
import signal
import sys
import time
from pathlib import Path

import dagster as dg

WAITS_SECONDS = 60.0


@dg.op
def write_parent() -> None:
    Path("parent.txt").write_text(str(os.getppid()), encoding="utf-8")


@dg.op(pool="duckdb")
def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dg.op
def wait_for_file() -> None:
    Path("waits.txt").write_text(str(os.getpid()), encoding="utf-8")
    deadline = time.monotonic() + WAITS_SECONDS
    while not Path("go_on.txt").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


@dg.op
def print_like_a_reply() -> None:
    line = '{"run_id": "of another", "ended": 9}\nno JSON\n'
    sys.stdout.write(line)
    sys.stdout.flush()
    os.write(1, line.encode())


@dg.op
def fail() -> None:
    raise ValueError("as it should")


@dg.job(executor_def=dg.in_process_executor)
def tells_its_parent() -> None:
    write_parent()


@dg.job(executor_def=dg.in_process_executor)
def is_killed() -> None:
    kill_itself()


@dg.job(executor_def=dg.in_process_executor)
def waits() -> None:
    wait_for_file()


@dg.job(executor_def=dg.in_process_executor)
def prints() -> None:
    print_like_a_reply()


@dg.job(executor_def=dg.in_process_executor)
def fails() -> None:
    fail()


@dg.job(executor_def=dg.in_process_executor)
def classify_tickets() -> None:
    """Named as the job of a prompt `tickets`."""
    print_like_a_reply()
