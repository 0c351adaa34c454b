"""From the words a model used to an allowed category: equal, spelled otherwise, named within a phrase, or nobody's.

Nothing is guessed: whenever two categories could be meant, or the name is denied, the words belong to no category.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeVar

Key = TypeVar("Key")

# Longer words are prose that happens to hold names; it also bounds the work for answers of any size.
MAX_WORDS_CHARACTERS = 1_000
# A name of one word ("Other") also occurs in plain prose, so only so many words may stand around it.
MAX_WORDS_AROUND_ONE_WORD_NAME = 4

_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_WRAPPING = " \t\r\n*_`\"'[](){}«»\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
_ENDING = _WRAPPING + ".,;:!?…。、"
_PREFIX = re.compile(
    r"(?:the )?(?:final )?(?:category|class|classification|label|answer|type)(?: name)?(?: ?#?\d{1,3})?"
    r"(?: ?[:=]| is\b| - )",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"[(\[#]{0,2}(\d{1,3}) ?(?:[.):\]]{1,2}|-(?= )) ?(?!\d)(?=.)")
_BREAK_AFTER = re.compile(r" ?[:;,(\[/|\"”»]| - |\. ")
_BREAK_BEFORE = re.compile(r"[:;,(\[/|\"“«] ?$| - $|\. $")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FRAME = _words("a an the this that it is its as of s category class classification label answer type final")
_DENIALS = _words(
    "no not non none nor neither never without except excluding but cannot than rather instead unlike unlikely hardly "
    "isnt arent wasnt werent doesnt dont didnt wont cant nobody nothing anything "
    "nicht kein keine keinen keiner keines ohne weder ausser statt geen niet zonder pas sans sauf ni aucun aucune "
    "sin tampoco excepto ningún ninguna senza né não sem nem ikke inte не нет без кроме ни ليس لا غير بدون "
    "不 不是 非 没有 没 無 ではない じゃない 아닌 아니다 아님 değil yok"
)


@dataclass(frozen=True)
class Match:
    """The category that words stand for (`None`: nobody's), and how they were recognised."""

    name: str | None
    how: Literal["exact", "spelling", "phrase", "none"]


_NOBODY = Match(None, "none")


class Labels:
    """The allowed names of one prompt, built once for fast look-ups; safe to share between threads."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._exact = {name: Match(name, "exact") for name in self.names}
        self._near: dict[str, str | None] = {}
        self._joined: dict[str, str | None] = {}
        self._phrases: dict[tuple[str, ...], str | None] = {}
        for name in self.names:
            tokens = _tokens(name)
            _enter(self._near, _near(name), name)
            _enter(self._joined, _joined(tokens), name)
            if tokens:
                _enter(self._phrases, tokens, name)
        self._lengths = sorted({len(tokens) for tokens in self._phrases}, reverse=True)
        self._unnumbered: dict[str, str | None] = {}
        for name in self.names:
            if number := _LIST_NUMBER.match(_spaced(name)):
                _enter(self._unnumbered, _joined(_tokens(_spaced(name)[number.end() :])), name)
        self._settled = lru_cache(maxsize=4096)(self._settle)

    def match(self, words: str | None) -> Match:
        """The category that `words` name, in this order, else `none`.

        - exact: the name itself.
        - spelling: the name but for case, white space, punctuation, quotes or Markdown, a list number ("3. …"), a
          prefix ("Category: …"), Unicode forms (NFKC), "&" for "and", underscores or camel case. Signs that carry
          meaning stay ("A-" is not "A", "C++" not "C", "<50" not ">50", "1.5" not "15").
        - phrase: exactly one category's name stands in the words, whole and at word borders. A name within a longer
          name that is there too does not count; a denial anywhere beside it ("not a …", "anything but …") makes the
          words nobody's. A name of one word may be plain prose ("some other thing"), so nothing but words such as
          "this is a" may stand beside it, or there are four words at most and it is the last of them, capitalised as
          in the name, or cut off from the rest by punctuation ("Other (unclear)").
        """
        if not words or not isinstance(words, str):
            return _NOBODY
        if exact := self._exact.get(words):
            return exact
        words = words.strip()
        if not words or len(words) > MAX_WORDS_CHARACTERS:
            return _NOBODY
        return self._settled(words)

    def named(self, label: str) -> str | None:
        """The category that a label means: one that is its name, or another spelling of it."""
        match = self.match(label)
        return match.name if match.how in ("exact", "spelling") else None

    def _settle(self, words: str) -> Match:
        spaced = _spaced(words)
        unprefixed = _without_prefix(spaced)
        bare = self._without_number(unprefixed)
        for text in dict.fromkeys((spaced, unprefixed, bare)):
            found, name = self._spelled(text, with_unnumbered=bare == unprefixed)
            if found:
                return Match(name, "spelling") if name is not None else _NOBODY
        return self._phrase(bare)

    def _spelled(self, text: str, with_unnumbered: bool) -> tuple[bool, str | None]:
        """Whether `text` is the spelling of a name, and which; none when it is the spelling of several."""
        near = _near(text)
        if self._near.get(near) is not None:
            return True, self._near[near]
        joined = _joined(_tokens(text))
        if joined and joined in self._joined:
            return True, self._joined[joined]
        # "Billing" is "1. Billing", but "2. Billing" is not.
        if joined and with_unnumbered and joined in self._unnumbered:
            return True, self._unnumbered[joined]
        return near in self._near, None

    def _without_number(self, text: str) -> str:
        number = _LIST_NUMBER.match(text)
        if number is None or number[1] in self._joined:
            return text
        return _without_prefix(text[number.end() :])

    def _phrase(self, text: str) -> Match:
        tokens = _tokens(text)
        # A name that lies within a longer one is covered by it: sorted like this, the longer one comes first.
        occurrences: list[tuple[int, int, str | None]] = []
        covered = 0
        for start, end, name in sorted(self._occurrences(tokens), key=lambda found: (found[0], -found[1])):
            if end > covered:
                occurrences.append((start, end, name))
                covered = end
        names = {name for _, _, name in occurrences}
        if len(names) != 1:
            return _NOBODY
        name = names.pop()
        inside = {place for start, end, _ in occurrences for place in range(start, end)}
        beside = [token for place, token in enumerate(tokens) if place not in inside]
        if name is None or _denied(beside):
            return _NOBODY
        if all(end - start == 1 for start, end, _ in occurrences) and not _stands_out(name, text, tokens, beside):
            return _NOBODY
        return Match(name, "phrase")

    def _occurrences(self, tokens: tuple[str, ...]) -> Iterator[tuple[int, int, str | None]]:
        for start in range(len(tokens)):
            for length in self._lengths:
                part = tokens[start : start + length]
                if len(part) == length and part in self._phrases:
                    yield start, start + length, self._phrases[part]


def _stands_out(name: str, text: str, tokens: tuple[str, ...], beside: list[str]) -> bool:
    """Whether a name of one word is meant as a name; see `Labels.match`."""
    if all(token in _FRAME for token in beside):
        return True
    if len(tokens) > MAX_WORDS_AROUND_ONE_WORD_NAME:
        return False
    name, text = _spaced(name), text.lstrip(_WRAPPING)
    if text[: len(name)].casefold() == name.casefold() and _BREAK_AFTER.match(text, len(name)):
        return True
    text = text.rstrip(_ENDING)
    before, last = text[: -len(name)], text[-len(name) :]
    if last == name and name != name.lower():
        return True
    return last.casefold() == name.casefold() and _BREAK_BEFORE.search(before[-3:]) is not None


def _denied(tokens: list[str]) -> bool:
    """Whether words say no; "isn't" comes as the two tokens "isn" and "t"."""
    contracted = any(first.endswith("n") and second == "t" for first, second in pairwise(tokens))
    return contracted or not _DENIALS.isdisjoint(tokens)


def _enter(table: dict[Key, str | None], key: Key, name: str) -> None:
    """Enter a name under a key; a key that two names share is nobody's."""
    table[key] = None if key in table else name


def _spaced(text: str) -> str:
    """Text in the form NFKC, every run of white space one space, without invisible characters, all dashes alike."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return " ".join(_DASHES.sub("-", text).split())


def _without_prefix(text: str) -> str:
    text = text.lstrip(_WRAPPING)
    prefix = _PREFIX.match(text)
    return text[prefix.end() :].lstrip(_WRAPPING) if prefix else text


def _folded(text: str) -> str:
    # Casefolding gives the Turkish İ a dot of its own, which no lower-case i has.
    return unicodedata.normalize("NFKC", _spaced(text).casefold()).replace("i\u0307", "i")


def _near(text: str) -> str:
    return _folded(text).strip(_WRAPPING)


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_token_pattern().findall(_folded(text).replace("&", " and ").replace("_", " ")))


def _joined(tokens: Sequence[str]) -> str:
    """Tokens without the spaces, which makes camel case and hyphens alike, but with numbers kept apart."""
    joined = ""
    for token in tokens:
        joined += f" {token}" if joined[-1:].isdigit() and token[0].isdigit() else token
    return joined


@lru_cache(maxsize=1)
def _token_pattern() -> re.Pattern[str]:
    r"""Words, with the signs that carry meaning.

    `\w` of Python leaves out combining marks, and so would take the vowels from Hindi words; they are added here.
    """
    places = (chr(place) for place in range(0x300, 0x20000))
    marks = "".join(character for character in places if unicodedata.category(character)[0] == "M")
    return re.compile(
        r"[<>≤≥=]{1,3}(?=\s?\.?\d)"  # <50, >= 50
        r"|(?<![^\s(])[-+](?=\d)"  # -1, +1
        r"|\d+(?:[.,]\d+)+"  # 1.5
        r"|(?<!\w)\w-(?![\w-])"  # A-
        rf"|[\w{marks}]+[+#]*"  # words, C++, C#, B+
    )
