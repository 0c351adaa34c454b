"""The Dagster job of each prompt."""

from typing import Any, TypeAlias

import dagster as dg

from batch_classifier.defs.names import job_name, partitions_of
from batch_classifier.defs.same_prompt_version import same_prompt_version_key
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.wording import fit_markdown

# What `dg.define_asset_job` returns, for which Dagster has no public name.
AssetJob: TypeAlias = Any


def build_job(prompt: Prompt) -> AssetJob:
    """The job that takes one request file of a prompt through all its assets."""
    return dg.define_asset_job(
        name=job_name(prompt.name),
        # A check of all files costs each run a tenth of a second and a look at all tables.
        selection=dg.AssetSelection.groups(prompt.name)
        - dg.AssetSelection.checks(same_prompt_version_key(prompt.name)),
        partitions_def=partitions_of(prompt.name),
        description=fit_markdown(prompt.description),
    )
