"""Texts as nobody writes them on purpose and every export holds sooner or later: the building blocks of the properties."""

from hypothesis import strategies as st

# Each of them has a meaning to some format, program or alphabet.
FRAGMENTS = [
    *('"', "'", '""', ",", ";", "\t", "|", "\n", "\r", "\r\n", "\\", "\\n", "\\u0041", "\0", "\x1b[31m", "\x1f", "\x7f"),
    *("\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1e", "\ufeff", "\u200b", "\u202e", "\u00ad", "\ufffd", "\ufffe", "\uffff"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "#N/A", "'=1", "=cmd|' /C calc'!A0", "-12.50", "{", "}", "[", "]", "{}", "[]"),
    *("null", "None", "NaN", "NA", "true", "007", "1e5", "1,5", "2020-01-02", "<b>", "&amp;", "&#0;", "]]>", "<!--", "_x000D_", "_x0041_"),
    *("日本語", "شكوى", "🎉", "👩‍👩‍👧", "e\u0301", "İ", "ß", "Ж", "𝔄", "\U0010ffff", "sep=;", "<class>Billing</class>", "{{ 1 }}", "%s", "$(x)", "../x"),
    *(" ", "  ", "\u00a0", "\u3000", "a", "word", "two words", "Please, tell us"),
]  # fmt: skip

# Built once: hypothesis takes its time over a strategy that it has not seen.
_PIECES = st.one_of(st.sampled_from(FRAGMENTS), st.text(st.characters(codec="utf-8"), max_size=8))

# Any text without halves of characters: pieces that mean something somewhere, between characters of any alphabet.
TEXTS = st.lists(_PIECES, max_size=6).map("".join)
SHORT_TEXTS = st.lists(_PIECES, max_size=2).map("".join)
# Beyond what a cell of Excel holds, which is 32,767 characters.
VERY_LONG_TEXTS = st.sampled_from(["x", "é", "🎉", 'a"', "b\n", "=1;"]).map(lambda piece: piece * 17_000)
