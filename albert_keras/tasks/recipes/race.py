"""RACE: which of four options answers a question.

```
albert-keras finetune race --preset PRESET --data RACE.tar.gz --out run
```

Published (accuracy, dev; README of google-research/albert):

| | base | large | xlarge | xxlarge |
|---|---|---|---|---|
| v2 | 66.8 | 75.2 | 80.7 | 86.8 |
| v1 | 64.0 | 68.5 | 74.8 | 86.5 |

v1 took a learning rate of 2e-5 and dropout 0.1, with which v2 may diverge:
that README's remark on v2.

No released weights were fine-tuned here. A model of 2 layers x 128 from
random weights came to accuracy 25.5 on test, which is chance
(benchmarks/results/tasks).

Source: README of google-research/albert, for v2.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="race",
    kind="choice",
    metric="all",
    learning_rate=1e-5,
    batch_size=32,
    num_train_steps=12_000,
    num_warmup_steps=1_000,
    sequence_length=512,
    dropout=0.0,
    classifier_dropout=0.1,
    question_length=128,
)
