"""The storm: contacts text, agents reply and click, and all the while processes are killed and APIs misbehave."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import httpx
import pika

from messages.queues import dead
from tests.chaos.disturbances import Disturbance, Wiring, standstill
from tests.chaos.script import FAULTS, Deed, Scale, how_long, in_rounds, scripts
from tests.chaos.timed import TimedStorm
from tests.deployment import CHANNEL, LINE, Deployment, Json, Watched, new_contact
from tests.servers import consumers, descendants, end, wait_until

CLICKED: Final = ("ticket.open", "ticket.hide", "ticket.show", "ticket.take")
PATIENCE: Final = 900.0
"""Seconds for which a person tries again."""

EVERY: Final = 1.0
"""Seconds between two reads of the world's state: each gets more expensive as the state grows."""

KILLS: Final = "kills"
RESTARTS: Final = "restarts of RabbitMQ"
DISTURBANCES: Final = "disturbances of wires and processes"
API_FAULTS: Final = "faults of Slack and Twilio"
LEFT_OUT: Final = "faults left out, as two of their kind were waiting for a request"
"""The figures of what went wrong."""

AT_ONCE: Final = 8
"""Conversations that go on at the same time."""

PRESS_AGAIN: Final = 10.0
"""After so many seconds Resend is pressed again: it is refused while the provider may still be at the first call."""

POISON: Final = (b"no json at all", b'{"queue_name":"ingestion","actor_name":"ingestion.receive"}')


