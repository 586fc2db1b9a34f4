"""`ak.checkpoints.load`: any checkpoint of an ALBERT, exact or not at all."""

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from albert_keras.checkpoints.archives import unpacked
from albert_keras.checkpoints.checkpoint import Checkpoint, Layout
from albert_keras.checkpoints.deferred import Value, build
from albert_keras.checkpoints.handles import fetched, origin_of
from albert_keras.checkpoints.labels import (
    read_activation,
    read_labels,
    read_problem_type,
)
from albert_keras.checkpoints.matching import (
    Match,
    Piece,
    heads_in,
    match,
    read,
    read_pieces,
)
from albert_keras.checkpoints.model_parts import (
    Part,
    heads_of,
    parts_of,
)
from albert_keras.checkpoints.names import (
    CLASSIFIER,
    CONDITIONAL_SPANS,
    MASKED_LM,
    MULTIPLE_CHOICE,
    POOLER,
    SENTENCE_ORDER,
    SPANS,
    TOKEN_CLASSIFIER,
    Head,
)
from albert_keras.checkpoints.notes import say
from albert_keras.checkpoints.opening import is_own_preset, open_checkpoint
from albert_keras.checkpoints.own_preset import load_own_preset
from albert_keras.checkpoints.vocabulary import (
    make_tokenizer,
    tokenizer_of_file,
)
from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import CONFIG_KEYS, AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.models.arguments import (
    refuse_other_sizes,
    sort_arguments,
    with_arguments,
)
from albert_keras.models.preset import own_preset, saved_task_class

# Arguments of the backbone that override a file's configuration.
# Sizes are not among them: the shapes of the variables decide these.
OVERRIDES = {
    "num_heads": "num_attention_heads",
    "activation": "hidden_act",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob",
    "initializer_range": "initializer_range",
}
_CLASS_OF_HEAD = (
    (CONDITIONAL_SPANS, AlbertQuestionAnswering),
    (SPANS, AlbertQuestionAnswering),
    (CLASSIFIER, AlbertTextClassifier),
    (TOKEN_CLASSIFIER, AlbertTokenClassifier),
    (MULTIPLE_CHOICE, AlbertMultipleChoice),
)


def load(
    path: str | os.PathLike[str],
    model_class: type | None = None,
    *,
    config: AlbertConfig | str | os.PathLike[str] | None = None,
    init_missing_heads: bool = False,
    load_weights: bool = True,
    **arguments: Any,
) -> Any:
    """Loads a checkpoint of any form that ALBERT is published in.

    The form is found by content: google's TensorFlow checkpoint (a folder, an
    archive, or its name without endings), a TF-Hub module or SavedModel,
    Hugging Face's files (safetensors, `pytorch_model.bin`, `tf_model.h5`), a
    KerasHub preset, of KerasHub's own classes or of this package's.

    All of it is checked before a model is made: every variable has to be
    there with the shape that the configuration calls for. What a model has
    and the file lacks is an error that names it. Nothing in a file is run.

    Args:
        path: A file, a folder, an archive, a handle (`hf://user/model`, or
            `hf://user/model@REVISION` for a commit, tag or branch;
            `kaggle://…`), the name of a released model such as
            `albert_base_v2`, which is fetched, the folder of a training run,
            or one of its checkpoints.
        model_class: What to make of it, for instance `ak.AlbertPretrainer`;
            None for what the file holds.
        config: In place of the file's configuration, or where it has none: an
            `AlbertConfig`, a name, or the path of an `albert_config.json`.
        init_missing_heads: Allow heads that the file lacks, or has for
            another number of classes, to start with random values.
        load_weights: Whether to load weights, or keep random ones.
        **arguments: For the model's constructor, `num_classes` or `head` for
            instance, and `dtype`; or what overrides the file, in the encoder
            (`num_heads`, `activation`, `dropout`, `attention_dropout`,
            `initializer_range`, `layer_norm_epsilon`) or in the preprocessor
            (`sequence_length`). Where both the model and the encoder have an
            argument, `dropout` for instance, it is the model's.

    Returns:
        The model, with the tokenizer of the file in its preprocessor if there
        is one.

    Raises:
        FileNotFoundError: There is nothing at `path`, or a part is missing.
        ConnectionError: A handle cannot be fetched.
        TypeError: `model_class` is no model of this package.
        ValueError: The file is damaged, not an ALBERT, does not fit its
            configuration, or lacks a head.

    Example:

    ```python
    model = ak.checkpoints.load("albert_base_v2.tar.gz", ak.AlbertPretrainer)
    model = ak.checkpoints.load("hf://albert/albert-base-v2")
    ```
    """
    with local(path) as found:
        if found.is_dir() and is_own_preset(found):
            model = load_own_preset(
                found, model_class, init_missing_heads, arguments, load_weights
            )
        else:
            model = make_model(
                open_checkpoint(
                    found, config=_as_config(config), overrides=arguments
                ),
                model_class,
                init_missing_heads,
                arguments,
                load_weights,
            )
    origin = origin_of(found)
    if origin is not None:
        getattr(model, "backbone", model).origin = origin
    return model


