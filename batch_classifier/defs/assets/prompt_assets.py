"""The assets of a prompt: from a request file to classifications, one set for each prompt, one partition for each file.

Beside them stands the prompt's own model, which learns from all files.
"""

import dagster as dg

from batch_classifier.defs.assets.batch_job import build_batch_job
from batch_classifier.defs.assets.bedrock_jsonl import build_bedrock_jsonl
from batch_classifier.defs.assets.category_summary import build_category_summary
from batch_classifier.defs.assets.classifications import build_classifications
from batch_classifier.defs.assets.local_model import build_local_model
from batch_classifier.defs.assets.raw_requests import build_raw_requests
from batch_classifier.defs.assets.result_files import build_result_files
from batch_classifier.prompts.prompt import Prompt


def build_assets(prompt: Prompt, waits_for_jobs: float | None) -> list[dg.AssetsDefinition]:
    """The assets of one prompt. `waits_for_jobs`: seconds that batch_job waits by default; None is to the end."""
    return [
        build_raw_requests(prompt),
        build_bedrock_jsonl(prompt),
        build_batch_job(prompt, waits_for_jobs),
        build_classifications(prompt),
        build_category_summary(prompt),
        build_result_files(prompt),
        build_local_model(prompt),
    ]
