"""What waits for a person, and what comes of what a person says, in both warehouses."""

import datetime
from dataclasses import replace

import pytest

from batch_classifier.corrections.history import listed_corrections
from batch_classifier.corrections.saying import Verdict, say
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.review import FROM_SAMPLE, Queue, waiting, waiting_counts
from batch_classifier.insights.selection import Selection
from batch_classifier.language.text_id import text_id

NOW = datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC)


def ids(tables: PromptTables, queue: Queue) -> list[str]:
    return [one.text_id for one in waiting(tables, Selection(), queue)]


def test_what_waits_is_asked_once_whatever_was_said(tables: PromptTables) -> None:
    """In the order of a visit: what is there, one verdict, another person's, and what is taken back."""
    counts = waiting_counts(tables, Selection())
    assert (counts[Queue.UNANSWERED], counts[Queue.INVALID], counts[Queue.LOW_CONFIDENCE]) == (1, 0, 2)
    flight, doubtful = text_id("My flight was moved"), text_id("I was charged twice")
    sample = ids(tables, Queue.SAMPLE)
    assert len(sample) == 3 and sample == sorted(sample), "each text once, by chance, without the corrected one"
    assert text_id("Who is there?") in ids(tables, Queue.UNANSWERED)
    assert [one.text_id for one in waiting(tables, Selection(), Queue.SAMPLE, sample[:1])] == sample[1:]

    nothing = waiting_counts(tables, Selection(request_files=("no.csv",)))
    assert set(nothing.values()) == {0}

    writing = replace(tables, warehouse=getattr(tables.warehouse, "_writing", tables.warehouse)).warehouse
    said = say(writing, tables.prompt, [Verdict(flight, "Travel", "A-1", "a.csv")], "Ada", NOW, FROM_SAMPLE)
    assert said.before == {flight: None} and flight not in ids(tables, Queue.SAMPLE), "a confirmed text is done"
    both = [Verdict(flight, "Other", why="a joke"), Verdict(doubtful, "Other")]
    later = say(writing, tables.prompt, both, "Bob", NOW, None)
    assert later.before == {flight: "Travel", doubtful: None} and later.correction_set > said.correction_set
    say(writing, tables.prompt, [Verdict(doubtful, None)], "Bob", NOW)
    assert doubtful in ids(tables, Queue.LOW_CONFIDENCE), "what is taken back waits again"
    with listed_corrections(tables.warehouse, tables.prompt) as corrections:
        history = [
            (one.who, one.old_class, one.new_class, str(one.state)) for one in corrections if one.text_id == flight
        ]
    assert history == [("Bob", "Travel", "Other", "holds"), ("Ada", "Travel", "Travel", "superseded")], "both are kept"


def test_what_cannot_be_said_is_told(tables: PromptTables) -> None:
    for verdict in (Verdict(text_id("My flight was moved"), "No such class"), Verdict("0" * 32, "Travel")):
        with pytest.raises(ClassifierError):
            say(tables.warehouse, tables.prompt, [verdict], "Ada", NOW)
