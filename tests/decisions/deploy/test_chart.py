"""The Helm chart: what it renders is what Kubernetes takes, and each part of Clerk gets what it needs."""

import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema
import pytest
import yaml

from messages.process.settings import SANDBOX, Settings, variable
from messages.queues import QUEUES
from ops.cli import app
from ops.health.sign import KINDS
from ops.metrics.silence import ENDED_AFTER
from ops.running.supervisor import GRACE
from ops.settings import OpsSettings
from tests.decisions.deploy.helpers import CHART, NEEDED, VARIANTS
from tests.servers import ROOT

helm: Any = pytest.importorskip("helm_python", reason="no Helm (helm-python-sdk): the chart in deploy/ is not rendered")
kubernetes_validate: Any = pytest.importorskip(
    "kubernetes_validate", reason="no schemas of Kubernetes (kubernetes-validate)"
)

type Resource = dict[str, Any]

OLDEST, NEWEST = "1.27", "1.37"
"""The versions of Kubernetes between which it is checked."""

STRING: Final = {"type": "string", "minLength": 1}
OF_KEDA: Final[dict[str, Any]] = {
    "ScaledObject": {
        "type": "object",
        "additionalProperties": False,
        "required": ["scaleTargetRef", "triggers"],
        "properties": {
            "scaleTargetRef": {"type": "object", "required": ["name"], "properties": {"name": STRING}},
            "minReplicaCount": {"type": "integer"},
            "maxReplicaCount": {"type": "integer"},
            "pollingInterval": {"type": "integer"},
            "fallback": {"type": "object", "required": ["failureThreshold", "replicas"]},
            "triggers": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["type", "metadata", "authenticationRef"],
                    "properties": {
                        "type": {"const": "rabbitmq"},
                        "metadata": {
                            "type": "object",
                            "required": ["queueName", "mode", "value"],
                            "additionalProperties": STRING,
                            "properties": {"protocol": {"const": "amqp"}, "mode": {"const": "QueueLength"}},
                        },
                        "authenticationRef": {"type": "object", "required": ["name"], "properties": {"name": STRING}},
                    },
                },
            },
        },
    },
    "TriggerAuthentication": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "secretTargetRef": {
                "type": "array",
                "items": {"type": "object", "required": ["parameter", "name", "key"], "additionalProperties": STRING},
            }
        },
    },
}
"""https://keda.sh/docs/latest/reference/scaledobject-spec and https://keda.sh/docs/latest/scalers/rabbitmq-queue: no
package brings KEDA's own schemas."""


@pytest.fixture(scope="module")
def rendered() -> dict[str, list[Resource]]:
    """What Helm makes of the chart, for each variant."""
    found = {}
    with helm.Chart.load(CHART) as chart:
        for name, values in VARIANTS.items():
            files = chart.render(values, name="team", namespace="texts")
            texts = [text for file, text in files.items() if file.endswith(".yaml")]
            found[name] = [each for text in texts for each in yaml.safe_load_all(text) if each]
    return found


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    """The resources of a kind, by their name without that of the release."""
    return {each["metadata"]["name"].removeprefix("team-"): each for each in resources if each["kind"] == kind}


def pods(rendered: dict[str, list[Resource]], variant: str = "hpa") -> dict[str, Resource]:
    """What a pod of each part is."""
    deployments = of_kind(rendered[variant], "Deployment")
    return {part: deployment["spec"]["template"]["spec"] for part, deployment in deployments.items()}


def containers(rendered: dict[str, list[Resource]]) -> Iterator[tuple[str, Resource]]:
    """The container of each part."""
    for part, pod in pods(rendered).items():
        [container] = pod["containers"]
        yield part, container


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_takes_all_of_it(variant: str, version: str, rendered: dict[str, list[Resource]]) -> None:
    for resource in rendered[variant]:
        group = resource["apiVersion"].partition("/")[0]
        if group == "keda.sh":
            jsonschema.validate(resource["spec"], OF_KEDA[resource["kind"]])
        elif group != "monitoring.coreos.com":
            kubernetes_validate.validate(resource, version, strict=True)


def test_helm_finds_no_fault_in_it() -> None:
    assert helm.lint(CHART)["errors"] == []


