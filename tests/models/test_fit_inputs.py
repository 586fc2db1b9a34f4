"""What each task takes as texts and labels: the same rows from every container.

Batches are recorded where Keras would train on them, so that nothing has to be
compiled; the rows of ids are made by hand beside them.
"""

import functools

import keras
import numpy as np
import pytest

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

WORDS = ["a", "the", "film", "saw", "anna", "paris", "good", "bad"]
TEXTS = ["a film", "the film", "anna saw paris", "good", "bad"]
PAIRS = ["saw", "a", "good film", "bad", "anna"]


class Frame:
    """As much of a pandas.DataFrame as matters, where pandas is absent."""

    def __init__(self, columns):
        self._columns = columns
        self.columns = list(columns)
        self.shape = len(next(iter(columns.values()))), len(columns)

    def __getitem__(self, name):
        return Series(self._columns[name])

    def to_dict(self):
        return self._columns

    def __len__(self):
        return self.shape[0]


class Series:
    """As much of a pandas.Series as matters."""

    def __init__(self, values):
        self._values = values
        self.dtype = "object"
        self.shape = (len(values),)

    def to_list(self):
        return list(self._values)

    def to_numpy(self):
        return np.array(self._values)

    def __len__(self):
        return len(self._values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype)


@pytest.fixture(scope="module")
def tokenizer(tiny_vocabulary):
    return ak.AlbertTokenizer(str(tiny_vocabulary(*WORDS)))


@pytest.fixture(scope="module")
def make(tokenizer):
    """Makes a task, around one backbone."""
    backbone = ak.AlbertBackbone(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=1,
        num_heads=2,
        embedding_dim=8,
        hidden_dim=16,
        intermediate_dim=32,
        max_sequence_length=32,
    )

    def of(task, sequence_length=16, **arguments):
        preprocessor = AlbertTextClassifierPreprocessor(
            tokenizer, sequence_length=sequence_length
        )
        if task == "classifier":
            arguments = {"num_classes": 2, **arguments}
            model = ak.AlbertTextClassifier(
                backbone, preprocessor=preprocessor, **arguments
            )
        elif task == "tagger":
            arguments = {"num_classes": 3, **arguments}
            model = ak.AlbertTokenClassifier(
                backbone, preprocessor=preprocessor, **arguments
            )
        elif task == "reader":
            model = ak.AlbertQuestionAnswering(
                backbone, preprocessor=preprocessor, **arguments
            )
        elif task == "chooser":
            model = ak.AlbertMultipleChoice(backbone, preprocessor)
        else:
            model = ak.AlbertMaskedLM(
                backbone,
                AlbertMaskedLMPreprocessor(
                    tokenizer,
                    sequence_length=sequence_length,
                    mask_selection_length=4,
                ),
            )
        model.compile(run_eagerly=True)
        return model

    return of


@pytest.fixture
def batches(monkeypatch):
    """Records what Keras trains on and measures, and computes nothing."""
    found = []

    def step(self, data):
        found.append(
            keras.tree.map_structure(
                np.asarray, keras.utils.unpack_x_y_sample_weight(data)
            )
        )
        return {"loss": 0.0}

    def predict_step(self, data):
        ids, *_ = keras.utils.unpack_x_y_sample_weight(data)
        shape = ids["token_ids"].shape

        def nothing(output):
            dims = zip(output.shape, [*shape, 0], strict=False)
            return keras.ops.zeros([n or m for n, m in dims])

        return keras.tree.map_structure(nothing, self.output)

    monkeypatch.setattr(keras.Model, "predict_step", predict_step)
    monkeypatch.setattr(keras.Model, "train_step", step)
    monkeypatch.setattr(keras.Model, "test_step", step)
    monkeypatch.setattr(
        keras.Model, "get_metrics_result", lambda self: {"loss": 0.0}
    )
    return found


