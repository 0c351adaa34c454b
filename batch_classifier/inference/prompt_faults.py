"""What is wrong with the files in a folder of prompts: in themselves, and for who is to answer them."""

from pathlib import Path

from batch_classifier.errors import PromptError
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.loading import PromptFolder


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
