"""WNLI: whether a pronoun stands for a name.

```
albert-keras finetune wnli --preset PRESET --data glue --out run
```

Published: nothing for a single size.

No released weights were fine-tuned here.

Source: Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="wnli",
    kind="text",
    metric="accuracy",
    learning_rate=2e-5,
    batch_size=16,
    num_train_steps=2_000,
    num_warmup_steps=250,
    sequence_length=512,
    dropout=0.1,
    classifier_dropout=0.1,
)
