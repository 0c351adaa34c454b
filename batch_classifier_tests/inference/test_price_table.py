"""The price table: the package's own, a team's in its place, and what is said where it does not help."""

from pathlib import Path

import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.price_table import PriceTable
from batch_classifier.inference.prices import Price
from batch_classifier.prompts.prompt import Model
from batch_classifier_tests.support.outcomes import is_one_sentence

HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
OWN = """
date: 2026-03-01
source: our contract
models:
  - {model: claude-3-haiku, input: 0.2, output: 1.0}
  - {model: claude-3-haiku, region: eu-central-1, input: 0.3, output: 1.5, batch_factor: 0.6, date: 2026-04-01}
  - {model: haiku, input: 9, output: 9}
"""


def written(folder: Path, content: str) -> Path:
    path = folder / "prices.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_package_knows_models_by_id_and_by_inference_profile(tmp_path: Path) -> None:
    for model_id in (HAIKU, f"us.{HAIKU}", f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{HAIKU}"):
        price = PriceTable.of(None, tmp_path).price_of(Model(id=model_id))
        assert price is not None
        assert (price.batch, price.on_demand) == (Price(0.125, 0.625), Price(0.25, 1.25))
        assert price.source == "the package's price table of 2026-01-31"


def test_a_file_in_the_home_or_of_the_setting_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    path = written(tmp_path, OWN)
    for table in (PriceTable.of(None, tmp_path), PriceTable.of(path, tmp_path / "elsewhere")):
        price = table.price_of(Model(id=HAIKU))
        assert price is not None
        assert (price.batch, price.on_demand, price.source) == (
            Price(0.1, 0.5),
            Price(0.2, 1.0),
            f"{path} of 2026-03-01",
        )
        assert table.price_of(Model(id="amazon.nova-lite-v1:0")) is None, "nobody's prices are mixed"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    price = PriceTable(path).price_of(Model(id=HAIKU))
    assert price is not None and price.on_demand == Price(0.3, 1.5) and price.source.endswith("of 2026-04-01")
    assert price.batch.input == pytest.approx(0.18)


def test_the_price_of_a_prompt_goes_before_every_table(tmp_path: Path) -> None:
    table = PriceTable(written(tmp_path, "this: [is, no, price, file]"))
    price = table.price_of(Model(id=HAIKU, price={"input": 1, "output": 2}))  # type: ignore[arg-type]
    assert price is not None and (price.batch, price.on_demand) == (Price(1, 2), Price(2, 4))


def test_what_is_said_of_a_model_that_is_missing_names_the_file_and_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path, OWN)
    said = PriceTable(path).unknown(Model(id="amazon.nova-lite-v1:0"))
    assert all(part in said for part in ("amazon.nova-lite-v1:0", str(path), "model.price", "BATCH_CLASSIFIER_PRICES"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("models: []", "date"),
        (OWN.replace("0.2,", "-1,"), "models.0.input"),
        (OWN.replace("region", "regoin"), "models.1.regoin"),
        ("a: [", "not valid YAML"),
        ("- 1", "YAML mapping"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_price_table_is_told_in_a_sentence(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "prices.yaml" if content is None else written(tmp_path, content)
    with pytest.raises(ClassifierError) as caught:
        PriceTable(path).price_of(Model(id=HAIKU))
    assert words in str(caught.value) and str(path) in str(caught.value) and is_one_sentence(str(caught.value))
