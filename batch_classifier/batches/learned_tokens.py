"""What earlier jobs teach of a model's tokens: bytes in a token, and tokens in an answer, from the table `bill`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from batch_classifier.inference.prices import answer_tokens
from batch_classifier.inference.token_use import TokenUse, answer_form, starting_use
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.costs import newest_jobs
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.wording import counted

# The newest jobs count: a prompt's texts change in the course of time.
_NEWEST = 10


def token_use(warehouse: Warehouse, prompt: Prompt, model_id: str) -> TokenUse:
    """The ratios of the newest jobs of this prompt with this model, else of the model with other prompts, else starting values."""
    start = starting_use(prompt, answer_tokens(prompt, prompt.texts_per_record))
    known = warehouse.prompts()
    jobs = _jobs(warehouse, prompt.name, model_id) if prompt.name in known else []
    same_version = [job for job in jobs if job["prompt_version"] == prompt.version]
    if same_version:
        return learned(start, prompt, same_version, "with this prompt")
    if jobs:
        return learned(start, prompt, jobs, "with earlier versions of this prompt")
    others = [name for name in known if name != prompt.name]
    jobs = [job for name in others for job in _jobs(warehouse, name, model_id)]
    return learned(start, prompt, jobs, "with other prompts") if jobs else start


def learned(start: TokenUse, prompt: Prompt, jobs: Sequence[dict[str, Any]], whose: str) -> TokenUse:
    """The ratios of the newest of these jobs; answers count only where they have the form of this prompt's."""
    newest = sorted(jobs, key=lambda job: str(job["ended_at"]), reverse=True)[:_NEWEST]
    # Records that failed were not read, as far as the service tells.
    read = sum(job["content_bytes"] * job["answered"] / job["texts"] for job in newest)
    basis = f"learned from {counted(len(newest), 'job')} of this model {whose}: usually within 10 %"
    use = TokenUse(read / sum(job["input_tokens"] for job in newest), start.tokens_an_answer, basis, len(newest))
    alike = [job for job in newest if job["answer_form"] == answer_form(prompt)]
    if not alike:
        return replace(use, basis=f"{basis} in what is read; the length of answers is a starting value")
    return replace(use, tokens_an_answer=sum(j["output_tokens"] for j in alike) / sum(j["answered"] for j in alike))


def _jobs(warehouse: Warehouse, prompt: str, model_id: str) -> list[dict[str, Any]]:
    return warehouse.query(prompt, newest_jobs(warehouse, prompt, model_id, _NEWEST))
