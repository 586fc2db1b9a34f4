"""Words with tags as rows of ids."""

from collections.abc import Sequence
from typing import Any

from albert_keras.text.examples import TaggedExample
from albert_keras.text.rows.encoding import encode_each
from albert_keras.text.rows.table import FeatureRows, Features

# The place of a token that no word is read from.
NO_WORD = -1


def tag_features(
    examples: Sequence[TaggedExample],
    tokenizer: Any,
    sequence_length: int,
    labels: Sequence[str],
) -> Features:
    """Packs `[CLS] words [SEP]`; a word is read from its first piece.

    A sentence that is too long goes on in a further row, from the word that
    did not fit, so that each word has a tag. A word of more pieces than a row
    takes loses those at its end; one of which nothing is left is `[UNK]`.

    Args:
        examples: the sentences.
        tokenizer: a `SentencePieceTokenizer` or `WordPieceTokenizer`.
        sequence_length: most tokens of a row.
        labels: the tags in the order of their ids.

    Returns:
        Rows with `token_ids`, `segment_ids` and, for each token, `word_index`,
        the place of the word whose first piece it is or -1, and `tags`, the id
        of that word's tag or 0; `example_index`, and `num_cut`, the pieces
        that its words lost.
    """
    words = (word for example in examples for word in example.words)
    pieces = encode_each(tokenizer, words)
    ids = {label: number for number, label in enumerate(labels)}
    room = sequence_length - 2
    rows = FeatureRows()

    def finish(
        row: list[tuple[int, int, int]], example_index: int, num_cut: int
    ) -> None:
        none = (tokenizer.sep_id, NO_WORD, 0)
        row = [(tokenizer.cls_id, NO_WORD, 0), *row, none]
        tokens, places, tags = zip(*row, strict=True)
        rows.add(
            {
                "token_ids": tokens,
                "segment_ids": [0] * len(row),
                "word_index": places,
                "tags": tags,
            },
            example_index=example_index,
            num_cut=num_cut,
        )

    for number, example in enumerate(examples):
        row: list[tuple[int, int, int]] = []
        cut = 0
        for place, word in enumerate(example.words):
            tokens = (pieces[word] or [tokenizer.unk_id])[:room]
            if len(row) + len(tokens) > room:
                finish(row, number, cut)
                row, cut = [], 0
            tag = ids[example.tags[place]] if example.tags else 0
            cut += max(0, len(pieces[word]) - room)
            row.append((tokens[0], place, tag))
            row += [(token, NO_WORD, 0) for token in tokens[1:]]
        finish(row, number, cut)
    return rows.features()
