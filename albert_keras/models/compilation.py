"""How tasks are compiled, and compiled again when they are loaded."""

from typing import Any

import keras

from albert_keras.models.arguments import arguments_of

# Beside a saved optimizer: whether it has variables. That of a model which was
# never trained has none, and Keras warns where it has some after loading.
_BUILT = "built"


class CompileForDevice:
    """Mixed into the tasks: `jit_compile="auto"` means no XLA on a CPU.

    TensorFlow's XLA for CPUs takes half a minute to compile even a tiny
    ALBERT, and its bfloat16 steps are then 1.6 times slower than without.

    A `.keras` file keeps optimizer, loss and metrics: `load_model` restores
    them, so that training continues as if it had not stopped.
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

    @classmethod
    def from_config(cls, config):
        """Return an uncompiled model, as `keras.Model.from_config` does."""
        if "compile" in arguments_of(cls):
            config = {"compile": False, **config}
        return super().from_config(config)  # type: ignore[misc]

    def get_compile_config(self) -> dict[str, Any]:
        """Return what `compile_from_config` takes."""
        config = super().get_compile_config()  # type: ignore[misc]
        if isinstance(config.get("optimizer"), dict):
            built = self.optimizer.built  # type: ignore[attr-defined]
            config["optimizer"][_BUILT] = built
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` returned.

        Args:
            config: Arguments of `keras.Model.compile`, serialized. They are
                what the task's `compile` made of its own arguments.
        """
        model: Any = self
        arguments = keras.saving.deserialize_keras_object(config)
        model.compile()  # for what an overriding method does besides
        keras.Model.compile(model, **arguments)
        saved = config.get("optimizer")
        if isinstance(saved, dict) and saved.get(_BUILT, True):
            model.optimizer.build(model.trainable_variables)
