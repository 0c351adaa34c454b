"""The process in which templates are rendered that could take any time and memory: `python -m` of this module.

Each line on standard input is a JSON object with `instructions` and `variables`; each is answered by a line on standard
output, an object with `text` or with `fault`, the words for what is wrong. A process that is over its limits ends without
an answer: by SIGXCPU for CPU time, which only POSIX systems have, and by Python's watchdog for time on the clock.
"""

import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import Any

from batch_classifier.prompts.rendering import outcome


def main() -> None:
    """Answer until the input ends; the arguments are the limits: bytes of memory, seconds of CPU, seconds on the clock."""
    memory_bytes, cpu_seconds, clock_seconds = (int(argument) for argument in sys.argv[1:4])
    limit_memory(memory_bytes)
    # Where the watchdog writes where the process stood, which nobody reads.
    with Path(os.devnull).open("w") as nowhere:
        for line in sys.stdin.buffer:
            limit_cpu(cpu_seconds)
            faulthandler.dump_traceback_later(clock_seconds, exit=True, file=nowhere)
            reply = json.dumps(answer(json.loads(line)))
            faulthandler.cancel_dump_traceback_later()
            sys.stdout.write(reply + "\n")
            sys.stdout.flush()


def answer(request: dict[str, Any]) -> dict[str, str]:
    """What comes of a template."""
    variables = request["variables"]
    for category in variables["categories"]:
        # JSON has no tuples, and a template may show one as it is.
        category["examples"] = tuple(category["examples"])
    return outcome(request["instructions"], variables)


def limit_memory(memory_bytes: int) -> None:
    """Have allocations fail beyond this; without effect where the system knows no such limit."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (ImportError, ValueError, OSError):
        return


def limit_cpu(seconds: int) -> None:
    """Have the process end when it computes for longer than this from now on; without effect as above."""
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ImportError, ValueError, OSError):
        return


if __name__ == "__main__":
    main()
