"""How numbers and foreign names stand in sentences, on a terminal and in Markdown.

A foreign name is one that somebody else chose: of a file, a column, a category, a bucket. It may hold anything.
"""

import re

# Without them emoji and some scripts fall apart; they move nothing on a terminal.
_JOINERS = {"\u200c", "\u200d"}
_LONGEST = 2_000
# What has a meaning within a line of Markdown, and what has one at its beginning.
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&])|^([-+#=]|\d+[.)](?=\s|$))")
# GitHub's Markdown, which Dagster's interface shows, makes links of these in plain text, escaped or not.
_LINKED = re.compile(r"(?i)((?:https?|ftp):|www|(?:mailto|xmpp):|@)(?=[^\s])")
# Of no width, and no place for a line to break.
_WORD_JOINER = "\u2060"


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


def fit_markdown(text: str, longest: int = _LONGEST) -> str:
    """A foreign name for a line or a cell of Markdown, which shows it as it is: no link, image, HTML or emphasis is made of it.

    Addresses that would become links get a character of no width inside; everything else is escaped.
    """
    escaped = _MARKDOWN.sub(lambda found: _escaped(found[0]), fit_line(text.strip(), longest))
    return _LINKED.sub(rf"\1{_WORD_JOINER}", escaped)


def _escaped(sign: str) -> str:
    """The sign with a backslash before its last character, which is the one that means something."""
    return f"{sign[:-1]}\\{sign[-1]}"
