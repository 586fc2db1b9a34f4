"""The manifest starts a command that exists, as the operator expects it."""

from pathlib import Path

import pytest
import typer

from albert_keras.cli.pretrain import pretrain
from albert_keras.config import AlbertConfig
from albert_keras.training.options import PretrainingOptions

yaml = pytest.importorskip("yaml")  # with apache-beam, in `dev`
MANIFEST = Path(__file__).parents[2] / "docs/kubernetes/pretrain.yaml"


@pytest.fixture(scope="module")
def job():
    return yaml.safe_load(MANIFEST.read_text("utf-8"))


@pytest.fixture(scope="module")
def pod(job):
    return job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]


def test_is_a_job_of_several_workers(job):
    assert (job["apiVersion"], job["kind"]) == ("kubeflow.org/v1", "TFJob")
    # Without a chief of its own the first worker is the chief.
    assert job["spec"]["tfReplicaSpecs"].keys() == {"Worker"}
    assert job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"] > 1


def test_every_end_but_success_is_repeated_with_resume(job, pod):
    """Exit code 2, a lost worker, is for the operator's `ExitCode` final."""
    worker = job["spec"]["tfReplicaSpecs"]["Worker"]
    assert worker["restartPolicy"] == "OnFailure"
    assert "--resume" in pod["containers"][0]["command"]


def test_the_command_line_is_accepted(job, pod):
    name, command, *arguments = pod["containers"][0]["command"]
    assert (name, command) == ("albert-keras", "pretrain")
    application = typer.Typer()
    application.command()(pretrain)
    parsed = typer.main.get_command(application).make_context(name, arguments)
    given = parsed.params
    assert given["strategy"] == "multiworker"
    assert given["resume"]
    AlbertConfig.named(given["config"])
    options = PretrainingOptions(
        num_train_steps=given["steps"],
        **{
            key: given[key]
            for key in (
                "batch_size",
                "dtype",
                "eval_every",
                "checkpoint_every",
                "steps_per_execution",
            )
        },
    )
    replicas = job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"]
    assert options.batch_size % replicas == 0


def test_what_it_reads_and_writes_lies_in_the_volume(pod):
    container = pod["containers"][0]
    (mount,) = container["volumeMounts"]
    assert mount["name"] in {volume["name"] for volume in pod["volumes"]}
    paths = [
        argument.partition("=")[2]
        for argument in container["command"]
        if "=/" in argument
    ]
    assert len(paths) == 4
    assert all(path.startswith(mount["mountPath"] + "/") for path in paths)
    assert container["name"] == "tensorflow"  # whose ports TF_CONFIG names
    assert {"name": "tfjob-port", "containerPort": 2222} in container["ports"]
