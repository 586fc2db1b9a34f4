"""Hugging Face's tokenizer files, in and out.

`tokenizer.json` is what Hugging Face loads without SentencePiece: the
normalization, the rule for words and the pieces are spelled out in it. Pieces
that end in a digit and a comma get a score at which they are never taken,
which is how Hugging Face states ALBERT's rule for them.
"""

import base64
import re
from collections.abc import Iterator, Mapping
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

from albert_keras.checkpoints.vocabulary import (
    WITHOUT,
    Vocabulary,
    find_vocabulary,
    is_sentencepiece,
    text_settings,
    with_settings,
)
from albert_keras.json_objects import read_json_object
from albert_keras.text.basic_tokenization import (
    CHINESE_CHARACTERS,
    accent_class,
    dropped_class,
    punctuation_class,
)
from albert_keras.text.normalization import combining_class, whitespace_class
from albert_keras.text.wordpiece import LONGEST_WORD
from albert_keras.text.wordpiece_vocabulary import SUFFIX_MARK

SETTINGS_FILE = "tokenizer_config.json"
_NEVER = 100.0
_NORMALIZERS = {
    *("Lowercase", "NFKD", "NFKC", "NFC", "Nmt", "Precompiled", "Replace"),
    *("Strip", "StripAccents"),
}
_PRE_TOKENIZERS = {"Metaspace", "WhitespaceSplit"}
# The sigma that ends a word, which `Lowercase` does not know.
_FINAL_SIGMA = (
    r"(?<=\p{Cased}|\p{Cased}\p{Case_Ignorable})Σ"
    r"(?!\p{Case_Ignorable}*\p{Cased})"
)


# === Out ===


def tokenizer_settings(tokenizer: Any, sequence_length: int) -> dict[str, Any]:
    """Return the content of `tokenizer_config.json`.

    Args:
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`.
        sequence_length: Tokens that a text is cut to.
    """
    # The Chinese models' vocabulary is BERT's, in Hugging Face too.
    name = "AlbertTokenizer" if is_sentencepiece(tokenizer) else "BertTokenizer"
    return {
        "tokenizer_class": name,
        **text_settings(tokenizer),
        "model_max_length": sequence_length,
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
        "pad_token": tokenizer.pad_token,
        "unk_token": tokenizer.unk_token,
    }


def write_tokenizer_json(tokenizer: Any, path: Path) -> None:
    """Write `tokenizer.json` for a tokenizer.

    Args:
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`.
        path: The file to write.
    """
    if is_sentencepiece(tokenizer):
        made = _unigram(tokenizer)
    else:
        made = _word_piece(tokenizer)
    names = (tokenizer.pad_token, tokenizer.unk_token, "[CLS]", "[SEP]")
    made.add_special_tokens(
        [
            *(AddedToken(name, normalized=False) for name in names),
            # The space before a mask goes with it, as in the original.
            AddedToken("[MASK]", lstrip=True, normalized=False),
        ]
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[(n, made.token_to_id(n)) for n in ("[CLS]", "[SEP]")],
    )
    made.save(str(path))


def _unigram(tokenizer: Any) -> Tokenizer:
    processor = tokenizer.python_tokenizer.processor
    pieces = []
    for number in range(processor.get_piece_size()):
        piece = processor.id_to_piece(number)
        score = processor.get_score(number)
        if _ends_in_digit_and_comma(piece):
            score -= _NEVER
        pieces.append((piece, score))
    made = Tokenizer(models.Unigram(pieces, processor.unk_id(), False))
    made.normalizer = _unigram_normalizer(tokenizer)
    # White space at the end of a text would else be a token of its own.
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    made.decoder = decoders.Metaspace()
    return made


def _unigram_normalizer(tokenizer: Any) -> Any:
    from sentencepiece import sentencepiece_model_pb2

    steps: list[Any] = [normalizers.Replace(_regex(whitespace_class()), " ")]
    if tokenizer.replace_quotes:
        steps += [
            normalizers.Replace("``", '"'),
            normalizers.Replace("''", '"'),
        ]
    steps.append(normalizers.NFKD())
    if not tokenizer.keep_accents:
        # `StripAccents` also removes marks that ALBERT keeps.
        steps.append(normalizers.Replace(_regex(combining_class()), ""))
    if tokenizer.lowercase:
        steps.append(normalizers.Lowercase())
    model = sentencepiece_model_pb2.ModelProto.FromString(
        tokenizer.python_tokenizer.proto
    )
    table = model.normalizer_spec.precompiled_charsmap
    if table:
        steps.append(normalizers.Precompiled(table))
    return normalizers.Sequence(steps)


