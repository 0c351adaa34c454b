"""Changes to the bytes and to the structure of a file, such as damage, hand editing and malice make them."""

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence

# What has a meaning in one of the formats, or in one of the libraries behind them.
TOKENS = [
    *(b'"', b'""', b"'", b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a", b"\x1f"),
    *(b"{", b"}", b"[", b"]", b"{}", b"[[", b"}{", b":", b"null", b"NaN", b"1e999", b"-0", b"9" * 400, b"\\u0000", b"\\ud800", b"\\"),
    *(b"<class>", b"</class>", b"<rationale>", b"<", b">", b"&amp;", b"&#0;", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<c/>", b"<row/>"),
    *(b"- ", b"? ", b"&a ", b"*a", b"<<: ", b"!!map ", b"!!python/object ", b"|", b">", b"%YAML 1.1\n", b"---\n", b"...\n", b"~", b"0x", b".inf"),
    *(b"{{ 1 }}", b"{% for a in categories %}", b"{% endfor %}", b"{%", b"%}", b"{#", b"2020-13-45", b"yes", b"1_000", b"60:60"),
    *("é".encode(), "🎉".encode(), "\u2028".encode(), "\u0085".encode(), "\u202e".encode(), b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x82"),
    *(b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"sep=;\n", b"=1+1", b"r=\"XFD1048576\"", b"t=\"s\"", b"t=\"e\"", b"s=\"9\"", b"-1", b"4294967295"),
]  # fmt: skip
_LONGEST = 200_000
_NUMBER = re.compile(rb"\d+")


def mutated(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """The content with a few changes; `others` are the corpus that pieces are taken from."""
    if content.startswith(b"PK\x03\x04") and chance.random() < 0.9:
        return _with_a_member_changed(content, others, chance)
    if content.startswith(b"\x1f\x8b") and chance.random() < 0.8:
        return _packed_anew(content, others, chance)
    for _ in range(chance.choice([1, 1, 2, 3, 5, 10])):
        change = chance.choice(_CHANGES)
        content = change(content, others, chance)[:_LONGEST]
    return content


def _with_a_member_changed(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """An archive in which one file is changed, and the rest is as it was: damage that its checksums do not tell."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        names = source.namelist()
        parsed = [name for name in names if name.endswith((".xml", ".rels", ".bin"))] or names
        chosen = chance.choice(parsed)
        for name in names:
            data = source.read(name)
            if name == chosen:
                data = b"" if chance.random() < 0.02 else mutated(data, others, chance)
                if chance.random() < 0.03:
                    continue
            target.writestr(name, data)
    return packed.getvalue()


def _packed_anew(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    unpacked = zlib.decompressobj(31).decompress(content)
    packer = zlib.compressobj(wbits=31)
    return packer.compress(mutated(unpacked, others, chance)) + packer.flush()


def _place(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content) + 1)


def _span(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = _place(content, chance)
    return start, min(len(content), start + chance.choice([1, 1, 2, 4, 8, 32, 200]))


def _flip(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    if not content:
        return content
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]


def _byte(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    if not content:
        return content
    place = chance.randrange(len(content))
    return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]


def _cut_out(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _cut_off(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _repeat(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + content[start:end] * chance.choice([2, 2, 3, 10, 300]) + content[end:]


def _insert(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    place = _place(content, chance)
    return content[:place] + chance.choice(TOKENS) * chance.choice([1, 1, 1, 2, 50]) + content[place:]


def _replace(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + chance.choice(TOKENS) + content[end:]


def _splice(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    other = chance.choice(others)
    start, end = _span(other, chance)
    place = _place(content, chance)
    return content[:place] + other[start : end + 50] + content[place:]


def _change_number(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    numbers = list(_NUMBER.finditer(content))
    if not numbers:
        return content
    found = chance.choice(numbers)
    number = chance.choice(
        [b"0", b"-1", b"1", b"255", b"65536", b"2147483648", b"9999999999999999999", b"1.5", b"", b"1e400"]
    )
    return content[: found.start()] + number + content[found.end() :]


def _swap_lines(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _repeat_line(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    return b"\n".join([*lines[:place], *[lines[place]] * chance.choice([2, 3, 100]), *lines[place + 1 :]])


def _indent_line(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    lines[place] = chance.choice([b"  ", b"\t", b"- ", b"    "]) + lines[place]
    return b"\n".join(lines)


def _nest(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    opening, closing = chance.choice(
        [
            (b"[", b"]"),
            (b"{", b"}"),
            (b'{"a":', b"}"),
            (b"<class>", b"</class>"),
            (b'"', b'"'),
            (b"{% if 1 %}", b"{% endif %}"),
        ]
    )
    times = chance.choice([1, 2, 100, 2_000])
    return content[:start] + opening * times + content[start:end] + closing * times + content[end:]


def _encode(content: bytes, _: Sequence[bytes], chance: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(
        chance.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7"]), "replace"
    )


_CHANGES: list[Callable[[bytes, Sequence[bytes], random.Random], bytes]] = [
    *(_flip, _byte, _cut_out, _cut_off, _repeat, _insert, _insert, _replace, _replace, _splice, _splice),
    *(_change_number, _change_number, _swap_lines, _repeat_line, _indent_line, _nest, _encode),
]
