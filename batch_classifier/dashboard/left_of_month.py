"""What a prompt's budget for a month still allows."""

from batch_classifier.dashboard.project import settings, writing
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.notes.budget import Budget
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.open_folder import open_folder


def is_charged() -> bool:
    """Whether what is asked here costs anything."""
    return settings().inference_kind != "local"


def left_of_month(prompt: Prompt) -> float | None:
    """USD that may still be spent this month; None without such a budget, or where nothing is charged. Raises ClassifierError."""
    if prompt.monthly_budget_usd is None or not is_charged():
        return None
    internal = open_folder(settings().internal_location, settings().kms_key_id, settings().file_access)
    stand = Budget(prompt, "", writing(), open_inference(settings()), internal).monthly()
    return None if stand is None else stand.left
