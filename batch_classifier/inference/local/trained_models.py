"""The prompts' trained models as the engine takes them: read when they are new, and kept while their files are the same."""

import threading

from batch_classifier.inference.local.taught import Taught, taught_of
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier.training.model_file import read_local_model

# A model takes up to a hundred megabytes.
_MOST_KEPT = 4


class TrainedModels:
    """The models in an internal folder. Safe to share between threads."""

    def __init__(self, internal: Folder) -> None:
        self.internal = internal
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str, str], Taught | None] = {}

    def of(self, prompt: Prompt) -> Taught | None:
        """The prompt's model; None where none is trained, or it has no say. Raises ClassifierError where its file is damaged."""
        file = self.internal.find(local_model_key(prompt.name))
        if file is None:
            return None
        key = (prompt.name, prompt.content_hash, file.fingerprint)
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
                model = read_local_model(self.internal, prompt)
                self._kept[key] = None if model is None else taught_of(prompt, model)
            return self._kept[key]
