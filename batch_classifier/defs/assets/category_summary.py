"""The asset category_summary: requests, share and cost by category."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from batch_classifier.answers.category_summary import CategoryCount, category_summary_rows, summarise
from batch_classifier.answers.quality import Accuracy, measure_accuracy
from batch_classifier.defs.assets.table_asset import table_asset
from batch_classifier.defs.bar_picture import bar_picture
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY, CLASSIFICATIONS, TableRows

# A prompt has hundreds of categories at most; so many lines are more than a page has room for.
_MOST_PLOTTED = 50


def build_category_summary(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""

    @dg.asset(
        **table_asset(prompt, CATEGORY_SUMMARY, {"sql", "table"}),
        deps=[asset_key(prompt.name, CLASSIFICATIONS.name)],
        pool=WAREHOUSE_POOL,
    )
    def category_summary(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> TableRows:
        with told_in_one_sentence():
            categories = summarise(warehouse, prompt, context.partition_key)
            measured = measure_accuracy(warehouse, prompt, context.partition_key)
        rows = category_summary_rows(context.partition_key, categories)
        return TableRows(iter([rows] if rows.num_rows else []), lambda: shown(prompt, categories, measured))

    return category_summary


def plotted(prompt: Prompt, categories: Sequence[CategoryCount], measured: Accuracy | None) -> dict[str, Any]:
    """The figures that Dagster draws over the materializations, which are the request files in the order of their runs."""
    requests = sum(category.requests for category in categories)
    shares = {category.class_name: category.share for category in categories}
    named_shares = {f"share of {name}": float(shares.get(name, 0.0)) for name in prompt.class_names[:_MOST_PLOTTED]}
    return {
        "requests": requests,
        "cost_usd": float(sum(category.cost_usd for category in categories)),
        "share without a class": float(shares.get(None, 0.0)),
        **({} if measured is None else {"accuracy": measured.accuracy}),
        **named_shares,
    }


def shown(prompt: Prompt, categories: Sequence[CategoryCount], measured: Accuracy | None) -> dict[str, Any]:
    """What Dagster shows of a summary: a table and a bar for each category, and what it plots."""
    table = [
        {
            "class": named(category),
            "requests": category.requests,
            "share": f"{category.share:.1%}",
            "repaired": category.repaired,
            "failed": category.failed,
            "cost_usd": category.cost_usd,
            "corrected": category.corrected,
        }
        for category in categories
    ]
    shares = {named(category): category.share for category in categories}
    return {
        "chart": bar_picture(shares),
        "summary": markdown_table(table),
        **plotted(prompt, categories, measured),
    }


def named(category: CategoryCount) -> str:
    """What a category is called where people read of it."""
    return category.class_name or "(no class)"
