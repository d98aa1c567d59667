"""What agents write in a thread reaches the contact, once and in order; notes never do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.deployment import CHANNEL, LINE, Deployment, World, field, new_contact
from tests.servers import Server, database, empty, wait_until
from tests.system.test_ops import clerk_command

BUTTONS_LINE, BUTTONS_CHANNEL = "+15550003333", "C0GENERAL"


def sent(world: World, contact: str, line: str = LINE) -> list[str]:
    """The texts that the provider has from a line to a contact, oldest first."""
    texts = [each for each in world.state()["texts"] if each["to"] == contact and each["from"] == line]
    return [each["body"] for each in texts]


def reply(world: World, card: dict[str, Any], text: str, user: str = "U0ADA", **more: Any) -> None:
    """A person writes in a card's thread."""
    answer = world.do("reply", user=user, channel=card["channel"], thread_ts=card["ts"], text=text, **more)
    assert answer["status"] == 200, answer


def marks(world: World, text: str, channel: str = CHANNEL) -> list[str]:
    """Our reactions on the newest message with this text."""
    found = [each for each in world.messages(channel) if each["text"] == text and not each.get("bot_id")]
    return [each["name"] for each in found[-1].get("reactions", ())] if found else []


def conversation(world: World) -> tuple[str, dict[str, Any]]:
    """A new contact, and the card that is the root of the thread."""
    contact = new_contact()
    world.text(contact, "hello")
    return contact, world.card(contact)


def test_a_reply_reaches_the_contact_and_its_mark_says_delivered(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "On our way")
    wait_until(lambda: marks(world, "On our way") == ["white_check_mark"], "delivered")
    assert sent(world, contact) == ["On our way"]
    card = wait_until(lambda: [c for c in world.cards(contact) if field(c, "Status") == "Open"], "Open")[0]
    assert field(card, "On it") == "<@U0ADA>"
    assert world.violations() == []


def test_ten_replies_to_each_of_five_contacts_go_out_once_each_and_in_order(world: World) -> None:
    talks = [conversation(world) for _ in range(5)]
    expected = [f"reply {number}" for number in range(10)]

    def answer(card: dict[str, Any]) -> None:
        for text in expected:
            reply(world, card, text)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(answer, [card for _, card in talks]))
    for contact, _ in talks:
        wait_until(lambda contact=contact: len(sent(world, contact)) >= 10, "all replies", 60)  # type: ignore[misc]
        assert sent(world, contact) == expected


@pytest.mark.parametrize("note", ["// ask ben", "note: ask ben", "  NOTE: ask ben", "Note : ask ben", "*//* ask ben"])
def test_a_note_reaches_no_contact_and_stands_on_the_ticket(world: World, note: str) -> None:
    contact, card = conversation(world)
    reply(world, card, note)
    wait_until(lambda: "memo" in marks(world, note), "the note's mark")
    reply(world, card, f"{note}, to all", broadcast=True)
    reply(world, card, "On our way")
    wait_until(lambda: sent(world, contact), "the reply")
    view = wait_until(lambda: world.open_modal(card), "a modal")
    assert "ask ben" in str(view["blocks"])
    assert sent(world, contact) == ["On our way"]


def test_markup_arrives_as_a_person_would_have_typed_it(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, ":wave: *see* <https://example.org|this> & <@U0BEN>")
    text = wait_until(lambda: sent(world, contact), "the reply")[0]
    assert text.startswith("👋 see this (https://example.org) & ")
    assert "U0BEN" not in text
    assert "someone" not in text


def test_after_stop_a_reply_is_refused_with_a_reason_and_after_start_it_is_sent(world: World) -> None:
    contact, card = conversation(world)
    world.text(contact, "STOP")
    wait_until(lambda: any("opted out" in each["text"] for each in world.thread(contact)), "a line about STOP")
    reply(world, card, "Are you sure?")
    wait_until(lambda: marks(world, "Are you sure?") == ["x"], "refused")
    assert any("Not sent" in each["text"] for each in world.thread(contact))
    world.text(contact, "START")
    wait_until(lambda: any("opted in" in each["text"] for each in world.thread(contact)), "a line about START")
    reply(world, card, "Welcome back")
    wait_until(lambda: "Welcome back" in sent(world, contact), "sent")
    assert "Are you sure?" not in sent(world, contact)


def test_a_text_that_is_too_long_is_refused_in_words(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "x" * 1601)
    wait_until(lambda: any("1,601" in each["text"] for each in world.thread(contact)), "the reason")
    assert sent(world, contact) == []


