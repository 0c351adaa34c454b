"""A long text is read sentence by sentence to its end; the few that belong most to the prompt speak for it."""

from collections.abc import Iterator

from batch_classifier.language.dialogue import sentences_of

LONG_CHARACTERS = 8_000
"""Up to this length a text is read as one."""
READ_CHARACTERS = 200_000
"""How much of a text is read: a hundred pages. What is longer is told of in the note of its row."""
NOT_READ_TO_THE_END = f"only the first {READ_CHARACTERS:,} characters of this text were read"
SENTENCES_THAT_SPEAK = 3
ALMOST_AS_GOOD = 0.75
"""So many sentences speak for a text at most, and none that belongs less to the prompt than this share of the best: with more of them
the one that matters is not heard, where there is only one."""


def long_sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of what is read of a long text, each once, with the place of its first character; none is a long text itself."""
    seen: set[str] = set()
    start, end = 0, min(len(text), READ_CHARACTERS)
    while start < end:
        cut = min(start + LONG_CHARACTERS, end)
        if cut < end and (space := text.rfind(" ", start, cut)) > start:
            cut = space + 1
        for place, sentence in sentences_of(text[start:cut]):
            if sentence not in seen:
                seen.add(sentence)
                yield start + place, sentence
        start = cut
