"""The budgets of a prompt, for one request file: what it may cost, what is left of the month, and what is reserved before it is sent.

`budget_usd` holds for the file, `monthly_budget_usd` for all files of the prompt in a month (UTC): what the bill says, and what is
reserved for jobs that are not billed yet. What costs nothing, as the local engine, needs no budget.
"""

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.job_name import job_name
from batch_classifier.inference.prices import FREE
from batch_classifier.notes.approvals import approved_batches, forget_approval, note_approval
from batch_classifier.notes.reservations import Reservation, Reservations, State, month_before, this_month
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.costs import spent_in_month
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.wording import counted

# What tells that a person lets one file pass: an option of the command line, and a tag of Dagster's runs.
APPROVE_OPTION, APPROVE_TAG = "--approve", "batch_classifier/approve"
# A run that is alive renews what it has reserved more often than this.
_LAPSES_AFTER = datetime.timedelta(hours=1)
_RENEWED_AFTER = datetime.timedelta(minutes=10)


class Send(NamedTuple):
    """One job that is to be sent: what it may cost, None where no price is known."""

    batch: str
    attempt: int
    job: str
    texts: int
    usd: float | None

    @property
    def key(self) -> str:
        """Its name among the reservations."""
        return f"{self.batch}-{self.attempt}"


@dataclass(frozen=True)
class MonthlyBudget:
    """How a prompt's budget for a month stands: what is billed, and what is reserved for what is not."""

    month: str
    budget: float
    spent: float
    reserved: float

    @property
    def left(self) -> float:
        """What may still be sent."""
        return self.budget - self.spent - self.reserved


