"""Labelled sample rows for the prompts that come with the project: as many as wanted, the same for the same seed."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from batch_classifier.errors import ClassifierError
from batch_classifier.sample_data.drawing import pick
from batch_classifier.sample_data.lost_deals import deal_note
from batch_classifier.sample_data.travel_calls import travel_call
from batch_classifier.sample_data.vocabulary import CHANNELS, DAYS, NUMBERS, REGIONS

# Real files repeat themselves: so many rows have a text that stood in one of the last rows already.
_REPEATED = 0.05
_CHANGED = 0.03
_REMEMBERED = 500

_DAY = re.compile(r"\b\d{1,2}(?=th\b)")


@dataclass(frozen=True)
class _Sample:
    """How the rows of one prompt are made: its columns, the first id, a text with its class, and two columns more."""

    id: str
    text: str
    label: str
    first_id: int
    prefix: str
    write: Callable[[Random], tuple[str, str]]
    others: Callable[[Random], dict[str, str]]


def _call_columns(random: Random) -> dict[str, str]:
    day = f"2026-{1 + int(random.random() * 12):02}-{1 + int(random.random() * 28):02}"
    return {"channel": pick(random, CHANNELS), "called_on": day}


def _deal_columns(random: Random) -> dict[str, str]:
    return {"region": pick(random, REGIONS), "amount_usd": str(1000 * (4 + int(random.random() * 240)))}


_SAMPLES = {
    "travel": _Sample("conversation_id", "conversation", "class", 100_001, "C-", travel_call, _call_columns),
    "lost_deals": _Sample("deal_id", "notes", "lost_reason", 5_001, "D-", deal_note, _deal_columns),
}


def sample_rows(prompt_name: str, rows: int, seed: int) -> Iterator[dict[str, str]]:
    """Rows for one prompt, made one by one; the first rows are the same however many are asked for.

    Of 100 rows about 5 repeat a text of an earlier row under another id, and 3 more repeat it with one detail changed.
    Raises ClassifierError for a prompt that has no samples.
    """
    sample = _SAMPLES.get(prompt_name)
    if sample is None:
        raise ClassifierError(
            f"There is no sample data for {prompt_name!r}; there is some for: {', '.join(sorted(_SAMPLES))}."
        )
    return _rows(sample, rows, Random(f"{prompt_name} {seed}"))


def _rows(sample: _Sample, rows: int, random: Random) -> Iterator[dict[str, str]]:
    recent: deque[tuple[str, str]] = deque(maxlen=_REMEMBERED)
    for number in range(rows):
        chance = random.random()
        if recent and chance < _REPEATED + _CHANGED:
            text, label = pick(random, recent)
            if chance >= _REPEATED:
                text = _with_other_day(text, random)
        else:
            text, label = sample.write(random)
            recent.append((text, label))
        row = {sample.id: f"{sample.prefix}{sample.first_id + number}", sample.text: text, sample.label: label}
        yield row | sample.others(random)


def _with_other_day(text: str, random: Random) -> str:
    """The same text with another day of the month, or with a remark at its end where it names none."""
    found = _DAY.search(text)
    if found is None:
        return f"{text} ({pick(random, NUMBERS)} minutes)"
    others = [day for day in DAYS if day != found[0]]
    return text[: found.start()] + pick(random, others) + text[found.end() :]


def write_sample(prompt_name: str, rows: int, seed: int, path: Path) -> None:
    """Write rows as .csv, .jsonl, .json or .xlsx, by the path's suffix; the file appears whole or not at all.

    Raises ClassifierError for a prompt that has no samples and for another suffix.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ClassifierError(f"{path.name} cannot be written; the name must end in one of: {', '.join(_WRITERS)}.")
    content = sample_rows(prompt_name, rows, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        writer(content, aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _write_csv(rows: Iterator[dict[str, str]], path: Path) -> None:
    # The csv module looks at each character in turn and would take longer than the texts take to write.
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, row in enumerate(rows):
            if not number:
                file.write(_csv_line(row))
            file.write(_csv_line(row.values()))


def _csv_line(values: Iterable[str]) -> str:
    quoted = '","'.join([value.replace('"', '""') for value in values])
    return f'"{quoted}"\r\n'


def _write_jsonl(rows: Iterator[dict[str, str]], path: Path) -> None:
    import orjson

    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _write_json(rows: Iterator[dict[str, str]], path: Path) -> None:
    import orjson

    with path.open("wb") as file:
        file.write(b"[")
        for number, row in enumerate(rows):
            file.write((b",\n" if number else b"\n") + orjson.dumps(row))
        file.write(b"\n]\n")


def _write_xlsx(rows: Iterator[dict[str, str]], path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    for number, row in enumerate(rows):
        if not number:
            sheet.append(list(row))
        sheet.append(list(row.values()))
    book.save(path)


_WRITERS: dict[str, Callable[[Iterator[dict[str, str]], Path], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".json": _write_json,
    ".xlsx": _write_xlsx,
}
