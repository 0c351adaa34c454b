"""What was spent and what was spared, in SQL that DuckDB and Athena both take: from the bill, and from the rows of classifications.

The bill has all that was paid for. A row of classifications has what its own answer took; what an unreadable answer cost, or one
whose row is gone, is in the bill alone.
"""

import pyarrow as pa

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.answer_sources import AnswerSource
from batch_classifier.warehouse.asked_for import AskedFor
from batch_classifier.warehouse.column import NUMBER, TEXT, WHOLE_NUMBER
from batch_classifier.warehouse.corrections import HOLDING_CLASS, holding
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.tables import BILL

_TOKENS = [("input_tokens", WHOLE_NUMBER), ("output_tokens", WHOLE_NUMBER), ("cost_usd", NUMBER)]
_BY_THE_BILL = [("saved_by_batch_usd", NUMBER), ("saved_by_packing_usd", NUMBER)]
_BY_ROWS = [
    ("saved_by_deduplication_usd", NUMBER),
    ("saved_by_earlier_answers_usd", NUMBER),
    ("saved_by_cascade_usd", NUMBER),
]

BY_MONTH = pa.schema(
    [
        *[("month", TEXT), ("model_id", TEXT), ("way", TEXT), ("asked_for", TEXT)],
        *[("jobs", WHOLE_NUMBER), ("texts", WHOLE_NUMBER)],
        *[*_TOKENS, *_BY_THE_BILL],
    ]
)
BY_FILE = pa.schema(
    [("request_file", TEXT), ("jobs", WHOLE_NUMBER), ("texts", WHOLE_NUMBER), *_TOKENS, *_BY_THE_BILL, *_BY_ROWS]
)
BY_CATEGORY = pa.schema([("class", TEXT), ("requests", WHOLE_NUMBER), *_TOKENS, *_BY_THE_BILL, *_BY_ROWS])


# The file of an evaluation goes by a name that no request file can have, for one may be called as it is.
_VALUES = {
    "asked_for": f"coalesce(asked_for, '{AskedFor.REQUEST_FILE}')",
    "request_file": f"case when asked_for = '{AskedFor.EVALUATION}' then request_file || ' ({AskedFor.EVALUATION})' else request_file end",
}


def billed(bill: str, *keys: str) -> str:
    """What the bill says by these of its columns: jobs, texts, tokens, USD, the estimate, and what batches and packing saved."""
    values = {key: _VALUES.get(key, f'"{key}"') for key in keys}
    named = ", ".join(f'{value} as "{key}"' for key, value in values.items())
    return f"""
        select {named}, count(*) as jobs, {_whole("texts")}, {_whole("input_tokens")}, {_whole("output_tokens")},
            coalesce(sum(cost_usd), 0.0) as cost_usd,
            cast(sum(case when cost_usd is null then 1 else 0 end) as bigint) as jobs_without_price,
            coalesce(sum(estimated_cost_usd), 0.0) as estimated_cost_usd,
            coalesce(sum(case when way = 'batch' then on_demand_cost_usd - cost_usd end), 0.0) as saved_by_batch_usd,
            coalesce(sum(unpacked_cost_usd - cost_usd), 0.0) as saved_by_packing_usd
        from {bill} group by {", ".join(values.values())}
    """


