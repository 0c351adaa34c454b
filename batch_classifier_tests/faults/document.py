"""The document about the suite of faults: what is promised, and what was seen of each case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batch_classifier_tests.faults.cases import Case
from batch_classifier_tests.faults.stops import Stage

_LONGEST = 160


@dataclass(frozen=True)
class Seen:
    """What came of a case.

    Attributes:
        told: exit code and last words of the command that was struck.
        is_as_undisturbed: whether the comparison after starting again found nothing.
        known: why not, where that is known.
        seconds: how long the case took.
    """

    told: str
    is_as_undisturbed: bool
    known: str | None = None
    seconds: float = 0.0


NOT_RUN = Seen("", False, "not run yet")


def document(cases: Sequence[Case], seen: Mapping[str, Seen]) -> str:
    """The Markdown of docs/faults.md."""
    was_run = len([case for case in cases if case.name in seen])
    seen = {case.name: seen.get(case.name, NOT_RUN) for case in cases}
    good = sum(seen[case.name].is_as_undisturbed and seen[case.name].known is None for case in cases)
    return "\n".join(
        [
            *_INTRODUCTION,
            f"Of {len(cases)} cases, {was_run} have been run, and {good} ended as the undisturbed run.",
            "",
            *_matrix(cases, seen),
            "",
            "## What was seen",
            "",
            "The middle column is the exit code of the command that was struck, and its last words (-9: it was killed).",
            "",
            *_table(["case", "the first time", "started again"], [_row(case, seen[case.name]) for case in cases]),
            "",
        ]
    )


_INTRODUCTION = [
    "# Faults",
    "",
    "Written by `make faults`. Each case takes a request file of 160 rows (130 texts, some of them twice, ten rows without one) on its",
    "way, has the command stand still at a stage, does the fault in earnest (`kill -9`, no more address space, a disk without a byte",
    "left, a reader that holds the database, S3 that refuses or does not answer, …), mends what a person would mend, and starts the",
    "same command again. Then all is compared with an undisturbed run: the rows of all tables, the result files, every other file, pools,",
    "runs and locks of Dagster, and how many times a model was asked about each text. Texts that were on their way to a model in the",
    "process that was killed may be asked once more, and no others.",
    "",
    "`laptop` is DuckDB and the local engine, `aws` S3, Bedrock, Glue and Athena, as the emulators play them.",
    "",
]


def _matrix(cases: Sequence[Case], seen: Mapping[str, Seen]) -> list[str]:
    faults = list(dict.fromkeys(case.fault.name for case in cases))
    rows = [[fault, *(_cell(cases, seen, fault, stage) for stage in Stage)] for fault in faults]
    return _table(["fault", *Stage], rows)


def _cell(cases: Sequence[Case], seen: Mapping[str, Seen], fault: str, stage: Stage) -> str:
    """Where the fault was tried at the stage, and how many of how many cases ended as undisturbed where it was not all."""
    tried: dict[str, list[Seen]] = {}
    for case in cases:
        if case.fault.name == fault and case.stage is stage:
            tried.setdefault(case.where, []).append(seen[case.name])
    return ", ".join(where + _verdict(found) for where, found in tried.items())


def _verdict(found: Sequence[Seen]) -> str:
    good = sum(one.is_as_undisturbed and one.known is None for one in found)
    if good == len(found):
        return "" if good == 1 else f" ×{good}"
    not_run = sum(one is NOT_RUN for one in found)
    return f" {good} of {len(found)}" + (f" ({not_run} not run yet)" if not_run else "")


def _row(case: Case, seen: Seen) -> list[str]:
    again = (
        "as undisturbed" if seen.is_as_undisturbed and seen.known is None else seen.known or "**not as undisturbed**"
    )
    return [case.name, _fit(seen.told), again]


def _fit(text: str) -> str:
    line = " ".join(text.replace("|", "\\|").split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
