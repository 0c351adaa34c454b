"""`batch-classifier prompts --tokens`: what each part of a question costs, and what texts that share a record would cost."""

from batch_classifier.batches.learned_tokens import token_use
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import PromptError
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.inference.prices import Price
from batch_classifier.inference.question_parts import Part, question_parts
from batch_classifier.inference.token_use import TokenUse
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.warehouse.queries import mean_text_bytes
from batch_classifier.wording import counted

_PACKINGS = (1, 5, 10, 20)
_ASSUMED_BYTES = 1_000
_MANY = 1_000_000


def show_tokens() -> int:
    """Show the tables of each prompt; 1 when a prompt file has an error."""
    settings = load_settings()
    folder = load_prompts(settings.prompts)
    inference, warehouse = open_inference(settings), open_warehouse(settings)
    is_charged = settings.inference_kind != "local"
    for error in folder.errors:
        say(f"Error: {error}", is_error=True)
    has_error = bool(folder.errors)
    for prompt in folder.prompts.values():
        try:
            model_id = inference.model_id(prompt) if is_charged else prompt.model.id
            _show(prompt, inference, warehouse, token_use(warehouse, prompt, model_id))
        except PromptError as error:
            say(f"Error: {settings.prompts / prompt.name}.yaml: {error}", is_error=True)
            has_error = True
    return 1 if has_error else 0


def _show(prompt: Prompt, inference: Inference, warehouse: Warehouse, use: TokenUse) -> None:
    texts, text_bytes = _texts_so_far(prompt, warehouse)
    known = inference.model_price(prompt)
    now = min(prompt.texts_per_record, inference.record_room(prompt).most_texts)
    whose = f"the mean of {counted(texts, 'text')}" if texts else "an assumption: no text of this prompt is known"
    price = "price unknown" if known is None else f"batch prices by {known.source}"
    say(
        f"{prompt.name}: {prompt.model.id}, {price}; {use.bytes_a_token:.1f} bytes a token ({use.basis}).",
        f"A text has {text_bytes:,.0f} bytes ({whose}). texts_per_record is {now}.",
        "",
    )
    batch = None if known is None else known.batch
    parts = question_parts(prompt, use, text_bytes, now)
    columns = ["part", "tokens a text", f"USD per {_MANY:,} texts"]
    rows = [[part.name, f"{part.tokens:,.0f}", _usd([part], batch)] for part in parts]
    total = ["all", f"{sum(part.tokens for part in parts):,.0f}", _usd(parts, batch)]
    print_table(columns, [*rows, total], numbers=columns[1:])
    say("")
    _show_packing(prompt, inference, use, text_bytes, batch)
    say("")


def _show_packing(prompt: Prompt, inference: Inference, use: TokenUse, text_bytes: float, price: Price | None) -> None:
    most = inference.record_room(prompt.model_copy(update={"texts_per_record": max(_PACKINGS)})).most_texts
    columns = ["texts a record", "tokens read", "tokens written", f"USD per {_MANY:,} texts"]
    rows = []
    for in_a_record in sorted({*(one for one in _PACKINGS if one <= most), min(most, max(_PACKINGS))}):
        parts = question_parts(prompt, use, text_bytes, in_a_record)
        read, written = (sum(part.tokens for part in parts if part.is_written is way) for way in (False, True))
        rows.append([f"{in_a_record}", f"{read:,.0f}", f"{written:,.0f}", _usd(parts, price)])
    print_table(columns, rows, numbers=columns)
    if most < max(_PACKINGS):
        say(
            f"A record takes {most} at most: the model can write no longer answer with max_tokens {prompt.model.max_tokens}."
        )


def _texts_so_far(prompt: Prompt, warehouse: Warehouse) -> tuple[int, float]:
    """How many texts of the prompt there are, and their bytes in the mean; none where none are known."""
    if prompt.name not in warehouse.prompts():
        return 0, _ASSUMED_BYTES
    (row,) = warehouse.query(prompt.name, mean_text_bytes(warehouse, prompt))
    return (row["texts"], float(row["mean_bytes"])) if row["texts"] else (0, _ASSUMED_BYTES)


def _usd(parts: list[Part], price: Price | None) -> str:
    if price is None:
        return "-"
    cost = sum(part.tokens * (price.output if part.is_written else price.input) for part in parts) / 1e6
    return f"{cost * _MANY:,.2f}"
