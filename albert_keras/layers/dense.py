"""A dense layer whose gradients are exact in bfloat16, and cheaper."""

import keras
from keras import ops

from albert_keras.layers.activations import in_training


@keras.saving.register_keras_serializable(package="albert_keras")
class Dense(keras.layers.Dense):
    """`keras.layers.Dense` with gradients of its own in training.

    TensorFlow sums the gradient of a bias on CPUs in the dtype of what it
    sums: in bfloat16, which has eight bits, a sum over a thousand tokens
    stops growing on the way and may be off by a half. Here it is a product
    with a row of ones, which is accumulated in float32 and takes less time.
    In float32 the gradient is the backend's, which is exact; a product may
    there be rounded to fewer bits (TF32 on GPUs, bfloat16 on TPUs).

    Arguments, weights and outputs are those of `keras.layers.Dense`; so is
    the class's name, by which Keras files the weights of the heads.
    """

    def call(self, inputs, training=None):
        if not training:
            return super().call(inputs)
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None and outputs.dtype == "float32":
            outputs = ops.add(outputs, self.bias)
        elif self.bias is not None:
            # TensorFlow's custom gradients take tensors, not variables.
            outputs = _add_bias(outputs, ops.reshape(self.bias, (-1,)))
        if self.activation is not None:
            outputs = in_training(self.activation)(outputs)
        return outputs

    def _get_kernel_with_merged_lora(self):
        # What Keras saves: it rounds the sum to the dtype of computation.
        mode = self.dtype_policy.quantization_mode
        if not self.lora_enabled or mode is not None:
            return super()._get_kernel_with_merged_lora()
        update = ops.matmul(self.lora_kernel_a, self.lora_kernel_b)
        scale = self.lora_alpha / self.lora_rank
        return ops.add(self._kernel, scale * update), None, None


@ops.custom_gradient
def _add_bias(inputs, bias):
    def gradient(upstream):
        rows = ops.reshape(upstream, (-1, ops.shape(upstream)[-1]))
        ones = ops.ones((1, ops.shape(rows)[0]), dtype=rows.dtype)
        return upstream, ops.reshape(ops.matmul(ones, rows), (-1,))

    return ops.add(inputs, bias), gradient
