"""Clerk as it is deployed: gateway, workers and clock as processes, with a real broker and the sandbox's APIs.

Whatever a test does, it does as Twilio, as Slack or as a person there; whatever it asserts, it sees there.
"""

import itertools
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self

import httpx

from tests.commands import Told, clerk_in_process
from tests.servers import PLAIN, Program, answers, free_port, wait_until
from workers.interactive.troubles import CLICK, SUBMIT, TYPE

type Json = dict[str, Any]

LINE = "+15550001111"
CHANNEL = "C0TEXTS"
ASKED_AGAIN = re.compile(f"Please ({'|'.join((CLICK, TYPE, SUBMIT))})")
"""What Clerk says when it was too slow to open a modal."""
TRIES = 30
"""How often a person orders a modal: on a busy machine, Clerk may be too late time and again."""

PATIENT_SLACK = ("--slack-timeout", "60", "--event-retries", "0.5,2,5,10,20,40")
"""Slack waits longer than it does, and repeats events more often: a busy machine loses nothing."""

_numbers = itertools.count(15550200001)


def new_contact() -> str:
    """A phone number that no other test uses."""
    return f"+{next(_numbers)}"


class World:
    """The sandbox as the outside world: its people, phones and channels, by HTTP."""

    def __init__(self, sandbox_url: str) -> None:
        self._url = sandbox_url
        # Keep no idle connection: one thread could close it while another takes it.
        self._http = httpx.Client(
            timeout=120, trust_env=False, verify=PLAIN, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._known: tuple[str, Json] = ("", {})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def twilio(self) -> str:
        """The URL of Twilio's API."""
        return f"{self._url}/twilio"

    def state(self) -> Json:
        """Everything that the stand-ins hold."""
        tag, known = self._known
        answer = self._http.get(f"{self._url}/state", headers={"if-none-match": tag})
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return known
        found: Json = answer.json()
        self._known = (answer.headers["etag"], found)
        return found

    def record(self) -> list[Json]:
        """Every call and webhook, in order."""
        found: list[Json] = self._http.get(f"{self._url}/record").json()
        return found

    def do(self, what: str, **asked: Any) -> Json:
        """Do something as the page would; returns the gateway's answer."""
        answer = self._http.post(f"{self._url}/{what}", json=asked)
        assert answer.status_code < 500, answer.text
        found: Json = answer.json()
        return found

    def content(self, path: str) -> bytes:
        """The bytes of a picture or file as the page shows it."""
        answer = self._http.get(f"{self._url}/{path}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def no_faults(self) -> None:
        """Cancel every fault that was requested."""
        self._http.delete(f"{self._url}/faults").raise_for_status()

    def done(self, what: str, **asked: Any) -> Json:
        """Do something until Clerk takes it, as people do; returns the answer.

        On a busy machine RabbitMQ may confirm later than the gateway waits.
        """

        def answered() -> Json:
            answer = self.do(what, **asked)
            assert answer["status"] not in {400, 409}, f"Slack or Twilio lets nobody do this: {what}: {answer}"
            return answer if answer["status"] < 500 else {}

        return wait_until(answered, f"Clerk takes it: {what}")

    def text(self, contact: str, body: str, **more: Any) -> None:
        """A contact texts the line; the gateway must take it, at the latest when Twilio repeats it."""
        asked = {"from": contact, "to": LINE, "body": body, "sid": f"SM{uuid.uuid4().hex}", **more}
        answer = self.done("text", **asked)
        assert answer["status"] == 200, answer

    def messages(self, channel: str = CHANNEL) -> list[Json]:
        """The messages of a channel or direct message, oldest first."""
        found = next((each for each in self.state()["channels"] if each["id"] == channel), None)
        return sorted(found["messages"], key=lambda each: str(each["ts"])) if found else []

    def cards(self, contact: str, channel: str = CHANNEL) -> list[Json]:
        """A contact's cards in a channel, oldest first."""
        return [each for each in self.messages(channel) if is_card(each) and contact in json.dumps(each["blocks"])]

    def card(self, contact: str, within: float = 60, every: float = 0.05) -> Json:
        """A contact's first card, once it is there."""
        return wait_until(lambda: self.cards(contact), f"a card of {contact}", within, every)[0]

    def roots(self, contact: str, channel: str = CHANNEL) -> list[Json]:
        """What a contact's threads begin with, oldest first. If Slack lost one for a while, cards may be older."""
        ids = re.compile(rf":{re.escape(contact)}/root(-\d+)?")
        return [
            each
            for each in self.messages(channel)
            if ids.search((each.get("metadata") or {}).get("event_payload", {}).get("id", ""))
        ]

    def thread(self, contact: str, channel: str = CHANNEL) -> list[Json]:
        """The replies in a contact's newest thread, oldest first."""
        root = [each["ts"] for each in self.roots(contact, channel)][-1:]
        return [each for each in self.messages(channel) if each.get("thread_ts") in root and each["ts"] not in root]

    def collapsed(self, contact: str, channel: str = CHANNEL) -> list[Json]:
        """A contact's hidden roots."""
        return [
            each
            for each in self.messages(channel)
            if is_one_line(each) and not is_card(each) and contact in json.dumps(each["blocks"])
        ]

    def texts_in_thread(self, contact: str, channel: str = CHANNEL) -> list[str]:
        """The contact's texts in the thread, in order; a post may contain several."""
        return [
            block["text"]["text"]
            for message in self.thread(contact, channel)
            if message.get("bot_id")
            for block in message.get("blocks", ())
            if block["type"] == "section" and block.get("text", {}).get("type") == "plain_text"
        ]

    def click(self, card: Mapping[str, Any], action: str, user: str = "U0ADA", **more: Any) -> Json:
        """A person uses a button of a message; if a newer card of the conversation has the button now, that one's."""
        shown = card

        def answered() -> Json:
            nonlocal shown
            answer = self.press(shown, action, user, **more)
            if answer["status"] == 409:  # Clerk drew the cards anew between the person's look and their click
                newer = [each for each in self._cards_like(card) if action in str(each["blocks"])]
                assert newer, f"no card has {action}: {answer}"
                shown = newer[-1]
            return answer if answer["status"] == 200 else {}

        return wait_until(answered, f"Clerk takes the click: {action}")

    def press(self, message: Mapping[str, Any], action: str, user: str = "U0ADA", **more: Any) -> Json:
        """A person presses a button of this very message once; the answer says whether it was taken."""
        return self.do("click", user=user, channel=message["channel"], ts=message["ts"], action_id=action, **more)

    def _cards_like(self, message: Mapping[str, Any]) -> list[Json]:
        """The cards of a card's conversation in its channel, oldest first; none for what is no card."""
        about = _conversation_of(message) if is_card(message) else ""
        cards = (each for each in self.messages(message["channel"]) if is_card(each))
        return [each for each in cards if about and _conversation_of(each) == about]

    def open_modal(self, card: Mapping[str, Any], user: str = "U0ADA") -> Json:
        """A person clicks Assign, and again if Clerk asks them to; the modal, once it is open."""
        return self.opened(lambda: self.click(card, "ticket.assign", user), "ticket.edit", user)

    def opened(self, order: Callable[[], object], callback_id: str, user: str = "U0ADA") -> Json:
        """A person orders a modal, and again if Clerk asks them to; the modal, once it is open."""
        before = {each["id"] for each in self.state()["views"]}

        def new() -> list[Json]:
            found = [each for each in self.state()["views"] if each["user"] == user and each["id"] not in before]
            return [each for each in found if each["callback_id"] == callback_id]

        def answered(heard: int) -> bool:
            return bool(new()) or any(ASKED_AGAIN.search(each) for each in self.whispers(user)[heard:])

        for _ in range(TRIES):  # a busy machine may take longer than Clerk waits for MongoDB, or Slack for Clerk
            heard = len(self.whispers(user))
            order()
            wait_until(partial(answered, heard), f"an open modal {callback_id}, or a wish for another try", 20)
            if found := new():
                return dict(found[-1])
        raise AssertionError(f"no modal {callback_id} was opened: {self.whispers(user)}")

    def view(self, callback_id: str, user: str = "U0ADA") -> Json:
        """A person's newest modal of a kind, once it shows what it is to show."""

        def look() -> list[Json]:
            views = [each for each in self.state()["views"] if each["user"] == user]
            return [each for each in views if each["callback_id"] == callback_id]

        return wait_until(look, f"a modal {callback_id}", 20)[-1]

    def submit(self, view: Mapping[str, Any], user: str = "U0ADA", **values: Any) -> Json:
        """A person submits a modal, having changed these inputs."""
        return self.done("submit", user=user, view_id=view["id"], values=values)

    def assign(self, contact: str, user: str = "U0ADA", **values: Any) -> None:
        """A person sets fields of a contact's ticket through the modal."""
        answer = self.submit(self.open_modal(self.cards(contact)[-1], user), user, **values)
        assert (answer["status"], answer["body"]) == (200, ""), answer

    def whispers(self, user: str) -> list[str]:
        """The texts of the messages that only this person can see."""
        return [each["text"] for each in self.state()["ephemerals"] if each["user"] == user]

    def violations(self) -> list[Json]:
        """The malformed requests that the stand-ins refused."""
        found: list[Json] = self.state()["violations"]
        return found


class Still(World):
    """The state of a world at one moment, however often it is read."""

    def __init__(self, world: World) -> None:
        vars(self).update(vars(world))
        self._state = world.state()

    def state(self) -> Json:
        """Everything that the stand-ins held then."""
        return self._state


class Watched(World):
    """A world that many threads read at once: its state is fetched for all of them, every few seconds."""

    def __init__(self, world: World, every: float) -> None:
        vars(self).update(vars(world))
        self._every = every
        self._seen: dict[str, tuple[float, Any]] = {}
        self._looking = threading.Lock()

    def state(self) -> Json:
        """Everything that the stand-ins held a moment ago."""
        found: Json = self._look("state", super().state)
        return found

    def record(self) -> list[Json]:
        """Every call and webhook until a moment ago, in order."""
        found: list[Json] = self._look("record", super().record)
        return found

    def _look(self, what: str, fetch: Callable[[], Any]) -> Any:
        with self._looking:
            if what not in self._seen or time.monotonic() - self._seen[what][0] >= self._every:
                self._seen[what] = time.monotonic(), fetch()
            return self._seen[what][1]


def is_card(message: Mapping[str, Any]) -> bool:
    """Whether a message is a card that is not hidden: a whole one, or a root that a newer card has made one line."""
    return "ticket.assign" in json.dumps(message.get("blocks", []))


def _conversation_of(message: Mapping[str, Any]) -> str:
    """The conversation that one of Clerk's messages names; blank for others."""
    return str((message.get("metadata") or {}).get("event_payload", {}).get("id", "")).partition("/")[0]


def is_one_line(message: Mapping[str, Any]) -> bool:
    """Whether a message is a root that is one line."""
    return "ticket.show" in json.dumps(message.get("blocks", []))


def field(card: Mapping[str, Any], name: str) -> str:
    """What a card shows under a field's title, without markup."""
    for block in card["blocks"]:
        for each in block.get("fields", ()):
            title, _, value = each["text"].partition("\n")
            if title.strip("*") == name:
                return str(value)
    raise AssertionError(f"the card has no field {name}")


class Deployment:
    """Sandbox, gateways, workers and clock on their own ports; `world` is the outside.

    `balancer` makes of the URLs of several gateways the one that Slack and Twilio know.
    """

    def __init__(
        self,
        name: str,
        amqp_url: str,
        mongo_url: str,
        workers: int = 1,
        flags: Sequence[str] = PATIENT_SLACK,
        sandbox_port: int | None = None,
        gateways: int = 1,
        balancer: Callable[..., str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        sandbox_port, gateway_ports = sandbox_port or free_port(), [free_port() for _ in range(gateways)]
        urls = [f"http://127.0.0.1:{port}" for port in gateway_ports]
        self.gateway_url = urls[0]
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}/sandbox"
        public = self.gateway_url
        if balancer is not None:
            public = balancer(*urls)
        self.environment = {
            "CLERK_SANDBOX": "1",
            "CLERK_AMQP_URL": amqp_url,
            "CLERK_MONGO_URL": mongo_url,
            "CLERK_PORT": str(gateway_ports[0]),
            "CLERK_SLACK_API_URL": f"{self.sandbox_url}/slack/api/",
            "CLERK_TWILIO_API_URL": f"{self.sandbox_url}/twilio",
            "CLERK_LINES": f"{LINE}={CHANNEL}",
            "CLERK_CLOCK_SECONDS": "3",
            "CLERK_RECONCILE_SECONDS": "4",
            "CLERK_DEBOUNCE_SECONDS": "2",
            "CLERK_DEBOUNCE_CAP_SECONDS": "6",
            "CLERK_LOG_FORMAT": "json",
            "CLERK_OPS_TOKEN": "test-ops-token",
            **({} if balancer is None else {"CLERK_PUBLIC_URL": public}),
            **(settings or {}),
        }
        self.sandbox = self._process(
            f"{name}-sandbox", ["-m", "sandbox", "--port", str(sandbox_port), "--gateway", public, *flags]
        )
        self.gateways = [
            self._process(f"{name}-gateway-{number}", ["-m", "ops", "gateway"], CLERK_PORT=str(port))
            for number, port in enumerate(gateway_ports)
        ]
        self.gateway = self.gateways[0]
        self.workers = [
            self._process(f"{name}-worker-{number}", ["-m", "ops", "worker", "--processes", "1"])
            for number in range(workers)
        ]
        self.clock = self._process(f"{name}-clock", ["-m", "ops", "clock"])
        self.world = World(self.sandbox_url)

    def _process(self, name: str, arguments: Sequence[str], **more: str) -> Program:
        process = Program(name, list(arguments), {**self.environment, **more})
        process.log.unlink(missing_ok=True)
        return process

    @property
    def processes(self) -> list[Program]:
        """All processes, the sandbox first."""
        return [self.sandbox, *self.gateways, *self.workers, self.clock]

    def __enter__(self) -> Self:
        try:
            for process in self.processes:
                process.start()
            wait_until(lambda: answers(f"{self.sandbox_url}/state"), "the sandbox serves", 60)
            wait_until(lambda: answers(f"{self.gateway_url}/readyz"), "the gateway is ready", 60)
            for worker in self.workers:
                self.wait_for_worker(worker)
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_for_worker(self, worker: Program, times: int = 1) -> None:
        """Return once a worker's processes have begun to consume, for the `times`-th time."""
        wait_until(lambda: worker.output().count('"consuming"') >= 2 * times, f"{worker.name} consumes", 90)

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.stop()
        self.world.close()


def clerk_command(clerk: Deployment, *arguments: str) -> Told:
    """Run a `clerk` command against a deployment, in this process."""
    return clerk_in_process(clerk.environment, *arguments)
