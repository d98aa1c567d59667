"""The words by which contacts opt out of each line, as Clerk reads them. Pure."""

from collections.abc import Iterator, Sequence

from messages.line import Line
from messages.opt_outs import TOLL_FREE, described, is_toll_free, words_of
from ops.checks.finding import Finding, advice, good


def check(lines: Sequence[Line]) -> Iterator[Finding]:
    """Which words opt out of each line, and whether the network heeds them."""
    for line in lines:
        words = words_of(line.id, line.opt_out, in_service=bool(line.pool))
        of = f"opt-out of {line.id}"
        pool = f", of the whole Messaging Service {line.pool}" if line.pool else ""
        found = f"{described(line)}: {', '.join(words.out) or 'no word'} opts out{pool}"
        if is_toll_free(line.id) and words.out != TOLL_FREE.out:
            todo = f"The network heeds STOP alone on a toll-free number: clerk lines set {line.id} --opt-out default"
            yield advice(of, found, todo)
        elif not words.out and line.pool == "":
            todo = "Fine where the provider leaves opt-outs to you. If it heeds STOP, set it: --opt-out default"
            yield advice(of, found, todo)
        else:
            yield good(of, found)
