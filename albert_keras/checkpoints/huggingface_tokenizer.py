"""`tokenizer.json`, which Hugging Face loads without SentencePiece.

What a SentencePiece model does to text is spelled out in it: the normalisation
of ALBERT, then that of the model, then the pieces with their scores. Pieces
that end in a digit and a comma get a score at which they are never taken,
which is how Hugging Face has ALBERT's rule for them.
"""

from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

_NEVER = 100.0


def write_tokenizer_json(tokenizer: Any, path: Path) -> None:
    """Writes the file for an `ak.AlbertTokenizer`.

    Args:
        tokenizer: The layer.
        path: Of the file.
    """
    processor = tokenizer.python_tokenizer.processor
    pieces = []
    for number in range(processor.get_piece_size()):
        piece = processor.id_to_piece(number)
        score = processor.get_score(number)
        if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit():
            score -= _NEVER
        pieces.append((piece, score))
    made = Tokenizer(models.Unigram(pieces, processor.unk_id(), False))
    made.normalizer = _normalizer(tokenizer)
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    ids = {
        name: made.token_to_id(name)
        for name in ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")
    }
    made.add_special_tokens(
        [
            # The space before a mask goes with it, as in the original.
            AddedToken(name, lstrip=name == "[MASK]", normalized=False)
            for name in ids
        ]
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(n, ids[n]) for n in ("[CLS]", "[SEP]")],
    )
    made.save(str(path))


def _normalizer(tokenizer: Any) -> Any:
    from sentencepiece import sentencepiece_model_pb2

    steps: list[Any] = []
    if tokenizer.replace_quotes:
        steps += [
            normalizers.Replace("``", '"'),
            normalizers.Replace("''", '"'),
        ]
    if not tokenizer.keep_accents:
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if tokenizer.lowercase:
        steps.append(normalizers.Lowercase())
    model = sentencepiece_model_pb2.ModelProto.FromString(
        tokenizer.python_tokenizer.proto
    )
    table = model.normalizer_spec.precompiled_charsmap
    if table:
        steps.append(normalizers.Precompiled(table))
    steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    return normalizers.Sequence(steps)