@dataclass
class Budget:
    """The budgets as they hold for one run of a request file.

    Attributes:
        is_approved: whether a person lets this run's file pass.
        committed: what the file's jobs cost, or may cost, by batch and attempt.
    """

    prompt: Prompt
    request_file: str
    warehouse: Warehouse
    inference: Inference
    internal: Folder
    is_approved: bool = False
    committed: dict[str, float] = field(default_factory=dict)
    _renewed_at: datetime.datetime | None = None

    @cached_property
    def is_needed(self) -> bool:
        """Whether anything is charged for."""
        return self.inference.price(self.prompt, self.inference.limits.maximum_records) != FREE

    def cost_of(self, batch: Batch) -> float | None:
        """What a batch may cost, whoever pays for it; None where no price is known."""
        price = self.inference.price(self.prompt, batch.records_sent)
        return None if price is None else price.cost(batch.estimated_input_tokens, batch.estimated_output_tokens)

    def unsent(self, batches: Sequence[Batch]) -> list[Send]:
        """The first jobs of those batches that no job was sent for yet; those of the others are what the file costs already.

        Raises NotNow when the service cannot say.
        """
        if not self.is_needed:
            return []
        sends = []
        for batch in batches:
            name = job_name(self.prompt, self.inference.model_id(self.prompt), self.internal, batch.name, 1)
            send = Send(batch.name, 1, name, batch.records, self.cost_of(batch))
            if not batch.is_written or self.inference.find(name) is None:
                sends.append(send)
            elif batch.shared_with is None:
                self.committed[send.key] = send.usd or 0.0
        return sends

    def refusal(self, sends: Sequence[Send]) -> str | None:
        """Why these jobs may not be sent, and how to go on; None where they may. Nothing is reserved or noted."""
        if not self.is_needed or not sends:
            return None
        refusal = self.over_file_budget(sends) or self._over_month(sends, self.monthly())
        return None if refusal is None or self._passes(sends) else refusal

    def reserve(self, sends: Sequence[Send]) -> None:
        """Reserve what these jobs may cost, before any of them is sent; raises ClassifierError where they may not be."""
        if not self.is_needed or not sends:
            return
        is_over = self._must_pass(sends, self.over_file_budget(sends))
        if self.prompt.monthly_budget_usd is not None:
            is_over |= self._reserve_in_month(sends)
        if is_over and self.is_approved:
            note_approval(self.internal, self.prompt.name, self.request_file, [send.batch for send in sends])
        self.committed.update({send.key: send.usd or 0.0 for send in sends})

    def monthly(self) -> MonthlyBudget | None:
        """How the month stands for this file; None for a prompt without a budget for a month."""
        if self.prompt.monthly_budget_usd is None:
            return None
        return self._stand(self._of_month().read())

    def renew(self) -> None:
        """Give a sign of life, for others not to take what this run has reserved for abandoned."""
        now = datetime.datetime.now(datetime.UTC)
        if self._renewed_at is not None and now - self._renewed_at > _RENEWED_AFTER:
            self._rewrite(lambda one: replace(one, renewed_at=now.isoformat()))

    def keep(self) -> None:
        """The run steps aside: what it has reserved stays until somebody comes back."""
        if self._renewed_at is not None:
            self._rewrite(lambda one: replace(one, stays=True))

    def settle(self) -> None:
        """The file's jobs are billed: nothing is reserved for them any more, and nobody's approval holds."""
        if not self.is_needed:
            return
        if self.prompt.monthly_budget_usd is not None:
            for month in (month_before(), this_month()):
                Reservations(self.internal, self.prompt.name, month).change(self._without_own)
        forget_approval(self.internal, self.prompt.name, self.request_file)

    def _without_own(self, state: State) -> State:
        return {key: one for key, one in state.items() if one.request_file != self.request_file}

    def _rewrite(self, anew: Callable[[Reservation], Reservation]) -> None:
        self._renewed_at = datetime.datetime.now(datetime.UTC)
        for month in (month_before(), this_month()):
            Reservations(self.internal, self.prompt.name, month).change(
                lambda state: {
                    key: anew(one) if one.request_file == self.request_file else one for key, one in state.items()
                }
            )

    def _of_month(self) -> Reservations:
        return Reservations(self.internal, self.prompt.name, this_month())

    def _must_pass(self, sends: Sequence[Send], refusal: str | None) -> bool:
        """Whether there is a refusal that a person has overruled; raises ClassifierError for one that nobody has."""
        if refusal is None:
            return False
        if not self._passes(sends):
            raise ClassifierError(refusal)
        return True

    def _reserve_in_month(self, sends: Sequence[Send]) -> bool:
        """Reserve, and tell whether that is over the month's budget; raises ClassifierError where it is and may not pass."""
        now = datetime.datetime.now(datetime.UTC)
        own = {send.key: Reservation(self.request_file, send.job, send.usd or 0.0, now.isoformat()) for send in sends}
        is_over = False

        def decide(state: State) -> State:
            nonlocal is_over
            counting = self._counting(state)
            # What is reserved is read before what is billed: a bill that comes in between is at worst counted twice.
            is_over = self._must_pass(sends, self._over_month(sends, self._stand(counting, but=own)))
            return {**counting, **own}

        self._of_month().change(decide)
        self._renewed_at = now
        return is_over

    def _counting(self, state: State) -> dict[str, Reservation]:
        """The reservations that count: not those of a run that was killed before its job was sent."""
        return {key: one for key, one in state.items() if self._counts(one)}

    def _counts(self, one: Reservation) -> bool:
        return one.stays or one.age() < _LAPSES_AFTER or self.inference.find(one.job) is not None

    def _stand(self, state: State, but: Collection[str] = ()) -> MonthlyBudget:
        month = this_month()
        reserved = sum(one.usd for key, one in state.items() if key not in but)
        ((spent,),) = (
            row.values()
            for row in self.warehouse.query(self.prompt.name, spent_in_month(self.warehouse, self.prompt, month))
        )
        return MonthlyBudget(month, self.prompt.monthly_budget_usd or 0.0, float(spent), reserved)

    def _passes(self, sends: Sequence[Send]) -> bool:
        if self.is_approved:
            return True
        return {send.batch for send in sends} <= approved_batches(self.internal, self.prompt.name, self.request_file)

    def over_file_budget(self, sends: Sequence[Send]) -> str | None:
        """Why these jobs are over what the file may cost; None where they are not."""
        name = self.prompt.name
        if any(send.usd is None for send in sends):
            return (
                f"What {self.request_file} would cost is not known, so that no budget can hold: "
                f"{self.inference.price_is_unknown(self.prompt)}; or let this file pass: {_HOW_TO_PASS}."
            )
        others = {key: usd for key, usd in self.committed.items() if key not in {send.key for send in sends}}
        cost = sum(send.usd or 0.0 for send in sends) + sum(others.values())
        if cost <= self.prompt.budget_usd:
            return None
        texts = sum(send.texts for send in sends)
        return (
            f"{self.request_file} would cost about {usd(cost)} USD ({counted(texts, 'text')} to be asked), over the budget of "
            f"{usd(self.prompt.budget_usd)} USD; raise budget_usd of the prompt {name}, split the file, or let this one pass: "
            f"{_HOW_TO_PASS}."
        )

    def _over_month(self, sends: Sequence[Send], stand: MonthlyBudget | None) -> str | None:
        cost = sum(send.usd or 0.0 for send in sends)
        if stand is None or cost <= stand.left:
            return None
        return (
            f"{self.request_file} would cost about {usd(cost)} USD, and of monthly_budget_usd of the prompt {self.prompt.name}, "
            f"{usd(stand.budget)} USD, {usd(max(0.0, stand.left))} USD are left in {stand.month} (spent: {usd(stand.spent)}, "
            f"reserved for jobs under way: {usd(stand.reserved)}); wait for the next month (UTC), raise monthly_budget_usd, or let this "
            f"file pass: {_HOW_TO_PASS}."
        )


_HOW_TO_PASS = f"classify … {APPROVE_OPTION}, or in Dagster a run with the tag {APPROVE_TAG}: yes"


def usd(amount: float) -> str:
    """An amount as sentences tell it: to the cent, or finer where that would tell nothing."""
    is_whole_cents = abs(round(amount, 2) - amount) < 1e-6
    return f"{amount:,.2f}" if amount >= 1 or is_whole_cents else f"{amount:,.4f}"


def is_approval(tags: Mapping[str, str]) -> bool:
    """Whether a run's tags say that its file may pass."""
    return tags.get(APPROVE_TAG, "").lower() in ("yes", "true")