# Of each task: its columns, and its labels as a column or columns.
INPUTS = {
    "classifier": {"text": TEXTS},
    "masked_lm": {"text": TEXTS},
    "tagger": {"words": [text.split() for text in TEXTS]},
    "reader": {"question": PAIRS, "context": TEXTS},
    "chooser": {
        "context": TEXTS,
        "question": PAIRS,
        "options": [["a", "good film"], ["saw", "bad"]] * 2 + [["a", "a"]],
    },
}
LABELS = {
    "classifier": [0, 1, 1, 0, 1],
    "masked_lm": None,
    "tagger": [[0, 1], [2, 0], [1, 0, 2], [1], [2]],
    "reader": {
        "answer": ["film", "", "saw", "good", "bad"],
        "answer_start": [2, 0, 5, 0, 0],
    },
    "chooser": [0, 1, 0, 1, 0],
}
TASKS = list(INPUTS)


def objects(column):
    found = np.empty(len(column), "object")
    found[:] = column
    return found


def only_column(columns):
    return next(iter(columns.values())) if len(columns) == 1 else columns


def each_column(columns, change):
    return only_column({n: change(values) for n, values in columns.items()})


def rows_of(columns):
    return [
        dict(zip(columns, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    ]


CONTAINERS = {
    "lists": only_column,
    "tuples": lambda c: each_column(c, tuple),
    "objects": lambda c: each_column(c, objects),
    "columns": dict,
    "rows": rows_of,
    "frame": Frame,
    "series": lambda c: each_column(c, Series),
    "bytes": lambda c: keras.tree.map_structure(
        str.encode, {name: list(values) for name, values in c.items()}
    ),
}
LABEL_CONTAINERS = {
    "frame": lambda y: Frame(y) if isinstance(y, dict) else Series(y),
    "series": lambda y: (
        {n: Series(v) for n, v in y.items()}
        if isinstance(y, dict)
        else Series(y)
    ),
    "objects": lambda y: (
        {n: objects(v) for n, v in y.items()}
        if isinstance(y, dict)
        else objects(y)
    ),
    "rows": lambda y: rows_of(y) if isinstance(y, dict) else y,
}


def labels_in(task, container):
    labels = LABELS[task]
    if labels is None:
        return None
    return LABEL_CONTAINERS.get(container, lambda y: y)(labels)


def same(found, expected):
    keras.tree.assert_same_structure(found, expected)
    for a, b in zip(
        keras.tree.flatten(found), keras.tree.flatten(expected), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def without_masks(batch):
    """A batch, or of a masked LM what isn't drawn."""
    x = batch[0]
    if "mask_positions" not in x:
        return batch
    return {n: x[n] for n in ("segment_ids", "padding_mask")}, None, None


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("task", TASKS)
def test_every_container_gives_the_same_rows(make, batches, task, container):
    model = make(task)
    x = CONTAINERS[container](INPUTS[task])
    y = labels_in(task, container)
    model.fit(x, y, batch_size=9, shuffle=False, verbose=0)
    model.evaluate(x, y, batch_size=9, verbose=0)
    model.train_on_batch(x, y)
    model.test_on_batch(x, y)
    expected = without_masks(model.training_arrays(INPUTS[task], LABELS[task]))
    for batch in batches:
        same(without_masks(batch), expected)
    assert len(batches) == 4
    both = model.predict(x, verbose=0), model.predict_on_batch(x)
    assert [len(found) for found in both] == [5, 5]


@pytest.mark.parametrize("task", ["classifier", "tagger", "reader", "chooser"])
def test_labels_may_be_a_column(make, batches, task):
    model = make(task)
    labels = LABELS[task]
    if not isinstance(labels, dict):
        labels = {"tags" if task == "tagger" else "label": labels}
    model.evaluate(rows_of({**INPUTS[task], **labels}), verbose=0)
    same(batches[0], model.training_arrays(INPUTS[task], LABELS[task]))


@pytest.mark.parametrize(
    "pairs",
    [
        (TEXTS, PAIRS),
        [TEXTS, PAIRS],
        list(zip(TEXTS, PAIRS, strict=True)),
        np.array([TEXTS, PAIRS]).T,
        {"text": TEXTS, "pair": PAIRS},
        (np.array(TEXTS), Series(PAIRS)),
    ],
    ids=["columns", "list", "rows", "array", "table", "arrays"],
)
def test_pairs(make, batches, pairs, tokenizer):
    model = make("classifier")
    if isinstance(pairs, list) and len(pairs) == 2:
        with pytest.raises(ValueError, match="must all be texts or all be p"):
            model.fit(pairs, LABELS["classifier"])
        return
    model.evaluate(pairs, LABELS["classifier"], verbose=0)
    (x, y, _), packed = batches[0], tokenizer.pack(TEXTS, PAIRS)
    same(x, packed)
    np.testing.assert_array_equal(y, LABELS["classifier"])


class Batched(keras.utils.PyDataset):
    def __init__(self, batched):
        super().__init__()
        self._batched = batched

    def __len__(self):
        return len(self._batched)

    def __getitem__(self, index):
        return self._batched[index]


def held(columns, first, last):
    if columns is None or isinstance(columns, list):
        return columns and columns[first:last]
    return {name: values[first:last] for name, values in columns.items()}


def dataset_of(parts):
    import tensorflow as tf

    def tensor(values):
        if isinstance(values, dict):
            return {name: tensor(column) for name, column in values.items()}
        if isinstance(values[0], list):
            return tf.ragged.constant(values)
        return tf.constant(values)

    return tf.data.Dataset.from_tensor_slices(tuple(map(tensor, parts)))


def streams_of(task, kind):
    x, y = only_column(INPUTS[task]), LABELS[task]
    parts = (x,) if y is None else (x, y)
    if kind == "dataset":
        return dataset_of(parts).batch(2)
    if kind == "unknown length":
        return dataset_of(parts).batch(2).filter(lambda *batch: True)
    batched = [
        tuple(held(part, first, first + 2) for part in parts)
        for first in (0, 2, 4)
    ]
    return iter(batched) if kind == "generator" else Batched(batched)


def padded_like(found, expected):
    """An array cut to the expected shape, if all that it loses is padding."""
    if expected is None:
        return found
    kept = found[tuple(map(slice, expected.shape))]
    assert np.count_nonzero(found) == np.count_nonzero(kept)
    return kept


@pytest.mark.parametrize(
    "kind", ["dataset", "unknown length", "generator", "pydataset"]
)
@pytest.mark.parametrize("task", TASKS)
def test_every_stream_gives_the_same_rows(make, batches, task, kind):
    model = make(task)
    steps = {"steps_per_epoch": 3} if kind == "generator" else {}
    model.fit(streams_of(task, kind), shuffle=False, verbose=0, **steps)
    steps = {"steps": 3} if kind == "generator" else {}
    model.evaluate(streams_of(task, kind), verbose=0, **steps)
    assert len(batches) == 6
    for number, batch in enumerate(batches):
        first = number % 3 * 2
        expected = model.training_arrays(
            held(INPUTS[task], first, first + 2),
            held(LABELS[task], first, first + 2),
        )
        found = without_masks(batch)
        expected = without_masks(expected)
        same(keras.tree.map_structure(padded_like, found, expected), expected)
    found = model.predict(streams_of(task, kind), verbose=0, **steps)
    assert len(found) == 5


def order_of(batches, rows):
    """Which rows are in the batches, by their first token."""
    of = {int(ids[1]): number for number, ids in enumerate(rows)}
    return [[of[int(ids[1])] for ids in x["token_ids"]] for x, _, _ in batches]


@pytest.fixture(scope="module")
def seven(tokenizer):
    """Seven texts whose first tokens are all different, and their ids."""
    pieces = {}
    for id_ in range(5, tokenizer.vocabulary_size()):
        piece = tokenizer.id_to_token(id_)
        word = piece.strip("\u2581")
        ids = tokenizer.encode(word) if word else []
        if ids:
            pieces.setdefault(ids[0], word)
    texts = list(pieces.values())[:7]
    assert len(texts) == 7
    return texts, tokenizer.pack(texts)["token_ids"]


SEVEN = {
    "classifier": lambda t: (t, [0] * 7),
    "tagger": lambda t: ([[text] for text in t], [[0]] * 7),
    "reader": lambda t: (
        {"question": t, "context": ["a"] * 7},
        ["a"] * 7,
    ),
    "masked_lm": lambda t: (t, None),
}


@pytest.mark.parametrize("task", SEVEN)
def test_rows_are_shuffled_in_every_epoch(make, batches, seven, task):
    texts, rows = seven
    x, y = SEVEN[task](texts)
    model = make(task)
    if task == "masked_lm":  # what it masks is no row's name
        model.preprocessor.mask_selection_rate = 0.0

    def epochs(**options):
        batches.clear()
        keras.utils.set_random_seed(3)
        model.fit(x, y, batch_size=3, epochs=4, verbose=0, **options)
        order = order_of(batches, rows)
        assert [len(batch) for batch in order] == [3, 3, 1] * 4
        rows_read = [row for batch in order for row in batch]
        return [rows_read[first : first + 7] for first in (0, 7, 14, 21)]

    found = epochs()
    assert all(sorted(epoch) == list(range(7)) for epoch in found)
    assert len(set(map(tuple, found))) == 4
    assert epochs() == found  # the seed decides
    assert epochs(shuffle=False) == [list(range(7))] * 4


def test_masks_are_drawn_in_every_epoch(make, batches):
    model = make("masked_lm", sequence_length=32)
    model.preprocessor.mask_selection_rate = 0.5
    model.fit([" ".join(WORDS * 3)], epochs=4, verbose=0)
    positions = {tuple(x["mask_positions"][0]) for x, _, _ in batches}
    assert len(positions) > 1
    for x, y, weight in batches:
        places = x["mask_positions"][weight > 0]
        assert (x["padding_mask"][0, places] == 1).all()
        assert weight.sum() >= 1
        assert y.shape == weight.shape == (1, 4)


def test_what_is_held_out(make, batches):
    model = make("classifier")
    model.fit(
        TEXTS,
        LABELS["classifier"],
        validation_split=0.4,
        shuffle=False,
        sample_weight=[1, 2, 3, 4, 5],
        verbose=0,
    )
    assert [batch[2].tolist() for batch in batches] == [[1, 2, 3], [4, 5]]
    assert [batch[1].tolist() for batch in batches] == [[0, 1, 1], [0, 1]]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["texts", "ids", "dataset", "weighted"])
def test_validation_data(make, batches, task, kind):
    model = make(task)
    x, y = INPUTS[task], LABELS[task]
    expected = model.training_arrays(x, y)
    kept = (x, y) if y is not None else (x,)
    if kind == "ids":
        kept = expected
    elif kind == "dataset":
        kept = streams_of(task, "dataset")
    elif kind == "weighted":
        kept = (x, y, np.arange(5.0))
    model.fit(x, y, verbose=0, validation_data=kept, epochs=2)
    sizes = [1, 1, 1, 1] if kind != "dataset" else [1, 3, 1, 3]
    assert len(batches) == sum(sizes)
    if kind == "ids":
        same(batches[1], expected)
    if kind == "weighted":
        assert batches[1][2] is not None


@pytest.mark.parametrize("loss", ["class", "one-hot"])
def test_class_weights_multiply_sample_weights(make, batches, loss):
    model = make("classifier", labels=["bad", "good"])
    if loss == "one-hot":
        model.compile(loss="categorical_crossentropy", run_eagerly=True)
    y = ["bad", "good", "good", "bad", "good"]
    options = {"shuffle": False, "verbose": 0}
    weights = {"good": 3.0}
    model.fit(TEXTS, y, class_weight=weights, **options)
    model.fit(
        TEXTS,
        y,
        class_weight={1: 3.0, 0: 2.0},
        sample_weight=[1, 1, 2, 2, 0],
        **options,
    )
    x, labels, _ = batches[0]
    if loss == "one-hot":
        np.testing.assert_array_equal(labels, np.eye(2)[[0, 1, 1, 0, 1]])
    model.fit(x, labels, class_weight=weights, **options)
    found = [batch[2].tolist() for batch in batches]
    assert found == [[1, 3, 3, 1, 3], [2, 3, 6, 4, 0], [1, 3, 3, 1, 3]]


def test_weights_of_words(make, batches):
    model = make("tagger", labels=["O", "A", "B"])
    words = INPUTS["tagger"]["words"][:2]
    tags = [["O", "A"], ["B", "O"]]
    ones = model.training_arrays(words, tags)[2]
    assert ones.sum() == 4
    rows = np.array([[2.0], [3.0]])
    each = [[1.0, 2.0], [3.0, 4.0]]
    for weights in ([2.0, 3.0], rows, each):
        model.evaluate(words, tags, sample_weight=weights, verbose=0)
    model.fit(
        words,
        tags,
        class_weight={"A": 5.0},
        sample_weight=each,
        shuffle=False,
        verbose=0,
    )
    found = [batch[2] for batch in batches]
    same(found[:2], [ones * rows] * 2)
    assert found[2][ones > 0].tolist() == [1, 2, 3, 4]
    assert found[3][ones > 0].tolist() == [1, 10, 3, 4]
    # With ids a weight for each row counts for all of its tokens.
    x, y, _ = batches[0]
    model.evaluate(x, y, sample_weight=np.array([1.0, 2.0]), verbose=0)
    np.testing.assert_array_equal(batches[-1][2], np.ones(y.shape) * [[1], [2]])


def test_a_question_weighs_the_same_in_all_of_its_windows(make, batches):
    model = make("reader")
    x = {"question": ["a", "a"], "context": ["the film " * 20, "anna"]}
    y = ["film", "anna"]
    model.fit(x, y, sample_weight=[2.0, 3.0], shuffle=False, verbose=0)
    weights = batches[0][2]["start_positions"]
    assert weights[:-1].tolist() == [2.0] * (len(weights) - 1)
    assert weights[-1] == 3.0
    assert len(weights) > 2


def test_names_of_classes(make, batches, tmp_path):
    model = make("classifier")
    y = ["good", "bad", "bad", "good", "bad"]
    model.fit(TEXTS, Series(y), verbose=0, shuffle=False)
    assert model.labels == ("bad", "good")
    model.evaluate(TEXTS, np.array(y), verbose=0)
    model.evaluate(TEXTS, np.array(y, "S4"), verbose=0)
    for batch in batches:
        assert batch[1].tolist() == [1, 0, 0, 1, 0]
    assert ak.AlbertTextClassifier.from_config(model.get_config()).labels == (
        "bad",
        "good",
    )
    model.save_to_preset(str(tmp_path / "preset"))
    assert ak.AlbertTextClassifier.from_preset(
        str(tmp_path / "preset")
    ).labels == ("bad", "good")
    tagger = make("tagger")
    words = INPUTS["tagger"]["words"]
    tags = [["O", "PER"], ["LOC", "O"], ["O", "O", "O"], ["PER"], ["LOC"]]
    tagger.fit(words, tags, verbose=0)
    assert tagger.labels == ("LOC", "O", "PER")


def test_several_classes_a_text(make, batches):
    model = make(
        "classifier", num_classes=3, problem_type="multi_label_classification"
    )
    model.fit(
        TEXTS,
        [{"a", "b"}, ["c"], [], ("a",), ["c", "b"]],
        verbose=0,
        shuffle=False,
    )
    assert model.labels == ("a", "b", "c")
    rows = [[1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 1]]
    columns = dict(zip("abc", zip(*rows, strict=True), strict=True))
    for y in (rows, np.array(rows), Frame(columns)):
        model.evaluate(TEXTS, y, verbose=0)
    for batch in batches:
        assert batch[1].tolist() == rows


FITTING = [
    # arguments of the model, loss, metric, threshold
    ({}, "auto", "sparse_categorical_accuracy", None),
    (
        {},
        "sparse_categorical_crossentropy",
        "sparse_categorical_accuracy",
        None,
    ),
    ({}, "categorical_crossentropy", "categorical_accuracy", None),
    ({}, "CategoricalCrossentropy", "categorical_accuracy", None),
    ({}, "binary_crossentropy", "binary_accuracy", 0.0),
    ({"activation": "sigmoid"}, "binary_crossentropy", "binary_accuracy", 0.5),
    (
        {"problem_type": "multi_label_classification"},
        "auto",
        "binary_accuracy",
        0.0,
    ),
    (
        {
            "problem_type": "multi_label_classification",
            "activation": "sigmoid",
        },
        "auto",
        "binary_accuracy",
        0.5,
    ),
    ({"num_classes": 1}, "auto", None, None),
    ({"num_classes": 1}, "binary_crossentropy", "binary_accuracy", 0.0),
    ({"problem_type": "regression"}, "auto", None, None),
    ({}, "mean_absolute_error", None, None),
]


@pytest.mark.parametrize(("arguments", "loss", "name", "threshold"), FITTING)
def test_metrics_fit_the_loss(make, arguments, loss, name, threshold):
    model = make("classifier", **arguments)
    model.compile(loss=loss, run_eagerly=True)
    y = np.array([[0.0, 1.0]] * 5)
    if arguments.get("num_classes") == 1:
        y = y[:, :1]
    elif "class" not in str(name) and name == "sparse_categorical_accuracy":
        y = np.ones(5)
    found = model.evaluate(TEXTS, y, verbose=0, return_dict=True)
    assert set(found) - {"loss"} == ({name} - {None})
    logits = model.predict(TEXTS, verbose=0)
    if threshold is not None:
        right = (logits > threshold) == (y > 0.5)
        assert found[name] == pytest.approx(right.mean())
    if name == "categorical_accuracy":
        assert found[name] == pytest.approx((logits.argmax(-1) == 1).mean())
        each = -np.log(np.exp(logits)[:, 1] / np.exp(logits).sum(-1))
        assert found["loss"] == pytest.approx(each.mean(), rel=1e-5)


BAD = {
    "classifier": [
        ([0, 1, 2, 0, 1], "from 0 to 1. Received: 2 in row 2"),
        ([0, -1, 1, 0, 1], "Received: -1 in row 1"),
        ([0, 1.5, 1, 0, 1], "Received: 1.5 in row 1"),
        ([0, float("nan"), 1, 0, 1], "Received: nan in row 1"),
        ([0, None, 1, 0, 1], "Received: None in row 1|nan in row 1"),
        (np.eye(2)[[0, 1, 0, 1, 0]], r"of shape \(5, 2\)"),
        ([0, 1, 1], "5 texts, 3 labels"),
        (None, "5 texts, no labels"),
        (["x", "y", "z", "x", "y"], "different names.*Received: 3"),
        ([["x"], ["y", "x"], [], [], []], "A label must be one class"),
    ],
    "tagger": [
        ([[0, 1], [2, 3], [1, 0, 2], [1], [2]], "3 in sentence 1, word 1"),
        ([[0, 1], [2], [1, 0, 2], [1], [2]], "2 words, 1 tags in sentence 1"),
        ([0, 1, 2, 0, 1], "must be a list.*0 in sentence 0"),
        ([[0, 1], [0.5, 1], [1, 0, 2], [1], [2]], "0.5 in sentence 1, word 0"),
    ],
    "chooser": [
        ([0, 1, 2, 0, 1], "from 0 to 1. Received: 2 in row 2"),
        ([0, 1, "b", 0, 1], "'b' in row 2"),
        (None, "no labels"),
    ],
    "reader": [
        (["film", "", "paris", "bad", "bad"], "'bad' at -1 in question 3"),
        (
            {"answer": ["film"] + [""] * 4, "answer_start": [3, 0, 0, 0, 0]},
            "'film' at 3 in question 0",
        ),
        (["film"], "5 texts, 1 labels"),
        (
            [3] * 5,
            "`answer` must hold a string in each row. Received: 3 in row 0",
        ),
    ],
    "masked_lm": [([0, 1, 1, 0, 1], "their own labels")],
}


@pytest.mark.parametrize(
    ("task", "y", "message"),
    [(task, y, message) for task in BAD for y, message in BAD[task]],
)
@pytest.mark.parametrize("place", ["evaluate", "validation_data"])
def test_labels_that_do_not_fit(make, batches, task, y, message, place):
    model = make(task)
    x = INPUTS[task]
    if place == "validation_data":
        call = functools.partial(
            model.fit, x, LABELS[task], validation_data=(x, y)
        )
    else:
        call = functools.partial(getattr(model, place), x, y)
    with pytest.raises(ValueError, match=message):
        call(verbose=0)
    assert not batches


@pytest.mark.parametrize("task", ["classifier", "tagger", "reader", "chooser"])
def test_labels_of_ids_that_do_not_fit(make, batches, task):
    model = make(task)
    x, y, weight = model.training_arrays(INPUTS[task], LABELS[task])
    y = keras.tree.map_structure(np.copy, y)
    values = y["end_positions"] if task == "reader" else y
    values[2:3] = 77
    with pytest.raises(ValueError, match=r"Received: 77 in .*2"):
        model.fit(x, y, sample_weight=weight, verbose=0)
    assert not batches


def test_other_things_that_do_not_fit(make, batches):
    model = make("classifier", labels=["bad", "good"])
    y = ["good", "bad", "good", "bad", "god"]
    for options, message in (
        ({"y": y}, "one of bad, good. Received: 'god' in row 4"),
        ({"x": [*TEXTS[:4], 7]}, "must hold a string.*7 in row 4"),
        ({"x": "a film"}, "must be in a list"),
        ({"x": []}, "at least one text"),
        ({"x": {"text": TEXTS, "title": TEXTS}}, "Received: text, title"),
        ({"x": {"text": TEXTS, "pair": PAIRS[:2]}}, "5 in `text`, 2 in `pair`"),
        ({"x": (TEXTS, PAIRS, PAIRS)}, "3 columns"),
        ({"sample_weight": [1.0, 2.0]}, "5 numbers, one for each row"),
        ({"sample_weight": [1, 2, 3, 4, np.nan]}, "nan in row 4"),
        ({"class_weight": {"godd": 1.0}}, "'godd'"),
        ({"class_weight": {2: 1.0}}, "Received: 2"),
        ({"validation_split": 0.99}, "rows on both sides"),
        ({"x": iter([TEXTS]), "y": [1]}, "yields `y` itself"),
        (
            {"x": iter([(TEXTS, y)]), "y": None, "validation_split": 0.5},
            "`validation_split` is for",
        ),
    ):
        given = {"x": TEXTS, "y": [0, 1, 0, 1, 0], **options}
        with pytest.raises(ValueError, match=message):
            model.fit(**given, verbose=0)
    for task in ("reader", "masked_lm"):
        with pytest.raises(ValueError, match="no classes to weight"):
            make(task).fit(INPUTS[task], LABELS[task], class_weight={0: 1.0})
    with pytest.raises(ValueError, match="must be a list of words"):
        make("tagger").predict(["a film"])
    options = {"question": ["a", "a"], "options": [["a", "the"], ["a"]]}
    with pytest.raises(ValueError, match="Received: 1 in question 1"):
        make("chooser").predict(options)
    assert not batches


def test_own_steps_decide_what_labels_are(make):
    found = []

    class Probe(ak.AlbertTextClassifier):
        def train_step(self, data):
            found.extend(np.asarray(data[1]).tolist())
            return {"loss": 0.0}

        def get_metrics_result(self):
            return {}

    model = make("classifier")
    probe = Probe(model.backbone, 2, model.preprocessor)
    probe.compile(run_eagerly=True)
    probe.fit(TEXTS, [5, 6, 7, 8, 9], batch_size=2, verbose=0)
    assert sorted(found) == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("task", ["classifier", "masked_lm", "chooser"])
def test_texts_that_are_cut_are_counted(make, batches, task, capfd):
    model = make(task, sequence_length=16)
    x = {n: list(values) for n, values in INPUTS[task].items()}
    long = "context" if task == "chooser" else "text"
    x[long][1] = "the film " * 20
    noun = "questions" if task == "chooser" else "texts"
    text = f"{noun} were longer than 16 tokens and were truncated; pass a"
    for call, counts in (
        (lambda: model.fit(x, LABELS[task], epochs=3, verbose=0), "1 of 5"),
        (lambda: model.evaluate(x, LABELS[task], verbose=0), "1 of 5"),
        (lambda: model.predict(x, verbose=0), "1 of 5"),
        (
            lambda: model.fit(
                x,
                LABELS[task],
                validation_data=(x, LABELS[task]),
                verbose=0,
            ),
            "2 of 10",
        ),
        (
            lambda: model.fit(
                Batched([(x, LABELS[task])] if LABELS[task] else [(x,)]),
                epochs=3,
                verbose=0,
            ),
            "1 of 5",
        ),
    ):
        call()
        said = capfd.readouterr().err
        assert said.count("Note:") == 1
        assert f"Note: {counts} {text}" in said
    model.predict(INPUTS[task], verbose=0)
    assert capfd.readouterr().err == ""


def test_long_sentences_and_passages_are_not_cut(make, capfd):
    words = ["the", "film"] * 20
    make("tagger").predict([words], verbose=0)
    reader = make("reader")
    reader.predict({"question": ["a"], "context": [" ".join(words)]}, verbose=0)
    assert "Note:" not in capfd.readouterr().err
    reader.predict({"question": [" ".join(words)], "context": ["a"]}, verbose=0)
    assert "1 of 1 questions" in capfd.readouterr().err


@pytest.mark.parametrize("task", ["tagger", "masked_lm"])
def test_the_loss_is_a_mean_over_tokens(make, task):
    model = make(task)
    texts = [[w] * n for w, n in zip(WORDS, (1, 9, 2, 5, 1), strict=False)]
    x = texts if task == "tagger" else [" ".join(words) for words in texts]
    y = [[n % 3] * len(w) for n, w in enumerate(texts)] if x is texts else None
    inputs, labels, weight = model.training_arrays(x, y)
    logits = np.asarray(model(inputs), "f8")
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    chosen = np.take_along_axis(shifted, labels[..., None], -1)[..., 0]
    each = np.log(shifted.sum(-1)) - np.log(chosen)
    expected = (each * weight).sum() / weight.sum()
    right = ((logits.argmax(-1) == labels) * weight).sum() / weight.sum()
    for size in (1, 2, 5):
        found = model.evaluate(
            inputs, labels, batch_size=size, sample_weight=weight, verbose=0
        )
        assert found == pytest.approx([expected, right], rel=1e-5)
    one = model.test_on_batch(inputs, labels, weight, return_dict=True)
    assert one["loss"] == pytest.approx(expected, rel=1e-5)
    mean = model.compute_loss(inputs, labels, model(inputs), weight)
    assert float(mean) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", ["tagger", "reader", "masked_lm"])
def test_no_weight_is_trained_without_a_gradient(make, task, recwarn):
    model = make(task)
    model.fit(INPUTS[task], LABELS[task], verbose=0)
    said = " ".join(str(warning.message) for warning in recwarn)
    assert "Gradients do not exist" not in said
    assert "will be ignored" not in said
    pooler = set(map(id, model.backbone.pooler.variables))
    trained = set(map(id, model.trainable_variables))
    others = set(map(id, model.non_trainable_variables))
    assert not pooler & trained
    assert pooler <= others
    assert not trained & others
    assert set(map(id, model.weights)) <= trained | others
    assert pooler <= set(map(id, model.backbone.trainable_variables))


def test_answers_that_no_window_holds_are_counted(make, batches, capfd):
    context = " ".join(WORDS * 3)
    x = {"question": ["a", "a"], "context": [context, "the film"]}
    y = {"answer": [context, "film"], "answer_start": [0, 4]}
    make("reader").fit(x, y, verbose=0)
    said = capfd.readouterr().err
    assert "Note: 1 of 2 answers don't fit in one window" in said
