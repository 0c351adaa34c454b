"""After a prompt's change its check says what would be asked again and for how much, before anybody materializes."""

import dagster as dg
import pytest

from batch_classifier.defs.same_prompt_version import Told, same_prompt_version_key
from batch_classifier.defs.sensors.changed_prompts import Reported, is_due
from batch_classifier_tests.support.project import Project


class Ticks:
    """The sensor's ticks as Dagster's daemon makes them: cursor kept, checks recorded."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.cursor: str | None = None
        self.said = ""

    def tick(self) -> int:
        """One tick; how many checks it reported."""
        definitions = self.project.definitions
        context = dg.build_sensor_context(
            instance=self.project.instance,
            cursor=self.cursor,
            repository_def=definitions.get_repository_def(),
            resources=dict(definitions.resources or {}),
        )
        with context:
            data = definitions.get_repository_def().get_sensor_def("changed_prompts").evaluate_tick(context)
        self.cursor, self.said = data.cursor, data.skip_message or ""
        assert not data.run_requests
        for event in data.asset_events:
            self.project.instance.report_runless_asset_event(event)
        return len(data.asset_events)

    def shown(self) -> dg.AssetCheckEvaluation:
        """What Dagster shows of the check."""
        key = same_prompt_version_key(self.project.prompt_name)
        record = self.project.instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None and isinstance(record.evaluation, dg.AssetCheckEvaluation)
        return record.evaluation


def test_a_changed_prompt_is_told_of_with_texts_and_usd(stored_project: Project) -> None:
    project, ticks = stored_project, Ticks(stored_project)
    project.drop("calls.csv", ["My flight is late", "I want my money back", "My flight is late"])
    assert project.run("calls.csv").success
    assert ticks.tick() == 1 and ticks.shown().passed
    assert ticks.tick() == 0, "nothing is new"

    # The file alone, as somebody saves it; Dagster has not loaded it yet, but a run would read it.
    loaded = project._loaded
    project.set_prompt(
        instructions="Choose with more care: {% for c in categories %}{{ c.name }} {% endfor %}<class></class>"
    )
    project._loaded = loaded
    assert ticks.tick() == 1
    shown = ticks.shown()
    assert not shown.passed and shown.severity is dg.AssetCheckSeverity.WARN and shown.partition is None
    assert "1 file was classified by an older version" in (shown.description or "")
    assert "2 texts anew" in (shown.description or "") and " USD" in (shown.description or "")
    assert shown.metadata["texts_to_ask_again"].value == 2 and str(shown.description) in ticks.said

    # The run's own checks leave it alone; made again, the file is of the new version, and a new look says so.
    project.restart()
    result = project.run("calls.csv")
    assert result.success
    assert "same_prompt_version" not in {one.check_name for one in result.get_asset_check_evaluations()}
    assert ticks.tick() == 1 and not ticks.shown().passed, "said again, until it is time to ask the tables"
    ticks.cursor = None
    assert ticks.tick() == 1 and ticks.shown().passed


def test_a_cursor_of_another_version_says_nothing(stored_project: Project) -> None:
    ticks = Ticks(stored_project)
    for ticks.cursor in ('{"tickets": {"version": 1}}', "[]", "3", "no JSON"):
        assert ticks.tick() == 1 and ticks.shown().passed


@pytest.mark.parametrize(
    ("last", "made_at", "now", "due"),
    [
        pytest.param(None, 0.0, 1.0, True, id="never told"),
        pytest.param(("v0", 0, 5.0), 0.0, 9.0, True, id="another version"),
        pytest.param(("v1", 0, 5.0), 8.0, 5_000.0, False, id="all are of this version, and so is what comes"),
        pytest.param(("v1", 3, 5.0), 4.0, 5_000.0, False, id="nothing was made since"),
        pytest.param(("v1", 3, 5.0), 8.0, 9.0, False, id="asked a moment ago"),
        pytest.param(("v1", 3, 5.0), 8.0, 5_000.0, True, id="older files were made again"),
    ],
)
def test_when_the_tables_are_asked(last: tuple[str, int, float] | None, made_at: float, now: float, due: bool) -> None:
    reported = None
    if last is not None:
        version, texts, at = last
        reported = Reported(Told(version, "", 1, texts, 0.1, at), at)
    assert is_due(reported, "v1", made_at, now) is due
