"""The corrections that hold, in SQL that DuckDB and Athena both take: of each text the last one, unless it was withdrawn.

What the model said stays in `classifications`. A correction is joined to it by the text, and goes first wherever people look.
"""

from collections.abc import Sequence

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.column import TEXT, Column, InResults
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.tables import CLASSIFICATIONS, CORRECTIONS

MODEL_CLASS = Column(
    "model_class",
    TEXT,
    "what the model said, where a correction says otherwise",
    in_results=InResults("model_class", only_where_filled=True),
)
# In queries that join `answered` (classifications) with `held` (the corrections that hold).
HOLDING_CLASS = 'coalesce(held.new_class, answered."class")'
MODEL_CLASS_WHERE_CORRECTED = 'case when held.new_class <> answered."class" then answered."class" end'
IS_CORRECTED = 'held.new_class is not null and coalesce(held.new_class <> answered."class", true)'


def holding(corrections: str, classes: Sequence[str] | None = None) -> str:
    """The corrections that hold, one row a text, from the table of this name; only those to one of `classes`, if given."""
    allowed = "" if classes is None else f" and new_class in ({', '.join(map(literal, classes))})"
    return f"""
        select * from (
            select *, row_number() over (partition by text_id order by correction_set desc, number desc) as place
            from {corrections}
        ) as said where place = 1 and new_class is not null{allowed}
    """


def holding_corrections(warehouse: Warehouse, prompt: Prompt) -> str:
    """The corrections that hold and whose class the prompt still has."""
    return holding(warehouse.name(prompt.name, CORRECTIONS), prompt.class_names)


def answered_and_held(warehouse: Warehouse, prompt: Prompt) -> str:
    """What follows FROM: each classification as `answered`, beside the correction that holds for its text as `held`."""
    return f"""{warehouse.name(prompt.name, CLASSIFICATIONS)} as answered
        left join ({holding_corrections(warehouse, prompt)}) as held on answered.text_id = held.text_id"""


def corrected_rows(warehouse: Warehouse, prompt: Prompt, request_file: str) -> str:
    """The rows of a request file whose class a correction changes, by row_number: row_number and new_class."""
    return f"""
        select answered.row_number, held.new_class
        from {answered_and_held(warehouse, prompt)}
        where answered.request_file = {literal(request_file)} and {IS_CORRECTED}
        order by answered.row_number
    """


def correction_states(warehouse: Warehouse, prompt: str) -> str:
    """Every correction that there is, without the texts, the newest first; `later` says how many followed for its text."""
    return f"""
        select correction_set, number, text_id, record_id, request_file, old_class, new_class, who, corrected_at, why, source,
            row_number() over (partition by text_id order by correction_set desc, number desc) - 1 as later
        from {warehouse.name(prompt, CORRECTIONS)}
        order by correction_set desc, number
    """


def corrected_files(warehouse: Warehouse, prompt: str, correction_set: str, and_later: bool = False) -> str:
    """The request files that have texts of a set, or of this set and all later ones."""
    return f"""
        select distinct request_file from {warehouse.name(prompt, CLASSIFICATIONS)} where text_id in (
            select text_id from {warehouse.name(prompt, CORRECTIONS)} where correction_set {">=" if and_later else "="} {literal(correction_set)}
        ) order by request_file
    """
