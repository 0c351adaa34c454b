"""What the prompt files say now, beside what a process loaded: Dagster goes on with that until it is told to load anew."""

from collections.abc import Mapping
from pathlib import Path

from batch_classifier.prompts.loading import PromptFolder, load_prompts, prompt_files

_NAMES_TOLD = 10
_FilesSeen = dict[Path, tuple[int, int, int]]


def contents_of(folder: PromptFolder) -> dict[str, str]:
    """What stands for the content of each prompt, by its name."""
    return {name: prompt.content_hash for name, prompt in folder.prompts.items()}


def difference(loaded: Mapping[str, str], now: PromptFolder) -> str | None:
    """A sentence for what differs from what Dagster loaded (`contents_of` that), and what to do; None where nothing does."""
    present = contents_of(now)
    broken = {error.file.stem for error in now.errors if error.file is not None}
    found = []
    for name in sorted({*loaded, *present}):
        if name not in loaded:
            found.append(f"{name} (new)")
        elif name not in present:
            found.append(f"{name} ({'has an error now' if name in broken else 'removed'})")
        elif loaded[name] != present[name]:
            found.append(f"{name} (changed)")
    if not found:
        return None
    more = f" and {len(found) - _NAMES_TOLD} more" if len(found) > _NAMES_TOLD else ""
    return (
        f"The prompt files are not what Dagster has loaded: {', '.join(found[:_NAMES_TOLD])}{more}; "
        'press "Reload definitions" on its page of assets, or start it again.'
    )


class PromptChanges:
    """Looks whether a folder's prompts are still those that were loaded.

    A look takes a moment: files are read again only when the time, size or place on the disk of one has changed.
    """

    def __init__(self, path: Path, loaded: PromptFolder) -> None:
        self.path = path
        self.loaded = contents_of(loaded)
        self._seen: _FilesSeen | None = None
        self._sentence: str | None = None

    def sentence(self) -> str | None:
        """What differs now, and what to do; None where nothing does."""
        seen = self._look()
        if seen is None or seen != self._seen:
            self._seen = seen
            self._sentence = difference(self.loaded, load_prompts(self.path))
        return self._sentence

    def _look(self) -> _FilesSeen | None:
        try:
            stats = {path: path.stat() for path in prompt_files(self.path)}
        except OSError:
            # A file went while it was looked at, or the folder is gone: what is there is told by loading it.
            return None
        return {path: (stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in stats.items()}
