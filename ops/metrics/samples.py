"""Metrics as numbers: samples from Prometheus's client, their growth, sums and percentiles. Pure."""

import json
from collections.abc import Iterable, Mapping

from prometheus_client import Metric

type Key = tuple[str, tuple[tuple[str, str], ...]]
type Samples = Mapping[Key, float]


def collect_samples(metrics: Iterable[Metric]) -> dict[Key, float]:
    """Clerk's own samples among the metrics that a registry collects."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in metrics
        for sample in metric.samples
        if sample.name.startswith("clerk_") and not sample.name.endswith("_created")
    }


def dump_samples(samples: Samples) -> str:
    """Samples as text that can be stored."""
    return json.dumps([[name, labels, value] for (name, labels), value in samples.items()])


def parse_samples(text: str) -> dict[Key, float]:
    """The samples that `dump_samples` wrote as text."""
    return {(name, tuple((key, label) for key, label in labels)): value for name, labels, value in json.loads(text)}


def growth(before: Samples, after: Samples) -> dict[Key, float]:
    """By how much each counter grew; one that is smaller than before has started again from 0."""
    return {
        key: value - before.get(key, 0.0) if value >= before.get(key, 0.0) else value for key, value in after.items()
    }


def merged(parts: Iterable[Samples]) -> dict[Key, float]:
    """The sums of samples, key by key."""
    sums: dict[Key, float] = {}
    for part in parts:
        for key, value in part.items():
            sums[key] = sums.get(key, 0.0) + value
    return sums


def total(samples: Samples, name: str, **labels: str | tuple[str, ...]) -> float:
    """The sum of a metric over all samples whose labels have one of the values given."""
    return sum(value for key, value in samples.items() if key[0] == name and _has(key, labels))


def percentile(samples: Samples, name: str, share: float, **labels: str | tuple[str, ...]) -> float | None:
    """The value that this share of a histogram's observations does not exceed; None if there are none.

    It is interpolated within its bucket; beyond the last finite bound it is that bound.
    """
    counts: dict[float, float] = {}
    for key, value in samples.items():
        if key[0] == f"{name}_bucket" and _has(key, labels):
            bound = float(dict(key[1])["le"])
            counts[bound] = counts.get(bound, 0.0) + value
    buckets = sorted(counts.items())
    if not buckets or buckets[-1][1] <= 0:
        return None
    wanted, lower, below = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted and count > below:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * (wanted - below) / (count - below)
        lower, below = bound, count
    return lower


def _has(key: Key, labels: Mapping[str, str | tuple[str, ...]]) -> bool:
    own = dict(key[1])
    return all(
        own.get(name) == want if isinstance(want, str) else own.get(name) in want for name, want in labels.items()
    )
