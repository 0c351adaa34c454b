"""The texts whose class somebody has said, in SQL that DuckDB and Athena both take: one row a text.

Of a text's labels the most frequent counts; a text of which two labels are equally frequent is left out. A correction goes before
labels, and both before a model's answers. Texts that did not go through the prompt's present masking are left out.
"""

from collections.abc import Collection, Mapping

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.corrections import holding_corrections
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.statuses import HOLDING, in_sql
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS

CORRECTION, LABEL, MODEL_ANSWER = 0, 1, 2
"""Who said it, as the column `priority` has it; what is smaller goes first."""


def spellings(warehouse: Warehouse, prompt: Prompt) -> str:
    """What stands in the label column of all request files, each once."""
    raw = warehouse.name(prompt.name, RAW_REQUESTS)
    return f"select distinct expected_class from {raw} where expected_class is not null and text_id is not null"


def training_texts(
    warehouse: Warehouse,
    prompt: Prompt,
    names: Mapping[str, str],
    answers_of: Collection[str],
    most_texts: int,
    most_bytes: int,
) -> str:
    """Rows text_id, class, priority and text: by priority and text_id the first, so many and so many bytes together.

    Args:
        warehouse: where the tables are.
        prompt: whose texts they are.
        names: the category that each spelling of a label means.
        answers_of: model ids whose answers count too.
        most_texts: how many rows there are at most.
        most_bytes: how long the texts are together at most.
    """
    raw = warehouse.name(prompt.name, RAW_REQUESTS)
    # One row of each text is chosen by its place alone, so that no long column has to be sorted or grouped.
    place = "concat(request_file, ' ', cast(row_number as varchar))"
    return f"""
        select chosen.text_id, chosen."class", chosen.priority, coalesce(held.input_text, requests.text) as text
        from (
            select * from (
                select *, row_number() over (order by priority, text_id) as number,
                    sum(bytes) over (order by priority, text_id rows between unbounded preceding and current row) as so_far
                from ({_settled(warehouse, prompt, names, answers_of)}) as settled
            ) as numbered where number <= {most_texts} and so_far <= {most_bytes}
        ) as chosen
        left join ({_held(warehouse, prompt)}) as held
            on chosen.priority = {CORRECTION} and held.text_id = chosen.text_id
        left join (
            select rows_of_text.text_id, text from {raw} as rows_of_text join (
                select min({place}) as first_place from {raw} where {_is_masked_so(prompt)} group by text_id
            ) as firsts on {place} = first_place
        ) as requests on chosen.priority > {CORRECTION} and requests.text_id = chosen.text_id
    """


def counts(warehouse: Warehouse, prompt: Prompt, names: Mapping[str, str], answers_of: Collection[str]) -> str:
    """One row: how many texts there are, and of how many two labels are equally frequent."""
    said = _ranked(warehouse, prompt, names, answers_of)
    return f"""
        select coalesce(sum(case when equal = 1 then 1 else 0 end), 0) as texts,
            coalesce(sum(case when equal > 1 then 1 else 0 end), 0) as contradicting
        from ({said}) as ranked where place = 1
    """


def _settled(warehouse: Warehouse, prompt: Prompt, names: Mapping[str, str], answers_of: Collection[str]) -> str:
    said = _ranked(warehouse, prompt, names, answers_of)
    return f'select text_id, "class", priority, bytes from ({said}) as ranked where place = 1 and equal = 1'


def _ranked(warehouse: Warehouse, prompt: Prompt, names: Mapping[str, str], answers_of: Collection[str]) -> str:
    """What was said of each text, the weightiest in place 1; `equal` says how many are as weighty."""
    raw = warehouse.name(prompt.name, RAW_REQUESTS)
    # Of the corrections at least their names and types, as there may be nothing else.
    takes_them = "corrections" in prompt.local_model.learn_from
    parts = [
        f"""select text_id, new_class as "class", {CORRECTION} as priority, 1 as votes, length(input_text) as bytes
            from ({_held(warehouse, prompt)}) as held{"" if takes_them else " where false"}"""
    ]
    if names:
        parts.append(
            f"""select text_id, {_named(names)} as "class", {LABEL} as priority, count(*) as votes, max(text_bytes) as bytes
            from {raw} where {_is_masked_so(prompt)} and expected_class in ({", ".join(map(literal, names))})
            group by text_id, {_named(names)}"""
        )
    if answers_of:
        parts.append(
            f"""select text_id, "class", {MODEL_ANSWER} as priority, count(*) as votes, max(text_bytes) as bytes
            from {warehouse.name(prompt.name, CLASSIFICATIONS)} as answers join (
                select text_id as known_id, max(text_bytes) as text_bytes from {raw} where {_is_masked_so(prompt)}
                group by text_id
            ) as known on known_id = text_id
            where status in {in_sql(HOLDING)} and coalesce(source, '') <> 'local_model' and model_id in ({", ".join(map(literal, answers_of))})
                and "class" in ({", ".join(map(literal, prompt.class_names))})
            group by text_id, "class\""""
        )
    said = " union all ".join(parts)
    return f"""
        select *, row_number() over (partition by text_id order by priority, votes desc, "class") as place,
            count(*) over (partition by text_id, priority, votes) as equal
        from ({said}) as said
    """


def _held(warehouse: Warehouse, prompt: Prompt) -> str:
    return f"""select text_id, input_text, new_class from ({holding_corrections(warehouse, prompt)}) as holding
        where input_text is not null and coalesce(redaction, '') = {literal(_redaction(prompt))}"""


def _is_masked_so(prompt: Prompt) -> str:
    return f"text_id is not null and coalesce(redaction, '') = {literal(_redaction(prompt))}"


def _redaction(prompt: Prompt) -> str:
    return prompt.redact.version if prompt.redact is not None else ""


def _named(names: Mapping[str, str]) -> str:
    """The category that a label means, as an expression."""
    cases = " ".join(
        f"when {literal(spelling)} then {literal(name)}" for spelling, name in names.items() if spelling != name
    )
    return f"case expected_class {cases} else expected_class end" if cases else "expected_class"
