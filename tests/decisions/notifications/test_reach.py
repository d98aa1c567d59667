"""Whom a notification reaches while some are away."""

import pytest

from messages.conversation import Episode
from tests import make
from workers.notifications.reach import reached

ANN, BOB = "U0ANN", "U0BOB"
OTHER = "C0OTHER"


@pytest.mark.parametrize(
    ("notify", "assignees", "away", "expected"),
    [
        ((), (), (), ()),
        ((), (ANN,), (ANN,), ()),
        ((ANN,), (), (), (ANN,)),
        ((ANN,), (), (ANN,), ()),
        ((ANN, BOB), (), (ANN,), (BOB,)),
        ((ANN, OTHER), (), (ANN,), (OTHER,)),
        ((ANN,), (ANN,), (ANN,), ()),
        ((BOB,), (ANN,), (ANN,), (BOB, make.CHANNEL)),
        ((BOB,), (ANN, BOB), (ANN,), (BOB,)),
        ((ANN, BOB), (ANN,), (ANN, BOB), ()),
        ((OTHER,), (ANN,), (ANN,), (OTHER, make.CHANNEL)),
        ((make.CHANNEL, BOB), (ANN,), (ANN,), (make.CHANNEL, BOB)),
        ((BOB,), (ANN,), (BOB,), ()),
        ((BOB,), (), (ANN,), (BOB,)),
    ],
)
def test_who_is_away_is_left_out_and_the_channel_is_told_where_nobody_is_there(
    notify: tuple[str, ...], assignees: tuple[str, ...], away: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    episode = Episode(7, 1, 1, notify, assignees=assignees)
    found = reached(episode, away, make.CHANNEL)
    assert found.targets == expected
    assert found.assignees == assignees
