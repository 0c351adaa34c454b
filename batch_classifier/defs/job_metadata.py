"""What Dagster shows of batch_job: jobs that are under way in observations, finished ones in the asset's metadata."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import asset_key
from batch_classifier.inference.interface import Inference, Job
from batch_classifier.jobs.batch_job import Finished
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.tables import BATCH_JOB

_JOBS_SHOWN = 50
_COLUMNS_SHOWN = ["job_name", "status", "records", "lines", "succeeded", "failed", "cost_usd", "message"]


def observation(
    prompt: str, request_file: str, jobs: Mapping[str, Job], inference: Inference, **more: Any
) -> dg.AssetObservation:
    """An observation of batch_job: state, counts and link of each job by its name, and what else there is to tell."""
    waits = [job.submitted_at for job in jobs.values() if job.submitted_at is not None and not job.state.is_over]
    metadata: dict[str, Any] = {
        "state": _state(jobs, more),
        **({"waiting_since": dg.MetadataValue.timestamp(min(waits))} if waits else {}),
        "jobs": markdown_table([_standing(job) for job in jobs.values()][:_JOBS_SHOWN]),
        **more,
        **{name: job.progress for name, job in jobs.items()},
    }
    metadata |= _links({name: job.arn for name, job in jobs.items()}, inference)
    return dg.AssetObservation(asset_key(prompt, BATCH_JOB.name), partition=request_file, metadata=metadata)


def _links(arns: Mapping[str, str], inference: Inference) -> dict[str, dg.MetadataValue[str | None]]:
    """The pages of jobs in the AWS console, by their names."""
    pages = {name: inference.console_url(arn) for name, arn in list(arns.items())[:_JOBS_SHOWN]}
    return {f"{name} in the AWS console": dg.MetadataValue.url(url) for name, url in pages.items() if url is not None}


def _state(jobs: Mapping[str, Job], more: Mapping[str, Any]) -> str:
    """Why the partition is empty, in a sentence."""
    states = Counter(str(job.state) for job in jobs.values())
    told = ", ".join(f"{number} {state}" for state, number in states.items()) or "none yet"
    waiting = more.get("waiting_for_a_place")
    place = f"; {waiting} more wait for a place in the quota" if waiting else ""
    return f"Jobs on their way: {told}{place}. The sensor finished_jobs goes on with this file when they are over."


def _standing(job: Job) -> dict[str, Any]:
    since = job.submitted_at.isoformat(" ", "minutes") if job.submitted_at is not None else ""
    return {"job": job.name, "state": str(job.state), "since": since, "done": job.processed, "of": job.total}


def finished_metadata(
    prompt: Prompt, finished: Finished, batches: Sequence[Batch], inference: Inference
) -> dict[str, Any]:
    """What is shown of jobs that are over: texts, tokens and cost in all, how far off the estimate was, and the first jobs with their pages."""
    jobs, cost = finished.jobs, finished.cost_usd
    return {
        "texts_sent": sum(job.records for job in jobs),
        "texts_answered": sum(job.succeeded for job in jobs),
        "texts_asked_again_for_a_repair": finished.repairs,
        "texts_not_asked_again_for_a_budget": finished.not_asked_again,
        "repair_cost_usd": finished.repair_cost_usd,
        "input_tokens": sum(job.input_tokens for job in jobs),
        "output_tokens": sum(job.output_tokens for job in jobs),
        "cost_usd": inference.price_is_unknown(prompt) if cost is None else cost,
        **_estimate_error(cost, batches),
        "jobs": markdown_table([job.to_row() for job in jobs[:_JOBS_SHOWN]], _COLUMNS_SHOWN),
        **_links({job.job_name: job.job_arn for job in jobs}, inference),
    }


def _estimate_error(cost: float | None, batches: Sequence[Batch]) -> dict[str, Any]:
    """The estimate beside the bill, where there is a bill: the error is positive where the estimate was too high."""
    estimated = [batch.estimated_cost_usd for batch in batches]
    if not cost or None in estimated:
        return {}
    total = float(sum(one or 0.0 for one in estimated))
    return {"estimated_cost_usd": total, "estimate_error": (total - cost) / cost}
