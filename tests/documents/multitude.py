"""Any number of documents such as Clerk leaves: those of a few conversations, again and again under other ids."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bson import json_util

from messages.release import DOCUMENTS, VERSION
from ops.documents.transfer import FORMAT

LEFT: Final = Path(__file__).parents[1] / "actors" / "upgrades" / "before_versions" / "documents.jsonl"
PLAIN: Final = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=True)

SHARED: Final = ("lines", "counters", "tags")
"""Collections whose documents are there once, however many conversations there are."""

_ANEW: Final = (
    (re.compile(r"\+1555000222"), r"+49{:08d}"),
    (re.compile(r"\bSM"), r"SM{:d}x"),
    (re.compile(r"(?<=C0TEXTS-)1772"), r"{:07d}1772"),
    (re.compile(r"(?<=/)99999(?=\d{5}\")|(?<=\")99999(?=\d{5}\")"), r"{:05d}"),
    (re.compile(r"(?<=\"_id\": \")00000000000(?=\d/)"), r"{:011d}"),
)
"""What names a contact, a text, a reply, a place in a list, a ticket's history: and what a round makes of it."""

_TICKET: Final = re.compile(r'("_id"|"ticket"): (\d+)(?=[,}])')


def exported(count: int) -> Iterator[str]:
    """The lines of an export of `count` documents, all different."""
    yield json_util.dumps({"clerk": FORMAT, "release": VERSION, "documents": DOCUMENTS, "collections": {}})
    made: dict[str, int] = {}
    for name, line in _lines(count):
        made[name] = made.get(name, 0) + 1
        yield line
    yield json_util.dumps({"end": made})


def _lines(count: int) -> Iterator[tuple[str, str]]:
    found = [(json_util.loads(line)["collection"], line) for line in LEFT.read_text().splitlines()]
    yield from (each for each in found if each[0] in SHARED)
    left = count - sum(name in SHARED for name, _ in found)
    several = [each for each in found if each[0] not in SHARED]
    for number in range(left):
        name, line = several[number % len(several)]
        yield name, _anew(line, number // len(several))


def _anew(line: str, round: int) -> str:
    """A document with the ids of another round."""
    for what, becomes in _ANEW:
        line = what.sub(becomes.format(round), line)
    return _TICKET.sub(partial(_ticket, round), line)


def _ticket(round: int, found: re.Match[str]) -> str:
    return f"{found[1]}: {round * 10 + int(found[2])}"
