"""Which tests run one after the other in one process when pytest-xdist runs several.

(https://pytest-xdist.readthedocs.io/en/stable/distribution.html; its own groups do not work with pytest 9.2.)
"""

from collections.abc import Sequence
from typing import Any, Final

from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = {
    "tests/system/faults/test_outages.py": "place",
    "tests/system/operating/test_texts_are_not_arriving.py": "place",
    "tests/browser/": "browser",
    "tests/system/conversations/test_the_conversation_goes_both_ways.py": "replies",
    "tests/system/conversations/test_pictures_go_both_ways.py": "replies",
    "tests/system/conversations/": "clerk",
    "tests/system/faults/test_a_gateway_was_away.py": "clerk",
    "tests/system/faults/test_many_texts_at_once.py": "clerk",
    "tests/system/operating/test_ops.py": "clerk",
    "tests/system/operating/test_secrets.py": "clerk",
    "tests/system/faults/test_nothing_lost_nothing_twice.py": "storm",
    "tests/wire/gateway/test_publishing.py": "own rabbit",
    "tests/wire/gateway/test_process.py": "own rabbit",
    "tests/wire/ops/queues/test_queues.py": "own rabbit",
}
"""Tests that share what takes long to start, by the beginnings of their ids; those that take longest come first.

All others run file by file.
"""


def group(nodeid: str) -> str:
    """The group of a test; the file of one that is in none."""
    found = (name for beginning, name in TOGETHER.items() if nodeid.startswith(beginning))
    return next(found, nodeid.partition("::")[0])


def in_order(groups: Sequence[str], processes: int) -> list[str]:
    """The groups in the order in which they begin.

    Each process takes one and, at once, another to go on with: behind a long one there should be no other.
    """
    long = [name for name in dict.fromkeys(TOGETHER.values()) if name in groups]
    short = [name for name in groups if name not in long]
    return [*long[:processes], *short[:processes], *long[processes:], *short[processes:]]


def begun_elsewhere(modules: Sequence[str], worker: str, processes: int) -> list[str]:
    """All modules, from another one on for each worker: gw0, gw1 and so on."""
    begin = len(modules) * int(worker.removeprefix("gw")) // processes
    return [*modules[begin:], *modules[:begin]]


class GroupScheduling(LoadScopeScheduling):
    """Hands out groups in the order of the tests."""

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
