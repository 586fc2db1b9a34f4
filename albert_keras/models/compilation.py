"""When a compiled model should go through XLA."""

import keras


class CompileForDevice:
    """Mixed into the tasks: `jit_compile="auto"` means no XLA on a CPU.

    TensorFlow's XLA for CPUs takes half a minute to compile even a tiny
    ALBERT, and its bfloat16 steps are then 1.6 times slower than without.
    """

    def compile(self, *args, jit_compile="auto", **kwargs):
        if (
            jit_compile == "auto"
            and keras.backend.backend() == "tensorflow"
            and not keras.distribution.list_devices("gpu")
            and not keras.distribution.list_devices("tpu")
        ):
            jit_compile = False
        super().compile(  # type: ignore[misc]  # of the class mixed into
            *args, jit_compile=jit_compile, **kwargs
        )
