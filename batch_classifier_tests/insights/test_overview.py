"""Counts, shares, changes, trend and reasons of what is selected, in both warehouses."""

import datetime

from batch_classifier.insights.choices import choices, own_values
from batch_classifier.insights.overview import by_own_column, overview, reasons
from batch_classifier.insights.prompt_tables import PromptTables, know_corrections
from batch_classifier.insights.selection import NO_CLASS, Selection, words_of
from batch_classifier_tests.support.looked_at_tables import MONDAY

DAY = MONDAY.date()
WEEK = datetime.timedelta(weeks=1)


def test_classes_are_counted_with_corrections_first(tables: PromptTables) -> None:
    found = overview(tables, Selection())
    assert (found.requests, found.without_class, found.corrected, found.requests_before) == (7, 2, 1, None)
    assert [(one.class_name, one.requests) for one in found.classes] == [("Travel", 4), ("Billing", 1), (None, 2)]
    assert found.classes[0].share == 4 / 7 and found.classes[0].corrected == 1 and found.classes[0].change is None
    assert found.unit == "day"
    assert [(point.start, point.class_name, point.requests) for point in found.trend if point.class_name] == [
        (DAY, "Billing", 1),
        (DAY, "Travel", 2),
        (DAY + WEEK, "Travel", 2),
    ]


def test_a_period_is_compared_with_the_one_before(tables: PromptTables) -> None:
    found = overview(tables, Selection(since=DAY + WEEK, until=DAY + 2 * WEEK - datetime.timedelta(days=1)))
    assert (found.requests, found.requests_before) == (3, 4)
    (travel,) = [one for one in found.classes if one.class_name == "Travel"]
    assert (travel.requests, travel.before) == (2, 2)
    assert travel.change is not None and abs(travel.change - (2 / 3 - 2 / 4)) < 1e-9
    (gone,) = [one for one in found.classes if one.class_name == "Billing"]
    assert (gone.requests, gone.before) == (0, 1), "what is no longer there is seen as well"


def test_every_filter_narrows(tables: PromptTables) -> None:
    def number(**chosen: object) -> int:
        return overview(tables, Selection(**chosen)).requests  # type: ignore[arg-type]

    assert number(request_files=("a.csv",)) == 4
    assert number(classes=("Travel",)) == 4 and number(classes=(NO_CLASS, "Billing")) == 3
    assert number(statuses=("rejected",)) == 1
    assert number(sources=("model",)) == 7 and number(sources=("duplicate",)) == 0
    assert number(own=(("channel", ("chat",)),)) == 4
    assert number(own=(("channel", ("chat",)), ('odd "name"', ("2", "3")))) == 3
    assert number(words="FLIGHT moved") == 2 and number(words='"charged twice" flight') == 1
    assert number(words="$x^2$") == 1, "words are no pattern"
    assert number(words="it is about billing") == 2, "reasons are searched too"
    assert number(until=DAY) == 4 and number(since=DAY + WEEK) == 3
    assert number(words="'; drop table") == 0


def test_why_requests_have_no_class(tables: PromptTables) -> None:
    assert sorted((one.status, one.reason, one.requests) for one in reasons(tables, Selection())) == [
        ("no_answer", "The model did not answer.", 1),
        ("rejected", "The row has no text.", 1),
    ]


def test_classes_by_an_own_column(tables: PromptTables) -> None:
    cells = {(one.class_name, one.value): one.requests for one in by_own_column(tables, Selection(), "channel")}
    assert cells == {
        ("Travel", "phone"): 2,
        ("Travel", "chat"): 2,
        ("Billing", "chat"): 1,
        (None, "phone"): 1,
        (None, "chat"): 1,
    }
    assert {one.value for one in by_own_column(tables, Selection(), "no such column")} == {None}


def test_what_there_is_to_choose_from(tables: PromptTables) -> None:
    there = choices(tables)
    assert [(file.request_file, file.rows) for file in there.files] == [("b.csv", 3), ("a.csv", 4)], "the newest first"
    assert (there.first_day, there.last_day, there.rows) == (DAY, DAY + WEEK, 7)
    assert there.statuses == ("classified", "no_answer", "rejected") and there.sources == ("model",)
    assert there.own_columns == ("channel", 'odd "name"')
    assert own_values(tables, "channel") == ("chat", "phone")


def test_tables_without_corrections_are_asked_without_looking_for_them(tables: PromptTables) -> None:
    assert know_corrections(tables.warehouse, tables.prompt).has_corrections
    quick = PromptTables(tables.warehouse, tables.prompt, has_corrections=False)
    assert [(one.class_name, one.requests) for one in overview(quick, Selection()).classes] == [
        ("Travel", 3),
        ("Billing", 2),
        (None, 2),
    ]


def test_words_are_taken_apart() -> None:
    assert words_of('one "two three"  "" four') == ["one", "two three", "four"]
    assert len(words_of("a " * 100)) == 10
