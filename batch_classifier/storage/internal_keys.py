"""Where things stand in the internal folder: batches, their texts, their answers, and notes."""

from batch_classifier.prompts.prompt import Prompt

# The folder of the alerts that were sent.
NOTES_FOLDER = "alerts"


def batch_folder(prompt: Prompt, name: str) -> str:
    """The key of the folder that holds a batch, its list of texts and its answers."""
    return f"{prompt.name}/{prompt.version}/{name}"


def batch_key(prompt: Prompt, name: str) -> str:
    """The key of a batch's JSONL file."""
    return f"{batch_folder(prompt, name)}/{name}.jsonl"


def text_ids_key(prompt: Prompt, name: str) -> str:
    """The key of the list of a batch's text ids, one a line, in the batch's order."""
    return f"{batch_folder(prompt, name)}/text_ids.txt"


def is_text_ids(key: str) -> bool:
    """Whether a key is that of a list of text ids."""
    return key.endswith("/text_ids.txt")


def batch_of(key: str) -> str:
    """The name of the batch whose folder a key is in."""
    return key.split("/")[2]


def answers_key(prompt: Prompt, kind: str, batch: str, attempt: int) -> str:
    """The folder of an attempt's answers, fresh for each attempt."""
    return f"{batch_folder(prompt, batch)}/answers-{kind}-{attempt}"


def is_answers(key: str) -> bool:
    """Whether a key is that of a file of answers, as the service wrote it."""
    return key.endswith(".jsonl.out")


def parsed_answers_key(output_key: str) -> str:
    """The key of an attempt's answers as they were parsed, beside the files of answers they come from."""
    return f"{output_key}/parsed_answers.arrow"
