"""What the Helm chart may be given, and which release it is of."""

import json
from typing import Any

import jsonschema
import pytest
import yaml

from ops.cli import app
from tests.decisions.deploy.helpers import CHART, VARIANTS


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
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def test_it_is_of_the_version_of_clerk() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (about["version"], about["appVersion"]) == (str(app.version), str(app.version))
