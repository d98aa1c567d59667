"""Dead letters on the real broker: listing leaves everything in place, moving loses and duplicates nothing."""

import json
import signal
import subprocess
import sys
import threading
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pytest

from messages.queues import QUEUES, dead, declarations
from ops.broker import LAYOUT
from ops.queues.amqp import Amqp
from ops.queues.broker import BrokerAway, Tally
from ops.queues.letters import Selection
from tests.commands import clerk_in_process
from tests.servers import ROOT, depths, wait_until

ALL = 1_000_000


@pytest.fixture
def queues(amqp_url: str) -> Iterator[str]:
    """A broker with all queues, empty, while no worker runs."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
    channel = connection.channel()
    for queue in QUEUES:
        for name, arguments in declarations(queue).items():
            channel.queue_declare(name, durable=True, arguments=arguments)
    connection.close()
    yield amqp_url


def put(url: str, queue: str, *bodies: bytes) -> None:
    """Put bodies into a queue, persistent and confirmed as a whole."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    before = channel.queue_declare(queue, passive=True).method.message_count
    for body in bodies:
        channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2))
    wait_until(
        lambda: channel.queue_declare(queue, passive=True).method.message_count == before + len(bodies), "all put", 60
    )
    connection.close()


def letter(number: int = 0, **more: Any) -> bytes:
    died = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000) + number
    return json.dumps(
        {
            "queue_name": "slack",
            "actor_name": "slack.render",
            "args": [],
            "kwargs": {"message": {"conversation": "+15550001111:+15550200001"}},
            "options": {"reason": "Permanent: is_archived", "died_at": died, "retries": 3, "correlation_id": "cause"},
            "message_id": str(uuid.UUID(int=number)),
            "message_timestamp": died - 5000,
            **more,
        }
    ).encode()


def go_on(_: Tally) -> bool:
    return True


def ids(url: str, queue: str) -> list[str]:
    return [each.id for each in Amqp(url, LAYOUT).peek(queue, ALL)]


def test_listing_dead_letters_leaves_them_in_place_and_in_order(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(1200)))
    before = ids(queues, "slack.XQ")
    page = Amqp(queues, LAYOUT).dead(Selection(), 10, 5, ALL)
    assert [each.id for each in page.letters] == [str(uuid.UUID(int=number)) for number in range(10, 15)]
    assert (page.scanned, page.total, page.more) == (1200, 1200, False)
    assert ids(queues, "slack.XQ") == before == [str(uuid.UUID(int=number)) for number in range(1200)]


def test_a_list_of_many_is_limited_and_says_so(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(1200)))
    page = Amqp(queues, LAYOUT).dead(Selection(), 0, 5, 700)
    assert (len(page.letters), page.scanned, page.total, page.more) == (5, 700, 1200, True)


def test_a_search_for_ids_ends_when_all_are_found_and_leaves_everything_in_order(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(1200)))
    wanted = tuple(str(uuid.UUID(int=number)) for number in (600, 4))
    page = Amqp(queues, LAYOUT).dead(Selection(ids=wanted), 0, 5, ALL)
    assert [each.id for each in page.letters] == [wanted[1], wanted[0]]
    assert (page.scanned, page.total) == (601, 1200)
    assert ids(queues, "slack.XQ") == [str(uuid.UUID(int=number)) for number in range(1200)]


def test_a_replayed_dead_letter_is_in_its_work_queue_with_its_id_and_without_its_failure(queues: str) -> None:
    put(queues, "slack.XQ", letter(7))
    tally = Amqp(queues, LAYOUT).replay(Selection(), go_on)
    assert (tally.done, tally.total, tally.missing) == (1, 1, ())
    (again,) = Amqp(queues, LAYOUT).peek("slack", 5)
    assert (again.id, again.correlation_id) == (str(uuid.UUID(int=7)), "cause")
    assert (again.attempts, again.reason) == (0, None)
    assert depths(queues)["slack.XQ"] == 0


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_only_the_selected_dead_letters_are_moved_and_missing_ones_are_named(queues: str, verb: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(3)))
    wanted = (str(uuid.UUID(int=1)), "nowhere")
    run: Callable[..., Tally] = getattr(Amqp(queues, LAYOUT), verb)
    tally = run(Selection(ids=wanted), go_on)
    assert (tally.done, tally.missing) == (1, ("nowhere",))
    assert ids(queues, "slack.XQ") == [str(uuid.UUID(int=number)) for number in (0, 2)]
    assert len(ids(queues, "slack")) == (1 if verb == "replay" else 0)


def test_a_message_that_no_actor_can_read_stays_until_it_is_dropped(queues: str) -> None:
    put(queues, "slack.XQ", b"\xff not json", b'{"actor_name": 5}', letter(1))
    amqp = Amqp(queues, LAYOUT)
    tally = amqp.replay(Selection(), go_on)
    assert (tally.done, tally.unreplayable) == (1, 2)
    assert depths(queues)["slack.XQ"] == 2
    unread = amqp.dead(Selection(), 0, 5, ALL).letters
    assert [amqp.drop(Selection(ids=(each.id,)), go_on).done for each in unread] == [1, 1]
    assert depths(queues)["slack.XQ"] == 0


