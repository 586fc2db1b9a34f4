"""The files that put a server to work, as far as no network is needed."""

import subprocess
from pathlib import Path

import pytest

pytest.importorskip("tensorflow_serving")
pytest.importorskip("yaml")

import yaml
from google.protobuf import text_format
from stand_in_server import ServedModels, StandInServer
from tensorflow_serving.config import model_server_config_pb2

FILES = Path(__file__).parents[3] / "export" / "tf_serving"


def test_models_config_has_two_versions_and_their_labels():
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((FILES / "models.config").read_text(), config)
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("albert", "/models/albert")
    versions = list(model.model_version_policy.specific.versions)
    assert sorted(model.version_labels.values()) == versions == [1, 2]
    assert set(model.version_labels) == {"stable", "canary"}


def test_compose_mounts_what_is_there_and_its_flags_name_it():
    services = yaml.safe_load((FILES / "compose.yaml").read_text())["services"]
    mounted = {}
    for service in services.values():
        for volume in service["volumes"]:
            source, target, mode = volume.rsplit(":", 2)
            assert mode == "ro"
            mounted[target] = source
            assert source.startswith("$") or (FILES / source).is_file()
    for flag in services["serving"]["command"]:
        name, _, value = flag.partition("=")
        if name.endswith("_file"):
            assert value in mounted
    assert (
        "--enable_per_model_batching_parameters"
        in (services["serving"]["command"])
    )


def test_prometheus_scrapes_where_the_server_shows():
    scraped = yaml.safe_load((FILES / "prometheus.yaml").read_text())
    (job,) = scraped["scrape_configs"]
    assert (
        f'path: "{job["metrics_path"]}"'
        in (FILES / "monitoring.config").read_text()
    )


def test_the_health_check_tells_a_server_that_serves(folders):
    services = yaml.safe_load((FILES / "compose.yaml").read_text())["services"]
    _cmd, *command = services["serving"]["healthcheck"]["test"]
    server = StandInServer(ServedModels({"albert": folders["classifier"]}))
    command[-1] = command[-1].replace(
        "8501", server.rest_address.rsplit(":", 1)[1]
    )
    other = [
        *command[:-1],
        command[-1].replace("models/albert", "models/bert"),
    ]
    try:
        assert subprocess.run(command).returncode == 0
        assert subprocess.run(other).returncode != 0
    finally:
        server.close()
    gone = subprocess.run(command, stderr=subprocess.DEVNULL)
    assert gone.returncode != 0


def test_kubernetes_parts_find_each_other():
    deployment, service, scaler = yaml.safe_load_all(
        (FILES / "kubernetes.yaml").read_text()
    )
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["selector"] == labels
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    ports = {each["name"] for each in container["ports"]}
    assert {each["targetPort"] for each in service["spec"]["ports"]} == ports
    assert container["readinessProbe"]["httpGet"]["port"] in ports
    target = scaler["spec"]["scaleTargetRef"]
    for key in ("kind", "apiVersion"):
        assert target[key] == deployment[key]
    assert target["name"] == deployment["metadata"]["name"]
    # Utilization is a share of what is requested.
    assert container["resources"]["requests"]["cpu"]


def test_kserve_serves_the_format_that_is_exported():
    service = yaml.safe_load((FILES / "kserve.yaml").read_text())
    assert service["kind"] == "InferenceService"
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"]["name"] == "tensorflow"
    compose = yaml.safe_load((FILES / "compose.yaml").read_text())
    image = compose["services"]["serving"]["image"]
    assert image.endswith(f":{model['runtimeVersion']}")
