"""The asset local_model: the prompt's own model, trained on what people, and when asked a model, said of its texts.

It has no partitions, for it learns from all request files, and stands beside the way of a file: no file's run trains it.
"""

import base64
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from batch_classifier.answers.labels import Labels
from batch_classifier.cascade.standing import Standing
from batch_classifier.defs.assets.table_asset import prompt_asset
from batch_classifier.defs.cascade_metadata import certificate_metadata
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import LOCAL_MODEL, LOCAL_MODELS_GROUP, WAREHOUSE_POOL, asset_key
from batch_classifier.evaluation.charts import curve_chart, reliability_chart
from batch_classifier.evaluation.intervals import wilson
from batch_classifier.evaluation.trained_model import ModelReport, report_on
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.open_inference import follower_of_models
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.training.train_prompt import train_prompt
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS


class LocalModelConfig(dg.Config):
    """Settings of one run of local_model."""

    only_where_new: bool = Field(
        default=False,
        description="Whether to do nothing where the texts are too few, or those that the model was trained on before.",
    )


def build_local_model(prompt: Prompt) -> dg.AssetsDefinition:
    """The asset for a prompt."""
    common = prompt_asset(
        prompt,
        LOCAL_MODEL,
        f"The own model of the prompt {prompt.name}, trained on its examples and on what there is of these: "
        f"{', '.join(prompt.local_model.learn_from)}. The local engine classifies with it. Materialize it when there is something "
        "new to learn from; nightly it is done where there is.",
        {"python", "scikitlearn"},
    )

    @dg.asset(
        **{**common, "group_name": LOCAL_MODELS_GROUP, "partitions_def": None},
        deps=[asset_key(prompt.name, RAW_REQUESTS.name), asset_key(prompt.name, CLASSIFICATIONS.name)],
        pool=WAREHOUSE_POOL,
        output_required=False,
    )
    def local_model(
        context: dg.AssetExecutionContext,
        config: LocalModelConfig,
        warehouse: dg.ResourceParam[Warehouse],
        internal_folder: dg.ResourceParam[Folder],
        inference: dg.ResourceParam[Inference],
    ) -> Iterator[dg.MaterializeResult[None]]:
        with told_in_one_sentence():
            trained = train_prompt(
                prompt,
                warehouse,
                internal_folder,
                Labels(prompt.class_names).named,
                follower_of_models(),
                config.only_where_new,
            )
        if trained is None:
            context.log.info(f"{prompt.name} has nothing new to learn from.")
        else:
            standing = Standing(internal_folder, prompt, inference.model_id(prompt))
            yield dg.MaterializeResult(metadata=shown(report_on(prompt, trained)) | _cascade(standing))

    return local_model


def shown(report: ModelReport) -> dict[str, Any]:
    """What Dagster shows of a model: figures, tables and two pictures, and no text."""
    model, scores, trained_on = report.model, report.scores, report.model.trained_on
    metadata: dict[str, Any] = {
        "model": model.digest,
        "dagster/row_count": trained_on.texts,
        "trained_on": markdown_table(
            [{"said by": origin, "texts": count} for origin, count in trained_on.by_origin.items()]
        ),
        "accuracy" if report.by_people else "agreement_with_model": scores.accuracy,
        "interval_95": f"{scores.interval.low:.1%} to {scores.interval.high:.1%}",
        "macro_f1": scores.macro_f1,
        "by_category": markdown_table(_by_category(report)),
        "learning_curve": _with_picture("Accuracy by number of texts", curve_chart(report.curve), _curve(report)),
        "expected_calibration_error": report.calibration.error,
        "reliability": _with_picture(
            "Right answers by confidence", reliability_chart(report.calibration), _reliability(report)
        ),
    }
    if trained_on.set_aside:
        metadata["improbable_labels"] = len(trained_on.set_aside)
    if trained_on.left_out:
        metadata["left_out"] = trained_on.left_out
    if trained_on.contradicting:
        metadata["contradicting_labels"] = trained_on.contradicting
    return metadata


def _cascade(standing: Standing) -> dict[str, Any]:
    """How the prompt's cascade stands, whose own model learns from the model's answers alone."""
    if standing.prompt.cascade is None:
        return {}
    off, certificate = standing.off(), standing.certificate()
    metadata: dict[str, Any] = {"cascade": "on" if off is None else f"off: {off['why']}"}
    return metadata | (certificate_metadata(certificate) if certificate else {})


def _by_category(report: ModelReport) -> list[dict[str, Any]]:
    return [
        {
            "category": score.category,
            "trained on": report.model.trained_on.by_class.get(score.category, 0),
            "precision": score.precision,
            "recall": score.recall,
            "F1": score.f1,
        }
        for score in report.scores.categories
    ]


def _curve(report: ModelReport) -> list[dict[str, Any]]:
    rows = []
    for point in report.curve:
        interval = wilson(point.right, point.judged)
        share = f"{point.right / point.judged:.1%}"
        rows.append(
            {"texts": point.texts, "accuracy": share, "95% interval": f"{interval.low:.1%} to {interval.high:.1%}"}
        )
    return rows


def _reliability(report: ModelReport) -> list[dict[str, Any]]:
    return [
        {
            "confidence": f"{one.low:.0%} to {one.low + 0.1:.0%}",
            "texts": one.texts,
            "on average": f"{one.confidence:.1%}",
            "right": f"{one.right:.1%}",
        }
        for one in report.calibration.bins
    ]


def _with_picture(title: str, svg: str, rows: list[dict[str, Any]]) -> dg.MarkdownMetadataValue:
    content = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/svg+xml;base64,{content})\n\n{markdown_table(rows).value}")
