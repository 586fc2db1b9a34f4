"""From raw text to token ids: normalisation, tokenizers, vocabularies.

Everything here but the modules named `graph_…` works without TensorFlow and
Keras, so that a worker process which only tokenizes starts fast and stays
small.
"""
