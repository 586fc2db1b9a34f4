"""Metadata by which other people's clients know what a model is.

MediaPipe's `TextClassifier` and `TextEmbedder` and the TFLite Task Library's
`BertNLClassifier`, `BertQuestionAnswerer` and `TextEmbedder` look for tensors
by the names here, which need not be those of the signature, and make token ids
themselves with the vocabulary that is packed.
"""

import keras

from albert_keras.artefact_names import (
    LABELS_FILE,
    MODEL_FILE,
    SENTENCE_PIECE_FILE,
    WORD_PIECE_FILE,
)
from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.export.metadata_schema import (
    AssociatedFile,
    FileType,
    ModelMetadata,
    TensorMetadata,
    Tokenizer,
    TokenizerType,
)
from albert_keras.models.own_head import class_name

# Those of a reader, `start_logits` and `end_logits`, are the same there.
_CLIENTS_NAMES = {
    "token_ids": "ids",
    "padding_mask": "mask",
    "scores": "probability",
}
_DESCRIPTIONS = {
    "token_ids": "Token ids of [CLS] text [SEP], then 0.",
    "segment_ids": "0 for the first text, 1 for a second.",
    "padding_mask": "1 for tokens, 0 for what fills up the row.",
    "mask_positions": "Where the [MASK]s stand, then 0.",
    "answer_mask": "1 where an answer may begin or end.",
    "scores": "Score of each class.",
    "embedding": "The vector of the text.",
    "start_logits": "How well an answer begins at each token.",
    "end_logits": "How well an answer ends at each token.",
}


def task_metadata(
    model: keras.Model,
    written: FlatbufferModel,
    files: dict[str, bytes],
    has_clients_ids: bool,
) -> ModelMetadata:
    """Metadata of a converted model.

    Args:
        model: The model.
        written: What became of it.
        files: What is packed with it, by name: some of the files above.
        has_clients_ids: Whether clients that lower-case a text, and give it
            to the vocabulary's own tokenizer, get the model's ids. Where they
            do not, they are not told how to, and refuse the file.
    """
    labels = None
    if LABELS_FILE in files:
        labels = AssociatedFile(
            LABELS_FILE,
            "Names of the classes, one a line.",
            FileType.TENSOR_AXIS_LABELS,
        )
    tokenizer = None
    for name, kind in (
        (SENTENCE_PIECE_FILE, TokenizerType.SENTENCE_PIECE),
        (WORD_PIECE_FILE, TokenizerType.BERT),
    ):
        if name in files and has_clients_ids:
            vocabulary = AssociatedFile(
                name, "The vocabulary.", FileType.VOCABULARY
            )
            tokenizer = Tokenizer(kind, vocabulary)

    def tensor(
        name: str, labels: AssociatedFile | None = None
    ) -> TensorMetadata:
        return TensorMetadata(
            _CLIENTS_NAMES.get(name, name),
            _DESCRIPTIONS.get(name, ""),
            [labels] if labels else (),
        )

    return ModelMetadata(
        name=class_name(model),
        description="ALBERT, exported by albert_keras.",
        version="1",
        inputs=[tensor(name) for name in written.input_names],
        outputs=[tensor(name, labels) for name in written.output_names],
        tokenizer=tokenizer,
        files=[
            AssociatedFile(
                MODEL_FILE,
                "The model's configuration, and how its ids are made.",
                FileType.DESCRIPTIONS,
            )
        ],
    )
