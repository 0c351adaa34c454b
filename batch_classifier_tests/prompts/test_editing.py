"""A command that writes into a prompt file leaves the rest of it as a person wrote it."""

from pathlib import Path

import pytest

from batch_classifier.errors import PromptError
from batch_classifier.prompts.editing import add_category, file_of_prompt
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Category
from batch_classifier_tests.support.repository import PROMPTS, sample_prompt

NEW = Category(
    name="Lost Luggage", description="bags: that did not come", examples=("My suitcase is gone", "Where's my bag?")
)


def _copied(folder: Path, source: Path) -> Path:
    path = folder / source.name
    path.write_bytes(source.read_bytes())
    return path


@pytest.mark.parametrize("source", [sample_prompt("travel"), PROMPTS / "lost_deals.yaml"], ids=["travel", "lost deals"])
def test_a_category_is_added_before_the_fallback_and_the_rest_stays(tmp_path: Path, source: Path) -> None:
    path = _copied(tmp_path, source)
    before = load_prompt(path)
    add_category(path, NEW, before=before.fallback.name)
    after = load_prompt(path)
    assert after.class_names == (*before.class_names[:-1], "Lost Luggage", before.class_names[-1])
    assert after.categories[-2] == NEW
    assert after.model_copy(update={"categories": before.categories}) == before
    assert list(tmp_path.iterdir()) == [path]


def test_comments_and_the_order_of_keys_stay(tmp_path: Path) -> None:
    path = _copied(tmp_path, PROMPTS / "lost_deals.yaml")
    text = path.read_text(encoding="utf-8").replace("fallback: Other", "fallback: Other  # what is left\n# after it")
    path.write_text(text, encoding="utf-8")
    add_category(path, NEW, before="Other")
    changed = path.read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if "#" in line]
    assert comments and all(comment in changed.splitlines() for comment in comments)
    keys = [line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()]
    assert [line.split(":")[0] for line in changed.splitlines() if line[:1].isalpha()] == keys


def test_what_would_break_the_file_leaves_it_as_it_was(tmp_path: Path) -> None:
    path = _copied(tmp_path, PROMPTS / "lost_deals.yaml")
    content = path.read_bytes()
    with pytest.raises(PromptError, match="Price"):
        add_category(path, Category(name="price", description="again"), before="Other")
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_prompt_without_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no file for the prompt 'travel'"):
        file_of_prompt(tmp_path, "travel")
