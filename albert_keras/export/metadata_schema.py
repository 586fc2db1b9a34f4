"""TensorFlow Lite's metadata: what a model's tensors mean, as a flatbuffer.

The schema is `metadata_schema.fbs` of tensorflow/tflite-support, version
1.5.0. Of its tables only the fields that a text model needs are here. Each
`_table` lists them by their place in the schema, which is their name on the
wire; what is not listed has its default.
"""

import dataclasses
import enum
from collections.abc import Mapping, Sequence

import flatbuffers

_FILE_IDENTIFIER = b"M001"
# The first version of the schema that had tokenizers.
_MIN_PARSER_VERSION = "1.1.0"
_FEATURE_PROPERTIES = 1  # ContentProperties.FeatureProperties


class FileType(enum.IntEnum):
    """`AssociatedFileType` of the schema."""

    DESCRIPTIONS = 1
    TENSOR_AXIS_LABELS = 2
    VOCABULARY = 5


class TokenizerType(enum.IntEnum):
    """Those of the schema's `ProcessUnitOptions` that make tokens of text."""

    BERT = 4
    SENTENCE_PIECE = 5


@dataclasses.dataclass(frozen=True)
class AssociatedFile:
    """A file that is packed with the model.

    Attributes:
        name: Its name in the archive behind the model.
        description: What it is.
        type: What a client does with it.
    """

    name: str
    description: str
    type: FileType


@dataclasses.dataclass(frozen=True)
class TensorMetadata:
    """A tensor that goes in or comes out.

    Attributes:
        name: What clients look for; need not be the tensor's own name.
        description: What it is.
        files: Files that belong to it, as names of classes do.
    """

    name: str
    description: str
    files: Sequence[AssociatedFile] = ()


@dataclasses.dataclass(frozen=True)
class Tokenizer:
    """How a client makes the ids that go in.

    Attributes:
        type: The kind of tokenizer.
        vocabulary: Its file.
    """

    type: TokenizerType
    vocabulary: AssociatedFile


@dataclasses.dataclass(frozen=True)
class ModelMetadata:
    """A model with one subgraph.

    Attributes:
        name: For people.
        description: Likewise.
        version: Likewise.
        inputs: Metadata of each input, in the subgraph's order.
        outputs: Likewise of each output.
        tokenizer: How ids are made of texts; None if clients cannot.
        files: Files that belong to no tensor.
    """

    name: str
    description: str
    version: str
    inputs: Sequence[TensorMetadata]
    outputs: Sequence[TensorMetadata]
    tokenizer: Tokenizer | None = None
    files: Sequence[AssociatedFile] = ()

    def pack(self) -> bytes:
        """The flatbuffer that stands in a model under `TFLITE_METADATA`."""
        return _Packer().pack(self)


class _Packer:
    """Writes the tables, those that are pointed at before those that point."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def pack(self, model: ModelMetadata) -> bytes:
        subgraph = {
            2: self._vector([self._tensor(each) for each in model.inputs]),
            3: self._vector([self._tensor(each) for each in model.outputs]),
        }
        if model.tokenizer is not None:
            subgraph[5] = self._vector([self._tokenizer(model.tokenizer)])
        root = self._table(
            {
                0: self._string(model.name),
                1: self._string(model.description),
                2: self._string(model.version),
                3: self._vector([self._table(subgraph)]),
                6: self._files(model.files),
                7: self._string(_MIN_PARSER_VERSION),
            }
        )
        self._builder.Finish(root, file_identifier=_FILE_IDENTIFIER)
        return bytes(self._builder.Output())

    def _tensor(self, tensor: TensorMetadata) -> int:
        content = self._table(
            {1: self._table({})}, numbers={0: _FEATURE_PROPERTIES}
        )
        fields = {
            0: self._string(tensor.name),
            1: self._string(tensor.description),
            3: content,
        }
        if tensor.files:
            fields[6] = self._files(tensor.files)
        return self._table(fields)

    def _tokenizer(self, tokenizer: Tokenizer) -> int:
        # BertTokenizerOptions.vocab_file as well as
        # SentencePieceTokenizerOptions.sentencePiece_model come first.
        options = self._table({0: self._files([tokenizer.vocabulary])})
        return self._table({1: options}, numbers={0: tokenizer.type})

    def _files(self, files: Sequence[AssociatedFile]) -> int:
        return self._vector(
            [
                self._table(
                    {
                        0: self._string(file.name),
                        1: self._string(file.description),
                    },
                    numbers={2: file.type},
                )
                for file in files
            ]
        )

    def _string(self, text: str) -> int:
        return self._builder.CreateString(text)

    def _vector(self, tables: Sequence[int]) -> int:
        self._builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self._builder.PrependUOffsetTRelative(table)
        return self._builder.EndVector()

    def _table(
        self,
        offsets: Mapping[int, int],
        numbers: Mapping[int, int] | None = None,
    ) -> int:
        """A table of things written before and of numbers of one byte."""
        numbers = numbers or {}
        last = max([-1, *offsets, *numbers])
        self._builder.StartObject(last + 1)
        for place, offset in offsets.items():
            self._builder.PrependUOffsetTRelativeSlot(place, offset, 0)
        for place, number in numbers.items():
            self._builder.PrependUint8Slot(place, number, 0)
        return self._builder.EndObject()
