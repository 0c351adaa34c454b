"""How numbers and foreign names stand in sentences, on a terminal and in Markdown.

A foreign name is one that somebody else chose: of a file, a column, a category, a bucket. It may hold anything.
"""

# Without them emoji and some scripts fall apart; they move nothing on a terminal.
_JOINERS = {"\u200c", "\u200d"}
_LONGEST = 1_000


def counted(number: int, noun: str) -> str:
    """Return "1 row" or "2,000 rows" for a noun whose plural ends in s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def fit_line(text: str, longest: int = _LONGEST) -> str:
    """A foreign name, or a sentence with one in it, for a line of a terminal, a log or an error; at most so many characters.

    What is not printable (control characters, escape sequences, line ends, marks that turn the direction of writing, halves
    of characters) stands there as its escape, as in Python's `repr`.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(
        one if one.isprintable() or one in _JOINERS else one.encode("unicode_escape").decode() for one in cut
    )
