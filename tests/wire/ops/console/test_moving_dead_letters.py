"""What an operator sees of dead letters while they are moved, and on every page at every width."""

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from messages.answering import AutoReplies
from messages.queues import QUEUES
from ops.queues.broker import Page, QueueState, Report, Snapshot, Tally
from ops.queues.letters import Letter, Selection
from tests import make
from tests.servers import PLAIN, wait_until
from tests.wire.ops.helpers import TOKEN, console
from workers.mongo import Stores

DIED = datetime(2026, 5, 5, 12, tzinfo=UTC)


def dead(number: int) -> Letter:
    at = DIED + timedelta(seconds=number)
    return Letter(queue="slack.XQ", id=f"letter-{number}", actor="slack.render", reason="gone", died_at=at, payload={})


@dataclass
class GuardedQueues:
    """Queues in memory whose replays wait for `go`, and which nobody can read meanwhile."""

    letters: list[Letter] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    reads: int = 0
    moving: bool = False

    def snapshot(self) -> Snapshot:
        queues = tuple(
            QueueState(name=name, dead=len(self.letters) if name == "slack" else 0, delayed=7, consumers=1)
            for name in QUEUES
        )
        return Snapshot(at=datetime.now(UTC), source="a test", queues=queues)

    def peek(self, queue: str, limit: int) -> Sequence[Letter]:
        return []

    def dead(self, selection: Selection, skip: int, limit: int, scan: int) -> Page:
        assert not self.moving, "a run holds the dead letters"
        self.reads += 1
        found = [each for each in self.letters if selection.matches(each, datetime.now(UTC))]
        return Page(letters=tuple(found), scanned=len(found), total=len(self.letters), more=False)

    def rehearse(self, selection: Selection, report: Report) -> Tally:
        return Tally()

    def replay(self, selection: Selection, report: Report) -> Tally:
        self.moving = True
        tally = Tally(total=len(self.letters))
        report(tally)
        assert self.go.wait(60)
        chosen = [each for each in self.letters if selection.matches(each, datetime.now(UTC))]
        self.letters = [each for each in self.letters if each not in chosen]
        self.moving = False
        return tally.model_copy(update={"scanned": tally.total, "done": len(chosen)})

    def drop(self, selection: Selection, report: Report) -> Tally:
        return self.replay(selection, report)


@pytest.fixture
def guarded() -> Iterator[GuardedQueues]:
    guarded = GuardedQueues([dead(number) for number in range(1, 4)])
    yield guarded
    guarded.go.set()


@pytest.fixture
def operator(mongo_url: str, guarded: GuardedQueues) -> Iterator[httpx.Client]:
    with (
        console(None, mongo_url, guarded) as address,
        httpx.Client(base_url=f"{address}/ops", timeout=60, trust_env=False, verify=PLAIN) as client,
    ):
        client.post("/sign-in", data={"token": TOKEN})
        yield client


def fields(client: httpx.Client) -> dict[str, str]:
    """The hidden fields of the form around the dead letters."""
    form = client.get("/dead").text.partition('id="letters"')[2]
    return dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', form))


def test_a_replay_shows_how_far_it_is_from_the_first_moment(operator: httpx.Client, guarded: GuardedQueues) -> None:
    given = fields(operator)
    assert operator.post("/dead/replay", data={**given, "all": "1"}).status_code == 303
    shown = operator.get("/dead").text
    assert "0 of 3 replayed" in shown
    assert '<progress aria-label="Progress" max="3" value="0">' in shown
    assert "listed again when this is over" in shown
    assert operator.get("/trace/letter-1").status_code == 200
    assert operator.get("/dead/letter-1").status_code == 200
    guarded.go.set()
    wait_until(lambda: "Working" not in operator.get("/dead").text, "the replay ends")
    shown = operator.get("/dead").text
    assert "3 of 3 replayed" in shown
    assert "No dead letters." in shown


def test_all_are_those_that_were_seen_and_no_later_ones(operator: httpx.Client, guarded: GuardedQueues) -> None:
    guarded.go.set()
    given = fields(operator)
    assert given["count"] == "3"
    guarded.letters.append(dead(9))
    operator.post("/dead/replay", data={**given, "all": "1"})
    wait_until(lambda: "Working" not in operator.get("/dead").text, "the replay ends")
    assert [each.id for each in guarded.letters] == ["letter-9"]
    assert "3 of 3 replayed" in operator.get("/dead").text


