"""The parts of ALBERT as Keras layers, written in `keras.ops` alone."""

from albert_keras.layers.attention import AlbertSelfAttention
from albert_keras.layers.block import AlbertBlock
from albert_keras.layers.embedding import AlbertEmbedding
from albert_keras.layers.encoder import AlbertEncoder
from albert_keras.layers.masked_lm_head import AlbertMaskedLMHead

__all__ = [
    "AlbertBlock",
    "AlbertEmbedding",
    "AlbertEncoder",
    "AlbertMaskedLMHead",
    "AlbertSelfAttention",
]
