"""Examples come into a prompt file, and everything else in it stays as a person wrote it."""

import difflib
import os
import re
import stat
from pathlib import Path

import pytest

from batch_classifier.errors import PromptError
from batch_classifier.prompts.adding_examples import add_examples
from batch_classifier.prompts.loading import load_prompt
from batch_classifier_tests.support.repository import PROMPTS

# As people write: comments everywhere, quotes of both kinds, flow style, folded text, a blank line.
WRITTEN = """# What our desk classifies.
description: 'What a ticket is about'   # shown in Dagster
input: {text: message, id: "id"}

# Ask Ann before you add one.
categories:
  - name: Billing   # money
    description: >-
      invoices, charges,
      refunds
    examples:
      - "I was charged twice"   # a classic
      # the next one is from May
      - 'it''s too dear'
  - name: Other
    description: everything else
fallback: Other
instructions: |
  Choose one of {% for category in categories %}{{ category.name }}, {% endfor %}
  and answer with <class>the category</class>.

model: {id: anthropic.claude-3-haiku-20240307-v1:0}
budget_usd: 25.0  # a month
"""
TEXTS = {"Billing": ["The invoice: is wrong #1", "I was charged twice"], "Other": ['- who is\nthere? "me"', "no"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "tickets.yaml"
    made.write_text(WRITTEN, encoding="utf-8")
    return made


def changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that are gone, and those that are new."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [one[2:] for one in lines if one.startswith("- ")], [one[2:] for one in lines if one.startswith("+ ")]


def test_only_the_new_lines_are_new(path: Path) -> None:
    assert add_examples(path, TEXTS) == 3
    gone, new = changes(WRITTEN, path.read_text(encoding="utf-8"))
    assert gone == []
    assert new[0].strip() == '- "The invoice: is wrong #1"' and new[1] == "    examples:"
    billing, other = load_prompt(path).categories
    assert billing.examples == ("I was charged twice", "it's too dear", "The invoice: is wrong #1")
    assert other.examples == ('- who is\nthere? "me"', "no")


def test_what_is_there_is_not_added_again(path: Path) -> None:
    add_examples(path, TEXTS)
    before = path.read_bytes()
    assert add_examples(path, TEXTS) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["travel.yaml", "lost_deals.yaml"])
def test_the_prompts_of_the_sample_data_change_by_new_lines_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    before = (PROMPTS / name).read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    prompt = load_prompt(path)
    assert add_examples(path, {category: [f"one more of {category}"] for category in prompt.class_names}) == len(
        prompt.class_names
    )
    gone, new = changes(before, path.read_text(encoding="utf-8"))
    # Lists within brackets go on in their line.
    assert all(line.strip().startswith("examples: [") for line in gone) and len(new) >= len(prompt.class_names)
    assert all(category.examples[-1] == f"one more of {category.name}" for category in load_prompt(path).categories)


def test_lists_without_an_indent_line_ends_and_a_byte_order_mark_stay(path: Path) -> None:
    start, end = WRITTEN.index("  - name: Billing"), WRITTEN.index("fallback")
    lists = re.sub("^  ", "", WRITTEN[start:end], flags=re.MULTILINE)
    flat = WRITTEN[:start] + re.sub("^    (?=[-#])", "  ", lists, flags=re.MULTILINE) + WRITTEN[end:]
    content = b"\xef\xbb\xbf" + flat.replace("\n", "\r\n").encode()
    path.write_bytes(content)
    load_prompt(path)
    assert add_examples(path, TEXTS) == 3
    after = path.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf") and after.count(b"\n") == after.count(b"\r\n")
    gone, _ = changes(content.decode(), after.decode())
    assert gone == []


def test_a_file_that_would_not_load_stays_as_it_was(path: Path) -> None:
    with pytest.raises(PromptError, match=r"tickets\.yaml: is not changed, for it would not load then: .*1,000,000"):
        add_examples(path, {"Other": ["x" * 1_000_001]})
    assert path.read_text(encoding="utf-8") == WRITTEN
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    path.write_text("description: [", encoding="utf-8")
    with pytest.raises(PromptError, match="is not valid YAML"):
        add_examples(path, TEXTS)


@pytest.mark.skipif(os.name == "nt", reason="permissions say nothing there")
def test_the_permissions_stay(path: Path) -> None:
    path.chmod(0o640)
    add_examples(path, TEXTS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