def test_a_text_that_fails_says_in_the_thread_what_to_do(world: World) -> None:
    contact, card = conversation(world)
    world.do("handling", number=contact, fail_times=1, fail_code=30005)
    reply(world, card, "Hello?")
    wait_until(lambda: marks(world, "Hello?") == ["x"], "failed")
    assert any("no longer in service" in each["text"] for each in world.thread(contact))


def test_reports_twice_and_in_the_wrong_order_end_in_delivered(world: World) -> None:
    contact, card = conversation(world)
    world.do("handling", number=contact, twice=True, shuffled=True)
    reply(world, card, "All good")
    wait_until(lambda: marks(world, "All good") == ["white_check_mark"], "delivered")
    assert sent(world, contact) == ["All good"]


def test_a_text_whose_answer_never_came_is_found_and_not_sent_again(world: World) -> None:
    contact, card = conversation(world)
    world.do("faults", api="twilio", method="messages.create", channel=contact, kind="drop")
    reply(world, card, "Once only")
    reply(world, card, "And then this")
    wait_until(lambda: sent(world, contact)[1:], "the next reply", 40)
    assert sent(world, contact) == ["Once only", "And then this"]
    wait_until(lambda: marks(world, "Once only") == ["white_check_mark"], "delivered")


def test_a_reply_after_closed_is_sent_and_begins_a_new_ticket(world: World) -> None:
    contact, card = conversation(world)
    world.assign(contact, status="closed")
    wait_until(lambda: field(world.cards(contact)[0], "Status") == "Closed", "Closed")
    reply(world, card, "One more thing")
    wait_until(lambda: sent(world, contact) == ["One more thing"], "sent")
    card = wait_until(lambda: [c for c in world.cards(contact) if field(c, "Status") == "Open"], "a new ticket")[0]
    assert "follows #" in str(card["blocks"])


def test_a_reply_cancels_the_pending_notification(world: World) -> None:
    contact, card = conversation(world)
    world.text(contact, "are you there?")
    wait_until(lambda: len(world.texts_in_thread(contact)) == 2, "both texts in the thread")
    reply(world, card, "We are")
    other, _ = conversation(world)
    world.text(other, "two")
    wait_until(lambda: len(world.cards(other)) == 2, "a conversation nobody answered is announced")
    assert len(world.cards(contact)) == 1


@pytest.fixture(scope="module")
def alone(rabbit: Server, mongo: Server) -> Iterator[Deployment]:
    """Clerk with one worker, which a test may kill, and a line where nothing in the thread is sent."""
    empty(rabbit.url)
    lines = f"{LINE}={CHANNEL},{BUTTONS_LINE}={BUTTONS_CHANNEL}"
    with Deployment("both-ways", rabbit.url, database(mongo.url, "both_ways"), CLERK_LINES=lines) as deployment:
        yield deployment


def test_on_a_buttons_only_line_nothing_in_the_thread_is_sent(alone: Deployment) -> None:
    world = alone.world
    clerk_command(alone, "lines", "set", BUTTONS_LINE, "--reply-mode", "buttons")
    contact = new_contact()
    world.text(contact, "hello", to=BUTTONS_LINE)
    card = wait_until(lambda: world.cards(contact, BUTTONS_CHANNEL), "a card")[0]
    reply(world, card, "For us alone")
    wait_until(lambda: any("not sent" in said for said in world.whispers("U0ADA")), "a word to ada")
    reply(world, card, "And this too", broadcast=True)
    reply(world, card, "// and a note")
    wait_until(lambda: "memo" in marks(world, "// and a note", BUTTONS_CHANNEL), "the note's mark")
    assert len(world.whispers("U0ADA")) == 1
    assert sent(world, contact, BUTTONS_LINE) == []


def test_a_worker_killed_between_the_providers_answer_and_our_write_does_not_send_again(alone: Deployment) -> None:
    world, worker = alone.world, alone.workers[0]
    contact, card = conversation(world)
    world.do("faults", api="twilio", method="messages.create", channel=contact, kind="drop")
    reply(world, card, "Once only")
    wait_until(lambda: sent(world, contact), "the provider has it")
    worker.kill()
    worker.start()
    wait_until(lambda: marks(world, "Once only") == ["white_check_mark"], "delivered", 60)
    reply(world, card, "And then this")
    wait_until(lambda: sent(world, contact)[1:], "the next reply", 60)
    assert sent(world, contact) == ["Once only", "And then this"]
