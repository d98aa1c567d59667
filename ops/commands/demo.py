"""`clerk demo`: a busy morning, played in the sandbox of a running `clerk run`."""

import contextlib
import sys
import time
from typing import Final

from rich.console import Console

from ops.documents.data_folder import url_of_run
from ops.environment import command_settings
from sandbox.page.client import SandboxClient, Stalled

MAYA: Final = "+15557770001"
TOM: Final = "+15557770002"
ROSA: Final = "+15557770003"
ADA: Final = "U0ADA"
BEN: Final = "U0BEN"

WINDOW: Final = 6.0
"""Seconds of quiet before a notification during the tour: nobody wants to watch for three minutes."""

DELIVERED: Final = frozenset({"delivered"})
FAILED: Final = frozenset({"failed", "undelivered"})

BREATH: Final = 2.5
"""Seconds between two steps, at speed 1."""


class Tour:
    """The steps of the tour, each with a line about what to see; `speed` 2 is twice as fast."""

    def __init__(self, stage: SandboxClient, console: Console, speed: float) -> None:
        self._stage = stage
        self._console = console
        self._speed = speed

    def play(self) -> None:
        """Play the morning; Stalled if something does not happen."""
        self._by_when()
        self._two_people_text()
        self._ada_takes_a_ticket()
        self._ada_replies()
        self._rosa_is_busy()
        self._ben_reads_along()
        self._a_reply_fails()
        self._slack_is_busy()
        self._tom_has_enough()
        self._ada_solves()

    def _say(self, who: str, what: str) -> None:
        self._console.print(f"  [bold]{who:<6}[/bold] {what}")
        time.sleep(BREATH / self._speed)

    def _seen(self, what: str) -> None:
        self._console.print(f"         [dim]→ {what}[/dim]")

    def _by_when(self) -> None:
        self._stage.offer_targets()
        self._say("Clerk", "is told by when tickets are due: clerk lines set LINE --sla preset")

    def _two_people_text(self) -> None:
        self._stage.text(MAYA, "Hi! My order 4471 was due on Monday and has not come. Where is it?")
        self._say("Maya", "texts that her order is late")
        self._stage.card(MAYA)
        self._seen("a card with a new ticket in the channel, the text in its thread")
        self._stage.text(TOM, "Hello, can I move Friday's appointment to 3 pm?")
        self._say("Tom", "asks to move an appointment")
        self._stage.card(TOM)
        self._seen("a second ticket; nobody has acted on either yet")

    def _ada_takes_a_ticket(self) -> None:
        self._say("Ada", "works Maya's ticket: hers, priority High, a subject, a tag")
        self._stage.edit(
            ADA,
            MAYA,
            assignees=[ADA],
            status="open",
            priority="high",
            subject="Order 4471 is late",
            new_tags="delivery",
        )
        self._stage.posted(MAYA, "line", 1)
        self._seen("the card shows it, and by when Maya must have an answer")
        self._seen("the thread says who changed what")

    def _ada_replies(self) -> None:
        text = "Hi Maya, sorry about that. It left the depot this morning and comes today."
        self._stage.reply(ADA, MAYA, text)
        self._say("Ada", "replies in the thread")
        self._stage.fate(MAYA, text, DELIVERED)
        self._seen("Maya's phone has it; the mark on Ada's reply says delivered")

    def _rosa_is_busy(self) -> None:
        self._say("Rosa", "texts five times in a row")
        for body in ("Hello??", "My parcel is damaged", "The corner is torn open", "I need it for Saturday", "Anyone?"):
            self._stage.text(ROSA, body)
            time.sleep(BREATH / self._speed / 5)
        self._stage.card(ROSA)
        self._seen("one card, not five; the page counts down to the summary")
        self._stage.posted(ROSA, "card", 1)
        self._seen("Rosa fell quiet: one notification announces the rest")
        self._stage.text(ROSA, "This is how it came", "parcel.png")
        self._say("Rosa", "sends a picture of it")

    def _ben_reads_along(self) -> None:
        self._stage.click(BEN, self._stage.posted(ROSA, "card", 1), "ticket.open")
        self._say("Ben", "opens Rosa's thread: seen, so nothing more is announced")
        text = "Oh no! A new one is on its way and will be there on Friday."
        self._stage.reply(BEN, ROSA, text)
        self._say("Ben", "promises a new parcel")
        self._stage.fate(ROSA, text, DELIVERED)
        self._seen("delivered, and Rosa's ticket is Open")

    def _a_reply_fails(self) -> None:
        text = "Friday at 3 pm works, see you then."
        self._stage.do("handling", fail_code=30003, fail_times=1)
        self._stage.reply(BEN, TOM, text)
        self._say("Ben", "answers Tom, whose phone can't be reached just now")
        self._stage.fate(TOM, text, FAILED)
        self._seen("the mark on the reply says failed, and the thread why")
        again = "Tom, Friday at 3 pm works."
        self._stage.reply(BEN, TOM, again)
        self._say("Ben", "tries once more")
        self._stage.fate(TOM, again, DELIVERED)
        self._seen("this time it arrives")

    def _slack_is_busy(self) -> None:
        before = self._stage.count(MAYA, "texts")
        self._stage.do("faults", api="slack", kind="429", seconds=2, times=2)
        self._stage.text(MAYA, "It is here, thank you so much!")
        self._say("Maya", "says thanks, while Slack answers 429 twice")
        self._stage.posted(MAYA, "texts", before + 1)
        self._seen("a little late, but once and in order")

    def _tom_has_enough(self) -> None:
        self._stage.text(TOM, "STOP")
        self._say("Tom", "texts STOP")
        self._seen("the provider confirms it; Clerk notes it and sends him nothing more")

    def _ada_solves(self) -> None:
        before = self._stage.count(MAYA, "line")
        self._stage.edit(ADA, MAYA, status="solved", note="Arrived today. Sent a voucher for the wait.")
        self._say("Ada", "solves Maya's ticket and leaves a note for the team")
        self._stage.posted(MAYA, "line", before + 1)
        self._seen("Solved; it closes by itself if Maya stays quiet")


def demo(*, speed: float = 1.0, url: str | None = None) -> None:
    """Play a busy morning in the sandbox of a running `clerk run`.

    Parameters
    ----------
    speed
        2 is twice as fast.
    url
        The address of Clerk, such as http://127.0.0.1:9000; by default that of the `clerk run` in this folder.
    """
    settings = command_settings()
    at = None if {"host", "port", "public_url"} & settings.model_fields_set else url_of_run(settings.data_dir)
    sys.exit(play(url or at or settings.url, speed))


def play(url: str, speed: float) -> int:
    """Play the tour in the sandbox at `url`; returns the exit status."""
    console = Console(highlight=False)
    try:
        stage = SandboxClient(url)
        console.print(f"A morning at the sandbox: watch {url}/sandbox\n")
        with contextlib.closing(stage):
            _at_its_own_window(stage, Tour(stage, console, speed))
    except Stalled as stalled:
        console.print(f"The tour stopped: {stalled}.")
        console.print(f"If Clerk runs elsewhere than at {url}: clerk demo --url http://127.0.0.1:PORT", soft_wrap=True)
        return 1
    console.print("\n  That was the morning. Now it is your turn.")
    return 0


def _at_its_own_window(stage: SandboxClient, tour: Tour) -> None:
    before = stage.window(WINDOW)
    try:
        tour.play()
    finally:
        if before is not None:
            stage.window(before)
