"""CoNLL-2003: the names in a sentence.

```
albert-keras finetune conll2003 --preset PRESET --data conll2003 --out run
```

Published: nothing by the authors. Users of Hugging Face's implementation
report a dev F1 of about 93 to 94 with base, large and xlarge v2, and for
xxlarge v1 95.3 on dev and 91.4 on test (transformers #2983, #1683).

No released weights were fine-tuned here. A model of 2 layers x 128 from
random weights came to F1 58.6 on test
(benchmarks/results/tasks).

Source: no paper of ALBERT's: three epochs, as one tunes BERT.
"""

from albert_keras.tasks.options import FinetuningOptions

RECIPE = FinetuningOptions(
    task="conll2003",
    kind="tags",
    metric="f1",
    learning_rate=3e-5,
    batch_size=32,
    num_train_steps=1_317,
    num_warmup_steps=132,
    sequence_length=128,
    dropout=None,
    classifier_dropout=0.1,
)
