"""Which warehouse the settings open, and what is told of an address that no warehouse can use."""

from pathlib import Path

import pytest

from batch_classifier.errors import SettingError
from batch_classifier.settings import Settings
from batch_classifier.warehouse.athena import AthenaWarehouse
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.open_warehouse import WAREHOUSES, open_warehouse
from batch_classifier.warehouse.tables import RAW_REQUESTS


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg, arg-type]


def test_a_laptop_has_a_file_in_its_home(tmp_path: Path) -> None:
    warehouse = open_warehouse(settings(home=tmp_path))
    assert isinstance(warehouse, DuckDBWarehouse)
    assert (warehouse.path, warehouse.place) == (tmp_path / "warehouse.duckdb", str(tmp_path / "warehouse.duckdb"))
    assert not list(tmp_path.iterdir()), "nothing is opened before it is used"


def test_a_home_given_by_a_relative_path_stays_the_same_file_wherever_a_process_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_warehouse(settings(home=Path("data"))).place == str(tmp_path / "data" / "warehouse.duckdb")


def test_on_aws_the_tables_are_below_the_internal_folder() -> None:
    warehouse = open_warehouse(
        settings(deployment="aws", internal_uri="s3://internal/batches/", glue_database="calls", customer_uri="s3://c")
    )
    assert isinstance(warehouse, AthenaWarehouse)
    assert warehouse.location_uri == "s3://internal/batches/tables"
    assert warehouse.name("travel", RAW_REQUESTS) == "calls.travel_raw_requests" and warehouse.place == "Athena"


def test_athena_with_tables_on_a_disk_is_told() -> None:
    with pytest.raises(SettingError, match="s3://"):
        open_warehouse(settings(warehouse="athena", tables_uri="/tmp/tables"))


def test_every_kind_that_can_be_set_can_be_opened() -> None:
    kinds = Settings.model_json_schema()["properties"]["warehouse"]["anyOf"][0]["enum"]
    assert set(kinds) == set(WAREHOUSES)
