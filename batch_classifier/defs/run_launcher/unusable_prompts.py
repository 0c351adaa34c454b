"""What is told of a run whose prompt file has an error now: Dagster's own word is that it could not load a job."""

from pathlib import Path

import dagster as dg

from batch_classifier.defs.names import prompts_of
from batch_classifier.errors import PromptError, SettingError
from batch_classifier.prompts.loading import load_prompt, prompt_files
from batch_classifier.settings import load_settings

_State = tuple[int, int, int]


class UnusablePrompts:
    """Looks at the file of a run's prompt before the run begins, each state of it once."""

    def __init__(self) -> None:
        self._usable: dict[Path, _State] = {}

    def sentence(self, run: dg.DagsterRun) -> str | None:
        """What is wrong and what to do; None where nothing is, or where the run itself will tell."""
        try:
            folder = load_settings().prompts
            files = {path.stem: path for path in prompt_files(folder)}
        except (SettingError, OSError):
            return None
        for name in sorted(prompts_of(run)):
            # Without a file the assets may be another project's, in the same Dagster.
            if name not in files:
                continue
            fault = self._fault(files[name])
            if fault is not None:
                return f"{fault} Correct the file, then materialize again."
        return None

    def _fault(self, path: Path) -> str | None:
        try:
            stat = path.stat()
            state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._usable.get(path) != state:
                load_prompt(path)
                self._usable[path] = state
        except PromptError as error:
            return str(error)
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}."
        return None
