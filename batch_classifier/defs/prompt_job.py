"""The Dagster job of each prompt."""

from typing import Any, TypeAlias

import dagster as dg

from batch_classifier.defs.names import job_name, partitions_of
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.wording import fit_markdown

# What `dg.define_asset_job` returns, for which Dagster has no public name.
AssetJob: TypeAlias = Any


def build_job(prompt: Prompt) -> AssetJob:
    """The job that takes one request file of a prompt through all its assets."""
    return dg.define_asset_job(
        name=job_name(prompt.name),
        selection=dg.AssetSelection.groups(prompt.name),
        partitions_def=partitions_of(prompt.name),
        description=fit_markdown(prompt.description),
    )
