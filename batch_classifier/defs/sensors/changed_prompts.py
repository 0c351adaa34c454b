"""The sensor that tells, when a prompt has changed, what it would cost to classify its older files again."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from batch_classifier.batches.paid_again import paid_again
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import asset_key
from batch_classifier.defs.same_prompt_version import Told, evaluation, told_of
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier.settings import Settings
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BEDROCK_JSONL

TICK_SECONDS = 30
# The question goes through the tables of all files; while some of them are made again, what was found last is said for so long.
ASK_AGAIN_SECONDS = 600.0


@dataclass(frozen=True)
class Reported:
    """What a prompt's check says, and when that was recorded last, in seconds since 1970."""

    told: Told
    at: float


def is_due(last: Reported | None, version: str, made_at: float, now: float) -> bool:
    """Whether to ask the tables: for a version not told of, and now and then while older files are made again.

    `made_at` is when batches were last made, of any file. Once all files are of a version, those that come later are as well.
    """
    if last is None or last.told.version != version:
        return True
    return not last.told.passed and made_at > last.told.asked_at and now - last.told.asked_at >= ASK_AGAIN_SECONDS


def build_changed_prompts_sensor(folder: PromptFolder, settings: Settings) -> dg.SensorDefinition:
    """The sensor `changed_prompts` for these prompts; it looks at their files as they are now, which is what a run will read."""
    is_charged = settings.inference_kind != "local"

    @dg.sensor(
        name="changed_prompts",
        asset_selection=[asset_key(name, BEDROCK_JSONL.name) for name in folder.prompts],
        minimum_interval_seconds=TICK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells in the check `same_prompt_version` what a changed prompt would ask again, and for how many USD. Starts no run.",
    )
    def changed_prompts(
        context: dg.SensorEvaluationContext,
        warehouse: dg.ResourceParam[Warehouse],
        inference: dg.ResourceParam[Inference],
    ) -> dg.SensorResult:
        now, reported = time.time(), _reported(context.cursor)
        present = load_prompts(settings.prompts).prompts
        prompts = {name: present[name] for name in folder.prompts if name in present}
        made = {name: _made_at(context.instance, name) for name in prompts}
        due = [name for name in prompts if is_due(reported.get(name), prompts[name].version, made[name], now)]
        if due and context.instance.get_runs_count(RunsFilter(statuses=[DagsterRunStatus.STARTED])):
            # A run may have the database for longer than a sensor may take.
            return dg.SensorResult(
                skip_reason=dg.SkipReason("A run is at the tables; what has changed is told after it.")
            )
        told = {name: last.told for name, last in reported.items() if name in prompts}
        with told_in_one_sentence():
            for name in due:
                told[name] = told_of(prompts[name], paid_again(prompts[name], warehouse, inference, is_charged), now)
        # Dagster no longer shows a check's result once its asset was made again.
        new = {name for name in told if name in due or made[name] > reported[name].at}
        after = {name: Reported(one, now if name in new else reported[name].at) for name, one in told.items()}
        warnings = [one.says for one in told.values() if not one.passed]
        return dg.SensorResult(
            asset_events=[evaluation(name, told[name]) for name in sorted(new)],
            cursor=json.dumps({name: asdict(one) for name, one in after.items()}),
            skip_reason=dg.SkipReason(" ".join(warnings) or "No prompt has changed since its files were classified."),
        )

    return changed_prompts


def _made_at(instance: dg.DagsterInstance, prompt: str) -> float:
    made = instance.get_latest_materialization_event(asset_key(prompt, BEDROCK_JSONL.name))
    return 0.0 if made is None else made.timestamp


def _reported(cursor: str | None) -> Mapping[str, Reported]:
    """What the cursor says; a cursor of another form, of another version of this project, says nothing."""
    try:
        return {
            name: Reported(Told(**one["told"]), float(one["at"])) for name, one in json.loads(cursor or "{}").items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
