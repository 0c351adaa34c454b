"""Texts found, sorted, opened and taken away, in both warehouses."""

from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.selection import Selection
from batch_classifier.insights.texts import DOWNLOADED, Order, downloaded_rows, find_texts, whole_text
from batch_classifier_tests.support.looked_at_tables import ODD_TEXT

FILES = (("b.csv", 3), ("a.csv", 4))


def texts(tables: PromptTables, order: Order = Order.DOUBT, **chosen: object) -> list[str]:
    found = find_texts(tables, Selection(**chosen), order, FILES)  # type: ignore[arg-type]
    return [line.text for line in found.lines]


def test_the_most_doubtful_come_first(tables: PromptTables) -> None:
    assert texts(tables)[:2] == [ODD_TEXT, "I was charged twice"]
    assert find_texts(tables, Selection(), Order.DOUBT, FILES).number == 7
    assert texts(tables, Order.NEWEST, classes=("Travel",))[-1] in (
        "My flight was moved",
        "Charged twice for one flight",
    )
    assert texts(tables, Order.OLDEST)[-1] != texts(tables, Order.NEWEST)[-1]


def test_a_search_ends_early_and_goes_on(tables: PromptTables) -> None:
    first = find_texts(tables, Selection(words="flight"), Order.NEWEST, FILES, seconds=-1)
    assert (len(first.lines), first.looked_through, first.next_files) == (3, 7, ())
    many = tuple((name, 100_000) for name, _ in FILES)
    early = find_texts(tables, Selection(words="flight"), Order.NEWEST, many, seconds=-1)
    assert ([line.request_file for line in early.lines], early.next_files) == (["b.csv"], ("a.csv",))
    late = find_texts(tables, Selection(words="flight"), Order.NEWEST, many[1:], seconds=-1)
    assert ([line.request_file for line in late.lines], late.next_files) == (["a.csv", "a.csv"], ())
    inside = find_texts(tables, Selection(words="flight", request_files=("a.csv",)), Order.OLDEST, FILES)
    assert {line.request_file for line in inside.lines} == {"a.csv"}


def test_a_row_opens_to_all_that_is_known(tables: PromptTables) -> None:
    whole = whole_text(tables, "a.csv", 3)
    assert whole is not None
    assert (whole.text, whole.class_name, whole.line.model_class) == (
        "Charged twice for one flight",
        "Travel",
        "Billing",
    )
    assert (whole.corrected_by, whole.raw_class, whole.rationale) == ("Ada", "Billing", "It is about Billing.")
    assert whole.own == (("channel", "phone"), ('odd "name"', 3)) and whole.line.source == "model"
    same = whole_text(tables, "a.csv", 1)
    assert same is not None and (same.same_texts, same.same_text) == (1, (("b.csv", 1, "B-1"),))
    empty = whole_text(tables, "a.csv", 4)
    assert empty is not None and (empty.text, empty.class_name, empty.same_texts) == ("", None, 0)
    assert whole_text(tables, "a.csv", 99) is None and whole_text(tables, "it's gone.csv", 1) is None


def test_what_is_selected_can_be_taken_away(tables: PromptTables) -> None:
    with downloaded_rows(tables, Selection(classes=("Travel",), words="flight")) as batches:
        rows = [row for batch in batches for row in batch.to_pylist()]
    assert sorted(row["id"] for row in rows) == ["A-1", "A-3", "B-1"]
    assert set(rows[0]) == set(DOWNLOADED) and {row["model_class"] for row in rows} == {None, "Billing"}
