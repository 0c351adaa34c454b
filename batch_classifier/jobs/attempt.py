"""One attempt at a batch: its job, what came of it, and its row in the table `batch_job`."""

from dataclasses import dataclass

from batch_classifier.answers.finished_jobs import FinishedJob, Way
from batch_classifier.inference.interface import Inference, Job, JobRequest
from batch_classifier.inference.prices import Price
from batch_classifier.jobs.when_to_send import Ending, LastAttempt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch


@dataclass
class Attempt:
    """One job of a batch, from its request to its end.

    Attributes:
        number: 1 for the first.
        texts: texts that it asks; its request's records may hold several each.
        after: what is known of the attempt before it; None for the first.
        job: None until it is found or submitted.
        ending: how its job ended; None until it has.
        answered: texts that have an answer, fit or not.
    """

    number: int
    texts: int
    request: JobRequest
    after: LastAttempt | None
    job: Job | None = None
    ending: Ending | None = None
    answered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def finished_job(
        self, job: Job, batch: Batch, inference: Inference, internal: Folder, unanswered: int
    ) -> FinishedJob:
        """The row of the table, for a job that is over; `unanswered` are texts of the batch that no attempt has answered."""
        price = self.price(inference)
        cost = None if price is None else round(price.cost(self.input_tokens, self.output_tokens), 9)
        return FinishedJob(
            request_file=batch.request_file,
            batch=batch.name,
            attempt=self.number,
            job_name=job.name,
            job_arn=job.arn,
            status=job.state,
            submitted_at=job.submitted_at,
            ended_at=job.ended_at,
            records=self.texts,
            succeeded=self.answered,
            failed=self.texts - self.answered,
            unanswered=unanswered,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost_usd=cost if batch.shared_with is None else 0.0,
            output_uri=internal.uri_of(self.request.output_key),
            message=job.message,
            shared_with=batch.shared_with,
            way=Way.ON_DEMAND if self.request.on_demand else Way.BATCH,
            input_price=None if price is None else price.input,
            output_price=None if price is None else price.output,
            lines=self.request.records,
        )

    def price(self, inference: Inference) -> Price | None:
        """At what it is charged; None where that is not known."""
        # What decides is how it was asked: many texts are asked on demand too where the service refused them as a job.
        is_on_demand = self.request.on_demand
        records = 1 if is_on_demand else max(self.request.records, inference.minimum_records)
        return inference.price(self.request.prompt, records)
