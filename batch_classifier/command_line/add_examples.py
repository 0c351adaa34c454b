"""`batch-classifier prompts --add-examples`: corrected texts become examples in the prompt's file."""

from collections.abc import Sequence

from batch_classifier.command_line.terminal import say
from batch_classifier.corrections.examples import named_examples, useful_examples
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.prompts.adding_examples import add_examples
from batch_classifier.prompts.editing import file_of_prompt
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import counted


def add_corrected_examples(prompt_name: str, ids: Sequence[str], most: int | None) -> int:
    """Add the texts that are named, or the most different ones of each category; raises ClassifierError."""
    if bool(ids) == (most is not None):
        raise SettingError("Say which texts become examples: some by --id, or so many of each category by --most.")
    settings = load_settings()
    prompt = load_prompts(settings.prompts).get(prompt_name)
    warehouse = open_warehouse(settings)
    chosen = named_examples(warehouse, prompt, ids) if most is None else useful_examples(warehouse, prompt, most)
    path = file_of_prompt(settings.prompts, prompt_name)
    try:
        count = add_examples(path, chosen)
    except OSError as error:
        raise ClassifierError(f"{path} cannot be written: {error.strerror}.") from error
    if not count:
        say(f"No corrected text is new to {path}: nothing was changed.")
        return 0
    for name, texts in chosen.items():
        say(f"  {name}: {counted(len(texts), 'text')}")
    say(
        f"{counted(count, 'example')} added to {path}. They are sent with each question: look through them, and at what they say of people. "
        "The prompt has a new version, so texts are asked again when their files run again."
    )
    return 0