def test_nothing_selected_leads_back_and_says_what_to_do(operator: httpx.Client) -> None:
    answer = operator.post("/dead/drop", data={**fields(operator), "reason": "gone"})
    assert answer.status_code == 303
    page = operator.get(answer.headers["location"].removeprefix("/ops")).text
    assert "Select some dead letters first" in page
    assert 'value="gone"' in page
    assert "letter-1" in page


def test_the_list_is_read_again_when_the_queues_count_others(operator: httpx.Client, guarded: GuardedQueues) -> None:
    assert "3 in total" in operator.get("/dead").text
    before = guarded.reads
    guarded.letters.append(dead(9))
    wait_until(lambda: "4 in total" in operator.get("/dead").text, "the page shows the new dead letter", 25)
    assert guarded.reads == before + 1


def test_the_earliest_death_is_first_as_on_the_command_line(operator: httpx.Client) -> None:
    assert re.findall(r'name="id" value="([^"]+)"', operator.get("/dead").text) == ["letter-1", "letter-2", "letter-3"]


def test_a_queue_whose_messages_workers_hold_is_not_called_empty(operator: httpx.Client) -> None:
    assert "Workers hold 7 of its messages until they are due" in operator.get("/queues/slack.DQ").text


@pytest.mark.parametrize("path", ["/nothing", "/dead/replay", "/queues/a/b", "/static/none.css", "/%00"])
def test_a_page_that_is_not_there_has_the_way_to_those_that_are(operator: httpx.Client, path: str) -> None:
    answer = operator.get(path)
    assert answer.status_code == 404
    assert 'aria-label="Console"' in answer.text


def test_who_opens_the_bare_address_is_led_to_a_page(operator: httpx.Client) -> None:
    answer = operator.get(operator.base_url.copy_with(path="/"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/ops")


def test_the_api_answers_in_json_what_it_does_not_have(operator: httpx.Client) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert operator.get("/api/nothing", headers=headers).json() == {"error": "Not Found"}
    wrong = operator.get("/api/dead/drop", headers=headers)
    assert (wrong.status_code, wrong.json()) == (405, {"error": "Method Not Allowed"})


def test_what_the_sign_in_form_says_once_is_not_said_again(operator: httpx.Client) -> None:
    operator.cookies.clear()
    assert 'name="after" value="/ops/tickets?status=open"' in operator.get("/tickets?status=open&wrong=1").text


async def fill(mongo_url: str) -> None:
    async with Stores.opened(mongo_url) as stores:
        await stores.lines.add(make.line(name="North", auto_replies=AutoReplies(closed="{line} is back {opens}.")))
        await stores.contacts.ensure(make.CONTACT, make.NOW)
        await stores.contacts.set_name(make.CONTACT, "Ann", make.NOW)
        await stores.tickets.add(make.ticket())


def test_what_a_line_answers_by_itself_is_shown_as_contacts_get_it(operator: httpx.Client, mongo_url: str) -> None:
    asyncio.run(fill(mongo_url))
    page = operator.get("/lines").text
    assert "North answers by itself" in page
    assert "North is back tomorrow at 9:00." in page
    assert "(1 segment, GSM-7)" in page


@pytest.mark.parametrize("path", ["/dead", "/queues", "/tickets", "/lines"])
def test_every_cell_says_of_which_column_it_is(operator: httpx.Client, mongo_url: str, path: str) -> None:
    asyncio.run(fill(mongo_url))
    table = re.search(r'<table class="[^"]*rows.*?</table>', operator.get(path).text, re.DOTALL)
    assert table is not None
    columns = re.findall(r"<th[^>]*>(.*?)</th>", table[0].partition("</thead>")[0], re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table[0].partition("<tbody>")[2], re.DOTALL)
    assert rows
    for row in rows:
        cells = re.findall(r"<t[dh]([^>]*)>", row)
        labels = [re.findall(r'data-label="([^"]+)"', cell) for cell in cells]
        assert [label for some in labels[1:] for label in some] == columns[1:], row
