r"""A user's own data: where no paper tells the hyper-parameters.

```
albert-keras finetune classification --preset albert_base_v2 \\
    --train train.csv --dev dev.csv --column text=review --out run
```

Three epochs at a rate of 2e-5 are what is usual for encoders of this size;
large models and few examples want other ones, see `--search`.
"""

import math

from albert_keras.tasks.options import FinetuningOptions
from albert_keras.tasks.readers.own import KINDS

_EPOCHS = 3
_BATCH_SIZE = 32
_METRICS = {
    "classification": ("text", "accuracy"),
    "multilabel": ("multilabel", "f1_micro"),
    "regression": ("text", "pearson"),
    "question": ("question", "best_f1"),
    "choice": ("choice", "all"),
    "tags": ("tags", "f1"),
}


def own_recipe(kind: str, num_examples: int) -> FinetuningOptions:
    """The settings for a user's own data.

    Args:
        kind: one of `ak.tasks.readers.own.KINDS`.
        num_examples: of the training file.

    Returns:
        Three epochs of batches of 32, a tenth of them warm-up.

    Raises:
        ValueError: if the kind is unknown.
    """
    if kind not in KINDS:
        raise ValueError(
            f"`kind` must be one of {', '.join(KINDS)}. Received: {kind!r}."
        )
    steps = math.ceil(_EPOCHS * num_examples / _BATCH_SIZE)
    runs_as, metric = _METRICS[kind]
    return FinetuningOptions(
        task=kind,
        kind=runs_as,
        metric=metric,
        learning_rate=2e-5,
        batch_size=_BATCH_SIZE,
        num_train_steps=steps,
        num_warmup_steps=steps // 10,
        sequence_length=384,
        dropout=None,
        head="v2",
        question_length=128 if kind == "choice" else 64,
    )
