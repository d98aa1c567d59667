"""Whom Twilio sends nothing: who opted out of one of the account's numbers, or of its Messaging Service. Pure.

https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

SERVICE: Final = "MG" + "5a" * 16

STOP_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS: Final = frozenset({"HELP", "INFO"})

_TOLL_FREE: Final = re.compile(r"\+1(?:800|833|844|855|866|877|888)[0-9]{7}")
_NETWORK: Final = {"STOP": "STOP", "START": "START", "UNSTOP": "START"}
"""What the network behind a toll-free number heeds, whatever Twilio is told
(https://help.twilio.com/articles/360058144374-Opt-out-keyword-handling-SMS-STOP-Filtering-for-Toll-Free-SMS)."""


def is_toll_free(number: str) -> bool:
    """Whether a number is a toll-free one of North America."""
    return _TOLL_FREE.fullmatch(number) is not None


class BlockList:
    """The pairs (number or service, contact) that are `blocked`; the numbers in `service` share theirs.

    With `advanced_opt_out` the service says with each text what it asks, and heeds `stop_words` of its own
    (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
    """

    def __init__(self, service: Iterable[str] = (), *, advanced_opt_out: bool = False) -> None:
        self.blocked: set[tuple[str, str]] = set()
        self.service = set(service)
        self.advanced_opt_out = advanced_opt_out
        self.stop_words = STOP_WORDS

    def keyword(self, line: str, body: str) -> str | None:
        """What a text to a number asks: STOP, START or HELP, if it is a keyword there and nothing else."""
        word = body.strip().upper()
        if word in HELP_WORDS:
            return "HELP"
        if is_toll_free(line) and line not in self.service:
            return _NETWORK.get(word)
        if word in (self.stop_words if line in self.service else STOP_WORDS):
            return "STOP"
        return "START" if word in START_WORDS else None

    def obey(self, line: str, contact: str, kind: str | None) -> None:
        """Block a contact who asks for it, or let them in again."""
        if kind == "STOP":
            self.blocked.add((self._scope(line), contact))
        elif kind == "START":
            self.blocked.discard((self._scope(line), contact))

    def blocks(self, line: str, contact: str) -> bool:
        """Whether a contact gets no texts from a number."""
        return (self._scope(line), contact) in self.blocked

    def pairs(self, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Each of these numbers with each contact who gets no texts from it."""
        for line in lines:
            yield from ((line, contact) for scope, contact in self.blocked if scope == self._scope(line))

    def _scope(self, line: str) -> str:
        return SERVICE if line in self.service else line
