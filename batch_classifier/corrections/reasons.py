"""What a person gives as the reason of a correction: masked as the prompt has its texts masked, for it may quote one."""

from batch_classifier.prompts.prompt import Prompt


class Reasons:
    """Masks reasons as a prompt says; without `redact` they stay as they are."""

    def __init__(self, prompt: Prompt) -> None:
        self._masker = prompt.redact.masker() if prompt.redact is not None else None

    def masked(self, why: str | None) -> str | None:
        """The reason as it may be kept; None for one that cannot be masked in time."""
        if why is None or self._masker is None:
            return why
        try:
            return self._masker.mask_text(why)
        except TimeoutError:
            return None
