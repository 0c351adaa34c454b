"""The check same_prompt_version: which files an older version of the prompt has classified, and what to ask them again would cost.

Dagster marks such a partition as unsynced by its code version, and says nothing of money; this does, before anybody materializes. It looks at all
files at once and is in no run of the prompt's job: the sensor `changed_prompts` reports it when the prompt has changed, and a person can execute it.
"""

import time
from dataclasses import dataclass
from typing import Any

import dagster as dg

from batch_classifier.batches.paid_again import PaidAgain, paid_again
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BEDROCK_JSONL

NAME = "same_prompt_version"


def same_prompt_version_key(prompt: str) -> dg.AssetCheckKey:
    """The key of a prompt's check."""
    return dg.AssetCheckKey(asset_key(prompt, BEDROCK_JSONL.name), NAME)


def build_same_prompt_version(prompt: Prompt, is_charged: bool) -> dg.AssetChecksDefinition:
    """The check of a prompt. `is_charged`: whether who answers takes money for it."""

    @dg.asset_check(
        asset=asset_key(prompt.name, BEDROCK_JSONL.name),
        name=NAME,
        description="This version of the prompt has classified all files; if not, what it would cost to materialize the others again.",
        pool=WAREHOUSE_POOL,
    )
    def check(warehouse: dg.ResourceParam[Warehouse], inference: dg.ResourceParam[Inference]) -> dg.AssetCheckResult:
        with told_in_one_sentence():
            found = paid_again(prompt, warehouse, inference, is_charged)
            return dg.AssetCheckResult(**_shown(told_of(prompt, found, time.time())))

    return check


@dataclass(frozen=True)
class Told:
    """What the check says of a prompt.

    Attributes:
        version: of the prompt.
        says: the sentence.
        files: request files that an older version has classified.
        texts: what would be asked again of these.
        cost_usd: the estimate for it; None where the model's price is not known.
        asked_at: when the tables were asked, in seconds since 1970.
    """

    version: str
    says: str
    files: int
    texts: int
    cost_usd: float | None
    asked_at: float

    @property
    def passed(self) -> bool:
        """Whether nothing would be asked again."""
        return not self.texts


def told_of(prompt: Prompt, found: PaidAgain | None, asked_at: float) -> Told:
    """What there is to say of what was found."""
    if found is None:
        says = f"{prompt.name}: this version of the prompt has classified all files."
        return Told(prompt.version, says, 0, 0, 0.0, asked_at)
    return Told(prompt.version, found.sentence, found.files, found.texts, found.estimate.cost_usd, asked_at)


def evaluation(prompt: str, told: Told) -> dg.AssetCheckEvaluation:
    """What the check shows, as a sensor reports it."""
    key = same_prompt_version_key(prompt)
    return dg.AssetCheckEvaluation(asset_key=key.asset_key, check_name=key.name, **_shown(told))


def _shown(told: Told) -> dict[str, Any]:
    return {
        "passed": told.passed,
        "severity": dg.AssetCheckSeverity.WARN,
        "description": told.says,
        "metadata": {
            "threshold": "no text that would be asked again",
            "files_of_older_versions": told.files,
            "texts_to_ask_again": told.texts,
            "estimated_cost_usd": "price unknown" if told.cost_usd is None else float(told.cost_usd),
            "prompt_version": told.version,
        },
    }
