"""What the Helm chart may be given, what it says then, and which release it is of."""

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml

from ops.cli import app
from tests.decisions.deploy.helpers import CHART, NEEDED, VARIANTS
from tests.servers import ROOT


def test_the_defaults_are_values_that_the_chart_takes_and_unknown_ones_are_refused() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.validate(yaml.safe_load((CHART / "values.yaml").read_text()), schema)
    for values in (*VARIANTS.values(), {"worker": {"replicas": 3}}):
        jsonschema.validate(values, schema)
    wrong: dict[str, Any]
    for wrong in (
        {"gatway": {}},
        {"autoscaling": {"kind": "vpa"}},
        {"publicUrl": "https://clerk.example.org/path"},
        {"config": {"PATH": "/bin"}},
        {"worker": {"replicas": "3"}},
        {"gateway": {"threads": 4}},
        {"clock": {"maxReplicas": 2}},
        {"host": ""},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_it_is_of_the_version_of_clerk() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (about["version"], about["appVersion"]) == (str(app.version), str(app.version))


def variables(values: dict[str, Any]) -> list[list[str]]:
    """The names of the variables of each container that the chart makes with these values."""
    helm: Any = pytest.importorskip("helm_python")
    with helm.Chart.load(CHART) as chart:
        deployments = chart.render({**NEEDED, **values}, name="team")["clerk/templates/deployments.yaml"]
    pods = [each["spec"]["template"]["spec"] for each in yaml.safe_load_all(deployments) if each]
    return [[each["name"] for each in pod["containers"][0]["env"]] for pod in pods]


def test_no_variable_is_set_twice_whatever_is_added() -> None:
    """Kubernetes takes the last of two, and refuses them where a pod is applied by the server."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    [plain, *_] = variables({})
    refused = []
    for name in plain:
        values = {"config": {name: "anything"}}
        try:
            jsonschema.validate(values, schema)
        except jsonschema.ValidationError:
            refused.append(name)
            continue
        for each in variables(values):
            assert sorted(each) == sorted(plain)
    assert sorted(set(plain) - set(refused)) == ["CLERK_LOG_FORMAT"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"gateway": {"replicas": 7}}, "gateway.replicas: 7 is more than gateway.maxReplicas, 6"),
        ({"worker": {"replicas": 3, "maxReplicas": 2}, "autoscaling": {"kind": "keda"}}, "worker.replicas: 3 is more"),
        ({"interactive": {"replicas": 0}}, "interactive.replicas: a HorizontalPodAutoscaler keeps one at least"),
    ],
)
def test_numbers_that_no_scaler_takes_are_refused_in_words(values: dict[str, Any], said: str) -> None:
    helm: Any = pytest.importorskip("helm_python")
    with helm.Chart.load(CHART) as chart, pytest.raises(helm.HelmRenderError, match=said):
        chart.render({**NEEDED, **values}, name="team")


def test_where_nothing_is_scaled_any_number_will_do() -> None:
    assert variables({"gateway": {"replicas": 9}, "clock": {"replicas": 0}, "autoscaling": {"kind": "none"}})


def test_what_the_page_about_growing_sets_is_taken_and_makes_what_it_says() -> None:
    helm: Any = pytest.importorskip("helm_python")
    page = (ROOT / "docs" / "growing.md").read_text()
    values: dict[str, Any] = {}
    for path, text in re.findall(r"--set ([\w.]+)=(\S+)", page):
        *parents, last = path.split(".")
        inside = values
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[last] = {"true": True}.get(text, text)
    jsonschema.validate(values, json.loads((CHART / "values.schema.json").read_text()))
    with helm.Chart.load(CHART) as chart:
        files = chart.render(values, name="clerk", namespace="clerk")
    made = [each for name, text in files.items() if name.endswith(".yaml") for each in yaml.safe_load_all(text) if each]
    names = {f"{each['kind'].lower()}/{each['metadata']['name']}" for each in made}
    assert {"ingress/clerk", "deployment/clerk-gateway", "service/clerk-gateway"} <= names
    for text in (page, files["clerk/templates/NOTES.txt"]):
        assert set(re.findall(r"(?:deployment|service)/clerk[\w-]*", text)) <= names
        for command in re.findall(r"kubectl .*-- clerk ([a-z ]+)", text):
            assert app.parse_args(command.split(), exit_on_error=False, print_error=False)
    [image] = {
        each["spec"]["template"]["spec"]["containers"][0]["image"] for each in made if each["kind"] == "Deployment"
    }
    assert f"docker build --tag {image} . && docker push {image}\n" in page
    for variable_path in re.findall(r"`((?:autoscaling|podMonitor)\.\w+)=", page):
        parent, last = variable_path.split(".")
        assert last in yaml.safe_load((CHART / "values.yaml").read_text())[parent]
