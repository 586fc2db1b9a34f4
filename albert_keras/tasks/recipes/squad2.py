"""SQuAD 2.0: the answer in a passage, or that there is none.

```
albert-keras finetune squad2 --preset PRESET --data squad --out run
```

Published (F1/EM with the null threshold that is best for the dev set, `best_f1`
and `best_exact` here; README of google-research/albert):

| | base | large | xlarge | xxlarge |
|---|---|---|---|---|
| v2 | 82.1/79.3 | 84.9/81.8 | 87.9/84.1 | 89.8/86.9 |
| v1 | 80.0/77.1 | 82.3/79.4 | 86.1/83.1 | 90.2/87.4 |

No released weights were fine-tuned here. What small models of random
weights came to: benchmarks/results/tasks.

Source: Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="squad2",
    kind="question",
    metric="best_f1",
    learning_rate=3e-5,
    batch_size=48,
    num_train_steps=8_144,
    num_warmup_steps=814,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
    head="v2",
)
