"""Shares as a picture of bars, in the Markdown that Dagster shows at once.

Dagster's page puts Markdown of 1,000 characters and more behind a button, so the picture is an SVG that writes little: one path for all bars, a line
of text for each name, and percent signs only for what Markdown or an address cannot hold. It has one grey that is readable on a light and a dark page, for
an SVG in a page does not know which of them the page is.
"""

import unicodedata
from collections.abc import Mapping
from html import escape

import dagster as dg

from batch_classifier.defs.metadata import SHOWN_AT_ONCE, bar_chart
from batch_classifier.wording import fit_line

_ROW, _BAR_WIDTH, _CHARACTER, _WIDE_CHARACTER = 20, 240, 8, 15
_NAME_CHARACTERS = 40
# What a Markdown link cannot hold as it is, would end it, or begins a code for a character.
_ENCODED = str.maketrans({sign: f"%{ord(sign):02X}" for sign in ' %#()\\"[]`&'})


def bar_picture(shares: Mapping[str, float]) -> dg.MarkdownMetadataValue:
    """A bar for each name, as long as its share (0 to 1) of the longest; bars of characters where the picture would be hidden."""
    picture = _markdown(shares)
    return dg.MetadataValue.md(picture) if shares and _length(picture) < SHOWN_AT_ONCE else bar_chart(shares)


def _markdown(shares: Mapping[str, float]) -> str:
    longest = max(shares.values(), default=0.0) or 1.0
    lines = [f"{share:.1%} {fit_line(name, _NAME_CHARACTERS)}" for name, share in shares.items()]
    start = max(map(_width, lines), default=0)
    texts = "".join(f"<text y='{_ROW * row + 14}'>{escape(line, quote=False)}</text>" for row, line in enumerate(lines))
    bars = "".join(
        f"M{start},{_ROW * row + 10}h{max(1, round(share / longest * _BAR_WIDTH))}"
        for row, share in enumerate(shares.values())
    )
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{start + _BAR_WIDTH}' height='{_ROW * len(lines)}' "
        f"style='font:13px Arial' fill='#777'>{texts}<path stroke='#66c' stroke-width='12' d='{bars}'/></svg>"
    )
    return f"![bars](data:image/svg+xml,{svg.translate(_ENCODED)})"


def _width(line: str) -> int:
    """The most that a line takes, in pixels."""
    return sum(_WIDE_CHARACTER if unicodedata.east_asian_width(sign) in "WF" else _CHARACTER for sign in line)


def _length(text: str) -> int:
    """As the page counts characters: those beyond U+FFFF as two."""
    return len(text.encode("utf-16-le")) // 2
