"""STS-B: how alike two sentences are, 0 to 5.

```
albert-keras finetune stsb --preset PRESET --data glue --out run
```

Published on dev (Pearson; README of google-research/albert): xxlarge 93.0;
the other sizes are only in its average of GLUE.

No released weights were fine-tuned here.

Source: `run_glue.sh` of google-research/albert; the dropouts are those of
Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="stsb",
    kind="text",
    metric="pearson",
    learning_rate=2e-5,
    batch_size=16,
    num_train_steps=3_598,
    num_warmup_steps=214,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
)
