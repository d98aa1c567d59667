"""The fault suite, briefly; `make chaos` runs it at length."""

from tests.chaos.run import run
from tests.chaos.script import Scale


def test_a_storm_loses_and_repeats_nothing() -> None:
    scale = Scale(texts=24, contacts=4, clicks=8, replies=4, kill_every=2.0, fault_every=1.0)
    outcome = run(20261125, scale)
    assert outcome.faults == []
    assert outcome.figures["kills"] >= 5
    assert outcome.figures["replies"] == 4
