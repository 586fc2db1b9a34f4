"""The containers that `fit` takes texts in, as Python lists.

Lists, tuples, NumPy arrays, tensors, the Series and DataFrames of pandas and
the datasets of Hugging Face, neither of which has to be installed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from albert_keras.text.examples import TextExample
from albert_keras.text.inputs import as_text


def plain(values: Any) -> Any:
    """Return a container as a list (of lists), anything else as it is."""
    if hasattr(values, "to_list"):  # a Series, a RaggedTensor
        values = values.to_list()
    elif hasattr(values, "numpy"):  # a tensor
        values = values.numpy()
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, Sequence) and not isinstance(values, str | bytes):
        return list(values)
    return values


def is_table(values: Any) -> bool:
    """Return whether these are columns by name: a DataFrame or dictionaries."""
    if isinstance(values, Mapping) or _column_names(values) is not None:
        return True
    if isinstance(values, list | tuple):
        return bool(values) and all(isinstance(v, Mapping) for v in values)
    return False


def table_of(values: Any) -> dict[str, list]:
    """Return the columns of a table as lists.

    Args:
        values: A DataFrame, a `datasets.Dataset` of Hugging Face, a
            dictionary of columns, or a list of dictionaries, one a row.

    Raises:
        ValueError: The columns have different numbers of rows.
    """
    if isinstance(values, Mapping):
        table = {str(name): plain(values[name]) for name in values}
    elif (names := _column_names(values)) is not None:
        table = {str(name): plain(values[name]) for name in names}
    else:
        table = {str(name): [] for name in values[0]}
        for number, row in enumerate(values):
            if set(map(str, row)) != set(table):
                raise ValueError(
                    "All rows must have the same columns, "
                    f"{', '.join(table)}. Received: "
                    f"{', '.join(map(str, row))} in row {number}."
                )
            for name in row:
                table[str(name)].append(plain(row[name]))
    for name, column in table.items():
        if not isinstance(column, list):
            raise ValueError(
                f"`{name}` must hold a list, with one value for each row. "
                f"Received: {column!r:.60}."
            )
    lengths = {name: len(column) for name, column in table.items()}
    if len(set(lengths.values())) > 1:
        received = ", ".join(f"{size} in `{n}`" for n, size in lengths.items())
        raise ValueError(
            "All columns must have the same number of rows. Received: "
            f"{received}."
        )
    return table


def _column_names(values: Any) -> Any:
    """Return the names of a DataFrame's columns; None of anything else."""
    if not hasattr(values, "to_dict"):
        return None
    return getattr(values, "columns", getattr(values, "column_names", None))


def require_columns(
    table: Mapping[str, list], needed: Sequence[str], known: Sequence[str]
) -> None:
    """Refuse a table without the columns of a task, or with unknown ones."""
    if set(needed) - set(table) or set(table) - {*needed, *known}:
        raise ValueError(
            f"A table for this task has the columns {', '.join(needed)} and, "
            f"if you like, {', '.join(known)}. Received: {', '.join(table)}."
        )


def holds_texts(values: Any) -> bool:
    """Return whether there is a string in a container, however deep."""
    if isinstance(values, str | bytes):
        return True
    if isinstance(values, Mapping):
        return any(holds_texts(value) for value in values.values())
    if is_table(values):
        return any(map(holds_texts, table_of(values).values()))
    if hasattr(values, "dtype"):
        name = str(values.dtype).lower()
        if name not in ("object", "category"):
            return any(word in name for word in _TEXT_TYPES)
        values = plain(values)
    return isinstance(values, list | tuple) and any(map(holds_texts, values))


# Parts of the names of dtypes that hold texts: NumPy's <U5, |S5 and
# StringDType, TensorFlow's and pandas' string.
_TEXT_TYPES = ("<u", ">u", "|s", "str")


def text_in(value: Any, column: str, row: int) -> str:
    """Return one text of a column.

    Raises:
        ValueError: It's not a text.
    """
    try:
        return as_text(value)
    except TypeError:
        raise ValueError(
            f"`{column}` must hold a string in each row. Received: "
            f"{value!r:.60} in row {row}."
        ) from None


def require_as_many(x: Any, y: Any) -> None:
    """Refuse labels when there isn't one for each text."""
    count = "no" if y is None else len(y) if hasattr(y, "__len__") else 1
    if len(x) != count:
        raise ValueError(
            "There must be one label for each text. Received: "
            f"{len(x)} texts, {count} labels."
        )


def text_examples(x: Any) -> tuple[list[TextExample], Any]:
    """Return texts or pairs of texts as examples, and a table's labels.

    Args:
        x: A list of texts, or of pairs; a tuple of two such columns; or a
            table with `text` and, for pairs, `pair`, and with `label`, if
            there are labels. A table of one column may call it anything.

    Returns:
        The examples; the column of labels, or None.

    Raises:
        ValueError: `x` is something else.
    """
    labels = None
    if is_table(x):
        table = table_of(x)
        labels = table.get("label")
        if len(table) > 1 or "text" in table:
            require_columns(table, ("text",), ("pair", "label", "id"))
            columns = [table[n] for n in ("text", "pair") if n in table]
        else:
            columns = list(table.values())
    elif isinstance(x, tuple) and not any(
        isinstance(part, str | bytes) for part in x
    ):
        columns = [_columns(part)[0] for part in x]
    else:
        columns = _columns(x)
    if not 1 <= len(columns) <= 2 or len({len(c) for c in columns}) > 1:
        sizes = ", ".join(str(len(column)) for column in columns)
        raise ValueError(
            "Texts must be one column, or two with the same number of rows "
            f"for pairs. Received: {len(columns)} columns with {sizes} rows."
        )
    if not columns[0]:
        raise ValueError("There must be at least one text. Received: none.")
    pairs = columns[1] if len(columns) > 1 else [None] * len(columns[0])
    examples = [
        TextExample(
            str(row),
            text_in(text, "text", row),
            text_in(pair, "pair", row) if len(columns) > 1 else None,
            None,
            f"row {row}",
        )
        for row, (text, pair) in enumerate(zip(columns[0], pairs, strict=True))
    ]
    return examples, labels


def _columns(x: Any) -> list[list]:
    """Return the columns of a list of texts or of pairs."""
    rows = plain(x)
    if not isinstance(rows, list):
        raise ValueError(
            "Texts must be in a list; put a single one in brackets, and batch "
            f"a dataset. Received: {rows!r:.60}."
        )
    rows = [plain(row) for row in rows]
    if not any(isinstance(row, list) for row in rows):
        return [rows]
    sizes = [len(row) if isinstance(row, list) else 1 for row in rows]
    for number, size in enumerate(sizes):
        if size != sizes[0] or not 1 <= size <= 2:
            raise ValueError(
                "Rows must all be texts or all be pairs of texts. Received: "
                f"{rows[number]!r:.60} in row {number}."
            )
    return [list(column) for column in zip(*rows, strict=True)]