@pytest.mark.parametrize("wanting", NEEDED)
def test_what_must_be_given_is_asked_for_in_words(wanting: str) -> None:
    with helm.Chart.load(CHART) as chart, pytest.raises(helm.HelmRenderError, match=f"{wanting}: "):
        chart.render({name: value for name, value in NEEDED.items() if name != wanting}, name="team")


def test_every_part_of_clerk_runs_and_its_command_is_one_that_clerk_takes(rendered: dict[str, list[Resource]]) -> None:
    found = {}
    for part, container in containers(rendered):
        command, bound, _ = app.parse_args(container["args"], exit_on_error=False, print_error=False)
        found[part] = command.__name__
        queues = bound.arguments.get("names", "")
        if part == "worker":
            assert {*queues.split(","), "interactive"} == set(QUEUES)
        assert queues == "interactive" or part != "interactive"
    assert found == {"gateway": "gateway", "worker": "worker", "interactive": "worker", "clock": "clock"}
    assert set(found) == set(KINDS)


def test_what_a_part_is_given_are_settings_that_clerk_takes_and_no_secret_is_in_the_chart(
    rendered: dict[str, list[Resource]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {variable(name) for name in (*Settings.model_fields, *OpsSettings.model_fields)}
    known.add("OTEL_EXPORTER_OTLP_HEADERS")
    secrets = {
        *(f"CLERK_{name.upper()}" for name in SANDBOX),
        *("CLERK_AMQP_URL", "CLERK_MONGO_URL", "CLERK_OPS_TOKEN", "CLERK_MANAGEMENT_URL", "OTEL_EXPORTER_OTLP_HEADERS"),
    }
    for part, container in containers(rendered):
        given = {each["name"]: each for each in container["env"]}
        assert set(given) <= known
        references = {name: each["valueFrom"]["secretKeyRef"] for name, each in given.items() if "valueFrom" in each}
        assert {name: reference["key"] for name, reference in references.items()} == {name: name for name in secrets}
        assert {reference["name"] for reference in references.values()} == {"clerk-secrets"}
        plain = {name: each["value"] for name, each in given.items() if "value" in each}
        for name in known:
            monkeypatch.delenv(name, raising=False)
        for name, value in plain.items():
            monkeypatch.setenv(name, value)
        settings = Settings.load()
        assert (settings.public_url, settings.clock_seconds) == (NEEDED["publicUrl"], 20)
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        metrics_port = OpsSettings.load().metrics_port
        assert ports == ({"http": settings.port} if part == "gateway" else {"metrics": metrics_port})
    assert "Secret" not in {resource["kind"] for variant in rendered.values() for resource in variant}


def test_no_service_of_kubernetes_sets_a_variable_of_clerks(rendered: dict[str, list[Resource]]) -> None:
    """For a Service `clerk`, Kubernetes would set CLERK_PORT to tcp://..., which is no port."""
    assert all(pod["enableServiceLinks"] is False for pod in pods(rendered).values())


def test_probes_ask_clerk_health_and_a_gateway_without_a_broker_still_answers_clicks(
    rendered: dict[str, list[Resource]],
) -> None:
    for part, container in containers(rendered):
        ask = {"command": ["clerk", "health", part]}
        assert container["startupProbe"]["exec"] == ask
        for probe in ("readinessProbe", "livenessProbe"):
            if part == "gateway":
                assert container[probe]["httpGet"] == {"path": "/healthz", "port": "http"}
            else:
                assert container[probe]["exec"] == ask
        liveness = container["livenessProbe"]
        if part != "gateway":
            assert liveness["periodSeconds"] * liveness["failureThreshold"] > ENDED_AFTER


def test_a_pod_may_finish_what_it_has_in_hand(rendered: dict[str, list[Resource]]) -> None:
    for part, pod in pods(rendered).items():
        [container] = pod["containers"]
        first = 0
        if part == "gateway":
            command, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
            assert command == "sleep"
            first = int(seconds)
        assert pod["terminationGracePeriodSeconds"] >= first + GRACE + 5 + 5


def test_a_pod_has_no_privileges_and_writes_nowhere_but_in_memory(rendered: dict[str, list[Resource]]) -> None:
    user = re.search(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())
    assert user is not None
    for pod in pods(rendered).values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == int(user[1])
        assert pod["volumes"] == [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]) == {"requests", "limits"}
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_part_loses_one_pod_at_a_time_and_all_selectors_find_theirs(
    variant: str, rendered: dict[str, list[Resource]]
) -> None:
    deployments = of_kind(rendered[variant], "Deployment")
    budgets = of_kind(rendered[variant], "PodDisruptionBudget")
    assert set(budgets) == set(deployments) == set(KINDS)
    labels = {part: each["spec"]["template"]["metadata"]["labels"] for part, each in deployments.items()}
    for part, budget in budgets.items():
        assert budget["spec"]["maxUnavailable"] == 1
        selectors = (
            budget["spec"]["selector"]["matchLabels"],
            deployments[part]["spec"]["selector"]["matchLabels"],
        )
        for selector in selectors:
            assert [name for name, found in labels.items() if selector.items() <= found.items()] == [part]
    [service] = of_kind(rendered[variant], "Service").values()
    selector = service["spec"]["selector"]
    assert [name for name, found in labels.items() if selector.items() <= found.items()] == ["gateway"]


@pytest.mark.parametrize(
    ("variant", "by_queues", "by_load", "fixed"),
    [
        ("keda", {"worker", "interactive"}, {"gateway"}, {"clock"}),
        ("hpa", set(), {"gateway", "worker", "interactive"}, {"clock"}),
        ("none", set(), set(), set(KINDS)),
    ],
)
def test_a_part_is_scaled_by_one_thing(
    variant: str, by_queues: set[str], by_load: set[str], fixed: set[str], rendered: dict[str, list[Resource]]
) -> None:
    """A number of replicas in the Deployment would undo, at each upgrade, what the scaler has set."""
    scaled, loaded = (of_kind(rendered[variant], kind) for kind in ("ScaledObject", "HorizontalPodAutoscaler"))
    deployments = of_kind(rendered[variant], "Deployment")
    assert (set(scaled), set(loaded)) == (by_queues, by_load)
    assert {part for part, each in deployments.items() if "replicas" in each["spec"]} == fixed
    names = {each["metadata"]["name"] for each in deployments.values()}
    assert {each["spec"]["scaleTargetRef"]["name"] for each in (*scaled.values(), *loaded.values())} <= names


def test_keda_looks_at_every_queue_as_clerk_does(rendered: dict[str, list[Resource]]) -> None:
    scaled = of_kind(rendered["keda"], "ScaledObject").values()
    triggers = [trigger for each in scaled for trigger in each["spec"]["triggers"]]
    assert sorted(trigger["metadata"]["queueName"] for trigger in triggers) == sorted(QUEUES)
    [(name, authentication)] = of_kind(rendered["keda"], "TriggerAuthentication").items()
    assert {trigger["authenticationRef"]["name"] for trigger in triggers} == {f"team-{name}"}
    [host] = authentication["spec"]["secretTargetRef"]
    assert host == {"parameter": "host", "name": "clerk-secrets", "key": "CLERK_AMQP_URL"}


def test_the_world_reaches_what_twilio_and_slack_call_and_nothing_else(rendered: dict[str, list[Resource]]) -> None:
    assert of_kind(rendered["smallest"], "Ingress") == {}
    [ingress] = of_kind(rendered["hpa"], "Ingress").values()
    [rule] = ingress["spec"]["rules"]
    assert rule["host"] == "clerk.example.org"
    assert [path["path"] for path in rule["http"]["paths"]] == ["/twilio", "/slack", "/media"]
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == {"team-gateway"}
    assert ingress["spec"]["tls"] == [{"hosts": ["clerk.example.org"], "secretName": "clerk-tls"}]


def test_prometheus_finds_every_pod(rendered: dict[str, list[Resource]]) -> None:
    [monitor] = of_kind(rendered["hpa"], "PodMonitor").values()
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    for each in of_kind(rendered["hpa"], "Deployment").values():
        assert selector <= each["spec"]["template"]["metadata"]["labels"].items()
    scraped = {each["port"] for each in monitor["spec"]["podMetricsEndpoints"]}
    assert scraped == {port["name"] for _, container in containers(rendered) for port in container["ports"]}
