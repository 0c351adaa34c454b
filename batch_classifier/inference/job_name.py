"""The name of a job, the same whoever asks for it."""

import hashlib

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder


def job_name(prompt: Prompt, model_id: str, internal: Folder, batch: str, attempt: int) -> str:
    """The name of an attempt's job: letters, digits and hyphens, at most 63, the same whoever asks.

    The internal folder is part of it: another deployment in the account has its answers elsewhere.
    """
    origin = hashlib.sha256(f"{prompt.version} {model_id} {internal.uri}".encode()).hexdigest()[:8]
    return f"{prompt.name.replace('_', '-')}-{origin}-{batch}-{attempt}"
