"""How a model is fine-tuned: a recipe, and what overrides it."""

import dataclasses
from collections.abc import Mapping

from albert_keras.limits import check_limit
from albert_keras.tasks.class_weights import check_class_weight

KINDS = ("text", "multilabel", "question", "choice", "tags")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningOptions:
    """The hyper-parameters of one task.

    Args:
        task: name of the data, as `albert_keras.tasks.readers.read` knows it.
        kind: one of `KINDS`: what goes in and what comes out.
        metric: name of the metric by which runs are compared.
        learning_rate: float. Peak learning rate of AdamW.
        batch_size: int. Examples (of QA: windows) in a step.
        num_train_steps: int. Steps of the run.
        num_warmup_steps: int. Steps in which the rate rises.
        sequence_length: int. Tokens that an example is cut to.
        dropout: float. Of the encoder; `None` leaves that of the preset.
        classifier_dropout: float. Before the task's output.
        head: `"v1"` or `"v2"`, of question answering.
        stride: int. Tokens from one window of a passage to the next.
        question_length: int. Tokens that a question is cut to; of multiple
            choice question and option together.
        seed: int. Decides weights, order and dropout.
        dtype: dtype policy that is computed in.
        lora_rank: int or None. Train low-rank additions of this rank to
            query, key and value, their biases, and the head, in place of the
            encoder.
        freeze_encoder: bool. Train the head alone.
        class_weight: `"balanced"`, or weights by class, of the training loss
            of classification and tagging; see
            `albert_keras.tasks.class_weights`. Metrics are unweighted.
        log_every: int. Steps between rows of training loss.
        eval_every: int or None. Steps between evaluations; a fifth.
        checkpoint_every: int or None. Steps between checkpoints; likewise.

    Raises:
        ValueError: if a number is out of range, or LoRA and frozen encoder
            are both asked for.

    Example:
    ```python
    options = dataclasses.replace(recipe("sst2"), num_train_steps=1000)
    ```

    Source: google-research/albert, `run_glue.sh`; Table 14 of Lan et al.
    2019.
    """

    task: str
    kind: str
    metric: str
    learning_rate: float
    batch_size: int
    num_train_steps: int
    num_warmup_steps: int
    sequence_length: int = 512
    dropout: float | None = 0.0
    classifier_dropout: float = 0.1
    head: str = "v1"
    stride: int = 128
    question_length: int = 64
    seed: int = 12345
    dtype: str = "float32"
    lora_rank: int | None = None
    freeze_encoder: bool = False
    class_weight: str | Mapping[str, float] | None = None
    log_every: int = 20
    eval_every: int | None = None
    checkpoint_every: int | None = None

    def __post_init__(self) -> None:
        for name in (
            "batch_size",
            "num_train_steps",
            "log_every",
            "eval_every",
            "checkpoint_every",
            "lora_rank",
            "stride",
        ):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={number}."
                )
        check_limit("batch_size", self.batch_size)
        if not self.learning_rate > 0:
            raise ValueError(
                "`learning_rate` must be positive. Received: "
                f"learning_rate={self.learning_rate}."
            )
        if not 0 <= self.num_warmup_steps <= self.num_train_steps:
            raise ValueError(
                "`num_warmup_steps` must be between 0 and `num_train_steps`. "
                f"Received: num_warmup_steps={self.num_warmup_steps}, "
                f"num_train_steps={self.num_train_steps}."
            )
        for name in ("dropout", "classifier_dropout"):
            rate = getattr(self, name)
            if rate is not None and not 0 <= rate < 1:
                raise ValueError(
                    f"`{name}` must be in [0, 1). Received: {name}={rate}."
                )
        if self.lora_rank is not None and self.freeze_encoder:
            raise ValueError(
                "Either LoRA or a frozen encoder can be asked for. Received: "
                f"lora_rank={self.lora_rank}, freeze_encoder=True."
            )
        if self.class_weight is not None:
            check_class_weight(self.class_weight)

    def evaluates_after(self, step: int) -> bool:
        """Whether held-out examples are evaluated after this step."""
        return self._is_due(step, self.eval_every)

    def saves_after(self, step: int) -> bool:
        """Whether a checkpoint is saved after this step."""
        return self._is_due(step, self.checkpoint_every)

    def _is_due(self, step: int, every: int | None) -> bool:
        every = every or -(-self.num_train_steps // 5)
        return step % every == 0 or step == self.num_train_steps
