"""What Dagster shows of a certificate: how much the local model may answer, by how much it agrees, as numbers, table and chart."""

from collections.abc import Mapping
from typing import Any

from batch_classifier.defs.bar_picture import bar_picture
from batch_classifier.defs.metadata import markdown_table


def certificate_metadata(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Of what `Decision.summary` holds."""
    tested = summary["tested"]
    rows = [
        {
            "texts, the surest": f"{one['share']:.0%}",
            "confidence from": one["least_confidence"],
            "drawn": one["drawn"],
            "differing": one["differing"],
            "agreement": "" if one["agreement"] is None else f"{one['agreement']:.1%}",
            "certified": "yes" if one["share"] <= summary["certified_share"] else "no",
        }
        for one in tested
    ]
    chart = {f"{one['share']:.0%}": one["agreement"] for one in tested if one["agreement"] is not None}
    metadata: dict[str, Any] = {
        "certified_share": summary["certified_share"],
        "local_model": summary["model_id"],
        "learned_from_answers": summary["learned_from"],
        "drawn_answers": summary["drawn"],
        "coverage_and_agreement": markdown_table(rows),
        "agreement_by_coverage": bar_picture(chart),
        "categories_never_answered": ", ".join(summary["never_answered"]) or "none",
    }
    if summary["least_confidence"] is not None:
        metadata["certified_confidence"] = summary["least_confidence"]
    if summary["contradiction"] is not None:
        metadata["differing_among_the_surest"] = summary["contradiction"]
    return metadata
