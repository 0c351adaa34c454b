"""Prompt files: what is wrong with one is told in one sentence and costs no other; its version changes with its answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from batch_classifier.errors import PromptError
from batch_classifier.inference.bedrock.model_requests import model_input
from batch_classifier.inference.questions import answer_limit, system_prompt
from batch_classifier.inference.record_form import RecordForm
from batch_classifier.prompts.loading import load_prompt, load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.repository import sample_prompt

CATEGORIES = prompt_content()["categories"]


def write(folder: Path, name: str, content: str | dict[str, Any]) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def load(folder: Path, **changes: Any) -> Prompt:
    return load_prompt(write(folder, "tickets", prompt_content(**changes)))


def with_category(**category: Any) -> list[dict[str, Any]]:
    return [*CATEGORIES, {"name": "More", "description": "more of it", **category}]


@pytest.mark.parametrize(
    ("changes", "key", "fault"),
    [
        pytest.param({"categories": with_category(name="billing")}, "categories", "Billing", id="differ in case"),
        pytest.param({"categories": with_category(name="Bil ling ")}, "categories", "Billing", id="a space within"),
        pytest.param({"categories": with_category(name=" Billing")}, "categories", "Billing", id="differ in spacing"),
        pytest.param({"categories": with_category(name="Billing")}, "categories", "twice", id="the same name twice"),
        pytest.param({"categories": []}, "categories", "empty", id="no categories"),
        pytest.param({"categories": None}, "categories", "missing", id="categories left out"),
        pytest.param({"categories": CATEGORIES[:1], "fallback": "Billing"}, "categories", "2", id="one category"),
        pytest.param({"categories": with_category(name="")}, "categories.4.name", "empty", id="a name of nothing"),
        pytest.param(
            {"categories": with_category(name="a\nb")}, "categories.4.name", "one line", id="a name of two lines"
        ),
        pytest.param({"categories": with_category(name="<b>")}, "categories.4.name", "<", id="a name like a tag"),
        pytest.param({"categories": with_category(name=3)}, "categories.4.name", "quotes", id="a number as name"),
        pytest.param({"categories": with_category(name=False)}, "categories.4.name", "quotes", id="YAML's No as name"),
        pytest.param(
            {"categories": with_category(sample=[])}, "categories.4.sample", "not a key", id="unknown key inside"
        ),
        pytest.param({"fallback": None}, "fallback", "missing", id="fallback left out"),
        pytest.param({"fallback": "Misc"}, "fallback", "Misc", id="a fallback that is no category"),
        pytest.param({"colour": "red"}, "colour", "not a key", id="unknown key"),
        pytest.param({"instructions": "{% for %}"}, "instructions", "render", id="template of bad syntax"),
        pytest.param({"instructions": "{{ categroies }}"}, "instructions", "categroies", id="unknown variable"),
        pytest.param({"instructions": "{{ 1 / 0 }}"}, "instructions", "render", id="template that fails"),
        pytest.param(
            {"instructions": "Choose well."}, "instructions", "Billing", id="a template without the categories"
        ),
        pytest.param({"instructions": " "}, "instructions", "empty", id="no instructions"),
        pytest.param({"answer": "xml"}, "answer", "tags", id="unknown kind of answer"),
        pytest.param({"model": {"id": "m", "max_tokens": 0}}, "model.max_tokens", "1", id="no tokens"),
        pytest.param({"model": {"id": "m", "invocation": "Chat"}}, "model.invocation", "Converse", id="invocation"),
        pytest.param({"model": {}}, "model.id", "missing", id="no model"),
        pytest.param({"batch_size": 99}, "batch_size", "100", id="a batch too small"),
        pytest.param({"batch_size": 50_001}, "batch_size", "50000", id="a batch too large"),
        pytest.param({"rationale": {"words": 0}}, "rationale.words", "1", id="a reason of no words"),
        pytest.param({"rationale": {"word": 9}}, "rationale.word", "not a key", id="unknown key of a reason"),
        pytest.param({"rationale": "short"}, "rationale", "{words: N}", id="a reason that is neither"),
        pytest.param({"texts_per_record": 51}, "texts_per_record", "50", id="too many texts a record"),
        pytest.param({"results": ["pdf"]}, "results", "csv", id="unknown format"),
        pytest.param({"budget_usd": None}, "budget_usd", "missing", id="no budget"),
        pytest.param({"budget_usd": 0}, "budget_usd", "0", id="a budget of nothing"),
        pytest.param({"input": {"text": "t", "id": "T"}}, "input", "different", id="one column for two things"),
        pytest.param({"input": {"id": "id"}}, "input.text", "missing", id="no text column"),
        pytest.param({"name": "tickets"}, "name", "file", id="a name, which the file has already"),
    ],
)
def test_a_fault_is_told_with_file_key_and_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], key: str, fault: str
) -> None:
    path = write(tmp_path, "tickets", prompt_content(**changes))
    with pytest.raises(PromptError) as caught:
        load_prompt(path)
    message = str(caught.value)
    assert is_one_sentence(message)
    assert message.startswith(f"{path}: {key}")
    assert fault in message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a: [", "line"),
        ("", "mapping"),
        ("- a\n- b\n", "mapping"),
        ("description: a\ndescription: b\n", "twice"),
        ("1: a\n", "text"),
        ("description: Tickets: what they are about\n", "line 1: a colon and a space stand in the middle of a text"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_as_well(tmp_path: Path, content: str, fault: str) -> None:
    path = write(tmp_path, "tickets", content)
    with pytest.raises(PromptError, match=fault) as caught:
        load_prompt(path)
    assert is_one_sentence(str(caught.value)) and str(path) in str(caught.value)


def test_a_file_that_is_not_utf8_is_told_as_well(tmp_path: Path) -> None:
    path = tmp_path / "tickets.yaml"
    path.write_bytes("description: café".encode("cp1252"))
    with pytest.raises(PromptError, match="UTF-8") as caught:
        load_prompt(path)
    assert is_one_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"categories": [CATEGORIES[0], {**CATEGORIES[1], "name": 3}]},
            "categories.2.name: must be text; put 3 in quotes.",
        ),
        ({"results": ["pdf"]}, "results.1: must be 'csv', 'json' or 'xlsx'."),
        (
            {"categories": with_category(examples=[{"Refund": "where is my money"}])},
            "categories.4.examples.1: must be text; put it in quotes, for with its colon it is a key and a value.",
        ),
        ({"input": "message"}, "input: must be a mapping of keys to values."),
        ({"categories": with_category(examples="one")}, "categories.4.examples: must be a list."),
        ({"batch_size": 10}, "batch_size: must be greater than or equal to 100."),
    ],
)
def test_the_fault_is_told_in_a_persons_words_and_nothing_else(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    """An entry that is wrong is there all the same: nobody is to be told that there are too few."""
    with pytest.raises(PromptError) as caught:
        load(tmp_path, **changes)
    assert str(caught.value) == f"{tmp_path / 'tickets.yaml'}: {told}"


def test_a_fault_that_ends_with_a_full_stop_gets_no_second_one(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="endfor") as caught:
        load(tmp_path, instructions="{% for category in categories %}{{ category.name }}")
    assert not str(caught.value).endswith("..")


@pytest.mark.parametrize("name", ["Tickets", "my tickets", "1st", "a-b", "a.b", "a" * 31, "ü"])
def test_a_name_that_dagster_sql_or_aws_could_not_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PromptError, match="file name") as caught:
        load_prompt(write(tmp_path, name, prompt_content()))
    assert is_one_sentence(str(caught.value))


@pytest.mark.parametrize("name", ["order", "select", "table", "warehouse", "temp", "information_schema"])
def test_a_name_that_means_something_in_sql_works_or_is_refused(projects: Callable[..., Project], name: str) -> None:
    """It is the name of a schema; a file that loads and then fails in every run with a parser error helps nobody."""
    project = projects()
    project.prompt_name = name
    project.set_prompt(name)
    errors = {Path(str(error).split(":")[0]).stem: str(error) for error in load_prompts(project.prompts).errors}
    if name in errors:
        assert is_one_sentence(errors[name])
        return
    project.drop("a.csv", ["My flight"])
    result = project.run("a.csv", "raw_requests")
    assert result.success, failure_of(result)


def test_the_other_prompts_load_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, "good", prompt_content())
    write(tmp_path, "bad", prompt_content(fallback=None))
    write(tmp_path, "worse", "a: [")
    (tmp_path / "notes.txt").write_text("not a prompt")
    folder = load_prompts(tmp_path)
    assert list(folder.prompts) == ["good"] and len(folder.errors) == 2
    with pytest.raises(PromptError, match="fallback"):
        folder.get("bad")
    with pytest.raises(PromptError, match="'nobody'; the prompts are: good"):
        folder.get("nobody")


@pytest.mark.parametrize("name", ["call", "calls", "calls_eu", "eu"])
def test_get_tells_what_is_wrong_with_that_prompt_and_no_other(tmp_path: Path, name: str) -> None:
    """Names that begin with another's, and names that stand in the folder or in another file's error, are no match."""
    folder = tmp_path / "calls.yaml" / "eu.yaml"
    folder.mkdir(parents=True)
    for other in ("call", "calls", "calls_eu"):
        write(folder, other, prompt_content(fallback=f"/eu.yaml /call.yaml /{other}"))
    write(folder, "eu", prompt_content(fallback="none/call.yaml"))
    with pytest.raises(PromptError) as caught:
        load_prompts(folder).get(name)
    assert str(caught.value).startswith(f"{folder / name}.yaml: ")


def test_get_of_a_name_that_only_stands_in_an_error_says_there_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "calls.yaml"
    folder.mkdir()
    write(folder, "good", prompt_content())
    write(folder, "bad", prompt_content(fallback="/travel.yaml"))
    for name in ("travel", "calls", "ba", ""):
        with pytest.raises(PromptError, match=f"{name!r}; the prompts are: good"):
            load_prompts(folder).get(name)


def test_two_files_of_one_name_are_told_and_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path, "tickets", prompt_content())
    (tmp_path / "tickets.yml").write_text(yaml.safe_dump(prompt_content()))
    folder = load_prompts(tmp_path)
    assert list(folder.prompts) == ["tickets"]
    assert "another file" in str(folder.errors[0])


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    folder = load_prompts(tmp_path / "nowhere")
    assert not folder.prompts and "BATCH_CLASSIFIER_PROMPTS" in str(folder.errors[0])
    with pytest.raises(PromptError, match="BATCH_CLASSIFIER_PROMPTS"):
        folder.get("travel")


@pytest.mark.parametrize(
    "changes",
    [
        {"categories": [*CATEGORIES, {"name": "More", "description": "more"}]},
        {"categories": [{**CATEGORIES[0], "description": "another"}, *CATEGORIES[1:]]},
        {"categories": [{**CATEGORIES[0], "examples": ["another"]}, *CATEGORIES[1:]]},
        {"categories": CATEGORIES[::-1]},
        {"fallback": "Billing"},
        {"instructions": prompt_content()["instructions"] + " Be brief."},
        {"answer": "json"},
        {"rationale": False},
        {"rationale": {"words": 12}},
        {"texts_per_record": 2},
        {"model": {"id": "anthropic.claude-3-5-haiku", "max_tokens": 100}},
        {"model": {**prompt_content()["model"], "max_tokens": 101}},
        {"model": {**prompt_content()["model"], "temperature": 0.5}},
        {"model": {**prompt_content()["model"], "invocation": "Converse"}},
    ],
)
def test_the_version_changes_with_whatever_can_change_an_answer(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert load(tmp_path, **changes).version != load(tmp_path).version


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "another"},
        {"budget_usd": 99},
        {"results": ["xlsx", "json"]},
        {"batch_size": 200},
        {"texts_per_record": 1},
        {"rationale": "yes"},
        {"max_invalid_share": 0.5},
        {"rerun_older_versions": True},
        {"input": {"text": "body"}},
        {"model": {**prompt_content()["model"], "price": {"input": 1, "output": 2}}},
    ],
)
def test_the_version_stays_with_what_cannot(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Otherwise a new budget would have every text paid for again."""
    assert load(tmp_path, **changes).version == load(tmp_path).version


