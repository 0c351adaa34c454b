"""The asset category_summary: requests, share and cost by category."""

import dagster as dg
import pyarrow as pa

from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import bar_chart, markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import (
    CATEGORY_SUMMARY,
    CLASSIFICATIONS,
    TableRows,
)


def build_category_summary(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(
        **table_asset(prompt, CATEGORY_SUMMARY, {"sql", "table"}),
        deps=[asset_key(prompt.name, CLASSIFICATIONS.name)],
        pool=WAREHOUSE_POOL,
    )
    def category_summary(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> TableRows:
        with told_in_one_sentence():
            rows = warehouse.query(prompt.name, queries.category_summary(warehouse, prompt, context.partition_key))
        batches = [pa.RecordBatch.from_pylist(rows, schema=CATEGORY_SUMMARY.schema)] if rows else []
        shares = {row["class"] or "(no class)": row["share"] for row in rows}
        table = [{**row, "class": row["class"] or "(no class)", "share": f"{row['share']:.1%}"} for row in rows]
        shown = ["class", "requests", "share", "repaired", "failed", "cost_usd"]
        return TableRows(iter(batches), lambda: {"summary": markdown_table(table, shown), "chart": bar_chart(shares)})

    return category_summary
