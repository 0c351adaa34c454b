"""`prompts --tokens`: what the parts of a question cost, in figures that agree with what a batch is estimated at."""

import re
from pathlib import Path

import pytest

from batch_classifier.inference.prices import answer_tokens
from batch_classifier.inference.question_parts import question_parts
from batch_classifier.inference.token_use import bytes_around, starting_use
from batch_classifier.prompts.prompt import Prompt
from batch_classifier_tests.support.command_line import make_project, run, told
from batch_classifier_tests.support.core_pipeline import CorePipeline
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.scripted_inference import ScriptedInference

WITH_EXAMPLES = (
    "Choose one of:\n{% for category in categories %}\n- {{ category.name }}: {{ category.description }}. "
    "{{ category.examples | join }}\n{% endfor %}\nElse {{ fallback }}."
)


def prompt(**changes: object) -> Prompt:
    return Prompt(name="tickets", **prompt_content(**{"instructions": WITH_EXAMPLES, **changes}))


def tokens_of(asked: Prompt, in_a_record: int = 1) -> dict[str, float]:
    use = starting_use(asked, answer_tokens(asked))
    return {part.name: part.tokens for part in question_parts(asked, use, 350, in_a_record)}


def test_the_parts_are_what_is_read_and_written() -> None:
    """Their sum is what the estimate reckons with, however many texts share a record."""
    asked = prompt()
    alone, packed = tokens_of(asked), tokens_of(asked, 10)
    assert list(alone) == ["instructions", "categories", "examples", "quotation and form", "the text", "the answer"]
    assert alone["the text"] == packed["the text"] == 100 and alone["the answer"] == 60 < packed["the answer"]
    for in_a_record, parts in ((1, alone), (10, packed)):
        read = sum(tokens for name, tokens in parts.items() if name != "the answer")
        assert read == pytest.approx((350 + bytes_around(asked, 10**6, in_a_record) / 10**6) / 3.5)
    examples = sum(len(example) for category in asked.categories for example in category.examples) / 3.5
    assert alone["examples"] == pytest.approx(examples) and packed["examples"] == pytest.approx(examples / 10)
    assert tokens_of(prompt(instructions="Billing, Travel or Other?"))["examples"] == 0
    needs_examples = (
        "{% for category in categories %}{{ category.name }} {{ category.examples[0].upper() }}{% endfor %}"
    )
    assert tokens_of(prompt(instructions=needs_examples))["examples"] == 0, "what cannot be told apart is not"


def test_short_reasons_and_none_make_shorter_answers() -> None:
    written = [tokens_of(prompt(rationale=rationale))["the answer"] for rationale in (True, {"words": 12}, False)]
    assert written == [60, 33, 15]


def test_the_tables_are_shown_for_each_prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what packing would make of it, no further than the model can answer; and with the mean of the texts there are."""
    make_project(tmp_path).set_prompt("unknown_model", model={"id": "anthropic.claude-99", "max_tokens": 2_000})
    (tmp_path / "data/prompts/unknown_model.yaml").rename(tmp_path / "prompts/unknown_model.yaml")
    monkeypatch.chdir(tmp_path)
    result = run("prompts", "--tokens")
    assert result.exit_code == 0, result.output
    shown = dict(
        zip(
            re.findall(r"^(\w+): .*, (?:batch prices|price)", result.output, re.M),
            result.output.split("A text has")[1:],
            strict=True,
        )
    )
    assert set(shown) == {"lost_deals", "tickets", "travel", "unknown_model"}
    assert re.search(r"^ +10 .* \d+\.\d\d$", shown["travel"], re.M), "tokens and USD of ten texts a record"
    assert "A record takes 4 at most" in shown["unknown_model"] and re.search(
        r"^ +4 .* -$", shown["unknown_model"], re.M
    )
    assert "1,000 bytes (an assumption" in shown["tickets"]
    inference = ScriptedInference(tmp_path)
    CorePipeline(tmp_path / "data", prompt(), inference, inference.internal).put("calls.csv", ["charge", "flight 1"])
    assert "7 bytes (the mean of 2 texts)" in run("prompts", "--tokens").output
    (tmp_path / "prompts/broken.yaml").write_text("description: nothing else\n")
    assert "broken.yaml" in told(run("prompts", "--tokens"))
