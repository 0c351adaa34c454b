"""What is true of each status is written once, and what SQL asks is the same."""

import duckdb
import pytest

from batch_classifier.warehouse.statuses import FAILURES, HOLDING, Status, in_sql, rank_in_sql

# status: whether there is an answer that counts, whether it is a failure
STATUSES = {
    "classified": (True, False),
    "repaired": (True, False),
    "invalid_class": (False, True),
    "no_answer": (False, True),
    "model_error": (False, True),
    "rejected": (False, False),
}


@pytest.mark.parametrize("status", Status)
def test_what_is_true_of_a_status_and_what_sql_makes_of_it(status: Status) -> None:
    assert (status.holds, status.is_failure) == STATUSES[status]
    asked = f"select $status in {in_sql(HOLDING)}, $status in {in_sql(FAILURES)}"
    with duckdb.connect() as connection:
        found = connection.execute(asked, {"status": str(status)}).fetchall()
    assert found == [STATUSES[status]]


def test_statuses_rank_as_they_are_written() -> None:
    values = ", ".join(f"('{status}')" for status in sorted(Status))
    asked = f"select status from (values {values}) as t(status) order by {rank_in_sql('status')}"
    with duckdb.connect() as connection:
        ranked = connection.execute(asked).fetchall()
    assert [status for (status,) in ranked] == list(STATUSES)
