"""Texts made of what is likely to be treated wrong."""

import hypothesis
from hypothesis import strategies as st

# The same examples each time: a suite that fails now and then helps nobody.
fuzz = hypothesis.settings(deadline=None, max_examples=60, derandomize=True)

_TRICKY = [
    *("[MASK]", "[CLS]", "[SEP]", "[MASK].", "[mask]", "[MASK", "]", "<pad>"),
    *(" ", "  ", "\t", "\n", "\x1c", "\x85", "\xa0", "\u2028", "\u3000"),
    *("the ", "Value", " 10,", "x3,", "1,22,", "(", ")", '"', "...", "____"),
    *("``", "''", "`", "'"),
    *("é", "e\u0301", "\u0301", "Å", "\u0327\u0301", "ﬁ", "½", "①", "´", "ß"),
    *("İ", "I", "Σ", "ΑΣ ", "が", "한국", "中文", "🎉", "\u0e31", "\u0903"),
    *("\x00", "\x01", "\xad", "\u200b", "\u200d", "\u2581", "\ufeff", "\ufffd"),
]


def raw_texts() -> st.SearchStrategy[str]:
    parts = st.one_of(st.sampled_from(_TRICKY), st.text(max_size=4))
    return st.lists(parts, max_size=12).map("".join)
