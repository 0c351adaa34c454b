"""A prompt that masks, through the command line and the local engine: what is counted, what is written, what is nowhere."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batch_classifier.command_line.main import command_line
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.prompt_content import PROMPT
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.support.request_files import file_of

TEXTS = [
    "charge jane@example.com for K-123456",
    "charge joe@example.com for K-999999",
    "call +49 170 1234567 about a flight",
]
SECRETS = (b"jane@", b"joe@", b"K-123456", b"170 1234567")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the current folder whose prompt masks."""
    made = Project(tmp_path, None, None)  # type: ignore[arg-type]
    made.set_prompt(redact={"patterns": {"customer_number": r"K-\d{6}"}})
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return made


def test_classify_tells_how_much_was_masked_and_leaves_no_original(project: Project) -> None:
    (project.home / "calls.csv").write_bytes(file_of(TEXTS, ".csv"))
    result = CliRunner().invoke(command_line, ["classify", "calls.csv", "--prompt", PROMPT])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "Masked in 3 texts: 2 email, 1 phone, 0 iban, 0 card, 2 customer_number." in said
    assert "2 distinct texts: 2 new" in said
    (written,) = (project.home / "data" / "output_data").rglob("*.csv")
    assert written.read_text(encoding="utf-8-sig").count("charge [email] for [customer_number]") == 2
    files = [path for path in (project.home / "data").rglob("*") if path.is_file() and "input_data" not in path.parts]
    found = [(path.name, secret) for path in files for secret in SECRETS if secret in path.read_bytes()]
    assert len(files) > 5 and not found


@pytest.mark.parametrize(
    ("redact", "told"),
    [
        ({"kinds": ["names"]}, "redact.kinds.1: must be 'email', 'phone', 'iban' or 'card'"),
        ({"kinds": []}, "redact: masks nothing"),
        ({"patterns": {"Order No": "x"}}, "redact.patterns.Order No"),
        ({"patterns": {"order": "(?=x)x"}}, "redact.patterns.order: is no regular expression of RE2"),
        ({"patterns": {"order": "x*"}}, "redact.patterns.order: matches where nothing stands"),
        ({"patterns": {"email": "x"}}, "'email' is the name of a kind"),
        ({"countries": ["Germany"]}, "redact.countries.1: must be two letters of ISO 3166"),
        ({"keep": True}, "redact.keep: is not a key of a prompt file"),
    ],
)
def test_what_is_wrong_with_the_key_is_told(project: Project, redact: dict[str, object], told: str) -> None:
    project.set_prompt(redact=redact)
    result = CliRunner().invoke(command_line, ["prompts"])
    said = " ".join(result.output.split())
    assert result.exit_code == 1 and told in said, said
