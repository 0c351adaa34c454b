"""Cost: what was spent, what was saved and by what, how good the estimates were, and what is left of the budgets."""

import pandas as pd
import streamlit as st

from batch_classifier.answers.costs import By, CostReport, costs
from batch_classifier.dashboard import charts
from batch_classifier.dashboard.filters import choose_prompt, nothing_yet
from batch_classifier.dashboard.left_of_month import left_of_month
from batch_classifier.dashboard.plain import label
from batch_classifier.dashboard.project import ask, prompts_with_tables
from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.notes.budget import usd
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.wording import counted

_SAVINGS = {
    "deduplication": "Same texts asked once",
    "earlier_answers": "Answered before",
    "batch": "Batch price",
    "packing": "Several texts a record",
    "cascade": "Answered by the local model",
}
_ALL = "All prompts"
_MOST_LINES = 500


def show() -> None:
    """The page."""
    st.title("Cost")
    prompt = choose_prompt()
    if prompt is None:
        return
    known = prompts_with_tables()
    if not known:
        nothing_yet(prompt)
        return
    left, right = st.columns(2)
    of = left.selectbox("Of", [label(prompt.name), _ALL], key="of", bind="query-params", persist_state="session")
    by = right.selectbox("By", list(By), key="by_cost", bind="query-params", persist_state="session", format_func=str)
    names = tuple(known) if of == _ALL else tuple(name for name in known if name == prompt.name)
    report = ask(_report, prompt, names, str(by or By.MONTH))
    _total(prompt, report, is_of_prompt=of != _ALL)
    if not report.lines:
        st.info("Nothing was charged for so far; what the local engine answers costs nothing.")
        return
    _lines(report)


def _report(tables: PromptTables, names: tuple[str, ...], by: str) -> CostReport:
    return costs(tables.warehouse, names, By(by))


def _total(prompt: Prompt, report: CostReport, is_of_prompt: bool) -> None:
    total = report.total
    saved = sum(getattr(total.saved, name) for name in _SAVINGS)
    with st.container(horizontal=True):
        st.metric("Spent", f"{usd(total.cost_usd)} USD", width=200)
        st.metric(
            "Saved",
            f"{usd(max(saved, 0.0))} USD",
            help="By the ways below, each reckoned with the others in place.",
            width=200,
        )
        if total.evaluations_usd:
            told = "What measuring prompts and models on labelled texts took of it."
            st.metric("Of it evaluations", f"{usd(total.evaluations_usd)} USD", help=told, width=200)
        if total.estimate_error is not None:
            st.metric(
                "Estimates off by",
                f"{total.estimate_error:+z.1%}",
                help="Positive where they were too high.",
                width=200,
            )
        if is_of_prompt and (left := left_of_month(prompt)) is not None:
            st.metric("Left this month", f"{usd(max(left, 0.0))} USD", width=200)
    if total.jobs_without_price:
        st.warning(
            f"{counted(total.jobs_without_price, 'job')} of a model without a known price: its tokens are counted, its cost is not. "
            "Give model.price in the prompt."
        )


def _lines(report: CostReport) -> None:
    st.header(f"By {report.by}")
    shown = report.lines[:_MOST_LINES]
    table = pd.DataFrame(
        {
            str(report.by).capitalize(): [line.name for line in shown],
            "USD": [line.cost_usd for line in shown],
            "Estimated": [line.estimated_cost_usd or None for line in shown],
            "Rows" if report.by is By.CATEGORY else "Texts": [line.texts for line in shown],
            "Tokens read": [line.input_tokens for line in shown],
            "Written": [line.output_tokens for line in shown],
            "Estimate off by": [_percent(line.estimate_error) for line in shown],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            **{name: st.column_config.NumberColumn(format="%.4f") for name in ("USD", "Estimated")},
            "Estimate off by": st.column_config.NumberColumn(format="%+.1f%%"),
            **{
                name: st.column_config.NumberColumn(format="localized")
                for name in ("Rows", "Texts", "Tokens read", "Written")
            },
        },
        alt="Table of what was spent",
    )
    if len(report.lines) > len(shown):
        st.caption(f"The first {_MOST_LINES:,} of {len(report.lines):,}; `batch-classifier costs` has all of them.")
    rows = [
        {"line": line.name, "what": told, "usd": max(getattr(line.saved, name), 0.0)}
        for line in shown[:20]
        for name, told in _SAVINGS.items()
    ]
    if any(row["usd"] > 0 for row in rows):
        st.header("What was saved, and by what")
        st.vega_lite_chart(
            spec=charts.stacked(rows, "line", "usd", "what"), alt="Bar chart of what each way of saving spared"
        )


def _percent(share: float | None) -> float | None:
    """As a percentage that is never -0.0."""
    return None if share is None else round(share * 100, 1) + 0.0
