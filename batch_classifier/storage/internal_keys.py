"""Where things stand in the internal folder: batches, their texts, their answers, trained models, and notes."""

from enum import StrEnum

from batch_classifier.prompts.prompt import Prompt

# Beside the folders of the prompts, whose names cannot start with an underscore.
_NOTES = "_notes"
_MODELS = "_models"
_CASCADE = "_cascade"


class NoteKind(StrEnum):
    """What runs leave for each other in the internal folder; each kind has a folder of its own below `_notes/`."""

    WAITING = "waiting"
    RERUN_REQUESTS = "rerun_requests"
    HELD_BACK = "held_back"
    ALERTS = "alerts"
    ON_DEMAND_JOBS = "on_demand_jobs"
    UNREADABLE = "unreadable"
    BUDGETS = "budgets"


def notes_folder(kind: NoteKind) -> str:
    """The key of the folder of all notes of a kind."""
    return f"{_NOTES}/{kind}"


def is_note(key: str) -> bool:
    """Whether a key, or the beginning of one, is that of a note."""
    return key.startswith(f"{_NOTES}/")


def old_notes_folder(kind: NoteKind) -> str:
    """Where earlier versions left the notes of a kind: a folder that a prompt of that name has too."""
    return str(kind)


def is_old_note(kind: NoteKind, key: str) -> bool:
    """Whether a key is that of a note where earlier versions left them; a prompt's own files lie one folder deeper."""
    return key.startswith(f"{old_notes_folder(kind)}/") and key.count("/") < 3


def batch_folder(prompt: Prompt, name: str) -> str:
    """The key of the folder that holds a batch, its list of texts and its answers."""
    return f"{prompt.name}/{prompt.version}/{name}"


def batch_key(prompt: Prompt, name: str) -> str:
    """The key of a batch's JSONL file."""
    return f"{batch_folder(prompt, name)}/{name}.jsonl"


def attempt_key(prompt: Prompt, name: str, number: int) -> str:
    """The key of the JSONL file of what a later attempt asks of a batch."""
    return f"{batch_folder(prompt, name)}/attempt-{number}.jsonl"


def text_ids_key(prompt: Prompt, name: str) -> str:
    """The key of the list of a batch's text ids, one a line, in the batch's order."""
    return f"{batch_folder(prompt, name)}/text_ids.txt"


def record_texts_key(folder: str) -> str:
    """The key of the file that tells which texts the records of a batch hold, in the batch's folder."""
    return f"{folder}/record_texts.txt"


def is_record_texts(key: str) -> bool:
    """Whether a key is that of such a file."""
    return key.endswith("/record_texts.txt")


def batch_folder_of(output_key: str) -> str:
    """The folder of the batch that an attempt's answers are in."""
    return output_key.rpartition("/")[0]


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


def is_parsed_answers(key: str) -> bool:
    """Whether a key is that of parsed answers."""
    return key.endswith("/parsed_answers.arrow")


def answer_part_key(output_key: str, text_id: str) -> str:
    """The key of one answer of a job on demand, kept for the case that its process is killed."""
    return f"{output_key}/parts/{text_id}.json"


def text_of_answer_part(key: str) -> str | None:
    """The text that a key of one such answer is about; None for other keys."""
    folder, _, name = key.rpartition("/")
    return name.removesuffix(".json") if folder.endswith("/parts") else None


def local_model_key(prompt: str) -> str:
    """The key of the model that was trained on a prompt's texts."""
    return f"{_MODELS}/{prompt}/local_model.npz"


def cascade_secret_key(prompt: str) -> str:
    """The key of what decides which of a prompt's texts are drawn by chance."""
    return f"{_CASCADE}/{prompt}/secret"


def cascade_note_key(prompt: Prompt, model: str, name: str) -> str:
    """The key of a note on where the cascade of a prompt version and model stands."""
    return f"{_CASCADE}/{prompt.name}/{prompt.version}/{model}/{name}.json"


LOCAL_BATCH, AUDIT = "local-", "audit-"
"""What the names of batches begin with that the local model has answered, and those of texts that the model was asked as well to
compare; no job is sent for either."""


def local_answers_key(prompt: Prompt, name: str) -> str:
    """The folder of a local model's answers."""
    return f"{batch_folder(prompt, name)}/answers-local_model"


def audit_of(name: str) -> str:
    """The name of the batch that compares a local model's with the model's answers, beside those that it gave alone."""
    return f"{AUDIT}{name.removeprefix(LOCAL_BATCH)}"


def audit_key(prompt: Prompt, name: str) -> str:
    """The key of what a local model would have answered to the texts of such a batch."""
    return f"{batch_folder(prompt, audit_of(name))}/{audit_of(name)}.jsonl.out"
