"""On which devices a run trains: the strategies of `--strategy`."""

import contextlib
import dataclasses
import functools
import json
import os
from typing import Any

import keras

STRATEGIES = (
    "auto",
    "one",
    "mirrored",
    "multiworker",
    "tpu",
    "data-parallel",
)


@dataclasses.dataclass(frozen=True)
class TrainingStrategy:
    """The devices that take each step together.

    Every replica computes its share of the global batch; all then make the
    same update. Made by `choose_strategy`.

    Args:
        name: one of `STRATEGIES` but `"auto"`.
        handle: a `tf.distribute.Strategy`, a `keras.distribution` one, or
            `None` for a single device.
        num_replicas: int. Devices over all workers.
        num_workers: int. Processes over all machines.
        worker: int. Number of this process; 0 is the chief, which alone
            writes files.
    """

    name: str
    handle: Any = None
    num_replicas: int = 1
    num_workers: int = 1
    worker: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process writes checkpoints, logs and the preset."""
        return self.worker == 0

    def scope(self) -> contextlib.AbstractContextManager:
        """Enter it around making, compiling and restoring the model."""
        if self.handle is None:
            return contextlib.nullcontext()
        return self.handle.scope()

    def check_batch_size(
        self, batch_size: int, gradient_accumulation_steps: int
    ) -> None:
        """Holds the global batch against replicas and micro-batches.

        Raises:
            ValueError: if the batch cannot be divided equally.
        """
        parts = self.num_replicas * gradient_accumulation_steps
        if batch_size % parts:
            raise ValueError(
                "`batch_size`, the examples of a step on all devices together, "
                "must be divisible by the number of devices times "
                "`gradient_accumulation_steps`. Received: batch_size="
                f"{batch_size}, {self.num_replicas} devices, "
                f"gradient_accumulation_steps={gradient_accumulation_steps}."
            )

    def describe(self) -> str:
        """A few words for the user."""
        devices = f"{self.num_replicas} device" + "s" * (self.num_replicas > 1)
        if self.num_workers == 1:
            return f"{self.name}, {devices}"
        return (
            f"{self.name}, {devices}, worker {self.worker + 1} of "
            f"{self.num_workers}"
        )


def choose_strategy(
    name: str = "auto",
    *,
    tpu: str | None = None,
    cpu_devices: int | None = None,
) -> TrainingStrategy:
    """Finds the devices and connects to the other workers.

    Call it before anything else is done with TensorFlow or JAX: logical
    devices and connections cannot be made later.

    Args:
        name: one of `STRATEGIES`.

            - `"one"`: the first GPU, or else the CPU.
            - `"mirrored"`: all GPUs of this machine, or its CPU devices.
            - `"multiworker"`: the processes that the environment variable
              `TF_CONFIG` lists, each with all its GPUs.
            - `"tpu"`: the TPU called `tpu`.
            - `"data-parallel"`: all devices of this machine, on Keras' JAX
              backend.
            - `"auto"`: `"tpu"` where `tpu` is given, `"multiworker"` where
              `TF_CONFIG` lists several workers, one of all devices where
              there are several, else `"one"`.
        tpu: name or address of a TPU; `"local"` on a TPU VM.
        cpu_devices: int or `None`. Number of logical devices to make of the
            CPU, or to take of those that the process has: for trying a
            strategy on a machine without accelerators, not for speed.

    Returns:
        The strategy. With several workers this waits until all are there.

    Raises:
        ValueError: if there is no such strategy, or not with this backend of
            Keras, or if `TF_CONFIG` is not what TensorFlow asks for.
        RuntimeError: if the devices are in use already.

    Example:
    ```python
    strategy = choose_strategy("mirrored", cpu_devices=2)
    with strategy.scope():
        model = ak.AlbertPretrainer(backbone)
        compile_for(model, Lamb(0.001))
    ```
    """
    if name not in STRATEGIES:
        raise ValueError(
            f"`strategy` must be one of {', '.join(STRATEGIES)}. "
            f"Received: strategy='{name}'."
        )
    if cpu_devices is not None and cpu_devices < 1:
        raise ValueError(
            "`cpu_devices` must be at least 1. "
            f"Received: cpu_devices={cpu_devices}."
        )
    if name != "auto" and (tpu is not None) != (name == "tpu"):
        raise ValueError(
            "`tpu` must be given with the strategy tpu, and with no other. "
            f"Received: strategy='{name}', tpu={tpu!r}."
        )
    if keras.backend.backend() == "jax":
        return _on_jax(name, cpu_devices)
    if name == "data-parallel":
        raise ValueError(
            "The strategy data-parallel needs Keras' JAX backend "
            "(KERAS_BACKEND=jax); on TensorFlow's, mirrored does the same. "
            f"Received: the backend {keras.backend.backend()}."
        )
    return _on_tensorflow(name, tpu, cpu_devices)


def _on_tensorflow(
    name: str, tpu: str | None, cpu_devices: int | None
) -> TrainingStrategy:
    import tensorflow as tf

    cluster = _Cluster.from_environment()
    if name == "auto":
        if tpu is not None:
            name = "tpu"
        elif cluster.num_workers > 1:
            name = "multiworker"
    _make_logical_cpus(cpu_devices)
    if name == "tpu":
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        handle = tf.distribute.TPUStrategy(resolver)
        return TrainingStrategy("tpu", handle, handle.num_replicas_in_sync)
    if name == "multiworker":
        if cluster.num_workers == 0:
            raise ValueError(
                "The strategy multiworker needs the environment variable "
                "TF_CONFIG, a JSON object with the keys cluster and task. "
                "Received: none."
            )
        handle = tf.distribute.MultiWorkerMirroredStrategy()
        return TrainingStrategy(
            "multiworker",
            handle,
            handle.num_replicas_in_sync,
            cluster.num_workers,
            cluster.worker,
        )
    gpus = len(tf.config.list_physical_devices("GPU"))
    kind, devices = ("GPU", gpus) if gpus else ("CPU", cpu_devices or 1)
    if name == "mirrored" or (name == "auto" and devices > 1):
        return TrainingStrategy("mirrored", _mirrored(kind, devices), devices)
    return TrainingStrategy("one")


@functools.cache
def _mirrored(kind: str, devices: int) -> Any:
    """One for all runs of a process.

    Two would number their sums over the replicas alike, and TensorFlow takes
    the sums of the second for those of the first.
    """
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(
        [f"{kind}:{number}" for number in range(devices)]
    )


def _make_logical_cpus(count: int | None) -> None:
    import tensorflow as tf

    if count is None:
        return
    (cpu,) = tf.config.list_physical_devices("CPU")
    devices = [tf.config.LogicalDeviceConfiguration()] * count
    try:
        tf.config.set_logical_device_configuration(cpu, devices)
    except RuntimeError:
        there = len(tf.config.list_logical_devices("CPU"))
        if there < count:
            raise RuntimeError(
                "`cpu_devices` must be set before TensorFlow is used in the "
                f"process, which has {there} of them now. Received: "
                f"cpu_devices={count}."
            ) from None


def _on_jax(name: str, cpu_devices: int | None) -> TrainingStrategy:
    import jax

    if name not in ("auto", "one", "data-parallel"):
        raise ValueError(
            f"The strategy {name} needs Keras' TensorFlow backend; on JAX "
            "there are one and data-parallel. "
            f"Received: strategy='{name}' with the backend jax."
        )
    if cpu_devices is not None:
        jax.config.update("jax_num_cpu_devices", cpu_devices)
    devices = len(jax.devices())
    if name == "one" or (name == "auto" and devices == 1):
        return TrainingStrategy("one")
    return TrainingStrategy(
        "data-parallel", keras.distribution.DataParallel(), devices
    )


@dataclasses.dataclass(frozen=True)
class _Cluster:
    """What TF_CONFIG says: how many workers there are and which this is."""

    num_workers: int
    worker: int

    @classmethod
    def from_environment(cls) -> "_Cluster":
        text = os.environ.get("TF_CONFIG")
        if not text:
            return cls(0, 0)
        try:
            config = json.loads(text)
            jobs = config.get("cluster", {})
            addresses = [
                (kind, number)
                for kind in ("chief", "worker")
                for number in range(len(jobs.get(kind, [])))
            ]
            if not addresses:
                return cls(0, 0)
            task = config["task"]["type"], int(config["task"]["index"])
            return cls(len(addresses), addresses.index(task))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ValueError(
                "TF_CONFIG must be a JSON object whose `cluster` lists the "
                "addresses of the workers and whose `task` is one of them, "
                'such as {"cluster": {"worker": ["a:1234", "b:1234"]}, '
                f'"task": {{"type": "worker", "index": 0}}}}. Received: {text}.'
            ) from None
