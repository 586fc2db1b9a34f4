"""MNLI: whether one sentence follows from another.

```
albert-keras finetune mnli --preset PRESET --data glue --out run
```

Published (accuracy; README of google-research/albert):

| | base | large | xlarge | xxlarge |
|---|---|---|---|---|
| v2 | 84.6 | 86.5 | 87.9 | 90.6 |
| v1 | 81.6 | 83.5 | 86.4 | 90.8 |

xxlarge of the paper, a single model: 90.8.

No released weights were fine-tuned here.

Source: `run_glue.sh` of google-research/albert; the dropouts are those of
Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="mnli",
    kind="text",
    metric="accuracy",
    learning_rate=3e-5,
    batch_size=128,
    num_train_steps=10_000,
    num_warmup_steps=1_000,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
)
