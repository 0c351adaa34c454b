"""Masks texts: what is found of each kind becomes a word in brackets, such as [email]."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from batch_classifier.redaction.card_numbers import find_card_numbers
from batch_classifier.redaction.email_addresses import find_email_addresses
from batch_classifier.redaction.ibans import find_ibans
from batch_classifier.redaction.kinds import Kind
from batch_classifier.redaction.own_patterns import OwnPattern
from batch_classifier.redaction.phone_numbers import phone_number_finder
from batch_classifier.redaction.spans import Finder, Span, without
from batch_classifier.redaction.usual_signs import in_usual_signs, visible

# The time that one text may take, in seconds of this thread's own work; one of 500 characters takes 0.0001.
SECONDS_A_TEXT = 20.0
TOO_SLOW = "has a text that takes too long to mask; make the patterns of redact simpler, or shorten the text"


@dataclass(frozen=True)
class Masked:
    """Texts after masking.

    Attributes:
        texts: as they may be sent; null where there was none, and where masking came to no end.
        problems: `TOO_SLOW` where masking came to no end, else null.
        is_changed: whether something was masked in the text.
    """

    texts: pa.StringArray
    problems: pa.StringArray
    is_changed: pa.BooleanArray


@dataclass
class Masker:
    """Finds what is to be masked: first the own patterns in their order, then the kinds.

    An own pattern does not look into what one before it has found, nor do the kinds.

    Attributes:
        kinds: what to find without a pattern.
        patterns: expressions by the name that stands in their mask.
        countries: where telephone numbers without a country's code come from; see `phone_number_finder`.
        counts: how much was masked, by kind or pattern, so far.
    """

    kinds: Sequence[Kind]
    patterns: Mapping[str, str] = field(default_factory=dict)
    countries: Sequence[str] = ()
    clock: Callable[[], float] = time.thread_time
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        finders = _finders(self.countries)
        self._finders = {kind: finders[kind] for kind in finders if kind in self.kinds}
        self._own = {name: OwnPattern(expression) for name, expression in self.patterns.items()}

    def mask(self, texts: pa.StringArray) -> Masked:
        """Mask many texts."""
        masked: list[str | None] = []
        problems: list[str | None] = []
        changed: list[bool] = []
        for text in texts.to_pylist():
            try:
                new = None if text is None else self.mask_text(text)
                problems.append(None)
            except TimeoutError:
                new = None
                problems.append(TOO_SLOW)
            masked.append(new)
            changed.append(new is not None and new is not text)
        return Masked(pa.array(masked, pa.string()), pa.array(problems, pa.string()), pa.array(changed, pa.bool_()))

    def mask_text(self, text: str) -> str:
        """Mask one text; the same object where nothing is found. Raises TimeoutError after `SECONDS_A_TEXT`."""
        found: list[tuple[Span, str]] = []
        until = self.clock() + SECONDS_A_TEXT
        for name, pattern in self._own.items():
            spans = [
                found_span for start, end in _free(text, found) for found_span in _moved(pattern, text, start, end)
            ]
            found = sorted(found + self._watched(iter(spans), name, until))
        free = in_usual_signs(without(text, [span for span, _ in found]) if found else text)
        of_kinds = self._of_kinds(free, until)
        found += of_kinds
        seen = visible(without(free, sorted(span for span, _ in of_kinds)))
        # A second time, for what such characters are in the midst of; the first found what they stand beside.
        if seen is not None:
            shown, places = seen
            found += [
                ((places[start], places[end - 1] + 1), kind) for (start, end), kind in self._of_kinds(shown, until)
            ]
        if not found:
            return text
        self.counts.update(name for _, name in found)
        return _replaced(text, sorted(found))

    def _of_kinds(self, text: str, until: float) -> list[tuple[Span, str]]:
        found: list[tuple[Span, str]] = []
        for kind, find in self._finders.items():
            of_kind = self._watched(find(text), kind, until)
            if of_kind:
                text = without(text, [span for span, _ in of_kind])
                found += of_kind
        return found

    def _watched(self, spans: Iterator[Span], name: str, until: float) -> list[tuple[Span, str]]:
        kept = []
        for span in spans:
            kept.append((span, name))
            if self.clock() > until:
                raise TimeoutError(name)
        if self.clock() > until:
            raise TimeoutError(name)
        return kept


def _finders(countries: Sequence[str]) -> dict[Kind, Finder]:
    # In the order in which they look: what is right by its check digits before what only has a form.
    return {
        "email": find_email_addresses,
        "iban": find_ibans,
        "card": find_card_numbers,
        "phone": phone_number_finder(countries),
    }


def _free(text: str, found: list[tuple[Span, str]]) -> Iterator[Span]:
    """The parts of a text between what was found in it."""
    at = 0
    for (start, end), _ in found:
        if start > at:
            yield at, start
        at = end
    if at < len(text):
        yield at, len(text)


def _moved(pattern: OwnPattern, text: str, start: int, end: int) -> Iterator[Span]:
    for one, other in pattern.find(text[start:end]):
        yield start + one, start + other


def _replaced(text: str, found: list[tuple[Span, str]]) -> str:
    pieces = []
    at = 0
    for (start, end), name in found:
        pieces += [text[at:start], f"[{name}]"]
        at = end
    return "".join([*pieces, text[at:]])
