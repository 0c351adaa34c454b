"""What is wrong with the files in a folder of prompts, in themselves and for who is to answer them, and what may be meant otherwise."""

from collections.abc import Iterator
from pathlib import Path

from batch_classifier.errors import PromptError
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.prompts.prompt import Prompt


def prompt_faults(loaded: PromptFolder, folder: Path, inference: Inference | None) -> list[str]:
    """A sentence for each fault, which names the file; `inference` is None where it is not known who answers."""
    faults = [str(error) for error in loaded.errors]
    if inference is None:
        return faults
    for prompt in loaded.prompts.values():
        try:
            inference.check_prompt(prompt)
        except PromptError as error:
            faults.append(f"{folder / prompt.name}.yaml: {error}")
    return faults


def prompt_warnings(loaded: PromptFolder, folder: Path, inference: Inference | None) -> list[str]:
    """A sentence for what can be run but is hardly meant: tags that nobody asks the model for, a model that nobody knows."""
    warnings = []
    for prompt in loaded.prompts.values():
        told = list(_unasked_tags(prompt))
        if inference is not None and inference.model_price(prompt) is None:
            told.append(
                f"model: {prompt.model.id} is in no price table, so check how it is spelled; {inference.price_is_unknown(prompt)}"
            )
        warnings += [f"{folder / prompt.name}.yaml: {one}." for one in told]
    return warnings


def _unasked_tags(prompt: Prompt) -> Iterator[str]:
    if prompt.answer != "tags":
        return
    for tag, is_wanted in (("class", True), ("rationale", bool(prompt.rationale))):
        if is_wanted and f"<{tag}" not in prompt.system:
            instead = ", or set rationale: false" if tag == "rationale" else ""
            yield f"instructions: they never ask for <{tag}>, in which the answer is looked for; ask for it{instead}"
