"""The looked-at tables in each warehouse, made once for a test file."""

from collections.abc import Iterator

import pytest

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.prompts.prompt import Prompt
from batch_classifier_tests.support.looked_at_tables import correct, looked_at_warehouse
from batch_classifier_tests.support.prompt_content import prompt_content


@pytest.fixture(scope="module", params=["duckdb", "athena"])
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PromptTables]:
    """The tables with one correction: the flight that was charged twice is about travel."""
    prompt = Prompt(name="tickets", **prompt_content())
    with pytest.MonkeyPatch.context() as patch:
        with looked_at_warehouse(request.param, tmp_path_factory.mktemp("tables"), patch, prompt) as warehouse:
            writing = getattr(warehouse, "_writing", warehouse)
            correct(writing, prompt, "Charged twice for one flight", "Billing", "Travel")
            yield PromptTables(warehouse, prompt)
