"""How each request ended, in SQL on a scratch database: one answer chosen for each text, then a row for each request.

The tables there: `answers` in HELD_SCHEMA, `request_rows` with row_number, text_id and problem, `chosen`, and `doubts` with text_id
and doubt, which `SecondOpinion` makes.
"""

import duckdb
import pyarrow as pa

from batch_classifier.answers.doubt import DECIMALS
from batch_classifier.warehouse.answer_sources import AnswerSource
from batch_classifier.warehouse.column import Source
from batch_classifier.warehouse.interface import literal
from batch_classifier.warehouse.statuses import HOLDING, Status, in_sql, rank_in_sql
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS

REQUEST_ROWS_SCHEMA = pa.schema([RAW_REQUESTS.schema.field(name) for name in ("row_number", "text_id", "problem")])
NOT_ANSWERED_YET = "no job has answered this text yet"


def choose_answers(scratch: duckdb.DuckDBPyConnection) -> None:
    """Make `chosen`: for each request the best answer to its text, by status, the model's before the local model's, then the newest.

    Its cost is all that the text's answers cost, at the first request with this text; all requests have the tokens that they
    took. The answers' long columns stay
    where they are: what is ranked and joined is held in memory.
    """
    scratch.execute(
        f"""
        create table chosen as
        select row_number, text_id, problem, answer, was_unfit, unfit_class,
            case when row_number = first_row then cost_usd else 0.0 end as cost_usd,
            case when row_number = first_row then source when answer is not null then '{AnswerSource.DUPLICATE}' end as source,
            tokens_read, tokens_written
        from request_rows left join (
            select * from (
                select text_id, answers.rowid as answer, first_row,
                    sum(cost_usd) over (partition by text_id) as cost_usd,
                    {_taken("tokens_read")} as tokens_read,
                    {_taken("tokens_written")} as tokens_written,
                    case when bool_or(source = '{AnswerSource.MODEL}') over (partition by text_id)
                        then '{AnswerSource.MODEL}' else source end as source,
                    bool_or(
                        status = '{Status.INVALID_CLASS}'
                        or (status = '{Status.NO_ANSWER}' and input_tokens is not null and not is_left_out)
                    ) over (partition by text_id) as was_unfit,
                    max(case when status = '{Status.INVALID_CLASS}' then raw_class end)
                        over (partition by text_id) as unfit_class,
                    row_number() over (
                        partition by text_id
                        order by status not in {in_sql(HOLDING)}, source = '{AnswerSource.LOCAL_MODEL}', input_tokens is null,
                            {rank_in_sql("status")}, answered_at desc
                    ) as place
                from answers join (
                    select text_id, min(row_number) as first_row from request_rows group by text_id
                ) as first_rows using (text_id)
            ) as ranked
            where place = 1
        ) as best using (text_id)
        """
    )


def _taken(tokens: str) -> str:
    """What this file's own questions took, where it asked; else what the answer took that is used again."""
    is_own = f"source = '{AnswerSource.MODEL}'"
    own = f"sum(case when {is_own} then {tokens} else 0 end) over (partition by text_id)"
    return f"cast(case when bool_or({is_own}) over (partition by text_id) then {own} else {tokens} end as bigint)"


def endings(model_id: str, prompt_version: str) -> str:
    """The query for how each request ended, by row_number: the columns of `classifications` that the request has not.

    A text that was classified only after an unfit answer is repaired, and keeps the words of that answer. Raises
    TypeError when a column has the source `ROW` and is not computed here.
    """
    was_repaired = f"answers.status = '{Status.CLASSIFIED}' and was_unfit"
    of_answers = {column.name: f'answers."{column.name}"' for column in CLASSIFICATIONS.columns if column.is_reused}
    of_answers["status"] = f"case when {was_repaired} then '{Status.REPAIRED}' else answers.status end"
    of_answers["raw_class"] = f"case when {was_repaired} then unfit_class else answers.raw_class end"
    of_rows = {
        "cost_usd": "chosen.cost_usd",
        "source": "chosen.source",
        "input_tokens": "chosen.tokens_read",
        "output_tokens": "chosen.tokens_written",
        "doubt": "case when answers.confidence between 0 and 1 "
        f"then round(1 - answers.confidence, {DECIMALS}) else doubts.doubt end",
    }
    without_answer = {
        "status": f"case when text_id is null then '{Status.REJECTED}' else '{Status.NO_ANSWER}' end",
        "error": f"case when text_id is null then 'the row ' || problem else {literal(NOT_ANSWERED_YET)} end",
        "model_id": f"case when text_id is not null then {literal(model_id)} end",
        "prompt_version": f"case when text_id is not null then {literal(prompt_version)} end",
        "cost_usd": "0.0",
    }
    if different := set(CLASSIFICATIONS.names_of(Source.ROW)) ^ set(of_rows):
        raise TypeError(f"The columns of {CLASSIFICATIONS.name} with Source.ROW are not those of: {sorted(different)}")
    return f"""
        select row_number, {_selected(of_answers | of_rows)}
        from answers join chosen on answers.rowid = chosen.answer left join doubts on chosen.text_id = doubts.text_id
        union all by name
        select row_number, {_selected(without_answer)} from chosen where answer is null
        order by row_number
    """


def _selected(expressions: dict[str, str]) -> str:
    return ", ".join(f'{expression} as "{name}"' for name, expression in expressions.items())