def test_a_dry_run_counts_what_would_be_moved_and_moves_nothing(queues: str) -> None:
    put(queues, "slack.XQ", b"\xff not json", *map(letter, range(1100)))
    before = ids(queues, "slack.XQ")
    tally = Amqp(queues, LAYOUT).rehearse(Selection(), go_on)
    assert (tally.scanned, tally.done, tally.unreplayable) == (1101, 1100, 1)
    wanted = (str(uuid.UUID(int=1)), "nowhere")
    tally = Amqp(queues, LAYOUT).rehearse(Selection(ids=wanted), go_on)
    assert (tally.done, tally.missing) == (1, ("nowhere",))
    assert ids(queues, "slack.XQ") == before
    assert depths(queues)["slack"] == 0


@pytest.mark.parametrize(("command", "counts"), [("replay", (2, 1, 1)), ("drop", (3, 0, 0))])
def test_the_command_with_dry_run_says_what_it_would_do(
    queues: str, command: str, counts: tuple[int, int, int]
) -> None:
    put(queues, "slack.XQ", b"\xff not json", letter(1), letter(2))
    everything = ["--all"] if command == "drop" else []
    done = clerk_in_process({"CLERK_AMQP_URL": queues}, "dead", command, *everything, "--dry-run", "--json")
    tally = Tally.model_validate_json(done.stdout)
    assert (tally.done, tally.unreplayable, done.returncode) == counts
    assert depths(queues)["slack.XQ"] == 3


def test_a_run_stops_between_two_messages_and_continues_from_there(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(20)))
    amqp = Amqp(queues, LAYOUT)
    tally = amqp.replay(Selection(), lambda tally: tally.done < 8)
    assert (tally.done, tally.stopped) == (8, True)
    assert (depths(queues)["slack"], depths(queues)["slack.XQ"]) == (8, 12)
    assert amqp.replay(Selection(), go_on).done == 12
    assert sorted(ids(queues, "slack")) == [str(uuid.UUID(int=number)) for number in range(20)]


def test_a_replay_that_is_killed_repeatedly_loses_and_duplicates_nothing(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(3000)))
    code = (
        "from ops.broker import LAYOUT\nfrom ops.queues.amqp import Amqp\nfrom ops.queues.letters import Selection\n"
        "def report(tally):\n    print(tally.done, flush=True)\n    return True\n"
        f"Amqp({queues!r}, LAYOUT).replay(Selection(), report)"
    )
    kills, finished = 0, False
    while not finished:
        run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert run.stdout is not None
        for line in run.stdout:
            # A different place in the middle of a batch each time.
            if kills < 6 and int(line) >= 137 * (kills + 1):
                run.send_signal(signal.SIGKILL)
                kills += 1
                break
        run.stdout.close()
        finished = run.wait(60) == 0
    assert kills == 6
    found = ids(queues, "slack")
    assert len(found) == len(set(found)) == 3000
    assert depths(queues)["slack.XQ"] == 0


def test_only_one_command_at_a_time_moves_dead_letters(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(4)))
    started, go = threading.Event(), threading.Event()

    def report(_: Tally) -> bool:
        started.set()
        return go.wait(20)

    first = threading.Thread(target=Amqp(queues, LAYOUT).replay, args=(Selection(), report))
    first.start()
    assert started.wait(20)
    with pytest.raises(BrokerAway, match="Another command"):
        Amqp(queues, LAYOUT, patience=timedelta(seconds=0.2)).dead(Selection(), 0, 5, ALL)
    second: list[int] = []
    waiting = threading.Thread(target=lambda: second.append(Amqp(queues, LAYOUT).dead(Selection(), 0, 5, ALL).total))
    waiting.start()
    go.set()
    first.join(20)
    waiting.join(20)
    assert second == [0]


def test_ten_thousand_dead_letters_are_listed_in_little_memory(queues: str) -> None:
    put(queues, "slack.XQ", *map(letter, range(10_000)))
    tracemalloc.start()
    page = Amqp(queues, LAYOUT).dead(Selection(), 0, 50, ALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(page.letters), page.total) == (50, 10_000)
    assert peak < 20_000_000


def test_a_missing_or_different_queue_is_named(queues: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(queues))
    channel = connection.channel()
    channel.queue_delete("sms.DQ")
    channel.queue_delete("slack")
    channel.queue_declare("slack", durable=True)
    connection.close()
    faults = Amqp(queues, LAYOUT).faults()
    assert len(faults) == 2
    assert faults[0].startswith("slack was declared differently")
    assert faults[1] == "sms.DQ is missing"


def test_the_commands_explain_that_the_broker_is_away() -> None:
    with pytest.raises(BrokerAway, match=r"RabbitMQ at 127\.0\.0\.1:1 is away"):
        Amqp("amqp://guest:guest@127.0.0.1:1/", LAYOUT).states()


def test_depths_and_consumers_are_shown(queues: str) -> None:
    put(queues, "slack", letter(1), letter(2))
    put(queues, dead("sms"), letter(3))
    states = {each.name: each for each in Amqp(queues, LAYOUT).states()}
    assert (states["slack"].ready, states["slack"].consumers, states["sms"].dead) == (2, 0, 1)
    assert states["slack"].held is None