def test_the_version_stays_with_comments_layout_and_the_order_of_keys(tmp_path: Path) -> None:
    plain = load(tmp_path).version
    content = prompt_content()
    turned = dict(reversed(content.items()))
    text = "# a comment\n" + yaml.safe_dump(turned, sort_keys=False, default_flow_style=True, width=60)
    assert load_prompt(write(tmp_path, "tickets", text)).version == plain


def test_the_version_is_a_name_for_people(tmp_path: Path) -> None:
    assert len(load(tmp_path).version) == 12 and int(load(tmp_path).version, 16)


@pytest.mark.parametrize("hostile", ["{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}"])
def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path: Path, hostile: str) -> None:
    with pytest.raises(PromptError, match="instructions"):
        load(tmp_path, instructions=hostile)


def test_categories_stand_in_the_instructions_word_for_word(tmp_path: Path) -> None:
    """No escaping as for web pages: the model must read the name that it has to write."""
    name = 'Rock & Roll\'s "best" – naïve?'
    prompt = load(tmp_path, categories=with_category(name=name))
    assert name in prompt.system and name in prompt.class_names


@pytest.mark.parametrize("name", ["travel", "lost_deals"])
def test_the_prompts_of_the_sample_data_are_complete(name: str) -> None:
    prompt = load_prompt(sample_prompt(name))
    assert prompt.fallback.name == "Other" and len(prompt.categories) >= 8
    assert all(len(category.examples) >= 5 for category in prompt.categories)
    assert RecordForm.around(lambda user: model_input(prompt, user)).overhead > 0
    assert prompt.categories[0].examples[0] not in prompt.system, (
        "the local engine learns from them; a model need not pay"
    )


def test_a_short_reason_is_asked_for_and_bounds_the_answer(tmp_path: Path) -> None:
    """In each form of the question; the longest answer follows, and one that is shorter already stays."""
    short = {"rationale": {"words": 12}}
    for changes in ({}, {"answer": "json"}):
        prompt = load(tmp_path, **short, **changes)
        assert "12 words" in system_prompt(prompt) and "12 words" in system_prompt(prompt, 3)
        assert "12 words" not in system_prompt(load(tmp_path, **changes))
    longest = len("Billing")
    assert answer_limit(prompt) == 12 * 4 + longest + 40 and answer_limit(load(tmp_path)) == 100
    assert answer_limit(load(tmp_path, rationale={"words": 100})) == 100
    assert "reason" not in system_prompt(load(tmp_path, rationale=False, answer="json"), 2).split("several texts")[1]


def test_a_folder_without_prompt_files_is_an_error(tmp_path: Path) -> None:
    folder = load_prompts(tmp_path)
    assert (
        not folder.prompts
        and "holds no prompt file" in str(folder.errors[0])
        and is_one_sentence(str(folder.errors[0]))
    )
