"""The fault suite, briefly; `make chaos` runs it at length."""

from tests.chaos.run import run
from tests.chaos.script import FAULTS, Scale


def test_a_storm_loses_and_repeats_nothing() -> None:
    # Twelve kills are one round: each process that an operator starts, and twice as many of those below the workers.
    # The faults are two rounds of every kind. A storm without end kills processes while they start, and lets
    # requests fail faster than they are made again: that takes most of its time, and shows nothing more. Each wire is
    # cut once and held back once in either direction, and each kind of process stands still once.
    scale = Scale(
        texts=24,
        contacts=4,
        clicks=8,
        replies=4,
        kill_every=2.0,
        fault_every=1.0,
        disturb_every=1.0,
        longest=3.0,
        hot=6,
        kills=12,
        faults=2 * len(FAULTS),
        disturbances=18,
    )
    outcome = run(20261125, scale)
    assert outcome.faults == []
    assert outcome.figures["kills"] == 12
    assert outcome.figures["disturbances of wires and processes"] == 18
    assert outcome.figures["faults of Slack and Twilio"] == 2 * len(FAULTS)
    assert outcome.figures["replies"] == 4
