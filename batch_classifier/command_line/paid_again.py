"""What a changed prompt would cost, told by the commands that a person uses before materializing."""

from collections.abc import Sequence

from batch_classifier.batches.paid_again import paid_again
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier.warehouse.open_warehouse import open_warehouse


def told_of_paid_again(settings: Settings, prompts: Sequence[Prompt], inference: Inference) -> list[str]:
    """A sentence for each prompt with files of an older version; raises ClassifierError where the tables can't be asked."""
    warehouse = open_warehouse(settings)
    is_charged = settings.inference_kind != "local"
    found = (paid_again(prompt, warehouse, inference, is_charged) for prompt in prompts)
    return [one.sentence for one in found if one is not None]
