"""What a prompt's model can take is asked of who answers in the deployment: by `prompts`, and by `doctor`."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier.deployment.doctor import check_deployment
from batch_classifier.errors import PromptError
from batch_classifier.inference.open_inference import INFERENCES
from batch_classifier.inference.prompt_faults import prompt_warnings
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.repository import PROMPTS
from batch_classifier_tests.support.scripted_inference import ScriptedInference

WHY = "model.id: it is Tuesday; ask for another model."


class Particular(ScriptedInference):
    """A service that takes the prompts of one field only."""

    def check_prompt(self, prompt: Prompt) -> None:
        if prompt.name != "travel":
            raise PromptError(WHY)


@pytest.fixture
def particular(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a deployment in which that service answers."""
    monkeypatch.setitem(INFERENCES, "local", lambda settings: Particular(settings.home))
    monkeypatch.setenv("BATCH_CLASSIFIER_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("BATCH_CLASSIFIER_PROMPTS", str(PROMPTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def test_prompts_says_what_the_service_says(particular: Path) -> None:
    ended = CliRunner().invoke(command_line, ["prompts"])
    assert ended.exit_code == 1
    assert ended.stderr == f"Error: {PROMPTS / 'lost_deals'}.yaml: {WHY}\n"
    assert "travel" in ended.stdout and "lost_deals" in ended.stdout


def test_doctor_says_what_the_service_says(particular: Path) -> None:
    (verdict,) = [one for one in check_deployment(Settings(home=particular, prompts=PROMPTS)) if one.name == "Prompts"]
    assert (verdict.status, verdict.finding) == ("fail", f"{PROMPTS / 'lost_deals'}.yaml: {WHY}")


def test_a_missing_setting_hides_no_prompt(particular: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_DEPLOYMENT", "aws")
    ended = CliRunner().invoke(command_line, ["prompts"])
    assert ended.exit_code == 1 and "travel" in ended.stdout
    assert ended.stderr.startswith("Error: BATCH_CLASSIFIER_INTERNAL_URI is not set")


def test_a_service_that_says_nothing_else_is_asked_for_a_request(tmp_path: Path) -> None:
    class Refusing(ScriptedInference):
        def model_input(self, prompt: Prompt, user: str, texts: int = 1) -> dict:
            raise PromptError(WHY)

    prompt = Prompt.model_construct(name="any")
    with pytest.raises(PromptError, match="it is Tuesday"):
        Refusing(tmp_path).check_prompt(prompt)


def test_what_is_hardly_meant_is_warned_of(tmp_path: Path) -> None:
    """Tags that nobody asks for leave every reason empty, and a misspelt model is found on AWS alone; neither keeps a prompt from running."""
    content = prompt_content(
        instructions="{% for one in categories %}{{ one.name }}, {% endfor %} Answer with <class>name</class>.",
        model={"id": "anthropic.claud-3"},
    )
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (tmp_path / "usual.yaml").write_text(yaml.safe_dump(prompt_content()), encoding="utf-8")
    folder = load_prompts(tmp_path)
    tags, model = prompt_warnings(
        folder, tmp_path, INFERENCES["local"](Settings(home=tmp_path / "data", prompts=tmp_path))
    )
    assert "never ask for <rationale>" in tags and "or set rationale: false" in tags
    assert "anthropic.claud-3 is in no price table" in model
    assert all(one.startswith(f"{tmp_path / 'odd'}.yaml: ") and one.count(".\n") == 0 for one in (tags, model))
