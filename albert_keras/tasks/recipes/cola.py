"""CoLA: whether a sentence is grammatical.

```
albert-keras finetune cola --preset PRESET --data glue --out run
```

Published on dev (Matthews; README of google-research/albert): xxlarge 71.4;
the other sizes are only in its average of GLUE.

No released weights were fine-tuned here.

Source: `run_glue.sh` of google-research/albert; the dropouts are those of
Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="cola",
    kind="text",
    metric="matthews",
    learning_rate=1e-5,
    batch_size=16,
    num_train_steps=5_336,
    num_warmup_steps=320,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
)
