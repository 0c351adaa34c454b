"""What a changed prompt would cost, before anybody materializes: the texts that only older versions of it have answered."""

from dataclasses import dataclass

from batch_classifier.batches.bedrock_jsonl import estimator
from batch_classifier.batches.estimate import Estimate, Volume
from batch_classifier.batches.learned_tokens import token_use
from batch_classifier.batches.packing import Asked, room_of_records
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.wording import counted


@dataclass(frozen=True)
class PaidAgain:
    """What it would take to classify a prompt's older files again.

    Attributes:
        files: request files with rows that an older version of the prompt has answered.
        texts: their distinct texts that this version has not answered yet.
        estimate: what Bedrock would charge for these.
    """

    prompt: Prompt
    files: int
    texts: int
    estimate: Estimate
    is_charged: bool

    @property
    def sentence(self) -> str:
        """The same for a person."""
        cost = self.estimate.cost_usd
        price = "at an unknown price" if cost is None else f"for about {cost:,.4f} USD"
        asks = f"would ask {counted(self.texts, 'text')} anew, {price}"
        if not self.is_charged:
            asks = f"would ask {counted(self.texts, 'text')} anew, of the local engine at no cost (of Bedrock {price})"
        if not self.texts:
            asks = "would ask nothing, for all texts have been answered since"
        files, them = ("1 file was", "it") if self.files == 1 else (f"{self.files:,} files were", "them")
        return f"{self.prompt.name}: {files} classified by an older version of the prompt; to materialize {them} again {asks}."


def paid_again(prompt: Prompt, warehouse: Warehouse, inference: Inference, is_charged: bool) -> PaidAgain | None:
    """Count and estimate it; None where no file is older, or no table is there yet. Raises ClassifierError."""
    if prompt.name not in warehouse.prompts():
        return None
    model_id = inference.model_id(prompt)
    (row,) = warehouse.query(prompt.name, queries.texts_of_older_versions(warehouse, prompt, model_id))
    if not row["files"]:
        return None
    volume = Volume(*(int(row[name] or 0) for name in ("texts", "text_bytes", "requests", "request_bytes")))
    use = token_use(warehouse, prompt, model_id)
    room = room_of_records(
        Asked(volume.texts, volume.text_bytes, inference.charged_on_demand_below), prompt, inference, use
    )
    estimate = estimator(prompt, inference, use).estimate(volume, Volume(0, 0, 0, 0), room.most_texts)
    return PaidAgain(prompt, int(row["files"]), volume.texts, estimate, is_charged)
