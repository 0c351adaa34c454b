"""How far off estimates of tokens are, with a tokenizer in the model's place: `python -m benchmarks.token_estimates [CSV ...]`.

The tokenizer is that of Llama 2, as the package wordllama ships it. For each file the first half of its distinct texts teaches the ratio,
with one prompt and with the other, and the tokens of the second half are estimated. Without files, sample texts of the prompts are taken;
of a CSV file the column with the longest values.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import tokenizers
import wordllama

from batch_classifier.inference.questions import question, system_prompt
from batch_classifier.inference.token_use import bytes_around, starting_use
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import sample_rows

_TOKENIZER = Path(wordllama.__file__).parent / "tokenizers" / "l2_supercat_tokenizer_config.json"
_TEXTS = 400


def main(files: Sequence[str]) -> None:
    """Print a line for each set of texts and each prompt."""
    prompts = load_prompts(Path("prompts")).prompts
    texts = {Path(file).stem: _column(Path(file)) for file in files}
    texts = texts or {name: [max(row.values(), key=len) for row in sample_rows(name, 500, 1)] for name in prompts}
    tokenizer = tokenizers.Tokenizer.from_file(str(_TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    print(
        "| texts | prompt | starting values | learned with this prompt | with the other |\n| --- | --- | --- | --- | --- |"
    )
    for name, rows in texts.items():
        distinct = list(dict.fromkeys(rows))[:_TEXTS]
        taught, asked = distinct[::2], distinct[1::2]
        for prompt in prompts.values():
            (other,) = [one for one in prompts.values() if one is not prompt][:1]
            ratios = [
                starting_use(prompt, 0).bytes_a_token,
                _bytes(prompt, taught) / _tokens(tokenizer, prompt, taught),
                _bytes(other, taught) / _tokens(tokenizer, other, taught),
            ]
            real = _tokens(tokenizer, prompt, asked)
            errors = [f"{_bytes(prompt, asked) / ratio / real - 1:+.1%}" for ratio in ratios]
            print(f"| {name} | {prompt.name} | {' | '.join(errors)} |")


def _column(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [max(row.values(), key=len) for row in csv.DictReader(file)]


def _bytes(prompt: Prompt, texts: Sequence[str]) -> int:
    return sum(len(text.encode()) for text in texts) + bytes_around(prompt, len(texts))


def _tokens(tokenizer: tokenizers.Tokenizer, prompt: Prompt, texts: Sequence[str]) -> int:
    asked = [system_prompt(prompt), *(question(text) for text in texts)]
    system, *questions = (len(found.ids) for found in tokenizer.encode_batch(asked, add_special_tokens=False))
    return len(questions) * system + sum(questions)


if __name__ == "__main__":
    main(sys.argv[1:])
