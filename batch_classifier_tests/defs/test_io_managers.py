"""The IO managers and the resource `duckdb`: rows to the warehouse and back, and connections that assets of a team may use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from dagster_duckdb import DuckDBResource

from batch_classifier.defs.duckdb_resource import WarehouseFile
from batch_classifier.defs.io_managers import duckdb_tables, warehouse_tables
from batch_classifier.defs.resources import build_resources
from batch_classifier.defs.run_process import MarksRunProcess
from batch_classifier.warehouse.duckdb import DuckDBWarehouse
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY, TableRows
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence, metadata_of
from batch_classifier_tests.support.project import Project

FILES = dg.DynamicPartitionsDefinition(name="tickets_request_files")
SUMMARY = dg.AssetKey(["tickets", "category_summary"])


def summary(request_file: str, *classes: str) -> list[pa.RecordBatch]:
    rows = [{"request_file": request_file, "class": name, "requests": 1} for name in classes]
    return [pa.RecordBatch.from_pylist(rows, schema=CATEGORY_SUMMARY.schema)]


@dg.asset(key=SUMMARY, partitions_def=FILES)
def a_table(context: dg.AssetExecutionContext) -> TableRows:
    return TableRows(iter(summary(context.partition_key, "a", "b")), lambda: {"told": "afterwards"})


def both_kinds(path: Path) -> dict[str, dict[str, Any]]:
    """The resources of a deployment with the DuckDB file, and with any other warehouse."""
    return {
        "duckdb": {"duckdb": WarehouseFile(database=str(path)), "io_manager": duckdb_tables},
        "another": {"warehouse": DuckDBWarehouse(path), "io_manager": warehouse_tables},
    }


def materialize(
    tmp_path: Path,
    *assets: dg.AssetsDefinition,
    kind: str = "duckdb",
    only_the_last: bool = False,
    tags: dict[str, str] | None = None,
    **resources: Any,
) -> dg.ExecuteInProcessResult:
    given = {**both_kinds(tmp_path / "warehouse.duckdb")[kind], "run_process": MarksRunProcess(), **resources}
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("tickets_request_files", ["it's.csv", "b.csv"])
        return dg.materialize(
            list(assets),
            selection=[assets[-1]] if only_the_last else None,
            resources=given,
            instance=instance,
            partition_key=None if tags else "it's.csv",
            tags=tags,
            raise_on_error=False,
        )


@pytest.mark.parametrize("kind", ["duckdb", "another"])
def test_rows_go_in_come_back_and_are_told_of(tmp_path: Path, kind: str) -> None:
    loaded: list[pa.Table] = []

    @dg.asset(partitions_def=FILES, ins={"rows": dg.AssetIn(key=SUMMARY)})
    def reader(rows: pa.Table) -> dg.MaterializeResult:
        loaded.append(rows)
        return dg.MaterializeResult()

    result = materialize(tmp_path, a_table, reader, kind=kind)
    assert result.success, failure_of(result)
    assert loaded[0].schema == CATEGORY_SUMMARY.schema and loaded[0]["class"].to_pylist() == ["a", "b"]
    metadata = metadata_of(result, "category_summary")
    assert metadata["dagster/row_count"] == 2 and metadata["told"] == "afterwards"
    assert metadata["dagster/table_name"] == "tickets.category_summary"
    assert metadata["Query"] == "select * from tickets.category_summary where request_file = 'it''s.csv'"
    with WarehouseFile(database=str(tmp_path / "warehouse.duckdb")).get_connection() as connection:
        assert connection.sql(metadata["Query"]).fetchall() != []


def test_a_partition_that_was_never_written_loads_as_an_empty_table(tmp_path: Path) -> None:
    loaded: list[pa.Table] = []

    @dg.asset(partitions_def=FILES, ins={"rows": dg.AssetIn(key=SUMMARY)})
    def reader(rows: pa.Table) -> dg.MaterializeResult:
        loaded.append(rows)
        return dg.MaterializeResult()

    assert materialize(tmp_path, a_table, reader, only_the_last=True).success
    assert loaded[0].num_rows == 0 and loaded[0].schema == CATEGORY_SUMMARY.schema


@pytest.mark.parametrize(("returned", "name"), [("text", "str"), (None, "NoneType")])
def test_what_is_no_rows_is_told(tmp_path: Path, returned: object, name: str) -> None:
    @dg.asset(key=SUMMARY, partitions_def=FILES)
    def wrong():  # type: ignore[no-untyped-def]  # noqa: ANN202
        return returned

    message = failure_of(materialize(tmp_path, wrong))
    assert "tickets/category_summary" in message and name in message and "MaterializeResult" in message


def test_two_request_files_in_one_run_are_told(tmp_path: Path) -> None:
    @dg.asset(key=SUMMARY, partitions_def=FILES, backfill_policy=dg.BackfillPolicy.single_run())
    def both() -> TableRows:
        return TableRows(iter(()))

    ends = {"dagster/asset_partition_range_start": "it's.csv", "dagster/asset_partition_range_end": "b.csv"}
    message = failure_of(materialize(tmp_path, both, tags=ends))
    assert "one request file" in message and not (tmp_path / "warehouse.duckdb").exists()


def test_the_io_manager_uses_the_connections_of_the_resource(tmp_path: Path) -> None:
    opened: list[str] = []

    class Counted(WarehouseFile):
        def get_connection(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            opened.append(self.database)
            return super().get_connection()

    path = str(tmp_path / "elsewhere.duckdb")
    assert materialize(tmp_path, a_table, duckdb=Counted(database=path)).success
    assert set(opened) == {path} and not (tmp_path / "warehouse.duckdb").exists()


def test_an_asset_of_a_team_queries_the_tables(projects: Callable[..., Project]) -> None:
    """With the resource that dagster-duckdb documents, in a run of the project's own definitions."""
    project = projects()
    project.classify("calls.csv", ["My flight", "I was charged", "Another flight"])

    @dg.asset(deps=[dg.AssetKey([project.prompt_name, "classifications"])], pool="duckdb")
    def classes(duckdb: DuckDBResource) -> dg.MaterializeResult:
        with duckdb.get_connection() as connection:
            rows = connection.sql("select class, count(*) from tickets.classifications group by class").fetchall()
            ((limit,),) = connection.sql("select current_setting('memory_limit')").fetchall()
        return dg.MaterializeResult(metadata={"classes": dict(rows), "limit": limit})

    definitions = dg.Definitions.merge(project.definitions, dg.Definitions(assets=[classes]))
    result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=project.instance, asset_selection=[classes.key], raise_on_error=False
    )
    assert result.success, failure_of(result)
    metadata = metadata_of(result, "classes")
    assert metadata["classes"] == {"Travel": 2, "Billing": 1}
    assert metadata["limit"].endswith("MiB"), "the warehouse's own limit, not most of the machine's memory"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_the_file_is_let_go_whatever_happens(tmp_path: Path, failure: type[BaseException]) -> None:
    database = WarehouseFile(database=str(tmp_path / "warehouse.duckdb"))
    with pytest.raises(failure), database.get_connection() as connection:
        connection.execute("create table kept as select 1 as one")
        raise failure
    # What another process could do now.
    import duckdb

    with duckdb.connect(database.database, config={"memory_limit": "50MB"}) as other:
        assert other.sql("select one from kept").fetchall() == [(1,)]


def test_a_file_that_cannot_be_opened_fails_in_one_sentence_without_a_retry(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"not a database" * 1_000)
    result = materialize(tmp_path, a_table)
    message = failure_of(result)
    assert str(tmp_path / "warehouse.duckdb") in message and is_one_sentence(message)


def test_the_resource_is_there_where_the_warehouse_is_duckdb(project: Project, tmp_path: Path) -> None:
    local = build_resources(project.settings)
    assert (
        isinstance(local["duckdb"], DuckDBResource)
        and local["io_manager"].required_resource_keys == duckdb_tables.required_resource_keys
    )
    assert Path(local["duckdb"].database) == project.warehouse.path.absolute()
    aws = build_resources(
        project.settings.model_copy(
            update={"warehouse": "athena", "internal_uri": "s3://internal", "tables_uri": "s3://internal/tables"}
        )
    )
    assert "duckdb" not in aws and aws["io_manager"].required_resource_keys == warehouse_tables.required_resource_keys
