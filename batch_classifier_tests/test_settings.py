"""Settings: variables or a `.env` file, defaults by deployment, and a clear word about a value that cannot be used."""

from pathlib import Path

import pytest

from batch_classifier.definitions import load_definitions
from batch_classifier.errors import SettingError
from batch_classifier.limits import DEFAULT_LIMITS, Limits
from batch_classifier.settings import load_settings
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.repository import PROMPTS


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Sets variables for one test; what a `.env` file brings into the environment is taken out again as well."""
    for name in (
        "HOME",
        "PROMPTS",
        "DEPLOYMENT",
        "WAIT_SECONDS",
        "CUSTOMER_URI",
        "INTERNAL_URI",
        "INFERENCE",
        "WAREHOUSE",
    ):
        monkeypatch.setenv(f"BATCH_CLASSIFIER_{name}", "")
        monkeypatch.delenv(f"BATCH_CLASSIFIER_{name}")
    return monkeypatch


def test_a_laptop_needs_no_settings() -> None:
    settings = load_settings()
    assert (settings.deployment, settings.inference_kind, settings.warehouse_kind) == ("local", "local", "duckdb")
    assert settings.home == Path("data") and settings.prompts == Path("prompts")
    assert (settings.customer_location, settings.internal_location) == ("data", "data/internal")
    assert settings.waits_for_jobs is None, "a local run waits for its jobs to their end"


def test_one_variable_chooses_the_defaults_of_aws(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BATCH_CLASSIFIER_DEPLOYMENT", "aws")
    settings = load_settings()
    assert (settings.inference_kind, settings.warehouse_kind) == ("bedrock", "athena")
    assert settings.waits_for_jobs == 0, "no worker is held while Bedrock works"


@pytest.mark.parametrize("location", ["customer_location", "internal_location"])
def test_aws_has_no_default_for_where_files_are(environment: pytest.MonkeyPatch, location: str) -> None:
    environment.setenv("BATCH_CLASSIFIER_DEPLOYMENT", "aws")
    with pytest.raises(SettingError) as caught:
        getattr(load_settings(), location)
    name = f"BATCH_CLASSIFIER_{location.replace('location', 'uri').upper()}"
    assert name in str(caught.value) and "s3://" in str(caught.value) and is_one_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("HOME", "/elsewhere", "home", Path("/elsewhere")),
        ("PROMPTS", "tasks", "prompts", Path("tasks")),
        ("CUSTOMER_URI", "s3://bucket/in", "customer_location", "s3://bucket/in"),
        ("INTERNAL_URI", "/mnt/internal", "internal_location", "/mnt/internal"),
        ("INFERENCE", "bedrock", "inference_kind", "bedrock"),
        ("WAREHOUSE", "athena", "warehouse_kind", "athena"),
        ("WAIT_SECONDS", "2.5", "waits_for_jobs", 2.5),
        ("WAIT_SECONDS", "0", "waits_for_jobs", 0.0),
        ("WAIT_SECONDS", "", "waits_for_jobs", None),
        ("DEPLOYMENT", "", "deployment", "local"),
    ],
)
def test_each_part_can_be_chosen_by_itself(
    environment: pytest.MonkeyPatch, name: str, value: str, attribute: str, expected: object
) -> None:
    environment.setenv(f"BATCH_CLASSIFIER_{name}", value)
    assert getattr(load_settings(), attribute) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPLOYMENT", "azure"),
        ("INFERENCE", "gpt"),
        ("WAREHOUSE", "excel"),
        ("WAIT_SECONDS", "soon"),
        ("WAIT_SECONDS", "-1"),
        ("WAIT_SECONDS", "nan"),
        ("BEDROCK_POLL_SECONDS", "inf"),
        ("BEDROCK_POLL_SECONDS", "nan"),
        ("FILE_MODE", "400"),
        ("RETENTION_DAYS", "99999999999"),
        ("RESULT_RETENTION_DAYS", "40000"),
        ("REQUEST_RETENTION_DAYS", "0"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_variable(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(f"BATCH_CLASSIFIER_{name}", value)
    with pytest.raises(SettingError) as caught:
        load_settings()
    message = str(caught.value)
    assert f"BATCH_CLASSIFIER_{name}" in message and repr(value) in message and is_one_sentence(message)
    assert "value error" not in message


def test_a_file_at_the_root_is_read_and_variables_go_before_it(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = ["BATCH_CLASSIFIER_HOME=/from/file", "BATCH_CLASSIFIER_PROMPTS=from_file", "SOMETHING_ELSE=1"]
    environment.setenv("SOMETHING_ELSE", "0")
    (tmp_path / ".env").write_text("\n".join(lines))
    environment.setenv("BATCH_CLASSIFIER_PROMPTS", "from_variable")
    settings = load_settings()
    assert settings.home == Path("/from/file") and settings.prompts == Path("from_variable")


def test_a_bad_line_of_that_file_is_told_with_its_variable(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BATCH_CLASSIFIER_DEPLOYMENT=moon\n")
    with pytest.raises(SettingError, match="BATCH_CLASSIFIER_DEPLOYMENT is 'moon'"):
        load_settings()


def test_definitions_load_from_the_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("BATCH_CLASSIFIER_PROMPTS", str(PROMPTS))
    names = {key.path[0] for key in load_definitions().resolve_asset_graph().get_all_asset_keys()}
    assert names >= {"travel", "lost_deals"}


def test_definitions_load_without_any_prompt(caplog: pytest.LogCaptureFixture) -> None:
    """So that the UI starts and says what is wrong."""
    assert not list(load_definitions().resolve_asset_graph().get_all_asset_keys())
    assert "BATCH_CLASSIFIER_PROMPTS" in caplog.text


def test_a_broken_prompt_file_leaves_the_others_loaded(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    good = (PROMPTS / "travel.yaml").read_text(encoding="utf-8")
    (tmp_path / "prompts" / "travel.yaml").write_text(good, encoding="utf-8")
    (tmp_path / "prompts" / "broken.yaml").write_text("categories: []")
    keys = load_definitions().resolve_asset_graph().get_all_asset_keys()
    assert {key.path[0] for key in keys} == {"travel"}


@pytest.mark.parametrize(
    "content",
    [
        "BATCH_CLASSIFIER_HOME=H\xf6hle\n".encode("latin-1"),
        "BATCH_CLASSIFIER_HOME=Höhle\n".encode("utf-16"),
        "BATCH_CLASSIFIER_HOME=somewhere\n".encode("utf-16-le"),
    ],
    ids=["latin-1", "utf-16", "utf-16 without its mark"],
)
def test_an_env_file_that_is_not_utf_8_is_told(environment: pytest.MonkeyPatch, content: bytes) -> None:
    Path(".env").write_bytes(content)
    with pytest.raises(SettingError) as caught:
        load_settings()
    assert str(caught.value) == f"{Path.cwd() / '.env'} is not UTF-8 text; save it as that."


def test_an_env_file_may_begin_with_a_byte_order_mark(environment: pytest.MonkeyPatch) -> None:
    Path(".env").write_bytes("\ufeffBATCH_CLASSIFIER_HOME=Höhle\n".encode())
    assert load_settings().home == Path("Höhle")


def test_the_limits_of_request_files_are_settings(environment: pytest.MonkeyPatch) -> None:
    assert load_settings().limits == DEFAULT_LIMITS
    for name, value in (("MAX_FILE_BYTES", "5000"), ("MAX_CELL_BYTES", "2000"), ("MAX_UNPACKED_RATIO", "7")):
        environment.setenv(f"BATCH_CLASSIFIER_{name}", value)
    assert load_settings().limits == Limits(5_000, 2_000, 7)
    environment.setenv("BATCH_CLASSIFIER_MAX_CELL_BYTES", "0")
    with pytest.raises(SettingError, match="BATCH_CLASSIFIER_MAX_CELL_BYTES is '0'"):
        load_settings()
