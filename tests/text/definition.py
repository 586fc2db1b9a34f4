"""What ALBERT's tokenizer is defined to do, step by step.

The two functions of these names in google-research/albert's
`tokenization.py`, in today's Python and without any thought for speed.
"""

import unicodedata

import sentencepiece as spm


def preprocess_text(
    text: str,
    lowercase: bool = True,
    keep_accents: bool = False,
    replace_quotes: bool = False,
) -> str:
    """Normalises; quotes are replaced where XLNet's function does that."""
    text = " ".join(text.strip().split())
    if replace_quotes:
        text = text.replace("``", '"').replace("''", '"')
    text = unicodedata.normalize("NFKD", text)
    if not keep_accents:
        text = "".join([c for c in text if unicodedata.combining(c) == 0])
    if lowercase:
        text = text.lower()
    return text


def encode_pieces(
    processor: spm.SentencePieceProcessor,
    text: str,
    again: spm.SentencePieceProcessor | None = None,
) -> list[str]:
    """Pieces of normalised text, underscores compared as text.

    What the rule for digits cuts again goes through `again`, if given: there
    a text begins as a word, whether this one does or not.
    """
    again = again or processor
    pieces = []
    for piece in processor.encode(text, out_type=str):
        if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit():
            parts = again.encode(piece[:-1].replace("▁", ""), out_type=str)
            if piece[0] != "▁" and parts[0][0] == "▁":
                if len(parts[0]) == 1:
                    parts = parts[1:]
                else:
                    parts[0] = parts[0][1:]
            pieces += [*parts, ","]
        else:
            pieces.append(piece)
    return pieces
