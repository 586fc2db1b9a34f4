"""MRPC: whether two sentences say the same.

```
albert-keras finetune mrpc --preset PRESET --data glue --out run
```

Published on dev (accuracy; README of google-research/albert): xxlarge 90.9;
the other sizes are only in its average of GLUE.

No released weights were fine-tuned here. A model of 2 layers x 128 from
random weights came to accuracy 68.4 on dev, which is the majority's
(benchmarks/results/tasks).

Source: `run_glue.sh` of google-research/albert; the dropouts are those of
Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="mrpc",
    kind="text",
    metric="accuracy",
    learning_rate=2e-5,
    batch_size=32,
    num_train_steps=800,
    num_warmup_steps=200,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
)
