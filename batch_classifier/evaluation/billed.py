"""What an evaluation costs, in the project's own bill; and what the month has cost before, told to the evaluation's budget."""

import pyarrow as pa

from batch_classifier.inference.interface import Inference
from batch_classifier.notes.budget import Budget
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.asked_for import AskedFor
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BILL

# The batch under which stands, in the tables of the evaluation, what others have spent.
LENT = "spent before"


def lend_spending(team: Warehouse, own: Warehouse, prompt: Prompt, inference: Inference, internal: Folder) -> None:
    """Have the evaluation's budget count what the project has spent this month and reserved; for a prompt without such a budget nothing."""
    if prompt.monthly_budget_usd is None or prompt.name not in team.prompts():
        return
    budget = Budget(prompt, "", team, inference, internal)
    if not budget.is_needed or (stand := budget.monthly()) is None:
        return
    row = {"batch": LENT, "attempt": 1, "month": stand.month, "cost_usd": stand.spent + stand.reserved}
    own.replace(prompt.name, BILL, LENT, [pa.RecordBatch.from_pylist([row], schema=BILL.schema)])


def bill_evaluation(team: Warehouse, own: Warehouse, prompt: Prompt) -> None:
    """Write the jobs that the evaluation has paid into the project's bill; those that stand there already stay as they are.

    A request file that takes up such a batch later has its rows then, which cost nothing more.
    """
    made = [
        row for row in own.query(prompt.name, f"select * from {own.name(prompt.name, BILL)}") if row["batch"] != LENT
    ]
    for batch in sorted({row["batch"] for row in made}):
        with team.read(prompt.name, BILL, batch) as found:
            known = [row for rows in found for row in rows.to_pylist()]
        attempts = {row["attempt"] for row in known}
        new = [
            row | {"asked_for": AskedFor.EVALUATION}
            for row in made
            if row["batch"] == batch and row["attempt"] not in attempts
        ]
        if new:
            team.replace(prompt.name, BILL, batch, [pa.RecordBatch.from_pylist([*known, *new], schema=BILL.schema)])