@contextlib.contextmanager
def local(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder or file on this machine: fetched, and unpacked meanwhile.

    Args:
        path: As `load`.
    """
    found = fetched(own_preset(path))
    with unpacked(found) as folder:
        yield folder


def _as_config(
    config: AlbertConfig | str | os.PathLike[str] | None,
) -> AlbertConfig | None:
    if config is None or isinstance(config, AlbertConfig):
        return config
    if Path(config).is_file():
        return AlbertConfig.from_json(config)
    return AlbertConfig.named(os.fspath(config))


def make_model(
    checkpoint: Checkpoint,
    model_class: type | None,
    init_missing_heads: bool,
    arguments: Mapping[str, Any],
    load_weights: bool = True,
) -> Any:
    """The model of a checkpoint that was opened; arguments as of `load`."""
    if model_class is None:
        model_class = class_for(checkpoint)
    heads_of(model_class)  # refuses a class that is none of ours
    arguments, for_backbone, for_preprocessor = sort_arguments(
        model_class, arguments, more=("preprocessor",)
    )
    is_backbone = issubclass(model_class, AlbertBackbone)
    overrides = arguments if is_backbone else for_backbone
    checkpoint = _overridden(checkpoint, overrides)
    refuse_other_sizes(
        overrides,
        {
            ours: getattr(checkpoint.config, theirs)
            for ours, theirs in CONFIG_KEYS.items()
        },
        checkpoint.path,
    )
    if "head_layer_norm_epsilon" in arguments:
        epsilon = arguments.pop("head_layer_norm_epsilon")
        checkpoint = dataclasses.replace(
            checkpoint, head_layer_norm_epsilon=epsilon
        )
    if issubclass(model_class, AlbertQuestionAnswering):
        spans_only = CONDITIONAL_SPANS not in heads_in(checkpoint)
        arguments.setdefault("head", "v1" if spans_only else "v2")
    needed = heads_of(model_class, arguments.get("head", "v1"))
    optional = () if POOLER in needed else (POOLER,)
    found = match(checkpoint, needed, optional)
    if found.missing and not init_missing_heads:
        names = " and ".join(head.name for head in found.missing)
        raise ValueError(
            f"`{checkpoint.path}` must hold the {names} of "
            f"{model_class.__name__}, unless init_missing_heads=True asks for "
            f"random values. Received: {_held(checkpoint)}."
        )
    if optional and POOLER not in heads_in(checkpoint):
        say(
            f"The {checkpoint.form} has no pooler; that of the model begins "
            f"with random values, which no output of {model_class.__name__} "
            "depends on."
        )
    elif POOLER in found.missing:
        say(
            f"The {checkpoint.form} has no pooler; that of the model begins "
            "with random values."
        )
    for note in checkpoint.notes:
        say(note)
    if found.unused:
        say(
            f"Of the {checkpoint.form} these variables are left over: "
            f"{', '.join(found.unused)}."
        )
    if init_missing_heads:
        found = _without_other_classes(checkpoint, needed, found, arguments)
    is_compiled = arguments.pop("compile", True)
    make = _maker(
        checkpoint,
        model_class,
        found,
        arguments,
        for_backbone,
        for_preprocessor,
    )
    if load_weights:
        model = build(make, lambda model: _values(checkpoint, found, model))
    else:
        model = make()
    if is_compiled and not is_backbone:
        model.compile()  # as the constructor would have
    return model


def heads_held(
    path: str | os.PathLike[str],
    config: AlbertConfig | str | os.PathLike[str] | None = None,
) -> tuple[Head, ...]:
    """Return the heads that a model has, before it is loaded.

    Args:
        path: As `load`.
        config: As `load`.
    """
    with local(path) as found:
        if found.is_dir() and is_own_preset(found):
            saved = saved_task_class(found) or AlbertBackbone
            return (POOLER, *heads_of(saved))
        return heads_in(open_checkpoint(found, config=_as_config(config)))


def tokenizer_in(
    path: str | os.PathLike[str],
    config: AlbertConfig | str | os.PathLike[str] | None = None,
) -> Any:
    """Return the tokenizer layer of a checkpoint; None if it has none.

    `load` puts it into the preprocessor of a task. A backbone has no
    preprocessor.

    Args:
        path: As `load`.
        config: As `load`.

    Raises:
        FileNotFoundError: There is nothing at `path`.
        ValueError: The tokenizer isn't one that ALBERT can use.
    """
    with local(path) as found:
        if found.is_dir() and is_own_preset(found):
            has_one = (found / "tokenizer.json").is_file()
            return tokenizer_of_file(found) if has_one else None
        checkpoint = open_checkpoint(found, config=_as_config(config))
        if checkpoint.vocabulary is None:
            return None
        return make_tokenizer(checkpoint.vocabulary)


def class_for(checkpoint: Checkpoint) -> type:
    """The class whose heads a checkpoint has."""
    present = heads_in(checkpoint)
    if MASKED_LM in present:
        both = SENTENCE_ORDER in present and POOLER in present
        return AlbertPretrainer if both else AlbertMaskedLM
    for head, model_class in _CLASS_OF_HEAD:
        if head in present:
            return model_class
    return AlbertBackbone


def _held(checkpoint: Checkpoint) -> str:
    names = ", ".join(head.name for head in heads_in(checkpoint))
    return f"{checkpoint.form} with {names or 'no head'}"


def _overridden(
    checkpoint: Checkpoint, arguments: dict[str, Any]
) -> Checkpoint:
    """The checkpoint with what `arguments` say, which are taken out.

    Args:
        checkpoint: What was opened.
        arguments: For the constructor of the backbone.
    """
    changes = {
        theirs: arguments.pop(ours)
        for ours, theirs in OVERRIDES.items()
        if ours in arguments
    }
    if changes:
        checkpoint = dataclasses.replace(
            checkpoint, config=dataclasses.replace(checkpoint.config, **changes)
        )
    if "layer_norm_epsilon" in arguments:
        epsilon = arguments.pop("layer_norm_epsilon")
        checkpoint = dataclasses.replace(checkpoint, layer_norm_epsilon=epsilon)
    return checkpoint


def _without_other_classes(
    checkpoint: Checkpoint,
    heads: Iterable[Head],
    found: Match,
    arguments: Mapping[str, Any],
) -> Match:
    """The match without a head for another number of classes than wanted."""
    wanted = arguments.get("num_classes", found.num_outputs)
    if found.num_outputs is None or wanted == found.num_outputs:
        return found
    say(
        f"`{checkpoint.path}` has a head with num_classes={found.num_outputs}; "
        f"the model starts a new head with num_classes={wanted} and random "
        "weights. Leave out `num_classes` to load the head of the file."
    )
    scopes = [
        head.counted_by.rpartition("/")[0] for head in heads if head.counted_by
    ]
    shapes = {
        name: shape
        for name, shape in found.shapes.items()
        if name.rpartition("/")[0] not in scopes
    }
    return found._replace(shapes=shapes, num_outputs=None)


def _maker(
    checkpoint: Checkpoint,
    model_class: Any,
    found: Match,
    arguments: dict[str, Any],
    for_backbone: dict[str, Any],
    for_preprocessor: dict[str, Any],
) -> Any:
    dtype = arguments.pop("dtype", None)

    def backbone(cls: Any = AlbertBackbone, **more: Any) -> Any:
        return cls.from_albert_config(
            checkpoint.config,
            layer_norm_epsilon=checkpoint.layer_norm_epsilon,
            dtype=dtype,
            **more,
        )

    if issubclass(model_class, AlbertBackbone):
        arguments.pop("preprocessor", None)
        return lambda: backbone(model_class, **arguments)
    if "preprocessor" not in arguments:
        arguments["preprocessor"] = with_arguments(
            _preprocessor(checkpoint, model_class),
            for_preprocessor,
            checkpoint.config.max_position_embeddings,
        )
    if issubclass(model_class, AlbertTextClassifier | AlbertTokenClassifier):
        if found.num_outputs is not None:
            _check_classes(checkpoint, arguments, found.num_outputs)
            _add_meaning(checkpoint, model_class, arguments, found.num_outputs)
        elif "num_classes" not in arguments:
            raise ValueError(
                f"`num_classes` must be given for a {model_class.__name__} "
                "whose head the file lacks. Received: none."
            )
    if issubclass(model_class, AlbertMaskedLM | AlbertPretrainer):
        arguments["head_layer_norm_epsilon"] = (
            checkpoint.head_layer_norm_epsilon
        )
    else:
        arguments.setdefault("dropout", checkpoint.classifier_dropout)
    return lambda: model_class(
        backbone(**for_backbone), compile=False, **arguments
    )


def _check_classes(
    checkpoint: Checkpoint, arguments: dict[str, Any], in_file: int
) -> None:
    asked = arguments.setdefault("num_classes", in_file)
    if asked != in_file:
        raise ValueError(
            f"`num_classes` must be {in_file}, as in `{checkpoint.path}`, "
            "unless init_missing_heads=True asks for a new head with random "
            f"values. Received: num_classes={asked}."
        )


def _add_meaning(
    checkpoint: Checkpoint,
    model_class: Any,
    arguments: dict[str, Any],
    num_classes: int,
) -> None:
    """Adds what the outputs of a head in the file mean."""
    given, source = checkpoint.settings, checkpoint.settings_path
    if arguments.get("labels") is None:
        arguments["labels"] = read_labels(given, num_classes, source)
    if issubclass(model_class, AlbertTextClassifier):
        arguments.setdefault("activation", read_activation(given, source))
        if arguments.get("problem_type") is None:
            arguments["problem_type"] = read_problem_type(given, source)


def _preprocessor(checkpoint: Checkpoint, model_class: Any) -> Any:
    if checkpoint.vocabulary is None:
        return None
    tokenizer = make_tokenizer(checkpoint.vocabulary)
    if tokenizer.vocabulary_size() > checkpoint.config.vocab_size:
        raise ValueError(
            f"`{checkpoint.vocabulary.path}` must have at most the "
            f"{checkpoint.config.vocab_size} pieces of the model. Received: "
            f"{tokenizer.vocabulary_size()}."
        )
    length = checkpoint.vocabulary.sequence_length
    return model_class.preprocessor_cls(
        tokenizer, **({} if length is None else {"sequence_length": length})
    )


def _values(
    checkpoint: Checkpoint, found: Match, model: Any
) -> dict[Any, Value]:
    return {
        id(part.variable): _Values(checkpoint, found, part)
        for part in parts_of(model)
        if part.names[0] in found.shapes
    }


class _Values:
    """What a variable begins with, read from a checkpoint."""

    def __init__(self, checkpoint: Checkpoint, found: Match, part: Part):
        self._checkpoint, self._found, self._part = checkpoint, found, part
        self._width = found.shapes[part.names[0]][-1]

    def whole(self) -> Any:
        names, shapes = self._part.names, self._found.shapes
        if len(names) == 1:
            name = names[0]
            native = self._native(name)
            if native is not None:
                return native()
            value = read(self._checkpoint, name, shapes[name])
            return value.T if self._part.transposed else value
        pieces = [read(self._checkpoint, n, shapes[n]) for n in names]
        return np.concatenate(pieces, axis=-1)

    def _native(self, name: str) -> Any:
        """Reads a tensor as it stands, without an array in between."""
        checkpoint = self._checkpoint
        location = checkpoint.locate(name)
        tensor = checkpoint.tensors[str(checkpoint.find(name))]
        as_is = location is not None and location.layout is Layout.AS_IS
        on_tensorflow = keras.backend.backend() == "tensorflow"
        if as_is and on_tensorflow and not self._part.transposed:
            return tensor.read_native
        return None

    def pieces(self) -> Iterator[Piece] | None:
        names, shapes = self._part.names, self._found.shapes
        shape = shapes[names[0]]
        if self._part.transposed or len(shape) != 2:
            return None
        if len(names) == 1 and self._native(names[0]) is not None:
            return None
        return self._pieces()

    def _pieces(self) -> Iterator[Piece]:
        names, shapes = self._part.names, self._found.shapes
        for number, name in enumerate(names):
            first = number * self._width
            for rows, columns, piece in read_pieces(
                self._checkpoint, name, shapes[name]
            ):
                start, stop, _ = columns.indices(self._width)
                yield rows, slice(first + start, first + stop), piece
