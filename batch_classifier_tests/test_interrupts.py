"""An interrupt ends a process that waits for something that never comes, and leaves alone one that ends by itself."""

import os
import signal
import subprocess
import sys

import pytest

from batch_classifier.interrupts import EXIT_CODE
from batch_classifier_tests.support.repository import REPOSITORY

BEGINNING = """
import signal, sys, threading
from batch_classifier import interrupts

interrupts.ORDERLY_SECONDS = float(sys.argv[1])
interrupts.end_soon_after_an_interrupt()

def hang():
    threading.Event().wait()

"""
# As boto3 does: the interrupt is heard, and then a thread is waited for that waits for an answer.
WAITS_FOR_A_THREAD = """
thread = threading.Thread(target=hang, daemon=True)
thread.start()
try:
    print("there", flush=True)
    hang()
finally:
    thread.join()
"""
# As Python does at the end of a process that has a pool of threads.
WAITS_AT_ITS_END = """
threading.Thread(target=hang).start()
try:
    print("there", flush=True)
    hang()
except KeyboardInterrupt:
    sys.exit(7)
"""
# As Dagster does in its own code: the interrupt is noted, and looked at later.
LOOKS_LATER = """
signal.signal(signal.SIGINT, lambda number, frame: None)
print("there", flush=True)
hang()
"""
ENDS_IN_ORDER = """
try:
    print("there", flush=True)
    hang()
except KeyboardInterrupt:
    sys.exit(7)
"""
FOR_EVER = "1e6"


def interrupted(program: str, seconds: str) -> tuple[int, str]:
    """Exit code and standard error of a process that gets an interrupt."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGINNING + program, seconds],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None and process.stdout.readline() == "there\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize("program", [WAITS_FOR_A_THREAD, WAITS_AT_ITS_END, LOOKS_LATER])
def test_it_ends_a_process_that_hangs(program: str) -> None:
    code, said = interrupted(program, "0")
    assert code == EXIT_CODE and "Interrupted while something did not answer." in said


def test_a_process_that_ends_by_itself_keeps_its_exit_code() -> None:
    code, said = interrupted(ENDS_IN_ORDER, FOR_EVER)
    assert (code, said) == (7, "")