def answered(classifications: str, corrections: str, bill: str, *keys: str, day: str = "null") -> str:
    """What the rows' answers took and spared, by these keys: request_file, month (of the answer) and class (that holds).

    `day` is the day of `answered.answered_at` in the warehouse's SQL, where months are asked for. What the local model answered is taken to
    have spared what a text costs that the model answers, on the average of the prompt.
    """
    values = {
        "request_file": "answered.request_file",
        "month": f'coalesce(job."month", substr(cast({day} as varchar), 1, 7))',
        "class": HOLDING_CLASS,
    }
    named = ", ".join(f'{values[key]} as "{key}"' for key in keys)
    grouped = ", ".join(values[key] for key in keys)
    is_paid = f"answered.source = '{AnswerSource.MODEL}'"
    # What the answer cost, or would have cost again: at the price of the job that gave it.
    answer = "(answered.input_tokens * job.input_price + answered.output_tokens * job.output_price) / 1e6"
    return f"""
        select {named}, count(*) as requests,
            {_whole("answered.input_tokens", is_paid)}, {_whole("answered.output_tokens", is_paid)},
            coalesce(sum(answered.cost_usd), 0.0) as cost_usd,
            {_share("case when job.way = 'batch' then job.on_demand_cost_usd end", "saved_by_batch_usd")},
            {_share("job.unpacked_cost_usd", "saved_by_packing_usd")},
            {_spared(AnswerSource.DUPLICATE, answer, "saved_by_deduplication_usd")},
            {_spared(AnswerSource.EARLIER_ANSWER, answer, "saved_by_earlier_answers_usd")},
            {_spared(AnswerSource.LOCAL_MODEL, "usual.usd", "saved_by_cascade_usd")}
        from {classifications} as answered
        left join ({holding(corrections)}) as held on answered.text_id = held.text_id
        left join (select * from {bill} where attempt = 1) as job on answered.batch = job.batch
        cross join (
            select coalesce(avg(cost_usd), 0.0) as usd from {classifications}
            where source = '{AnswerSource.MODEL}' and cost_usd > 0
        ) as usual
        group by {grouped}
    """


def by_month(bill: str) -> str:
    """The view costs_by_month."""
    return f"select {_names(BY_MONTH)} from ({billed(bill, 'month', 'model_id', 'way', 'asked_for')}) as billed"


def by_file(classifications: str, corrections: str, bill: str) -> str:
    """The view costs_by_file; files whose rows cost nothing stand there for what they spared."""
    named = [name for name in BY_FILE.names if name != "request_file"]
    columns = ", ".join(
        f"coalesce(spared.{name}, 0.0) as {name}" if name in dict(_BY_ROWS) else f"coalesce(billed.{name}, 0) as {name}"
        for name in named
    )
    return f"""
        select coalesce(billed.request_file, spared.request_file) as request_file, {columns}
        from ({billed(bill, "request_file")}) as billed
        full join ({answered(classifications, corrections, bill, "request_file")}) as spared
            on billed.request_file = spared.request_file
    """


def by_category(classifications: str, corrections: str, bill: str) -> str:
    """The view costs_by_category."""
    rows = answered(classifications, corrections, bill, "class")
    return f"select {_names(BY_CATEGORY)} from ({rows}) as spared"


def spent_in_month(warehouse: Warehouse, prompt: Prompt, month: str) -> str:
    """One row: what the jobs of a month cost, as far as prices are known."""
    return f"""
        select coalesce(sum(cost_usd), 0.0) as spent from {warehouse.name(prompt.name, BILL)} where "month" = {literal(month)}
    """


def newest_jobs(warehouse: Warehouse, prompt_name: str, model_id: str, most: int) -> str:
    """The newest first jobs of batches with this model that tell what they read and wrote, of a prompt by its name."""
    return f"""
        select prompt_version, answer_form, content_bytes, texts, answered, input_tokens, output_tokens, ended_at
        from {warehouse.name(prompt_name, BILL)}
        where attempt = 1 and model_id = {literal(model_id)} and content_bytes > 0 and answered > 0 and input_tokens > 0
        order by ended_at desc limit {most}
    """


def _names(schema: pa.Schema) -> str:
    return ", ".join(f'"{name}"' for name in schema.names)


def _whole(column: str, condition: str = "true") -> str:
    total = f"coalesce(sum(case when {condition} then {column} end), 0)"
    return f"cast({total} as bigint) as {column.rpartition('.')[2]}"


def _share(other_cost: str, name: str) -> str:
    """What a paid row spared, as its batch did: by what its job would have cost in another way."""
    spared = f"answered.cost_usd * ({other_cost} / job.cost_usd - 1)"
    return f"coalesce(sum(case when job.cost_usd > 0 then {spared} end), 0.0) as {name}"


def _spared(source: AnswerSource, answer: str, name: str) -> str:
    return f"coalesce(sum(case when answered.source = '{source}' then {answer} end), 0.0) as {name}"
