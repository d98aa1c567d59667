"""Dashboard and alerts use metrics that exist, and percentiles are right."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

import gateway.app
import ops.metrics.recorder
import ops.running.worker_metrics
import workers.clock
import workers.observe
import workers.platforms.twilio.api
import workers.wiring
from ops.metrics import stages
from ops.metrics.samples import collect_samples, dump_samples, growth, merged, parse_samples, percentile, total

USED = (gateway.app, ops.metrics.recorder, workers.clock, workers.observe, workers.platforms.twilio.api)
"""Their import makes their metrics known, as that of every slice's actors does."""

workers.wiring.load_actors()

ALERTS = yaml.safe_load(Path("deploy/alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads(Path("deploy/grafana-dashboard.json").read_text())


def names(expression: str) -> set[str]:
    return set(re.findall(r"\bclerk_\w+", expression))


def expressions() -> list[str]:
    drawn = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    return [*drawn, *(rule["expr"] for rule in ALERTS)]


def labels_used(expression: str) -> set[str]:
    grouped = [name for names in re.findall(r"by \(([^)]*)\)", expression) for name in names.split(",")]
    return {name.strip() for name in grouped} | set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression))


def _described(collector: Any) -> list[Any]:
    """The metrics that a collector says it may have."""
    return list(collector.describe()) if hasattr(collector, "describe") else []


def known() -> dict[str, set[str]]:
    """Every sample name of Clerk's metrics with the labels that it may have."""
    counted = ops.running.worker_metrics.WorkerMetrics()
    found: dict[str, set[str]] = {}
    for registry in (REGISTRY, counted.registry):
        for collector in registry._collector_to_names:
            described = {each.name: set(getattr(each, "_labelnames", ())) for each in _described(collector)}
            for name in registry._collector_to_names[collector]:
                labels = set(getattr(collector, "_labelnames", ())) | described.get(name, set())
                found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    found["clerk_processes"].add("instance")  # Prometheus adds it
    counted.close()
    return found


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_and_label_of_dashboard_and_alerts_exists(expression: str) -> None:
    metrics = known()
    assert names(expression) <= set(metrics), names(expression) - set(metrics)
    assert labels_used(expression) <= {label for name in names(expression) for label in metrics[name]}


def test_every_metric_of_clerks_is_on_the_dashboard() -> None:
    drawn = {name for expression in expressions() for name in names(expression)}
    ours = {name for name in known() if name.startswith("clerk_") and name.endswith(("_total", "_bucket"))}
    assert ours - drawn <= {"clerk_events_dropped_total"}


def test_every_alert_has_its_section_in_the_runbook() -> None:
    runbook = Path("docs/operations.md").read_text()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in runbook.splitlines()
        if line.startswith("#")
    }
    for rule in ALERTS:
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert file == "docs/operations.md"
        assert anchor in headings, rule["alert"]
        assert anchor == rule["alert"].lower()


def histogram(values: list[float]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    registry = CollectorRegistry()
    metric = Histogram("clerk_test", "A test", ["actor"], buckets=(1, 2, 5, 10, 20), registry=registry)
    for value in values:
        metric.labels("slack.render").observe(value)
    return collect_samples(registry.collect())


@given(st.lists(st.floats(0, 20), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_in_the_bucket_of_the_exact_one(values: list[float], share: float) -> None:
    found = percentile(histogram(values), "clerk_test", share, actor="slack.render")
    true = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    bounds = [0, 1, 2, 5, 10, 20]
    bucket = next(place for place, bound in enumerate(bounds) if true <= bound)
    assert found is not None
    assert bounds[max(0, bucket - 1)] - 1e-9 <= found <= bounds[max(1, bucket)] + 1e-9


def test_a_histogram_without_observations_has_no_percentile() -> None:
    assert percentile(histogram([]), "clerk_test", 0.95) is None
    assert percentile(histogram([3]), "clerk_test", 0.95, actor="other") is None
    assert percentile(histogram([99]), "clerk_test", 0.95) == 20


def counted(**outcomes: float) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    registry = CollectorRegistry()
    metric = Counter("clerk_messages", "A test", ["actor", "outcome"], registry=registry)
    for outcome, count in outcomes.items():
        metric.labels("slack.render", outcome).inc(count)
    return collect_samples(registry.collect())


def test_samples_are_unchanged_after_being_stored() -> None:
    samples = {**counted(done=3), **histogram([1, 2])}
    assert parse_samples(dump_samples(samples)) == samples


def test_a_restarted_process_does_not_count_backwards() -> None:
    before, after = counted(done=100, dead=2), counted(done=7, dead=2)
    assert total(growth(before, after), "clerk_messages_total") == 7
    assert total(merged([growth(before, after), counted(done=1)]), "clerk_messages_total", outcome="done") == 8


def test_a_stage_counts_what_succeeded_and_what_failed() -> None:
    seen = {stage.name: stage for stage in stages.stages(counted(done=50, retried=5, dead=5), 10)}
    assert (seen["slack"].rate, seen["slack"].failed) == (6, 1)
    assert (seen["sms"].rate, seen["sms"].run_p95) == (0, None)
