"""What of this package will work on this machine, and what will not.

Nothing heavy is imported into the calling process: TensorFlow is tried in
one of its own, as on a processor without AVX it ends the process.
"""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from packaging.specifiers import SpecifierSet

from albert_keras.requirements import DISTRIBUTION, requirements

Verdict = Literal["ok", "limited", "broken"]

GIB = 1 << 30
QUICKSTART_MEMORY = 4 * GIB
ROOM_FOR_A_RUN = 1 * GIB

# What each extra is for, in the words that end "without it there is no ...".
EXTRAS = {
    "lite": "running of exported .tflite files on this machine",
    "quickstart": "`albert-keras quickstart`",
    "zstd": "reading of corpora compressed as .zst",
}

# Instructions that change what is worth doing: (flag of the kernel, effect).
_X86_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni")
_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")

_TRY_TENSORFLOW = """
import json
import keras, keras_hub, sentencepiece, tensorflow, tensorflow_text
devices = tensorflow.config.list_physical_devices()
tensorflow_text.case_fold_utf8(["ÀB"]).numpy()
print(json.dumps({
    "backend": keras.backend.backend(),
    "devices": [(device.device_type, device.name) for device in devices],
}))
"""


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Args:
        subject: what was looked at.
        found: what is there.
        verdict: "ok"; "limited" where something still works, but not all or
            not fast; "broken" where the package cannot be used.
        meaning: what follows for the user, and what would mend it.
    """

    subject: str
    found: str
    verdict: Verdict = "ok"
    meaning: str = ""


def findings() -> Iterator[Finding]:
    """Looks at the installation and at the machine; takes some seconds.

    Yields:
        A `Finding` for each thing looked at, the cheap ones first.
    """
    try:
        yield _python()
        yield from _packages()
    except metadata.PackageNotFoundError:
        yield Finding(
            DISTRIBUTION,
            "not installed",
            "broken",
            f"Only its folder is on the path: pip install {DISTRIBUTION}",
        )
    yield _processor()
    yield _memory()
    yield from _disks()
    yield from _tensorflow()


def _python() -> Finding:
    version = platform.python_version()
    wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return Finding("Python", version)
    return Finding("Python", version, "broken", f"It has to be {wanted}.")


def _packages() -> Iterator[Finding]:
    yield Finding(DISTRIBUTION, metadata.version(DISTRIBUTION))
    for need in requirements():
        if need.met:
            yield Finding(need.name, str(need.found))
        else:
            wanted = f"pip install '{need.name}{need.wanted}'"
            yield Finding(need.name, need.found or "none", "broken", wanted)
    for extra, purpose in EXTRAS.items():
        unmet = [need.name for need in requirements(extra) if not need.met]
        if unmet:
            yield Finding(
                f"{DISTRIBUTION}[{extra}]",
                f"no {', '.join(unmet)}",
                "limited",
                f"Without it there is no {purpose}: "
                f"pip install '{DISTRIBUTION}[{extra}]'",
            )
    if _is_installed("tensorflow-cpu"):
        yield Finding(
            "tensorflow-cpu",
            metadata.version("tensorflow-cpu"),
            "limited",
            "It shares a folder with tensorflow, and whichever was installed "
            "last wins: uninstall both, then install tensorflow.",
        )


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _processor() -> Finding:
    name = platform.machine()
    flags = _processor_flags()
    cores = len(os.sched_getaffinity(0)) if _on_linux() else os.cpu_count()
    useful = [f for f in (*_X86_FLAGS, *_BFLOAT16_FLAGS) if f in flags]
    found = ", ".join([f"{cores} cores", name, *useful])
    if not flags:
        return Finding("processor", found)
    if name == "x86_64" and "avx" not in flags:
        return Finding(
            "processor",
            found,
            "broken",
            "TensorFlow is built for processors with AVX.",
        )
    if not any(flag in flags for flag in _BFLOAT16_FLAGS):
        return Finding(
            "processor",
            found,
            "limited",
            "It has no bfloat16 arithmetic: float32 trains faster on it.",
        )
    return Finding("processor", found)


def _processor_flags() -> set[str]:
    """The kernel's names for the instruction sets; empty if it gives none."""
    if not _on_linux():
        return set()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def _memory() -> Finding:
    if not _on_linux():
        return Finding("memory", "not known on this system")
    sizes = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        key, _, value = line.partition(":")
        sizes[key] = int(value.split()[0]) << 10
    total, free = sizes["MemTotal"], sizes["MemAvailable"]
    group = Path("/sys/fs/cgroup/memory.max")  # a container's share
    if group.is_file() and group.read_text().strip() != "max":
        total = min(total, int(group.read_text()))
        free = min(free, total)
    found = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free"
    if free < QUICKSTART_MEMORY:
        return Finding(
            "memory",
            found,
            "limited",
            "`albert-keras quickstart` takes up to 4 GiB.",
        )
    return Finding("memory", found)


def _disks() -> Iterator[Finding]:
    scratch = Path(tempfile.gettempdir())
    folders = {"this folder": Path.cwd(), "scratch folder": scratch}
    for subject, folder in folders.items():
        free = shutil.disk_usage(folder).free
        found = f"{free / GIB:.1f} GiB free in {folder}"
        if not os.access(folder, os.W_OK):
            meaning = "Nothing can be written there: give another as --out."
            yield Finding(subject, found, "limited", meaning)
        elif free < ROOM_FOR_A_RUN:
            meaning = "A run's checkpoints and exports may not fit."
            yield Finding(subject, found, "limited", meaning)
        else:
            yield Finding(subject, found)


def _tensorflow() -> Iterator[Finding]:
    tried = subprocess.run(
        [sys.executable, "-c", _TRY_TENSORFLOW],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if tried.returncode != 0:
        yield Finding("TensorFlow", "does not start", "broken", _why(tried))
        return
    seen: dict[str, Any] = json.loads(tried.stdout.splitlines()[-1])
    yield _backend(seen["backend"])
    yield _devices(seen["devices"])


def _why(tried: "subprocess.CompletedProcess[str]") -> str:
    if tried.returncode < 0:
        return f"Ended by {signal.Signals(-tried.returncode).name}."
    lines = tried.stderr.strip().splitlines()
    return lines[-1] if lines else f"Exit code {tried.returncode}."


def _backend(name: str) -> Finding:
    if name == "tensorflow":
        return Finding("Keras backend", name)
    return Finding(
        "Keras backend",
        name,
        "limited",
        "Models train on it; tokenizing in the graph and exports need "
        "KERAS_BACKEND=tensorflow.",
    )


def _devices(devices: list[tuple[str, str]]) -> Finding:
    found = ", ".join(name for _, name in devices)
    has_gpu = any(kind == "GPU" for kind, _ in devices)
    if not has_gpu and shutil.which("nvidia-smi"):
        return Finding(
            "devices",
            found,
            "limited",
            "There is an NVIDIA driver, but TensorFlow sees no GPU: "
            "pip install 'tensorflow[and-cuda]'",
        )
    return Finding("devices", found)


def _on_linux() -> bool:
    return sys.platform.startswith("linux")