def _word_piece(tokenizer: Any) -> Tokenizer:
    made = Tokenizer(
        models.WordPiece(
            {p: n for n, p in enumerate(tokenizer.get_vocabulary())},
            unk_token=tokenizer.unk_token,
            continuing_subword_prefix=SUFFIX_MARK,
            max_input_chars_per_word=LONGEST_WORD,
        )
    )
    # `BertNormalizer` and `BertPreTokenizer` differ in hundreds of characters.
    steps: list[Any] = [normalizers.Replace(_regex(dropped_class()), "")]
    if tokenizer.lowercase:
        steps += [
            normalizers.Replace(Regex(_FINAL_SIGMA), "ς"),
            normalizers.Lowercase(),
        ]
    if not tokenizer.keep_accents:
        steps += [
            normalizers.NFD(),
            normalizers.Replace(_regex(accent_class()), ""),
        ]
    made.normalizer = normalizers.Sequence(steps)
    alone = f"[{CHINESE_CHARACTERS}]|{punctuation_class()}"
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(_regex(alone), "isolated"),
        ]
    )
    made.decoder = decoders.WordPiece(SUFFIX_MARK, cleanup=False)
    return made


def _regex(pattern: str) -> Regex:
    """Return a pattern of RE2 in the syntax that all engines share."""

    def character(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return f"\\x{code:02x}" if code < 0x80 else chr(code)

    return Regex(re.sub(r"\\x\{([0-9a-f]+)\}", character, pattern))


# === In ===


def open_vocabulary(folder: Path) -> Vocabulary | None:
    """Return the vocabulary of a folder of Hugging Face, with its settings.

    Args:
        folder: The folder.

    Returns:
        The vocabulary and what the tokenizer's files say of it; None if there
        is no vocabulary.

    Raises:
        ValueError: A file is damaged.
    """
    path = folder / SETTINGS_FILE
    settings = read_json_object(path) if path.is_file() else {}
    found = find_vocabulary(folder, settings, source=path)
    json_path = folder / "tokenizer.json"
    if found is None and json_path.is_file():
        try:
            content = read_json_object(json_path)
            vocabulary = _vocabulary_in(content, json_path)
            rules = _rules_in(content, json_path)
        except ValueError as error:  # of no matter for a model without one
            return Vocabulary(json_path, refusal=str(error))
        # The file rules what its reader does, whatever the settings say.
        settings = {**settings, **rules}
        found = with_settings(json_path, settings, path, vocabulary)
    if found is None:
        return None
    return found._replace(added=dict(_added_tokens(folder, settings)))


def _vocabulary_in(
    content: Mapping[str, Any], source: Path
) -> bytes | list[str]:
    """Return the vocabulary that `tokenizer.json` holds.

    It is all that transformers writes since version 5.
    """
    model = content.get("model")
    model = model if isinstance(model, dict) else {}
    vocabulary: Any = model.get("vocab")
    received = f"one of type {model.get('type')!r}"
    try:
        if model.get("type") == "WordPiece":
            pieces = sorted(vocabulary, key=dict(vocabulary).__getitem__)
            if [vocabulary[p] for p in pieces] == list(range(len(pieces))):
                return pieces
            received = "ids with gaps"
        if model.get("byte_fallback"):
            received = "one of bytes (byte_fallback)"
        elif model.get("type") == "Unigram":
            return _sentencepiece_of(model, content.get("normalizer"))
    except (KeyError, TypeError, ValueError) as error:
        received = f"a damaged one ({type(error).__name__}: {error})"
    raise ValueError(
        f"`{source}` must hold a vocabulary of Unigram, or of WordPiece with "
        f"ids from 0 on; {WITHOUT}. Received: {received}."
    )


def _sentencepiece_of(model: Mapping[str, Any], normalizer: Any) -> bytes:
    from sentencepiece import sentencepiece_model_pb2 as pb2

    made = pb2.ModelProto()
    made.trainer_spec.model_type = pb2.TrainerSpec.UNIGRAM
    control = ("<pad>", "[CLS]", "[SEP]", "[MASK]")
    for number, (piece, score) in enumerate(model["vocab"]):
        if score <= -_NEVER and _ends_in_digit_and_comma(piece):
            score += _NEVER
        kind = pb2.ModelProto.SentencePiece.NORMAL
        if number == model["unk_id"]:
            kind = pb2.ModelProto.SentencePiece.UNKNOWN
        elif piece in control:
            kind = pb2.ModelProto.SentencePiece.CONTROL
        made.pieces.add(piece=piece, score=score, type=kind)
    made.trainer_spec.unk_id = model["unk_id"]
    made.trainer_spec.bos_id = made.trainer_spec.eos_id = -1
    made.normalizer_spec.precompiled_charsmap = _character_map(normalizer)
    return made.SerializeToString()


def _ends_in_digit_and_comma(piece: str) -> bool:
    return len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit()


def _rules_in(content: Mapping[str, Any], source: Path) -> dict[str, bool]:
    """Return how text is normalized, in the words of the settings.

    Raises:
        ValueError: A step is none that ALBERT has.
    """
    if content["model"].get("type") == "WordPiece":
        return _word_piece_rules(content.get("normalizer"), source)
    steps = list(_steps(content.get("normalizer"), "normalizers"))
    _check_steps("normalizer", steps, _NORMALIZERS, source)
    cuts = list(_steps(content.get("pre_tokenizer"), "pretokenizers"))
    _check_steps("pre_tokenizer", cuts, _PRE_TOKENIZERS, source)
    for step in cuts:
        if step.get("prepend_scheme") == "never" or (
            step.get("add_prefix_space") is False
        ):
            raise ValueError(
                f"`{source}` must put a space before a text, as ALBERT does; "
                f"{WITHOUT}. Received: a Metaspace that puts none."
            )
    kinds = {step.get("type") for step in steps}
    replaced = [
        step.get("pattern") for step in steps if step.get("type") == "Replace"
    ]
    strips = "StripAccents" in kinds or any(
        isinstance(pattern, dict)
        and re.search(r"\u0300|p\{Mn\}", str(pattern.get("Regex")))
        for pattern in replaced
    )
    return {
        "do_lower_case": "Lowercase" in kinds,
        "keep_accents": not strips,
        "replace_quotes": {"String": "``"} in replaced,
    }


def _word_piece_rules(normalizer: Any, source: Path) -> dict[str, bool]:
    if not isinstance(normalizer, dict) or (
        normalizer.get("type") != "BertNormalizer"
    ):
        return {}
    lowercase = normalizer.get("lowercase") is not False
    strips = normalizer.get("strip_accents")
    return {
        "do_lower_case": lowercase,
        "strip_accents": lowercase if strips is None else bool(strips),
        "tokenize_chinese_chars": (
            normalizer.get("handle_chinese_chars") is not False
        ),
    }


def _check_steps(
    part: str, steps: list[dict[str, Any]], known: set[str], source: Path
) -> None:
    for step in steps:
        if step.get("type") not in known:
            raise ValueError(
                f"`{source}` must prepare text as ALBERT does, with the steps "
                f"{', '.join(sorted(known))} of its {part}; {WITHOUT}. "
                f"Received: {step.get('type')!r}."
            )


def _steps(part: Any, several: str) -> Iterator[dict[str, Any]]:
    """Yield the steps of a part of `tokenizer.json`, in their order."""
    if not isinstance(part, dict):
        return
    if part.get("type") != "Sequence":
        yield part
        return
    for each in part.get(several) or ():
        yield from _steps(each, several)


def _character_map(normalizer: Any) -> bytes:
    """Return the table of SentencePiece among the steps of a normalizer."""
    if not isinstance(normalizer, dict):
        return b""
    if normalizer.get("type") == "Precompiled":
        return base64.b64decode(normalizer["precompiled_charsmap"])
    tables = map(_character_map, normalizer.get("normalizers", ()))
    return next(filter(None, tables), b"")


def _added_tokens(
    folder: Path, settings: Mapping[str, Any]
) -> Iterator[tuple[str, int | None]]:
    """Yield each token that Hugging Face looks for in raw text, with its id.

    The id is None where a file names the token alone.
    """
    path = folder / "special_tokens_map.json"
    roles = read_json_object(path) if path.is_file() else {}
    for content in (settings, roles):
        for key, value in content.items():
            if key.endswith("_token"):
                yield from _contents([value])
            elif key.endswith("special_tokens") and isinstance(value, list):
                yield from _contents(value)
            elif key.endswith("special_tokens") and isinstance(value, dict):
                yield from _contents(value.values())
    decoder = settings.get("added_tokens_decoder")
    if isinstance(decoder, dict):
        for number, token in decoder.items():
            for text, _ in _contents([token]):
                yield text, _number(folder / SETTINGS_FILE, number)
    path = folder / "added_tokens.json"
    if path.is_file():
        for text, number in read_json_object(path).items():
            yield text, _number(path, number)
    path = folder / "tokenizer.json"
    if path.is_file():
        for token in read_json_object(path).get("added_tokens") or ():
            for text, _ in _contents([token]):
                yield text, _number(path, token.get("id"))


def _contents(tokens: Any) -> Iterator[tuple[str, None]]:
    for token in tokens:
        if isinstance(token, dict):
            token = token.get("content")
        if isinstance(token, str):
            yield token, None


def _number(path: Path, number: Any) -> int:
    try:
        return int(number)
    except (TypeError, ValueError):
        raise ValueError(
            f"`{path}` must give each added token a number. Received: "
            f"{number!r}."
        ) from None
