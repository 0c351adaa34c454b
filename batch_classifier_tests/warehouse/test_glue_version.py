"""The version of a table in the Glue catalog: noted in its parameters, older ones brought up to date, newer and altered ones refused."""

from collections.abc import Iterator
from typing import Any

import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.schema_version import VERSION
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.warehouse.record_batches import FILE, batch

TABLE = "travel_category_summary"


@pytest.fixture
def emulator() -> Iterator[BedrockEmulator]:
    with BedrockEmulator() as made, pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        made.create_buckets("tables")
        AthenaWarehouse("s3://tables/tables").replace("travel", CATEGORY_SUMMARY, FILE, [batch(["old"])])
        yield made


def table(emulator: BedrockEmulator) -> dict[str, Any]:
    found: dict[str, Any] = emulator.client("glue").get_table(DatabaseName="batch_classifier", Name=TABLE)["Table"]
    return found


def change(emulator: BedrockEmulator, parameters: dict[str, str], without: tuple[str, ...] = ()) -> None:
    """Give the table other parameters, and take columns from it."""
    found = table(emulator)
    storage = found["StorageDescriptor"]
    columns = [column for column in storage["Columns"] if column["Name"] not in without]
    changed = {key: found[key] for key in ("Name", "PartitionKeys", "TableType")}
    changed |= {"Parameters": parameters, "StorageDescriptor": {**storage, "Columns": columns}}
    emulator.client("glue").update_table(DatabaseName="batch_classifier", TableInput=changed)


def write() -> None:
    AthenaWarehouse("s3://tables/tables").replace("travel", CATEGORY_SUMMARY, "new.csv", [batch(["new"], "new.csv")])


def refused() -> str:
    with pytest.raises(ClassifierError) as caught:
        write()
    assert is_one_sentence(str(caught.value))
    return str(caught.value)


def test_a_table_from_before_versions_were_noted_is_brought_up_to_date(emulator: BedrockEmulator) -> None:
    """With a column that is new, as a release adds one."""
    change(emulator, {"classification": "parquet", "EXTERNAL": "TRUE", "owner": "us"}, without=("cost_usd",))
    write()
    found = table(emulator)
    assert found["Parameters"]["batch_classifier.version"] == str(VERSION)
    assert (found["Parameters"]["owner"], found["StorageDescriptor"]["Columns"][-1]["Name"]) == ("us", "cost_usd")
    with AthenaWarehouse("s3://tables/tables").read("travel", CATEGORY_SUMMARY, FILE) as rows:
        assert [name for one in rows for name in one["class"].to_pylist()] == ["old"]


def test_a_newer_table_is_refused(emulator: BedrockEmulator) -> None:
    change(emulator, {**table(emulator)["Parameters"], "batch_classifier.version": "99"})
    said = refused()
    assert "newer version" in said and f"batch_classifier.{TABLE}" in said and "GLUE_DATABASE" in said


def test_an_altered_table_is_refused(emulator: BedrockEmulator) -> None:
    change(emulator, table(emulator)["Parameters"], without=("share",))
    said = refused()
    assert "no column share any more" in said and "earlier version" in said
