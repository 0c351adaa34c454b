"""What tells that a person wants a file's texts asked again though they are answered: an option, and a tag of Dagster's runs."""

from collections.abc import Mapping

FRESH_OPTION, FRESH_TAG = "--fresh", "batch_classifier/fresh"


def is_fresh(tags: Mapping[str, str]) -> bool:
    """Whether a run with these tags asks again what is known."""
    return tags.get(FRESH_TAG, "").strip().casefold() in ("yes", "true", "1")
