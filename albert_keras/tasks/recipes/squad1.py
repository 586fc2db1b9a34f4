"""SQuAD 1.1: the answer to a question in a passage.

```
albert-keras finetune squad1 --preset PRESET --data squad --out run
```

Published (F1/EM; README of google-research/albert):

| | base | large | xlarge | xxlarge |
|---|---|---|---|---|
| v2 | 90.2/83.2 | 91.8/85.2 | 92.9/86.4 | 94.6/89.1 |
| v1 | 89.3/82.3 | 90.6/83.9 | 92.5/86.1 | 94.8/89.3 |

No released weights were fine-tuned here. A model of 2 layers x 128 from
random weights came to exact 1.3, F1 8.1 on articles held out of the dev set
(benchmarks/results/tasks).

Source: Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="squad1",
    kind="question",
    metric="f1",
    learning_rate=5e-5,
    batch_size=48,
    num_train_steps=3_649,
    num_warmup_steps=365,
    sequence_length=384,
    dropout=0.0,
    classifier_dropout=0.1,
    head="v1",
)
