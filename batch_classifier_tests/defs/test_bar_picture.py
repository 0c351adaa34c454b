"""Shares are a picture that Dagster shows at once: well-formed whatever the names, and bars of characters where it would be hidden."""

import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from batch_classifier.defs.bar_picture import bar_picture
from batch_classifier.defs.metadata import SHOWN_AT_ONCE

SVG = "{http://www.w3.org/2000/svg}"
# As in the shipped prompt.
TRAVEL = [
    "Booking Inquiry", "Payment Problem", "Cancellation Request", "Reservation Change", "Complaint", "Loyalty Program",
    "Refund Issues", "Special Accommodation", "Travel Information", "Technical Support", "Other",
]  # fmt: skip


def picture(shares: dict[str, float]) -> ElementTree.Element:
    """The SVG that a reader of Markdown finds: one paragraph with one image and nothing else."""
    text = str(bar_picture(shares).value)
    assert len(text.encode("utf-16-le")) // 2 < SHOWN_AT_ONCE
    reader = MarkdownIt()
    # As Dagster's page has it; the library takes no data addresses of its own accord.
    reader.validateLink = lambda url: True  # type: ignore[method-assign]
    _, inline, _ = reader.parse(text)
    assert inline.children is not None
    (image,) = inline.children
    kind, _, svg = str(image.attrs["src"]).partition(",")
    assert (image.type, kind) == ("image", "data:image/svg+xml")
    return ElementTree.fromstring(unquote(svg))  # noqa: S314 (made above)


def test_as_many_categories_as_a_shipped_prompt_has_are_shown_at_once() -> None:
    svg = picture({name: (11 - place) / 66 for place, name in enumerate(TRAVEL)})
    texts = [one.text or "" for one in svg.iter(f"{SVG}text")]
    assert texts[0] == "16.7% Booking Inquiry" and texts[-1] == "1.5% Other" and len(texts) == len(TRAVEL)
    (bars,) = svg.iter(f"{SVG}path")
    lengths = [int(bar.partition("h")[2]) for bar in bars.attrib["d"].split("M")[1:]]
    assert lengths == [round(240 * (11 - place) / 11) for place in range(11)]


@pytest.mark.parametrize(
    "name",
    [
        '50% (off) [x](y) ](x:) #1 `c` \\ "q"',
        "<script>alert(1)</script>",
        "A & B &amp; C",
        "Zahlung\nzweite Zeile\x00\x1b[31m",
        "عربي \u202e שלום",
        "予約の変更とキャンセル",
        "👩\u200d👩\u200d👧 <b>",
        "half \ud83d",
    ],
)
def test_a_name_of_any_kind_is_text(name: str) -> None:
    svg = picture({name: 0.5, "Other": 0.5})
    assert [one.tag.removeprefix(SVG) for one in svg] == ["text", "text", "path"]
    if name.isprintable():
        assert svg[0].text == f"50.0% {name}"


def test_where_the_picture_would_be_hidden_there_are_bars_of_characters() -> None:
    many = {f"Category number {number}": 0.02 for number in range(50)}
    assert str(bar_picture(many).value).startswith("```\nCategory number 0 ")
    assert str(bar_picture({}).value).startswith("```")