class Storm:
    """What a seed makes happen; `figures` counts it, `contacts` says who wrote what."""

    def __init__(
        self,
        clerk: Deployment,
        wiring: Wiring,
        amqp_url: str,
        seed: int,
        scale: Scale,
        restart_broker: Callable[[], None],
        timed: TimedStorm,
    ) -> None:
        self._clerk, self._amqp_url, self._scale, self._restart_broker = clerk, amqp_url, scale, restart_broker
        self._world = Watched(clerk.world, EVERY)
        self._dice = random.Random(seed + 1)
        self._faults = in_rounds(FAULTS, self._dice)
        whole = [clerk.clock, *clerk.workers, *(clerk.gateways if scale.kill_gateway else [])]
        self._victims = in_rounds([*whole, *[None] * 2 * len(whole)], self._dice)
        """Whom to kill: a process that was started here, or, for None, one of those below a worker."""
        self._disturbances = in_rounds(
            [
                *wiring.disturbances(),
                standstill("a process of a worker", self._child),
                standstill("the clock", lambda: clerk.clock.pid),
                standstill("a gateway", lambda: self._dice.choice(clerk.gateways).pid),
            ],
            self._dice,
        )
        self._over = threading.Event()
        self.contacts = {new_contact(): script for script in scripts(seed, scale)}
        self.timed = timed
        self.figures: Counter[str] = Counter()
        self.disturbed: list[tuple[float, float]] = []
        """From when until when something was disturbed, by the machine's clock."""

    def rage(self) -> None:
        """Let everything happen; returns when everybody has done what they had to do, and all processes run again."""
        restart_after = self._scale.kill_every * 5
        with ThreadPoolExecutor(1, "chaos") as breaking, ThreadPoolExecutor(AT_ONCE, "people") as living:
            chaos = breaking.submit(self._break_things, time.monotonic() + restart_after)
            try:
                lives = [living.submit(self._live, contact, script) for contact, script in self.contacts.items()]
                for done in [living.submit(self.timed.live, self._write), *lives]:
                    done.result()
                wait_until(self._was_bad, "enough has gone wrong", PATIENCE)
            finally:
                self._over.set()
                chaos.result()
        self._start_what_ended()

    def _start_what_ended(self) -> None:
        for process in (*self._clerk.gateways, self._clerk.clock, *self._clerk.workers):
            if process.status is not None:
                process.start()

    def _was_bad(self) -> bool:
        wanted = {
            KILLS: self._scale.kills,
            RESTARTS: 1,
            DISTURBANCES: self._scale.disturbances,
        }
        enough = all(self.figures[what] >= count for what, count in wanted.items())
        return enough and not self._faults_left()

    def _faults_left(self) -> int:
        return self._scale.faults - self.figures[API_FAULTS] - self.figures[LEFT_OUT]

    def poison(self) -> None:
        """Put messages into a queue that no actor can handle."""
        connection = pika.BlockingConnection(pika.URLParameters(self._amqp_url))
        channel = connection.channel()
        channel.confirm_delivery()
        for body in POISON:
            channel.basic_publish("", "ingestion", body, mandatory=True)
        connection.close()
        self.figures[dead("ingestion")] = len(POISON)

    # -- what people do ---------------------------------------------------------------------------------------------

    def _live(self, contact: str, script: list[Deed]) -> None:
        root: Json = {}
        for deed in script:
            if deed.kind == "text":
                for _ in range(deed.times):
                    self._text(contact, deed)
                continue
            root = root or wait_until(lambda: self._world.roots(contact), f"a thread of {contact}", PATIENCE, EVERY)[0]
            if deed.kind == "reply":
                self._reply(contact, root, deed)
            else:
                self._click(contact, deed)

    def _text(self, contact: str, deed: Deed) -> None:
        self._write(contact, LINE, deed.words(contact), deed.number)

    def _write(self, contact: str, line: str, words: str, number: int) -> None:
        sid = f"SM{contact[1:]:0>16}{number:016d}"
        asked = {"from": contact, "to": line, "body": words, "sid": sid}
        self._until(lambda: self._world.do("text", **asked)["status"] == 200, "a text is taken")
        self.figures["texts, with repeats"] += 1

    def _reply(self, contact: str, root: Json, deed: Deed) -> None:
        """Written once: what the gateway did not take, Slack sends again by itself."""
        words = deed.words(contact)
        self._world.do("reply", user=deed.by, channel=CHANNEL, thread_ts=root["ts"], text=words)
        self.figures["replies"] += 1
        self._until(lambda: self._taken(words), "a reply's event is taken")

    def _taken(self, words: str) -> bool:
        """Whether the gateway has taken the event of the message with these words."""
        ts = {each["ts"] for each in self._world.messages() if each["text"] == words}
        events = [each for each in self._world.record() if each.get("ids", {}).get("ts") in ts]
        return any(each.get("status") == 200 for each in events)

    def _click(self, contact: str, deed: Deed) -> None:
        cards = [*self._world.cards(contact), *self._world.collapsed(contact)]
        offered = [(card, action) for card in cards for action in CLICKED if f'"{action}"' in _text_of(card)]
        if not offered:
            return
        card, action = offered[(deed.number * 7 + len(deed.by)) % len(offered)]
        asked = {"user": deed.by, "channel": card["channel"], "ts": card["ts"], "action_id": action}
        self._until(lambda: self._world.do("click", **asked)["status"] in {200, 409}, "a click is taken")
        self.figures["clicks"] += 1

    def _until(self, done: Callable[[], bool], what: str) -> None:
        def tried() -> bool:
            with suppress(httpx.HTTPError):
                return done()
            return False

        wait_until(tried, what, PATIENCE, EVERY)

    # -- what goes wrong --------------------------------------------------------------------------------------------

    def _break_things(self, restart_broker_at: float) -> None:
        kill_at = fault_at = disturb_at = time.monotonic()
        restarted, needed = False, 1
        under_way: list[tuple[float, Disturbance]] = []
        while not self._over.wait(0.1):
            now = time.monotonic()
            if now >= fault_at and self._faults_left():
                fault_at = now + self._scale.fault_every
                self._fail_a_request(next(self._faults))
            if now >= kill_at and self.figures[KILLS] < self._scale.kills and self._work() >= needed:
                kill_at = now + self._scale.kill_every
                needed = self._dice.randint(1, len(self._clerk.workers))
                self._kill()
            if now >= disturb_at and self.figures[DISTURBANCES] < self._scale.disturbances:
                disturb_at = now + self._scale.disturb_every
                self._disturb(under_way, now)
            _end_those_over(under_way, now)
            if now >= restart_broker_at and not restarted:
                restarted = True
                self._restart_broker()
                self.figures[RESTARTS] += 1
        _end_those_over(under_way, float("inf"))
        self._clerk.world.no_faults()

    def _fail_a_request(self, fault: Mapping[str, Any]) -> None:
        """Have the next such request fail, unless two will: piled up, faults would fail every request for minutes."""
        waiting = [{name: each[name] for name in fault} for each in self._clerk.world.state()["faults"]]
        if waiting.count(dict(fault)) < 2:
            self._clerk.world.do("faults", **fault)
            self.figures[API_FAULTS] += 1
        else:
            self.figures[LEFT_OUT] += 1

    def _disturb(self, under_way: list[tuple[float, Disturbance]], now: float) -> None:
        """Begin the next disturbance, unless that part has one already."""
        disturbance = next(self._disturbances)
        seconds = how_long(self._scale.longest, self._dice)
        if all(disturbance.part != other.part for _, other in under_way):
            disturbance.begin()
            under_way.append((now + seconds, disturbance))
            self.disturbed.append((time.time(), time.time() + seconds))
            self.figures[DISTURBANCES] += 1
            self.figures[f"  {disturbance.part}: {disturbance.what}"] += 1

    def _work(self) -> int:
        """How many workers have started.

        The dice say how many the next kill awaits: two cores that lost a process whenever one works would do nothing
        else than start them.
        """
        return consumers(self._amqp_url, "ingestion")

    def _child(self) -> int | None:
        """One of the processes below the workers; None if there is none."""
        children = [pid for worker in self._clerk.workers for pid in descendants(worker.pid)]
        return self._dice.choice(children) if children else None

    def _kill(self) -> None:
        """End one process with SIGKILL: a worker's or the interactive worker's (their supervisor starts it again),
        or a gateway, the clock or a whole worker, which are started again here."""
        self._start_what_ended()
        victim, child = next(self._victims), self._child()
        if victim is not None:
            victim.kill()
            victim.start()
        elif child is not None:
            end([child])
        else:
            return
        self.figures[KILLS] += 1


def _end_those_over(under_way: list[tuple[float, Disturbance]], now: float) -> None:
    for until, disturbance in [*under_way]:
        if until <= now:
            disturbance.end()
            under_way.remove((until, disturbance))


def _text_of(card: Json) -> str:
    return json.dumps(card.get("blocks", []))


def resend_unknown(clerk: Deployment, resent: dict[str, str], pressed: dict[str, float]) -> None:
    """Press Resend on each text with an unknown outcome, now and then; `resent` has them by the button.

    `pressed` is when each button was pressed last.
    """
    now = time.monotonic()
    shown = [message for channel in clerk.world.state()["channels"] for message in channel["messages"]]
    for message in shown:
        for block in message.get("blocks", ()):
            for element in block.get("elements", ()):
                if element.get("action_id") == "ticket.resend" and pressed.get(message["ts"], 0.0) + PRESS_AGAIN < now:
                    if clerk.world.press(message, "ticket.resend")["status"] == 409:
                        continue  # it was drawn anew meanwhile
                    pressed[message["ts"]] = now
                    resent[message["ts"]] = json.loads(element["value"])["sms"]
