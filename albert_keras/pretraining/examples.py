"""From documents to masked examples, each decided by the seed alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Literal, NamedTuple, Protocol, get_args

from albert_keras.limits import check_limit
from albert_keras.pretraining.masking import NgramMasker, word_start_table
from albert_keras.pretraining.segments import (
    SPECIAL_TOKENS_PER_PAIR,
    Document,
    SegmentPair,
    SingleSegment,
    Tally,
    segment_pairs,
)

Masking = Literal["dynamic", "static"]
_ORIGINAL_COPIES = 40
# Twice the length of a segment has to fit into two bytes.
_LONGEST_DYNAMIC = 1 << 14


@dataclass(frozen=True, kw_only=True)
class ExampleOptions:
    """What examples are to be made; the defaults are the original's flags.

    Args:
        masking: `"dynamic"` stores pairs unmasked, and reading draws new masks
            in each epoch; `"static"` stores masked examples of the original's
            form, which its scripts can read.
        max_seq_length: Longest sequence in tokens, special tokens included.
        max_predictions_per_seq: Most masked tokens of a sequence. With both
            defaults this limit binds, not `masked_lm_prob`: 20 of 512 tokens
            are 3.9 %.
        masked_lm_prob: Share of the tokens to mask, in [0, 1].
        short_seq_prob: Probability that a document is cut into shorter
            pairs, in [0, 1].
        ngram: Most words that are masked together.
        favor_shorter_ngram: Draw an n-gram of n words with p ∝ 1/n, or with
            these probabilities reversed.
        do_permutation: Whether as many tokens again change places with each
            other and are predicted too; then there is room for twice
            `max_predictions_per_seq`.
        dupe_factor: Times each document is used, each time with other pairs
            and, if they are static, other masks. `None` stands for the
            original's 40 under static masking, which has no other way to vary
            the masks, and for 1 under dynamic masking.
        single_segment: `"random"` pairs a lone segment with one of another
            document under label 1, as the original does; `"skip"` drops it,
            so that label 1 always means "swapped".
        random_next: Whether label 1 means a second segment of another
            document, as in BERT, instead of a swap.
        seed: Decides everything that is drawn.

    Raises:
        ValueError: If a value is out of its range.

    Source: the flags of google-research/albert,
    `create_pretraining_data.py`.
    """

    masking: Masking = "dynamic"
    max_seq_length: int = 512
    max_predictions_per_seq: int = 20
    masked_lm_prob: float = 0.15
    short_seq_prob: float = 0.1
    ngram: int = 3
    favor_shorter_ngram: bool = True
    do_permutation: bool = False
    dupe_factor: int | None = None
    single_segment: SingleSegment = "random"
    random_next: bool = False
    seed: int = 12345

    def __post_init__(self) -> None:
        if self.dupe_factor is None:
            copies = _ORIGINAL_COPIES if self.masking == "static" else 1
            object.__setattr__(self, "dupe_factor", copies)
        # Two tokens, one a side, are the least that a pair can be cut to.
        self._require_at_least("max_seq_length", SPECIAL_TOKENS_PER_PAIR + 2)
        if self.masking == "dynamic" and self.max_seq_length > _LONGEST_DYNAMIC:
            raise ValueError(
                f"`max_seq_length` must be at most {_LONGEST_DYNAMIC} with "
                "dynamic masks. Received: "
                f"max_seq_length={self.max_seq_length}."
            )
        for name in ("max_predictions_per_seq", "ngram", "dupe_factor"):
            self._require_at_least(name, 1)
            check_limit(name, getattr(self, name))
        check_limit("max_seq_length", self.max_seq_length)
        for name in ("masked_lm_prob", "short_seq_prob"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(
                    f"`{name}` must be a probability. Received: {name}={value}."
                )
        for name, known in (
            ("masking", get_args(Masking)),
            ("single_segment", get_args(SingleSegment)),
        ):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"`{name}` must be {' or '.join(map(repr, known))}. "
                    f"Received: {name}={getattr(self, name)!r}."
                )

    @property
    def prediction_slots(self) -> int:
        """Room for masked tokens in each example, P."""
        return self.max_predictions_per_seq * (1 + self.do_permutation)

    def _require_at_least(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value < least:
            raise ValueError(
                f"`{name}` must be at least {least}. Received: {name}={value}."
            )


class PretrainingExample(NamedTuple):
    """One example, without padding; L tokens, P of them masked.

    Attributes:
        token_ids: L ids: [CLS] A [SEP] B [SEP], masked.
        segment_ids: L bytes: 0 up to the first [SEP], 1 behind it.
        token_boundary: L bytes: 1 where a word begins, and at [CLS], [SEP].
        mask_positions: P indices into `token_ids`, ascending.
        mask_ids: P original ids at `mask_positions`.
        sop_label: 0 if B follows A in the text, else 1.
    """

    token_ids: list[int]
    segment_ids: bytes
    token_boundary: bytes
    mask_positions: list[int]
    mask_ids: list[int]
    sop_label: int


class Tokenizer(Protocol):
    """What examples need of a tokenizer, as a `PieceTokenizer` has it."""

    @property
    def vocabulary_size(self) -> int: ...
    @property
    def cls_id(self) -> int: ...
    @property
    def sep_id(self) -> int: ...
    @property
    def mask_id(self) -> int: ...
    def id_to_piece(self, token_id: int, /) -> str: ...
    def encode_batch(self, texts: Sequence[str], /) -> list[list[int]]: ...


class ExampleMaker:
    """Makes the examples of documents.

    Each copy of each document draws from a generator of its own, seeded by
    (`seed`, copy, number of the document). Therefore it does not matter which
    process makes them, nor when.

    Args:
        tokenizer: Gives the ids, and the pieces that say where words begin.
        options: What examples to make.

    Attributes:
        starts: One byte an id: 1 if its piece begins a word.
        tally: What happened to the text of all pairs so far.

    Example:

    ```python
    tokenizer = SentencePieceTokenizer("spiece.model")
    maker = ExampleMaker(tokenizer, ExampleOptions(dupe_factor=1))
    documents = maker.encode([["One sentence.", "And a second one."]])
    for example in maker.examples(documents):
        print(example.sop_label, example.token_ids)
    ```
    """

    def __init__(self, tokenizer: Tokenizer, options: ExampleOptions) -> None:
        self.tokenizer = tokenizer
        self.options = options
        self.tally = Tally()
        self._specials = {tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id}
        self.starts = word_start_table(
            map(tokenizer.id_to_piece, range(tokenizer.vocabulary_size)),
            getattr(tokenizer, "suffix_mark", ""),
        )
        self._masker = NgramMasker(
            mask_id=tokenizer.mask_id,
            vocabulary_size=tokenizer.vocabulary_size,
            max_predictions_per_seq=options.max_predictions_per_seq,
            masked_lm_prob=options.masked_lm_prob,
            ngram=options.ngram,
            favor_shorter_ngram=options.favor_shorter_ngram,
            do_permutation=options.do_permutation,
        )

    def encode(
        self, documents: Sequence[Sequence[str]]
    ) -> list[list[list[int]]]:
        """Tokenize documents.

        Where a text spells "[CLS]", "[SEP]" or "[MASK]" (as texts about
        models do), the tokenizer gives their ids. They are taken out: a mask
        that stands for nothing and a boundary that is none would mislead.

        Args:
            documents: Documents, each a list of sentences.

        Returns:
            The same with ids in place of the sentences. Sentences that
            tokenize to nothing are left out, so a document may become empty.
        """
        sentences = [text for document in documents for text in document]
        encoded = map(
            self._without_specials, self.tokenizer.encode_batch(sentences)
        )
        return [
            [ids for ids in islice(encoded, len(document)) if ids]
            for document in documents
        ]

    def _without_specials(self, ids: list[int]) -> list[int]:
        if self._specials.isdisjoint(ids):
            return ids
        return [token for token in ids if token not in self._specials]

    def examples(
        self, documents: Sequence[Document], first_number: int = 0
    ) -> Iterator[PretrainingExample]:
        """Make all examples of some documents.

        Args:
            documents: Documents of segments of ids, as `encode` returns
                them. A lone segment is paired with one of these.
            first_number: Number of the first document in the whole corpus.

        Yields:
            The examples of the first copy of each document, then those of
            the second, and so on.
        """
        for pair, rng in self._pairs(documents, first_number):
            yield self._example(pair, rng)

    def pairs(
        self, documents: Sequence[Document], first_number: int = 0
    ) -> Iterator[SegmentPair]:
        """Make the pairs of all examples, without masks.

        Args:
            documents: As in `examples`.
            first_number: As in `examples`.

        Yields:
            The pairs, in the order of `examples`.
        """
        for pair, _ in self._pairs(documents, first_number):
            yield pair

    def _pairs(
        self, documents: Sequence[Document], first_number: int
    ) -> Iterator[tuple[SegmentPair, Random]]:
        """Each pair with the generator that goes on to draw its masks."""
        options = self.options
        kept = [index for index, document in enumerate(documents) if document]
        filled = [documents[index] for index in kept]
        assert options.dupe_factor is not None  # was filled in
        for copy in range(options.dupe_factor):
            for place, index in enumerate(kept):
                rng = Random(f"{options.seed}:{copy}:{first_number + index}")
                for pair in segment_pairs(
                    filled,
                    place,
                    max_seq_length=options.max_seq_length,
                    short_seq_prob=options.short_seq_prob,
                    single_segment=options.single_segment,
                    random_next=options.random_next,
                    rng=rng,
                    tally=self.tally,
                ):
                    yield pair, rng

    def _example(self, pair: SegmentPair, rng: Random) -> PretrainingExample:
        segment_a, segment_b, sop_label = pair
        cls, sep = self.tokenizer.cls_id, self.tokenizer.sep_id
        token_ids = [cls, *segment_a, sep, *segment_b, sep]
        second = len(segment_a) + 2
        is_start = self.starts.__getitem__
        starts_a = bytes(map(is_start, segment_a))
        starts_b = bytes(map(is_start, segment_b))
        masked = self._masker.mask(
            token_ids,
            [*range(1, second - 1), *range(second, len(token_ids) - 1)],
            starts_a + starts_b,
            rng,
        )
        return PretrainingExample(
            token_ids=masked.token_ids,
            segment_ids=bytes(second) + b"\1" * (len(token_ids) - second),
            token_boundary=b"\1" + starts_a + b"\1" + starts_b + b"\1",
            mask_positions=masked.mask_positions,
            mask_ids=masked.mask_ids,
            sop_label=sop_label,
        )
