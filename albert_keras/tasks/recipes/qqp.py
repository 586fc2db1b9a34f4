"""QQP: whether two questions ask the same.

```
albert-keras finetune qqp --preset PRESET --data glue --out run
```

Published on dev (accuracy; README of google-research/albert): xxlarge 92.2;
the other sizes are only in its average of GLUE.

No released weights were fine-tuned here.

Source: `run_glue.sh` of google-research/albert; the dropouts are those of
Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="qqp",
    kind="text",
    metric="accuracy",
    learning_rate=5e-5,
    batch_size=128,
    num_train_steps=14_000,
    num_warmup_steps=1_000,
    sequence_length=512,
    dropout=0.1,
    classifier_dropout=0.1,
)
