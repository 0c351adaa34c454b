"""Where in a text something was found that is to be masked."""

from collections.abc import Callable, Iterator

Span = tuple[int, int]
# Finds spans of one kind, in order, none of which overlap. It is given the text with what is masked already as NULs.
Finder = Callable[[str], Iterator[Span]]

TAKEN = "\0"


def without(text: str, spans: list[Span]) -> str:
    """The text with these spans, in order, as NULs: nothing is found in them, and all positions stay."""
    pieces = []
    end = 0
    for span in spans:
        pieces += [text[end : span[0]], TAKEN * (span[1] - span[0])]
        end = span[1]
    return "".join([*pieces, text[end:]])
