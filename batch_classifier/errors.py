"""What can go wrong through a person's input or settings, each told in one clear sentence."""

from pathlib import Path

from batch_classifier.wording import fit_line


class ClassifierError(Exception):
    """Base of all errors that a person can mend; the message is one sentence fit to be shown as it is.

    Args:
        message: the sentence; what a foreign name in it has of control characters is shown as their escapes.
    """

    def __init__(self, message: str) -> None:
        super().__init__(fit_line(message))


class DatabaseBusy(ClassifierError):
    """Another program has had the database open for longer than one waits; it is free again when that has ended."""


class UnreadableFile(ClassifierError):
    """A request file that cannot be read at all: not what its name says, encrypted, empty, or without the text column."""


class PromptError(ClassifierError):
    """A prompt file that is not valid; the message names the file, the key and what is wrong.

    Args:
        message: the sentence that is shown.
        file: the prompt file it is about, where it is about one.
    """

    def __init__(self, message: str, file: Path | None = None) -> None:
        super().__init__(message)
        self.file = file

    @classmethod
    def of(cls, file: Path, fault: str) -> "PromptError":
        """The error of a file: `fault` goes on after the file's name and a colon."""
        return cls(f"{file}: {fault}", file)


class SettingError(ClassifierError):
    """A setting (environment variable or `.env` line) with a value that cannot be used; the message names it."""


class InferenceError(ClassifierError):
    """The inference service refused a request for good; the message says why and what to do."""
