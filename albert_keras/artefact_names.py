"""Names that those who write an artefact and those who read it agree on."""

# The signature that takes ids.
SERVE_IDS = "serve_ids"
# That of a model with a head of its own, with the model's own outputs.
SERVE = "serve"

# In a SavedModel, where TF Serving lets such things lie.
EXTRA_FOLDER = "assets.extra"
MODEL_JSON = "model.json"

# What a model with a head of its own is for.
OWN_HEAD_TASK = "predict"

# What the scores of a classifier mean, in Hugging Face's words.
SINGLE_LABEL = "single_label_classification"
MULTI_LABEL = "multi_label_classification"
REGRESSION = "regression"
# A multi-label classifier gives a text each class with at least this score.
THRESHOLD = 0.5

# Packed behind a .tflite model. The last is also in the extra folder.
MODEL_FILE = "albert.json"
LABELS_FILE = "labels.txt"
SENTENCE_PIECE_FILE = "spiece.model"
WORD_PIECE_FILE = "vocab.txt"

# In the folder of a training run.
RUN_RECORD = "run.json"
RUN_CHECKPOINTS = "checkpoints"
RUN_PRESET = "preset"
