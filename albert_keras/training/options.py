"""What a pretraining run is asked to do, and what follows from it."""

import dataclasses
import math

from albert_keras.limits import check_limit

OPTIMIZERS = ("lamb", "adamw")
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")
DEFAULT_EVALUATIONS = 10

# Defaults of google-research/albert's run_pretraining.py for this batch size.
_ORIGINAL_LEARNING_RATE = 0.00176
_ORIGINAL_BATCH_SIZE = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingOptions:
    """How to pretrain: everything that decides the weights beside the data.

    Args:
        num_train_steps: int or `None`. Steps of the run.
        minutes: float or `None`. Wall-clock minutes to fill instead: a few
            steps are timed before the run, and their speed fixes
            `num_train_steps`.
        batch_size: int. Examples of a step, on all devices and in all
            micro-batches together. The original takes 4,096.
        learning_rate: float or `None`. The peak rate. `None` is for LAMB alone:
            the original's 0.00176 scaled by the root of the batch size over
            4,096 (You et al. 2019, section 4.3). At the full 0.00176, a batch
            of 512 diverges (google-research/albert issue 29).
        warmup_proportion: float. Share of the steps in which the rate rises.
            0.025 is the original's 3,125 of 125,000 steps.
        optimizer: `"lamb"` or `"adamw"`.
        dtype: `"float32"`, or `"mixed_bfloat16"` or `"mixed_float16"`:
            float32 weights, activations of 16 bits. With float16 the loss is
            scaled, and a step whose gradients overflow changes no weight.
        seed: int. Decides initial weights, dropout and the order of the data.
        log_every: int or `None`. Steps between two rows of training metrics.
            `None` makes about a hundred.
        eval_every: int or `None`. Steps between two evaluations. `None` makes
            about ten.
        checkpoint_every: int or `None`. Steps between two checkpoints. `None`
            takes `eval_every`.
        keep_checkpoints: int. How many of the latest are kept.
        steps_per_execution: int. Steps between two returns to Python, which is
            when metrics are looked at, checkpoints saved and signals heeded.
        gradient_accumulation_steps: int. Micro-batches that the batch of each
            device is divided into, to save memory. The result is the same but
            for rounding, so a run may be resumed with another number.
        remat: bool. Whether activations are computed again for the gradient
            instead of kept: less memory, about a third more work.
        sop_loss_weight: float. Weight of the sentence-order loss. 0 trains
            masked LM alone: the sentence-order head and the pooler keep their
            weights, and sentence order is neither measured nor reported.

    Raises:
        ValueError: if a number is out of range, a name is unknown, there is
            not exactly one of `num_train_steps` and `minutes`, or something is
            to happen in the middle of an execution.
    """

    num_train_steps: int | None = None
    minutes: float | None = None
    batch_size: int = 64
    learning_rate: float | None = None
    warmup_proportion: float = 0.025
    optimizer: str = "lamb"
    dtype: str = "float32"
    seed: int = 12345
    log_every: int | None = None
    eval_every: int | None = None
    checkpoint_every: int | None = None
    keep_checkpoints: int = 5
    steps_per_execution: int = 1
    gradient_accumulation_steps: int = 1
    remat: bool = False
    sop_loss_weight: float = 1.0

    def __post_init__(self) -> None:
        if (self.num_train_steps is None) == (self.minutes is None):
            raise ValueError(
                "Exactly one of `num_train_steps` and `minutes` must be given. "
                f"Received: num_train_steps={self.num_train_steps}, "
                f"minutes={self.minutes}."
            )
        for name in (
            "num_train_steps",
            "minutes",
            "batch_size",
            "learning_rate",
            "log_every",
            "eval_every",
            "checkpoint_every",
            "keep_checkpoints",
            "steps_per_execution",
            "gradient_accumulation_steps",
        ):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(
                    f"`{name}` must be positive. Received: {name}={value}."
                )
        check_limit("batch_size", self.batch_size)
        for name in ("log_every", "eval_every", "checkpoint_every"):
            value = getattr(self, name)
            if value is not None and value % self.steps_per_execution:
                raise ValueError(
                    f"`{name}` must be a multiple of `steps_per_execution`. "
                    f"Received: {name}={value}, "
                    f"steps_per_execution={self.steps_per_execution}."
                )
        if not 0 <= self.seed < 2**32:
            raise ValueError(
                "`seed` must be an integer of 32 bits, not negative. "
                f"Received: seed={self.seed}."
            )
        if not 0.0 <= self.warmup_proportion <= 1.0:
            raise ValueError(
                "`warmup_proportion` must be between 0 and 1. Received: "
                f"warmup_proportion={self.warmup_proportion}."
            )
        for name, known in (("optimizer", OPTIMIZERS), ("dtype", DTYPES)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"`{name}` must be one of {', '.join(known)}. "
                    f"Received: {name}='{getattr(self, name)}'."
                )
        if not 0.0 <= self.sop_loss_weight < math.inf:
            raise ValueError(
                "`sop_loss_weight` must be a number of at least 0. Received: "
                f"sop_loss_weight={self.sop_loss_weight}."
            )
        if self.learning_rate is None and self.optimizer != "lamb":
            raise ValueError(
                "`learning_rate` must be given with every optimizer but LAMB. "
                f"Received: optimizer='{self.optimizer}', learning_rate=None."
            )

    @property
    def peak_learning_rate(self) -> float:
        """The rate that the warm-up runs up to."""
        if self.learning_rate is not None:
            return self.learning_rate
        scale = math.sqrt(self.batch_size / _ORIGINAL_BATCH_SIZE)
        return _ORIGINAL_LEARNING_RATE * scale


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """The numbers of steps of a run, fixed once for all its resumptions.

    Args:
        num_train_steps: int. Steps of the run.
        num_warmup_steps: int. Steps in which the learning rate rises.
        log_every: int. Steps between two rows of training metrics.
        eval_every: int. Steps between two evaluations.
        checkpoint_every: int. Steps between two checkpoints.
    """

    num_train_steps: int
    num_warmup_steps: int
    log_every: int
    eval_every: int
    checkpoint_every: int

    @classmethod
    def of(
        cls,
        options: PretrainingOptions,
        num_train_steps: int,
        evaluations: int = DEFAULT_EVALUATIONS,
    ) -> "TrainingPlan":
        """The plan of a run of so many steps.

        Args:
            options: of the run.
            num_train_steps: int. Steps of the run.
            evaluations: int. About how many there are, if `eval_every` is not
                given.
        """
        eval_every = options.eval_every or _round_up(
            num_train_steps / evaluations, options.steps_per_execution
        )
        return cls(
            num_train_steps=num_train_steps,
            num_warmup_steps=round(options.warmup_proportion * num_train_steps),
            log_every=options.log_every
            or _round_up(num_train_steps / 100, options.steps_per_execution),
            eval_every=eval_every,
            checkpoint_every=options.checkpoint_every or eval_every,
        )

    def is_due(self, step: int, every: int) -> bool:
        """Whether what happens every so many steps happens after this one.

        Everything happens after the last.
        """
        return step % every == 0 or step == self.num_train_steps


def _round_up(steps: float, steps_per_execution: int) -> int:
    """A number of steps that ends with an execution."""
    return math.ceil(steps / steps_per_execution) * steps_per_execution
