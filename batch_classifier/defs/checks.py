"""Asset checks of a prompt: what looks at each asset's request files (`check_findings`), and what of it blocks or may be skipped."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from batch_classifier.cascade.standing import Standing
from batch_classifier.defs.blocking_check import blocking_check, holding_up
from batch_classifier.defs.check_findings import (
    accuracy,
    all_texts_answered,
    cascade_agreement,
    class_drift,
    classes_allowed,
    counts_reconcile,
    every_request_classified,
    ids_unique,
    texts_present,
    within_bedrock_limits,
)
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key, partitions_of
from batch_classifier.defs.request_files_readable import build_request_files_readable
from batch_classifier.defs.same_prompt_version import build_same_prompt_version
from batch_classifier.defs.within_budget import build_within_budget
from batch_classifier.inference.interface import Inference
from batch_classifier.insights.drift import LEAST_FILES
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import (
    BATCH_JOB,
    BEDROCK_JSONL,
    CATEGORY_SUMMARY,
    CLASSIFICATIONS,
    RAW_REQUESTS,
    Table,
)

Evaluation = Callable[[Prompt, Warehouse, str], dg.AssetCheckResult]
# What there is nothing to measure by says why in a sentence.
Measurement = Callable[[Prompt, Warehouse, str], dg.AssetCheckResult | str]


def build_checks(prompt: Prompt, is_charged: bool) -> list[dg.AssetChecksDefinition]:
    """The checks of one prompt's assets, most of them partitioned as these are. `is_charged`: whether who answers takes money for it."""
    return [
        _check(prompt, RAW_REQUESTS, ids_unique, "Every record id stands in the file once."),
        _check(prompt, RAW_REQUESTS, texts_present, "Every row can be used: it was read, and it has a text."),
        build_request_files_readable(prompt),
        build_same_prompt_version(prompt, is_charged),
        _limits_check(prompt),
        build_within_budget(prompt),
        _check(prompt, BATCH_JOB, all_texts_answered, "Every text that was sent has an answer."),
        _blocking_check(prompt, CLASSIFICATIONS, classes_allowed, "Every class is one of the prompt's categories."),
        _check(prompt, CLASSIFICATIONS, every_request_classified, "Every request of the file is there, once."),
        _measuring_check(
            prompt,
            CLASSIFICATIONS,
            accuracy,
            "How many labelled requests got the class they were expected to get; skipped where a file has no labels "
            "(the prompt's input.label names their column).",
        ),
        # A check costs a run a tenth of a second.
        *([_cascade_check(prompt)] if prompt.cascade is not None else []),
        _check(prompt, CATEGORY_SUMMARY, counts_reconcile, "Requests and cost add up to those of classifications."),
        _measuring_check(
            prompt,
            CATEGORY_SUMMARY,
            class_drift,
            f"The classes are about those of the last 20 files; skipped where there are fewer than {LEAST_FILES} to compare with.",
        ),
    ]


def _check(prompt: Prompt, table: Table, evaluate: Evaluation, description: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(**_specification(prompt, table, evaluate.__name__, description), pool=WAREHOUSE_POOL)
    def check(context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
        with told_in_one_sentence():
            return evaluate(prompt, warehouse, context.partition_key)

    return check


def _blocking_check(prompt: Prompt, table: Table, evaluate: Evaluation, description: str) -> dg.AssetChecksDefinition:
    specification, settings = blocking_check(
        WAREHOUSE_POOL, **_specification(prompt, table, evaluate.__name__, description)
    )

    @dg.multi_asset_check(specs=[specification], **settings)
    def check(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        with told_in_one_sentence():
            result = evaluate(prompt, warehouse, context.partition_key)
        yield from holding_up(result)

    return check


def _measuring_check(prompt: Prompt, table: Table, evaluate: Measurement, description: str) -> dg.AssetChecksDefinition:
    specification, settings = _specification_that_may_skip(prompt, table, evaluate.__name__, description)

    @dg.multi_asset_check(specs=[specification], **settings)
    def check(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        with told_in_one_sentence():
            yield from _measured(context, evaluate(prompt, warehouse, context.partition_key))

    return check


def _measured(
    context: dg.AssetCheckExecutionContext, found: dg.AssetCheckResult | str
) -> Iterator[dg.AssetCheckResult]:
    """The result, or nothing where nothing was measured: Dagster shows the check as skipped then, and with a result as passed."""
    if isinstance(found, str):
        context.log.info(found)
    else:
        yield found


def _limits_check(prompt: Prompt) -> dg.AssetChecksDefinition:
    name, description = within_bedrock_limits.__name__, "Every batch keeps the limits of who answers it."

    specification, settings = blocking_check(WAREHOUSE_POOL, **_specification(prompt, BEDROCK_JSONL, name, description))

    @dg.multi_asset_check(specs=[specification], **settings)
    def check(
        context: dg.AssetCheckExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        inference: dg.ResourceParam[Inference],
    ) -> Iterator[dg.AssetCheckResult]:
        with told_in_one_sentence():
            result = within_bedrock_limits(prompt, warehouse, context.partition_key, inference.limits)
        yield from holding_up(result)

    return check


def _cascade_check(prompt: Prompt) -> dg.AssetChecksDefinition:
    name = cascade_agreement.__name__
    description = (
        "What the local model answers in the model's place agrees with the model as far as the prompt promises; "
        "skipped where no text of a file was audited."
    )

    specification, settings = _specification_that_may_skip(prompt, CLASSIFICATIONS, name, description)

    @dg.multi_asset_check(specs=[specification], **settings)
    def check(
        context: dg.AssetCheckExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        inference: dg.ResourceParam[Inference],
        internal_folder: dg.ResourceParam[Folder],
    ) -> Iterator[dg.AssetCheckResult]:
        with told_in_one_sentence():
            standing = Standing(internal_folder, prompt, inference.model_id(prompt))
            yield from _measured(context, cascade_agreement(prompt, warehouse, context.partition_key, standing))

    return check


def _specification(prompt: Prompt, table: Table, name: str, description: str) -> dict[str, Any]:
    return {
        "asset": asset_key(prompt.name, table.name),
        "name": name,
        "description": description,
        "partitions_def": partitions_of(prompt.name),
    }


def _specification_that_may_skip(
    prompt: Prompt, table: Table, name: str, description: str
) -> tuple[dg.AssetCheckSpec, dict[str, Any]]:
    """The same for a check that may end without a result, which Dagster's decorator for one check does not allow."""
    specification = dg.AssetCheckSpec(**_specification(prompt, table, name, description))
    return specification, {"name": specification.get_python_identifier(), "can_subset": True, "pool": WAREHOUSE_POOL}
