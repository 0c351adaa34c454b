"""The registry of services: every name that the settings take opens its own service, without a call to anybody."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from batch_classifier.inference.open_inference import INFERENCES, open_inference
from batch_classifier.settings import Settings


def settings_of(home: Path, name: str) -> Settings:
    return Settings(home=home, inference=name, _env_file=None)  # type: ignore[arg-type,call-arg]


def test_the_registry_has_the_names_that_the_settings_take() -> None:
    (choice, nothing) = get_args(Settings.model_fields["inference"].annotation)
    assert set(get_args(choice)) == set(INFERENCES) and nothing is type(None)


@pytest.mark.parametrize("name", INFERENCES)
def test_a_name_opens_its_service_with_limits_of_its_own(tmp_path: Path, name: str) -> None:
    inference = open_inference(settings_of(tmp_path, name))
    assert inference.kind == name and inference.minimum_records == inference.limits.minimum_records
    assert 0 < inference.limits.minimum_records < inference.limits.maximum_records
    assert list(tmp_path.iterdir()) == []


def test_the_registry_brings_no_service_s_libraries_along() -> None:
    """Whoever runs without AWS need not have its libraries, and nobody waits for them at the start of a command."""
    code = "import batch_classifier.inference.open_inference, sys; print(sorted({'boto3', 'botocore', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
