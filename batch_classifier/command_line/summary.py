"""What the command line tells at the end of a run."""

from collections.abc import Sequence
from typing import Any

from batch_classifier.answers.category_summary import summarise
from batch_classifier.answers.quality import measure_accuracy
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier.wording import counted

# So many of the things that are wrong with rows are told; the asset's metadata has more.
_PROBLEMS = 5


def print_summary(
    settings: Settings, prompt: Prompt, request_file: str, result: Any, files: Sequence[str], sampled: Any = None
) -> None:
    """The categories with count and share, how the rows ended, accuracy where there are labels, cost, and where things are.

    `sampled` is the run before `result` that sent the cascade's sample, where the same command has made both.
    """
    warehouse = open_warehouse(settings)
    categories = summarise(warehouse, prompt, request_file)
    statuses = warehouse.query(prompt.name, queries.statuses(warehouse, prompt, request_file))
    measured = measure_accuracy(warehouse, prompt, request_file)
    say("")
    print_table(
        ["category", "requests", "share"],
        [[found.class_name or "(no class)", f"{found.requests:,}", f"{found.share:.1%}"] for found in categories],
        numbers=["requests", "share"],
    )
    ends: dict[str, int] = {}
    for row in statuses:
        ends[row["status"]] = ends.get(row["status"], 0) + row["requests"]
    say("")
    say(
        f"{counted(sum(ends.values()), 'row')}: "
        + ", ".join(f"{count:,} {status}" for status, count in sorted(ends.items()))
        + "."
    )
    for problem in warehouse.query(prompt.name, queries.unusable_rows(warehouse, prompt, request_file))[:_PROBLEMS]:
        say(
            f"Rejected: {problem['problem']} ({counted(problem['requests'], 'row')}, the first is row {problem['first_row']:,})."
        )
    for undated in warehouse.query(prompt.name, queries.undated_rows(warehouse, prompt, request_file))[:_PROBLEMS]:
        say(
            f"Without a day: {undated['date_problem']} "
            f"({counted(undated['requests'], 'row')}, the first is row {undated['first_row']:,})."
        )
    for note in warehouse.query(prompt.name, queries.notes(warehouse, prompt, request_file))[:_PROBLEMS]:
        say(f"{note['requests']:,} of {counted(sum(ends.values()), 'row')}: {note['note']}.")
    if masked := _masked(result):
        say(masked)
    say(_texts(result, sampled))
    if measured is not None:
        say(f"Accuracy on {counted(measured.labelled, 'labelled row')}: {measured.accuracy:.1%}.")
    cost = sum(found.cost_usd for found in categories)
    if cost:
        say(f"Cost: {cost:,.4f} USD.")
    for file in files:
        say(f"Result:   {file}")
    say(f"Database: {warehouse.place}, table {warehouse.name(prompt.name, CLASSIFICATIONS)}")


def _masked(result: Any) -> str:
    """How much was masked, from the metadata of raw_requests; nothing where the prompt masks nothing."""
    for event in result.all_node_events:
        if event.is_step_materialization and event.asset_key.path[-1] == "raw_requests":
            metadata = event.materialization.metadata
            if "masked_texts" in metadata:
                counts = {
                    name.removeprefix("masked_"): metadata[name].value
                    for name in metadata
                    if name.startswith("masked_") and name not in ("masked_texts", "masked_in_other_columns")
                }
                told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
                return f"Masked in {counted(metadata['masked_texts'].value, 'text')}: {told}."
    return ""


def _texts(result: Any, sampled: Any = None) -> str:
    """Which texts were new, from the metadata of bedrock_jsonl."""
    counts = _counts(result)
    if counts is None:
        return ""
    # The second run finds the sample answered, which is new all the same.
    in_sample = (_counts(sampled) or {}).get("new_texts", 0)
    new = counts["new_texts"] + in_sample
    asked_before = max(0, counts["answered_before"] + counts["on_their_way"] - in_sample)
    answered_here = counts["answered_by_local_model"]
    again = "" if new or answered_here else " Nothing was classified anew."
    if counts["asked_again"]:
        again = f" Of those asked {counts['asked_again']:,} were answered before: asked again, and charged again."
    return (
        f"{counted(counts['distinct_texts'], 'distinct text')}: {new:,} {'asked' if counts['asked_again'] else 'new'}, "
        f"{asked_before:,} asked before{f', {answered_here:,} answered by the local model' if answered_here else ''}.{again}"
    )


_COUNTS = ("distinct_texts", "answered_before", "on_their_way", "new_texts", "asked_again", "answered_by_local_model")


def _counts(result: Any) -> dict[str, int] | None:
    """What a run's bedrock_jsonl counted; what it has no figure of is 0. None where the run made none."""
    for event in () if result is None else result.all_node_events:
        if event.is_step_materialization and event.asset_key.path[-1] == "bedrock_jsonl":
            metadata = event.materialization.metadata
            return {name: int(metadata[name].value) if name in metadata else 0 for name in _COUNTS}
    return None
