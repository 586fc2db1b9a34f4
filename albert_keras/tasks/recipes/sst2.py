"""SST-2: whether a review is positive.

```
albert-keras finetune sst2 --preset PRESET --data glue --out run
```

Published (accuracy; README of google-research/albert):

| | base | large | xlarge | xxlarge |
|---|---|---|---|---|
| v2 | 92.9 | 94.9 | 95.4 | 96.8 |
| v1 | 90.3 | 91.7 | 92.4 | 96.9 |

xxlarge of the paper, a single model: 96.9.

No released weights were fine-tuned here. A model of 2 layers x 128 from
random weights came to accuracy 81.2 on dev (median of 2 seeds)
(benchmarks/results/tasks).

Source: `run_glue.sh` of google-research/albert; the dropouts are those of
Table 14 of Lan et al. 2019, from memory.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="sst2",
    kind="text",
    metric="accuracy",
    learning_rate=1e-5,
    batch_size=32,
    num_train_steps=20_935,
    num_warmup_steps=1_256,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
)
