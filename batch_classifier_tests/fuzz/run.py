"""The long fuzzing by hand: `python -m batch_classifier_tests.fuzz.run --seconds 600`, or `make fuzz`.

Each content is made of the corpus, the target's name, the seed and a number, so that a finding can be made again from these four. The
work is done in a process of its own: one that hangs, or that a library aborts, is a finding too, and the next one goes on behind it.
"""

import argparse
import multiprocessing
import os
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from batch_classifier.requests.readers.reader_process import limit_memory
from batch_classifier_tests.fuzz.mutation import mutated
from batch_classifier_tests.fuzz.targets import TARGETS

_MEMORY_BYTES = 4 << 30
# On the clock, without a sign of life: the process is ended.
_HANGS_SECONDS = 60
_POLL_SECONDS = 0.5


def content_of(target: str, seed: int, number: int) -> tuple[str, bytes]:
    """The name and the content of one try: always the same for these three."""
    chance = random.Random(f"{target}/{seed}/{number}")
    seeds = TARGETS[target].seeds()
    name, content = chance.choice(seeds)
    return name, mutated(content, [other for _, other in seeds], chance)


def work(target: str, seed: int, start: int, until: float, at: Any, findings: Any) -> None:
    """Try one content after the other, from number `start` until that time."""
    limit_memory(_MEMORY_BYTES)
    # Libraries that panic say so at length.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    number = start
    while time.time() < until:
        at.value = number
        name, content = content_of(target, seed, number)
        began = _cpu_seconds()
        try:
            TARGETS[target].check(content, name)
        except MemoryError:
            findings.put((number, "MemoryError", "takes more memory than it may"))
        except Exception as error:
            findings.put((number, _kind_of(error), traceback.format_exc()))
        else:
            taken = _cpu_seconds() - began
            if taken > TARGETS[target].seconds:
                findings.put((number, f"slow: {name}", f"{taken:.1f} s"))
        number += 1
    at.value = number


def _cpu_seconds() -> float:
    """What this process and those that it has started and ended have computed."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _kind_of(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"


def fuzz(target: str, seed: int, seconds: float, keep: Path) -> int:
    """Fuzz one target for so long; prints what was found, keeps the contents in a folder, and returns how many kinds there are."""
    until = time.time() + seconds
    context = multiprocessing.get_context("spawn")
    findings = context.SimpleQueue()
    at = context.Value("q", 0)
    kinds: Counter[str] = Counter()
    start = 0
    while time.time() < until:
        process = context.Process(target=work, args=(target, seed, start, until, at, findings), daemon=True)
        process.start()
        hangs = _wait(process, at, lambda: _take(findings, target, seed, keep, kinds))
        _take(findings, target, seed, keep, kinds)
        if not hangs and process.exitcode == 0:
            break
        told = f"no end in {_HANGS_SECONDS} s" if hangs else f"the process ended with {process.exitcode}"
        _keep(target, seed, at.value, told, told, keep, kinds)
        start = at.value + 1
    print(f"{target}: {at.value:,} contents, {sum(kinds.values()):,} findings of {len(kinds)} kinds", flush=True)
    return len(kinds)


def _wait(process: Any, at: Any, meanwhile: Any) -> bool:
    """Wait for the end of a process; True when it had to be ended for it hangs."""
    last, since = -1, time.time()
    while process.is_alive():
        process.join(_POLL_SECONDS)
        meanwhile()
        if at.value != last:
            last, since = at.value, time.time()
        elif time.time() - since > _HANGS_SECONDS:
            process.kill()
            process.join()
            return True
    return False


def _take(findings: Any, target: str, seed: int, keep: Path, kinds: Counter[str]) -> None:
    while not findings.empty():
        number, kind, told = findings.get()
        _keep(target, seed, number, kind, told, keep, kinds)


def _keep(target: str, seed: int, number: int, kind: str, told: str, keep: Path, kinds: Counter[str]) -> None:
    """Count a finding; the first of a kind is shown, and its content kept."""
    kinds[kind] += 1
    if kinds[kind] > 1:
        return
    name, content = content_of(target, seed, number)
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{target}-{seed}-{number}-{name}"
    path.write_bytes(content)
    print(f"{target}: {kind}\n  {path}\n{told}", flush=True)


def main() -> None:
    """Fuzz all targets, or those that are named, one after the other."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=600, help="for all targets together")
    options.add_argument("--seed", type=int, default=None, help="by default another one each time")
    options.add_argument("--keep", type=Path, default=Path("data/fuzz"), help="folder for what was found")
    options.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="by default all")
    chosen = options.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.randrange(1_000_000)
    targets = chosen.targets or list(TARGETS)
    print(f"seed {seed}", flush=True)
    found = [fuzz(target, seed, chosen.seconds / len(targets), chosen.keep) for target in targets]
    sys.exit(1 if any(found) else 0)


if __name__ == "__main__":
    main()
