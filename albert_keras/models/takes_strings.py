"""Tasks that tokenize what `fit`, `evaluate` and `predict` are given."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
from rich.console import Console

from albert_keras.models.labels import row_weights
from albert_keras.models.text_columns import (
    holds_texts,
    is_table,
    table_of,
)
from albert_keras.models.text_streams import (
    ShuffledBatches,
    batches_of,
    has_texts,
    is_stream,
    mapped,
    peeked,
    unpacked,
)


class Encoded(NamedTuple):
    """Rows of ids.

    Attributes:
        x: Inputs of the model.
        y: Labels, or None.
        sample_weight: Weights, or None.
        is_cut: For each text, bool, whether tokens of it were cut off.
        num_lost: Number of answers that no row holds.
    """

    x: Any
    y: Any
    sample_weight: Any
    is_cut: np.ndarray
    num_lost: int = 0


class TakesStrings:
    """Mixed into the tasks: `fit`, `evaluate` and `predict` take texts.

    Texts come in lists, tuples, NumPy arrays, in the Series and DataFrames of
    pandas, as dictionaries of columns or lists of dictionaries. They're
    tokenized in Python before the first batch and padded to the longest;
    rows are then shuffled in each epoch, as Keras does with arrays, unless
    `shuffle=False`. A `tf.data.Dataset`, a `keras.utils.PyDataset` or a
    generator yields batches of texts, which are tokenized as they are read
    and padded to the preprocessor's `sequence_length`; they come in the order
    of the source. Ids are passed on as they are. KerasHub's tasks never
    shuffle strings, and pad every row to `sequence_length`.
    """

    # What the texts are called in messages.
    _NOUN = "texts"

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=None,
        class_weight=None,
        sample_weight=None,
        **kwargs,
    ):
        """Trains the model on texts or on ids.

        Args:
            x: Texts in the form that the class describes, ids, or a source
                of batches of them.
            y: Labels in the form that the class describes. None if `x` is a
                table that has a column of labels, or a source of batches.
            batch_size: Rows in a batch, 32 by default.
            epochs: Number of times that every row is read.
            verbose: See `keras.Model.fit`.
            callbacks: See `keras.Model.fit`.
            validation_split: Share of the rows, taken from the end, that are
                held out.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a source of
                batches.
            shuffle: Whether to shuffle the rows in each epoch; None means
                yes, except for sources of batches whose order is their own.
            class_weight: Weight of each class, by number or name.
            sample_weight: A weight for each row.
            **kwargs: See `keras.Model.fit`.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: Inputs, labels and weights don't fit each other or
                the model.
        """
        cuts = _Cuts()
        if validation_split and validation_data is None:
            if is_stream(x):
                raise ValueError(
                    "`validation_split` is for texts or arrays; pass "
                    "`validation_data` with a source of batches. Received: "
                    f"validation_split={validation_split}."
                )
        else:
            validation_split = 0.0
        train = self._prepared(
            (x, y, sample_weight),
            cuts,
            class_weight=class_weight,
            batch_size=batch_size,
            shuffle=shuffle is None or bool(shuffle),
            held_out=validation_split,
            steps=kwargs.get("steps_per_epoch"),
        )
        if train.held_out is not None:
            validation_data = train.held_out
        elif validation_data is not None:
            kept = self._prepared(
                _as_triple(validation_data),
                cuts,
                batch_size=kwargs.get("validation_batch_size") or batch_size,
                steps=kwargs.get("validation_steps"),
            )
            validation_data = (
                kept.data[0] if kept.is_stream else _without_none(kept.data)
            )
        if train.is_stream and not train.is_shuffled_by_keras:
            shuffle = bool(shuffle) and not train.is_mapped
        x, y, sample_weight = train.data
        try:
            return keras.Model.fit(
                self,
                x,
                y,
                batch_size=None if train.is_stream else batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split if train.is_ids else 0.0,
                validation_data=validation_data,
                shuffle=True if shuffle is None else shuffle,
                class_weight=train.class_weight,
                sample_weight=sample_weight,
                **kwargs,
            )
        finally:
            cuts.say(self)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Measures the model on texts or on ids.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: Rows in a batch, 32 by default.
            verbose: See `keras.Model.evaluate`.
            sample_weight: A weight for each row.
            steps: See `keras.Model.evaluate`.
            callbacks: See `keras.Model.evaluate`.
            return_dict: Whether to return the metrics by name.
            **kwargs: See `keras.Model.evaluate`.

        Returns:
            The loss and the metrics.

        Raises:
            ValueError: See `fit`.
        """
        cuts = _Cuts()
        if not kwargs.get("_use_cached_eval_dataset"):  # `fit` prepared it
            found = self._prepared(
                (x, y, sample_weight), cuts, batch_size=batch_size, steps=steps
            )
            x, y, sample_weight = found.data
            batch_size = None if found.is_stream else batch_size
        try:
            return keras.Model.evaluate(
                self,
                x,
                y,
                batch_size=batch_size,
                verbose=verbose,
                sample_weight=sample_weight,
                steps=steps,
                callbacks=callbacks,
                return_dict=return_dict,
                **kwargs,
            )
        finally:
            cuts.say(self)

    def predict(
        self, x, batch_size=None, verbose="auto", steps=None, callbacks=None
    ):
        """Predicts from texts or from ids.

        Args:
            x: As in `fit`.
            batch_size: Rows in a batch, 32 by default.
            verbose: See `keras.Model.predict`.
            steps: Number of batches to read from a source of batches.
            callbacks: See `keras.Model.predict`.

        Returns:
            From ids the outputs of the model; from texts see the class.
        """
        options = {"verbose": verbose, "callbacks": callbacks}
        if is_stream(x):
            first, x = peeked(x)
            if not has_texts(first):
                return keras.Model.predict(self, x, steps=steps, **options)
            rows, batch_size = self._rows_in(x, steps)
        elif self._is_ids(x):
            return keras.Model.predict(
                self, x, batch_size=batch_size, steps=steps, **options
            )
        else:
            rows = self.read_rows(x)[0]
        cuts = _Cuts()
        found = self.predict_rows(rows, cuts, batch_size, **options)
        cuts.say(self)
        return found

    def train_on_batch(
        self,
        x,
        y=None,
        sample_weight=None,
        class_weight=None,
        return_dict=False,
    ):
        """Trains the model on one batch of texts or ids; see `fit`."""
        x, y, weight, class_weight = self._one_batch(
            x, y, sample_weight, class_weight
        )
        return keras.Model.train_on_batch(
            self, x, y, weight, class_weight, return_dict=return_dict
        )

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Measures the model on one batch of texts or ids; see `evaluate`."""
        x, y, weight, _ = self._one_batch(x, y, sample_weight)
        return keras.Model.test_on_batch(
            self, x, y, weight, return_dict=return_dict
        )

    def predict_on_batch(self, x):
        """Predicts from one batch of texts or ids; see `predict`."""
        if self._is_ids(x):
            return keras.Model.predict_on_batch(self, x)
        return self.predict(x, batch_size=len(self.read_rows(x)[0]), verbose=0)

    def preprocess_samples(self, x, y=None, sample_weight=None):
        """Passes ids on; see `keras_hub.models.Task` for texts."""
        if isinstance(x, dict) and "token_ids" in x:
            return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)
        return super().preprocess_samples(x, y, sample_weight)  # type: ignore[misc]

    # What a task says about its texts.

    def read_rows(self, x: Any) -> tuple[list, Any]:
        """Return texts as a list of examples, and the labels among them.

        Args:
            x: Texts in any container.

        Returns:
            The examples; and labels if `x` is a table that has them, or None.
        """
        raise NotImplementedError

    def read_targets(self, rows: list, y: Any) -> tuple[list, Any]:
        """Return the examples and their labels, checked.

        Returns:
            The examples, with labels if they hold them, and otherwise the
            labels as a sequence with one item for each example, or None.
        """
        raise NotImplementedError

    def encode(
        self, rows: list, y: Any, sample_weight: Any, width: int | None
    ) -> Encoded:
        """Return examples as arrays, padded to `width` or to the longest."""
        raise NotImplementedError

    def read_weights(
        self, rows: list, y: Any, sample_weight: Any, class_weight: Any
    ) -> Any:
        """Return the weight of each example, or None."""
        weights = row_weights(sample_weight, len(rows))
        if class_weight is None:
            return weights
        of_rows = self.class_weights_of(rows, y, class_weight)
        return of_rows if weights is None else of_rows * weights

    def class_weights_of(self, rows: list, y: Any, class_weight: Any) -> Any:
        """Return the weight of each example's class."""
        raise ValueError(
            f"{type(self).__name__} has no classes to weight; pass "
            "`sample_weight`. Received: `class_weight`."
        )

    def check_ids(
        self, x: Any, y: Any, sample_weight: Any, class_weight: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Check what goes with ids.

        Returns:
            The inputs, labels, sample weights and class weights for Keras.
        """
        return x, y, sample_weight, class_weight

    def changes_ids(self) -> bool:
        """Return whether `preprocess_samples` changes batches of ids."""
        return False

    def as_source(self, found: Encoded, batch_size: int, shuffle: bool) -> Any:
        """Return rows as a `PyDataset`; None if the arrays do.

        With a seed Keras shuffles arrays in the same way in every epoch.
        """
        if not shuffle:
            return None
        arrays = _without_none(found[:3])
        return ShuffledBatches(arrays, batch_size, True, lambda batch: batch)

    def complete(self, *batch: Any) -> Any:
        """Complete a batch of ids that `encode` made."""
        return batch

    def decode(self, rows: list, found: Any, outputs: Any) -> Any:
        """Return what `predict` says about examples."""
        return outputs

    # How they become batches.

    def training_arrays(self, x, y=None):
        """Return texts and labels as inputs, labels and weights (or None)."""
        found = self.encode(*self._rows(x, y, None), None)
        return unpacked(self.complete(*_without_none(found[:3])))

    def predict_rows(self, rows, cuts, batch_size=None, **options):
        """Return what `predict` says about examples."""
        found = self.encode(rows, None, None, None)
        cuts.add(found.is_cut)
        source = self.as_source(found, batch_size or 32, False)
        if source is not None:
            return keras.Model.predict(self, source, **options)
        return keras.Model.predict(
            self, found.x, batch_size=batch_size, **options
        )

    def text_tools(self) -> tuple[Any, int]:
        """Return the Python tokenizer and the maximum tokens of a row."""
        preprocessor = self.preprocessor  # type: ignore[attr-defined]
        if preprocessor is None:
            raise ValueError(
                "A model without a preprocessor takes ids. Received: texts; "
                "give the model a preprocessor, which has the tokenizer."
            )
        tokenizer = preprocessor.tokenizer.python_tokenizer
        return tokenizer, preprocessor.sequence_length

    def width_of(self, longest: int) -> int:
        """Return what rows are padded to.

        XLA compiles a model for every width, so there are few of them.
        """
        if self.jit_compile:  # type: ignore[attr-defined]
            longest = -(-longest // 64) * 64
        return min(longest, self.text_tools()[1])

    def takes_own_labels(self) -> bool:
        """Return whether a subclass decides itself what labels mean."""
        return type(self).train_step is not keras.Model.train_step  # type: ignore[attr-defined]

    def _is_ids(self, x: Any) -> bool:
        if is_table(x) and "token_ids" in (
            x if isinstance(x, dict) else table_of(x)
        ):
            return True
        if isinstance(x, list | tuple) and not x:
            raise ValueError("There must be at least one text. Received: none.")
        return not (isinstance(x, str | bytes) or holds_texts(x))

    def _prepared(
        self,
        triple: tuple[Any, Any, Any],
        cuts: "_Cuts",
        *,
        class_weight: Any = None,
        batch_size: int | None = None,
        shuffle: bool = False,
        held_out: float = 0.0,
        steps: int | None = None,
    ) -> "_Prepared":
        """Return what Keras is given."""
        x, y, weight = triple
        if is_stream(x):
            return self._stream(triple, cuts, class_weight, steps)
        if self._is_ids(x):
            x, y, weight, left = self.check_ids(x, y, weight, class_weight)
            return _Prepared((x, y, weight), class_weight=left, is_ids=True)
        rows, y, weight = self._rows(x, y, weight, class_weight)
        kept = None
        if held_out:
            at = math.floor(len(rows) * (1.0 - held_out))
            if not 0 < at < len(rows):
                raise ValueError(
                    "`validation_split` must leave rows on both sides. "
                    f"Received: validation_split={held_out}, {len(rows)} rows."
                )
            kept = self._given(
                (rows[at:], _part(y, at, None), _part(weight, at, None)),
                cuts,
                batch_size,
                False,
                None,
            )
            rows, y, weight = rows[:at], _part(y, 0, at), _part(weight, 0, at)
        found = self._given((rows, y, weight), cuts, batch_size, shuffle, steps)
        if kept is None:
            return found
        data = kept.data[0] if kept.is_stream else _without_none(kept.data)
        return found._replace(held_out=data)

    def _given(
        self,
        labelled: tuple[list, Any, Any],
        cuts: "_Cuts",
        batch_size: int | None,
        shuffle: bool,
        steps: int | None,
    ) -> "_Prepared":
        found = self.encode(*labelled, None)
        cuts.add(found.is_cut, found.num_lost)
        if batch_size is None:
            num_rows = len(keras.tree.flatten(found.x)[0])
            batch_size = -(-num_rows // steps) if steps else 32
        source = self.as_source(found, batch_size, shuffle)
        if source is not None:
            return _Prepared(
                (source, None, None), is_stream=True, is_mapped=True
            )
        return _Prepared((found.x, found.y, found.sample_weight))

    def _rows(
        self, x: Any, y: Any, weight: Any, class_weight: Any = None
    ) -> tuple[list, Any, Any]:
        self.text_tools()  # says what a model without a preprocessor takes
        rows, own = self.read_rows(x)
        rows, y = self.read_targets(rows, own if y is None else y)
        return rows, y, self.read_weights(rows, y, weight, class_weight)

    def _stream(
        self,
        triple: tuple[Any, Any, Any],
        cuts: "_Cuts",
        class_weight: Any,
        steps: int | None,
    ) -> "_Prepared":
        stream, y, weight = triple
        for name, given in (("y", y), ("sample_weight", weight)):
            if given is not None:
                raise ValueError(
                    f"A source of batches yields `{name}` itself. Received: "
                    f"`{name}` beside {type(stream).__name__}."
                )
        first, stream = peeked(stream)
        by_keras = isinstance(stream, keras.utils.PyDataset)

        def texts(batch: Any, is_new: bool) -> Any:
            rows, y, weight = self._rows(*unpacked(batch), class_weight)
            found = self.encode(rows, y, weight, self.text_tools()[1])
            if is_new:
                cuts.add(found.is_cut, found.num_lost)
            return self.complete(*_without_none(found[:3]))

        def ids(batch: Any, is_new: bool) -> Any:
            checked = self.check_ids(*unpacked(batch), class_weight)
            return _without_none(checked[:3])

        if has_texts(first):
            return _Prepared(
                (mapped(stream, texts, steps is not None), None, None),
                is_stream=True,
                is_mapped=True,
                is_shuffled_by_keras=by_keras,
            )
        if hasattr(stream, "element_spec"):  # a graph of its own
            changed = stream.map(lambda *batch: self.preprocess_samples(*batch))
            return _Prepared(
                (changed, None, None), is_stream=True, class_weight=class_weight
            )
        return _Prepared(
            (mapped(stream, ids, steps is not None), None, None),
            is_stream=True,
            is_shuffled_by_keras=by_keras,
        )

    def _rows_in(self, stream: Any, steps: int | None) -> tuple[list, int]:
        """Return all examples of a stream, and how many are in a batch."""
        if steps is None and getattr(stream, "num_batches", 1) is None:
            raise ValueError(
                "`steps` must say how much of an endless source to read. "
                "Received: steps=None."
            )
        rows: list = []
        size = 0
        for number, batch in enumerate(batches_of(stream)):
            if number == steps:
                break
            rows += self.read_rows(unpacked(batch)[0])[0]
            size = size or len(rows)
        return rows, size

    def _one_batch(self, x, y, sample_weight, class_weight=None):
        if self._is_ids(x):
            return self.check_ids(x, y, sample_weight, class_weight)
        labelled = self._rows(x, y, sample_weight, class_weight)
        cuts = _Cuts()
        found = self.encode(*labelled, None)
        cuts.add(found.is_cut)
        cuts.say(self)
        x, y, weight = unpacked(self.complete(*_without_none(found[:3])))
        return x, y, weight, None


class _Prepared(NamedTuple):
    """What Keras is given.

    Attributes:
        data: Inputs, labels and weights; or a source of batches alone.
        class_weight: Class weights that Keras has to apply.
        held_out: What `validation_split` held out.
        is_stream: Whether it's a source of batches.
        is_mapped: Whether the source is ours, in an order of its own.
        is_shuffled_by_keras: Whether Keras may shuffle its batches.
        is_ids: Whether it's arrays of ids as they were given.
    """

    data: tuple[Any, Any, Any]
    class_weight: Any = None
    held_out: Any = None
    is_stream: bool = False
    is_mapped: bool = False
    is_shuffled_by_keras: bool = False
    is_ids: bool = False


class _Cuts:
    """Counts the texts of one call, and those that were truncated."""

    def __init__(self) -> None:
        self._cut = 0
        self._all = 0
        self._lost = 0

    def add(self, is_cut: np.ndarray, num_lost: int = 0) -> None:
        """Count some texts, and the answers that no row holds."""
        self._lost += num_lost
        self._cut += int(np.count_nonzero(is_cut))
        self._all += len(is_cut)

    def say(self, model: Any) -> None:
        """Print a note if texts were truncated or answers lost."""
        if self._cut:
            tokens = model.preprocessor.sequence_length
            longest = model.backbone.max_sequence_length
            advice = (
                "pass a preprocessor with a larger `sequence_length`"
                if tokens < longest
                else "this model takes no more"
            )
            _note(
                f"{self._cut:,} of {self._all:,} {model._NOUN} were longer "
                f"than {tokens:,} tokens and were truncated; {advice}."
            )
        if self._lost:
            _note(
                f"{self._lost:,} of {self._all:,} answers don't fit in one "
                "window; the questions are treated as unanswerable."
            )


def _note(text: str) -> None:
    Console(stderr=True, soft_wrap=True).print(
        f"Note: {text}", markup=False, highlight=False
    )


def _as_triple(data: Any) -> tuple[Any, Any, Any]:
    """Return x, y and weights of `validation_data`."""
    if isinstance(data, tuple):
        return keras.utils.unpack_x_y_sample_weight(data)
    return data, None, None


def _without_none(data: Any) -> tuple[Any, ...]:
    return tuple(part for part in data if part is not None)


def _part(values: Any, first: int, last: int | None) -> Any:
    return values if values is None else values[first:last]
