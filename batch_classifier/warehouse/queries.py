"""The questions that are put to the warehouse in SQL that DuckDB and Athena both take."""

from collections.abc import Iterable

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.answer_sources import AnswerSource
from batch_classifier.warehouse.corrections import HOLDING_CLASS, IS_CORRECTED, answered_and_held
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.statuses import FAILURES, HOLDING, Status, in_sql
from batch_classifier.warehouse.tables import (
    BATCH_JOB,
    BEDROCK_JSONL,
    CATEGORY_SUMMARY,
    CLASSIFICATIONS,
    RAW_REQUESTS,
)

_HOLDING = in_sql(HOLDING)


def _same_question(prompt: Prompt, model_id: str) -> str:
    return f"prompt_version = {literal(prompt.version)} and model_id = {literal(model_id)}"


def _list(values: Iterable[str]) -> str:
    return f"({', '.join(map(literal, values))})"


def answered_texts(warehouse: Warehouse, prompt: Prompt, model_id: str, request_file: str) -> str:
    """Ids of the request file's texts that this version of the prompt and this model have answered, in whatever file."""
    return f"""
        select distinct text_id from {_answered(warehouse, prompt, model_id, request_file)}
    """


def all_answered_texts(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """Ids of all texts that this version of the prompt and this model have answered, whatever file they stand in."""
    return f"""
        select distinct text_id from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and status in {_HOLDING}
    """


def known_answers(warehouse: Warehouse, prompt: Prompt, model_id: str, request_file: str) -> str:
    """What this version of the prompt and this model have already said of the request file's texts, one row a text.

    cost_usd is what this request file itself has paid for the text, source whether it was asked for this file, and the tokens are
    what the answer took.
    """
    this_file = f"request_file = {literal(request_file)}"
    # The file's own row comes first: it knows what the answer took there.
    place = f"concat(case when {this_file} then '0 ' else '1 ' end, request_file, ' ', cast(row_number as varchar))"
    # In rows from before there was a source, only what cost something is known to have been asked for this file.
    is_own = f"{this_file} and (source = '{AnswerSource.MODEL}' or (source is null and cost_usd > 0))"
    # One row of each text is chosen by its place alone, so that no long column has to be sorted or grouped.
    reused = ", ".join(f'answers."{column.name}"' for column in CLASSIFICATIONS.columns if column.is_reused)
    return f"""
        select answers.text_id, {reused}, paid as cost_usd,
            case when own > 0 then '{AnswerSource.MODEL}' else '{AnswerSource.EARLIER_ANSWER}' end as source,
            answers.input_tokens as tokens_read, answers.output_tokens as tokens_written
        from {warehouse.name(prompt.name, CLASSIFICATIONS)} as answers join (
            select min({place}) as first_place,
                sum(case when {this_file} then cost_usd else 0.0 end) as paid,
                sum(case when {is_own} then 1 else 0 end) as own
            from {_answered(warehouse, prompt, model_id, request_file)}
            group by text_id
        ) as chosen on {place} = first_place
    """


def _answered(warehouse: Warehouse, prompt: Prompt, model_id: str, request_file: str) -> str:
    texts = (
        f"select text_id from {warehouse.name(prompt.name, RAW_REQUESTS)} where request_file = {literal(request_file)}"
    )
    return f"""{warehouse.name(prompt.name, CLASSIFICATIONS)}
            where {_same_question(prompt, model_id)} and status in {_HOLDING} and text_id in ({texts})"""


def answers_to(warehouse: Warehouse, prompt: Prompt, model_id: str, text_ids: Iterable[str]) -> str:
    """What this version of the prompt and this model have said of these texts, in whatever file; several rows for some."""
    reused = ", ".join(f'"{column.name}"' for column in CLASSIFICATIONS.columns if column.is_reused)
    return f"""
        select text_id, {reused} from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and status in {_HOLDING} and text_id in {_list(text_ids)}
    """


def tokens_of_batches(warehouse: Warehouse, prompt: Prompt, batches: Iterable[str]) -> str:
    """Tokens read and written for these batches, and texts answered: one row a batch, from the files that list its jobs.

    A batch that several files share is counted several times, its texts as well as its tokens.
    """
    return f"""
        select batch, sum(input_tokens) as "read", sum(output_tokens) as written, sum(succeeded) as texts
        from {warehouse.name(prompt.name, BATCH_JOB)} where batch in {_list(batches)} group by batch
    """


def texts_and_classes(warehouse: Warehouse, prompt: Prompt) -> str:
    """The texts of all request files with their class and its doubt, one row a request; without the texts themselves."""
    # Rows from before there was a doubt may have a confidence.
    return f"""
        select text_id, "class", coalesce(doubt, 1 - confidence) as doubt from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where text_id is not null
    """


def texts_by_id(warehouse: Warehouse, prompt: Prompt, text_ids: Iterable[str]) -> str:
    """These texts with a record's id, one row a request that has one of them."""
    return f"""
        select text_id, record_id, input_text from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where text_id in {_list(text_ids)}
    """


def requests_in_rows(warehouse: Warehouse, prompt: Prompt, request_file: str, row_numbers: Iterable[int]) -> str:
    """Record ids and texts of some rows of a request file."""
    return f"""
        select row_number, record_id, text from {warehouse.name(prompt.name, RAW_REQUESTS)}
        where request_file = {literal(request_file)} and row_number in ({", ".join(map(str, row_numbers))})
    """


def represented_batches(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """How many texts of each batch stand in classifications: one row a batch."""
    return f"""
        select batch, count(distinct text_id) as texts
        from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and batch is not null
        group by batch
    """


def batches_in_tables(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """The names of the batches that stand in classifications with any text: a fraction of the work of counting these."""
    return f"""
        select distinct batch from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and batch is not null
    """


def failed_texts(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """Ids of the texts that were asked and ended without a class: sharing their old batch would ask nothing."""
    return f"""
        select distinct text_id from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and status not in {_HOLDING} and batch is not null
    """


def made_batches(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """The batches of all request files, as bedrock_jsonl lists them now."""
    return f"""
        select {", ".join(BEDROCK_JSONL.schema.names)} from {warehouse.name(prompt.name, BEDROCK_JSONL)}
        where {_same_question(prompt, model_id)} order by batch, request_file
    """


def rows_masked_otherwise(warehouse: Warehouse, prompt: Prompt, request_file: str, redaction: str) -> str:
    """One row: how many texts of the request file did not go through this version of the masking."""
    return f"""
        select count(*) as texts from {warehouse.name(prompt.name, RAW_REQUESTS)}
        where request_file = {literal(request_file)} and text_id is not null
            and coalesce(redaction, '') <> {literal(redaction)}
    """


def category_summary(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """Requests, share and cost by category, the corrected one where there is a correction; the largest first."""
    return f"""
        select request_file, "class", count(*) as requests,
            cast(count(*) as double) / sum(count(*)) over () as share,
            count_if(status = '{Status.REPAIRED}') as repaired,
            count_if(status not in {_HOLDING} and "class" is null) as failed,
            coalesce(sum(cost_usd), 0.0) as cost_usd,
            count_if(is_corrected) as corrected
        from (
            select answered.request_file, {HOLDING_CLASS} as "class", answered.status, answered.cost_usd,
                {IS_CORRECTED} as is_corrected
            from {answered_and_held(warehouse, prompt)}
            where answered.request_file = {literal(request_file)}
        ) as counted
        group by request_file, "class"
        order by requests desc, "class"
    """


def confusion(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """How often each class was expected and given, of the requests that have a label."""
    return f"""
        select expected_class, "class", count(*) as requests
        from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where request_file = {literal(request_file)} and expected_class is not null
        group by expected_class, "class"
    """


def notes(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """What has to be said of how requests got their class: the note, and of how many."""
    return f"""
        select error as note, count(*) as requests
        from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where request_file = {literal(request_file)} and error is not null and status in {in_sql(HOLDING)}
        group by error order by requests desc, note
    """


def reliability(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """Of the requests that have a label and a confidence: class, expected class, tenth of the confidence, number, sum of confidences."""
    return f"""
        select expected_class, "class", least(cast(floor(confidence * 10) as integer), 9) as tenth,
            count(*) as requests, sum(confidence) as confidence
        from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where request_file = {literal(request_file)} and expected_class is not null and confidence is not null
        group by 1, 2, 3
    """


def statuses(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """How the requests ended: status, class and their number."""
    return f"""
        select status, "class", count(*) as requests
        from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where request_file = {literal(request_file)}
        group by status, "class"
    """


def offenders(warehouse: Warehouse, prompt: Prompt, request_file: str, condition: str, limit: int = 10) -> str:
    """The first classifications of a request file that meet a condition."""
    return f"""
        select row_number, record_id, status, raw_class, error
        from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where request_file = {literal(request_file)} and ({condition})
        order by row_number limit {limit}
    """


def rows_in_and_out(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """One row: requests in, classifications out, distinct rows of either, and requests that have no classification."""
    raw, out = warehouse.name(prompt.name, RAW_REQUESTS), warehouse.name(prompt.name, CLASSIFICATIONS)
    this_file = f"request_file = {literal(request_file)}"
    return f"""
        select
            (select count(*) from {raw} where {this_file}) as rows_in,
            (select count(*) from {out} where {this_file}) as rows_out,
            (select count(distinct row_number) from {out} where {this_file}) as distinct_rows_out,
            (select count(*) from {raw} as raw where {this_file} and row_number not in (
                select row_number from {out} where {this_file}
            )) as missing
    """


def repeated_ids(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """Record ids that stand in the request file more than once, the most frequent first."""
    return f"""
        select record_id, count(*) as requests
        from {warehouse.name(prompt.name, RAW_REQUESTS)}
        where request_file = {literal(request_file)}
        group by record_id having count(*) > 1 order by requests desc, record_id
    """


def mean_text_bytes(warehouse: Warehouse, prompt: Prompt) -> str:
    """One row: how many usable texts were read for a prompt, repeats included, and their bytes in the mean."""
    return f"""
        select count(text_bytes) as texts, avg(cast(text_bytes as double)) as mean_bytes
        from {warehouse.name(prompt.name, RAW_REQUESTS)}
    """


def unusable_rows(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """Rows of the request file that cannot be used: problem, how many, and the first of them."""
    return f"""
        select problem, count(*) as requests, min(row_number) as first_row
        from {warehouse.name(prompt.name, RAW_REQUESTS)}
        where request_file = {literal(request_file)} and problem is not null
        group by problem order by requests desc
    """


def undated_rows(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """Rows of the request file without the date that they should have: the reason, how many, and the first of them."""
    return f"""
        select date_problem, count(*) as requests, min(row_number) as first_row
        from {warehouse.name(prompt.name, RAW_REQUESTS)}
        where request_file = {literal(request_file)} and date_problem is not null
        group by date_problem order by requests desc
    """


def batches(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """The batches of a request file."""
    return f"select * from {warehouse.name(prompt.name, BEDROCK_JSONL)} where request_file = {literal(request_file)}"


def jobs(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """The jobs of a request file."""
    return f"select * from {warehouse.name(prompt.name, BATCH_JOB)} where request_file = {literal(request_file)}"


def summary_totals(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """One row: requests and cost, as category_summary and as classifications have them."""
    summary, rows = warehouse.name(prompt.name, CATEGORY_SUMMARY), warehouse.name(prompt.name, CLASSIFICATIONS)
    this_file = f"request_file = {literal(request_file)}"
    return f"""
        select
            (select coalesce(sum(requests), 0) from {summary} where {this_file}) as summary_requests,
            (select count(*) from {rows} where {this_file}) as requests,
            (select coalesce(sum(cost_usd), 0.0) from {summary} where {this_file}) as summary_cost_usd,
            (select coalesce(sum(cost_usd), 0.0) from {rows} where {this_file}) as cost_usd
    """


def texts_of_older_versions(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """One row: files with rows that an older version of the prompt has answered, and what of their texts this one has not.

    Distinct texts and their bytes, and the requests that have them and theirs.
    """
    answers = warehouse.name(prompt.name, CLASSIFICATIONS)
    older = f"select distinct request_file from {answers} where prompt_version <> {literal(prompt.version)}"
    return f"""
        select (select count(*) from ({older}) as old) as files, count(*) as texts, sum(text_bytes) as text_bytes,
            sum(requests) as requests, sum(request_bytes) as request_bytes
        from (
            select text_id, max(text_bytes) as text_bytes, count(*) as requests, sum(text_bytes) as request_bytes
            from {warehouse.name(prompt.name, RAW_REQUESTS)}
            where text_id is not null and request_file in ({older}) and text_id not in (
                select text_id from {answers}
                where {_same_question(prompt, model_id)} and status in {_HOLDING} and text_id is not null
            )
            group by text_id
        ) as needed
    """


def standing(warehouse: Warehouse, prompt: Prompt) -> str:
    """Where each request file stands: rows read, those that have ended and how, and rows of an older prompt version."""
    return f"""
        select raw.request_file, raw.requests, coalesce(done.requests, 0) as ended,
            coalesce(done.classified, 0) as classified, coalesce(done.rejected, 0) as rejected,
            coalesce(done.failed, 0) as failed, coalesce(done.older, 0) as older, done.answered_at
        from (
            select request_file, count(*) as requests from {warehouse.name(prompt.name, RAW_REQUESTS)} group by request_file
        ) as raw left join (
            select request_file, count(*) as requests,
                count_if(status in {in_sql(HOLDING)}) as classified,
                count_if(status in {in_sql([Status.REJECTED])}) as rejected,
                count_if(status in {in_sql(FAILURES)}) as failed,
                count_if(prompt_version <> {literal(prompt.version)}) as older,
                max(answered_at) as answered_at
            from {warehouse.name(prompt.name, CLASSIFICATIONS)} group by request_file
        ) as done on raw.request_file = done.request_file
        order by raw.request_file
    """


def classes_given(warehouse: Warehouse, prompt: Prompt, model_id: str) -> str:
    """What this version of the prompt and this model have said of the texts of all files: text_id, class and request_file."""
    return f"""
        select distinct text_id, "class", request_file from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and status in {_HOLDING}
    """


def texts_of_ids(warehouse: Warehouse, prompt: Prompt, text_ids: Iterable[str]) -> str:
    """These texts as they were read, one row a request that has one of them."""
    return f"""
        select text_id, text from {warehouse.name(prompt.name, RAW_REQUESTS)} where text_id in {_list(text_ids)}
    """


def classes_of_texts(warehouse: Warehouse, prompt: Prompt, model_id: str, text_ids: Iterable[str]) -> str:
    """What this version of the prompt and this model have said of these texts, one row a text and class."""
    return f"""
        select distinct text_id, "class" from {warehouse.name(prompt.name, CLASSIFICATIONS)}
        where {_same_question(prompt, model_id)} and status in {_HOLDING} and text_id in {_list(text_ids)}
    """
