"""`make faults`: the whole suite, and its result as a table in docs/faults.md.

python -m batch_classifier_tests.faults.run [--rest] [options of pytest, as -k "aws and submit"]

What came of each case is kept in build/faults.json, so that a case that was mended can be run by itself, and with --rest those that have not passed;
without options all is run anew. The document says of which cases nothing is known yet. Ends with pytest's exit code.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from batch_classifier_tests.faults.cases import CASES
from batch_classifier_tests.faults.document import Seen, document
from batch_classifier_tests.support.repository import REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "faults.md"
KEPT = REPOSITORY / "build" / "faults.json"


class Collected:
    """What came of each case, by the case's name; failures are shown as they come, and all is kept as it comes."""

    def __init__(self) -> None:
        KEPT.parent.mkdir(exist_ok=True)
        kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
        self.seen: dict[str, Seen] = {name: Seen(**fields) for name, fields in kept.items()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a case came to."""
        if "[" not in report.nodeid or (report.when != "call" and not report.failed):
            return
        name = report.nodeid.partition("[")[2].rstrip("]")
        told = dict(report.user_properties).get("seen", "")
        known = getattr(report, "wasxfail", None)
        self.seen[name] = Seen(str(told), report.passed, known, report.duration)
        fields = {name: asdict(seen) for name, seen in self.seen.items()}
        KEPT.write_text(json.dumps(fields, indent=1), encoding="utf-8")
        if report.failed:
            print(f"\n{name}\n{report.longreprtext[-2_500:]}\n", flush=True)


def main(arguments: list[str]) -> int:
    """Run the cases, and write the document."""
    only_rest = "--rest" in arguments
    arguments = [argument for argument in arguments if argument != "--rest"]
    if not arguments and not only_rest:
        KEPT.unlink(missing_ok=True)
    collected = Collected()
    where = [str(Path(__file__).parent / "test_faults.py")]
    if only_rest:
        good = {name for name, seen in collected.seen.items() if seen.is_as_undisturbed}
        where = [f"{where[0]}::test_nobody_can_tell[{case.name}]" for case in CASES if case.name not in good]
    code = pytest.main(["-q", "--tb=short", "-m", "", *(arguments or ["-n", "auto"]), *where], plugins=[collected])
    DOCUMENT.write_text(document(CASES, collected.seen), encoding="utf-8")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
