"""What agents write in a thread reaches the contact, once and in order; notes never do."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.deployment import CHANNEL, Deployment, World, clerk_command, field, new_contact
from tests.servers import wait_until
from tests.system.helpers import PatientLine, conversation, marks, reply, said_in_thread, sent
from workers.sms.attempt import RESEND_AFTER

BUTTONS_LINE, BUTTONS_CHANNEL = "+15550003333", "C0GENERAL"
PICTURE = {"name": "roof.png", "data": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()}


def edit(world: World, channel: str, text: str, to: str, user: str = "U0ADA") -> str:
    """A person edits the newest message that has this text. Returns the message's ts."""
    ts = str(next(each for each in reversed(world.messages(channel)) if each["text"] == text)["ts"])
    assert world.do("edit", user=user, channel=channel, ts=ts, text=to)["status"] == 200
    return ts


def whispers(world: World, user: str) -> list[str]:
    """The private messages to a person about edits and deletions."""
    return [said for said in world.whispers(user) if "already" in said]


def test_a_reply_reaches_the_contact_and_is_marked_delivered(world: World) -> None:
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
        wait_until(lambda contact=contact: len(sent(world, contact)) >= 10, "all replies", 150)  # type: ignore[misc]
        assert sent(world, contact) == expected


@pytest.mark.parametrize("note", ["// ask ben", "note: ask ben", "  NOTE: ask ben", "Note : ask ben", "*//* ask ben"])
def test_a_note_reaches_no_contact_and_is_kept_on_the_ticket(world: World, note: str) -> None:
    contact, card = conversation(world)
    reply(world, card, note)
    wait_until(lambda: "memo" in marks(world, note), "the note's mark")
    reply(world, card, f"{note}, to all", broadcast=True)
    reply(world, card, "On our way")
    wait_until(lambda: sent(world, contact), "the reply")
    wait_until(lambda: "ask ben" in str(world.open_modal(card)["blocks"]), "the note on the ticket", every=0.5)
    assert sent(world, contact) == ["On our way"]


def test_slack_markup_arrives_as_plain_text(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, ":wave: *look* <https://example.org|see this> & <@U0BEN>")
    assert wait_until(lambda: sent(world, contact), "the reply") == ["👋 look see this (https://example.org) & Ben"]


def test_a_reply_is_refused_with_a_reason_after_stop_and_sent_after_start(world: World) -> None:
    contact, card = conversation(world)
    world.text(contact, "STOP")
    wait_until(lambda: any("opted out" in each["text"] for each in world.thread(contact)), "a line about STOP")
    reply(world, card, "Are you sure?")
    wait_until(lambda: marks(world, "Are you sure?") == ["x"], "refused")
    said_in_thread(world, contact, "Not sent")
    world.text(contact, "START")
    wait_until(lambda: any("opted in" in each["text"] for each in world.thread(contact)), "a line about START")
    reply(world, card, "Welcome back")
    wait_until(lambda: "Welcome back" in sent(world, contact), "sent")
    assert "Are you sure?" not in sent(world, contact)


def test_an_agent_says_on_the_card_that_the_contact_wants_texts_and_the_provider_judges(world: World) -> None:
    contact, root = conversation(world)
    world.text(contact, "STOP")
    card = wait_until(lambda: [each for each in world.cards(contact) if "ticket.opt_in" in str(each)], "the button")[0]
    world.click(card, "ticket.opt_in", "U0BEN")
    wait_until(lambda: any("<@U0BEN> lifted" in each["text"] for each in world.thread(contact)), "a line that says so")
    wait_until(lambda: not any("ticket.opt_in" in str(each) for each in world.cards(contact)), "the card without it")
    reply(world, root, "You wanted texts again?")
    wait_until(lambda: marks(world, "You wanted texts again?") == ["x"], "the provider's refusal")
    wait_until(lambda: any("ticket.opt_in" in str(each) for each in world.cards(contact)), "the button once more")
    assert world.violations() == []


def test_a_text_that_is_too_long_is_refused_with_an_explanation(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "x" * 1601)
    said_in_thread(world, contact, "1,601")
    assert sent(world, contact) == []


def test_the_thread_says_what_to_do_about_a_text_that_failed(world: World) -> None:
    contact, card = conversation(world)
    world.do("handling", number=contact, fail_times=1, fail_code=30005)
    reply(world, card, "Hello?")
    wait_until(lambda: marks(world, "Hello?") == ["x"], "failed")
    said_in_thread(world, contact, "no longer in service")


def test_reports_that_come_twice_and_in_the_wrong_order_end_in_delivered(world: World) -> None:
    contact, card = conversation(world)
    world.do("handling", number=contact, twice=True, shuffled=True)
    reply(world, card, "All good")
    wait_until(lambda: marks(world, "All good") == ["white_check_mark"], "delivered")
    assert sent(world, contact) == ["All good"]


def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(world: World) -> None:
    contact, card = conversation(world)
    world.do("faults", api="twilio", method="messages.create", channel=contact, kind="drop")
    reply(world, card, "Once only")
    reply(world, card, "And then this")
    wait_until(lambda: sent(world, contact)[1:], "the next reply", 40)
    assert sent(world, contact) == ["Once only", "And then this"]
    wait_until(lambda: marks(world, "Once only") == ["white_check_mark"], "delivered")


def test_a_reply_to_a_closed_ticket_is_sent_and_begins_a_new_ticket(world: World) -> None:
    contact, card = conversation(world)
    world.assign(contact, status="closed")
    wait_until(lambda: field(world.cards(contact)[0], "Status") == "Closed", "Closed")
    reply(world, card, "One more thing")
    wait_until(lambda: sent(world, contact) == ["One more thing"], "sent")
    card = wait_until(lambda: [c for c in world.cards(contact) if field(c, "Status") == "Open"], "a new ticket")[0]
    assert "follows #" in str(card["blocks"])


def test_a_reply_cancels_the_pending_notification(world: World, patient_line: PatientLine) -> None:
    contact, card = conversation(world, patient_line.number)
    world.text(contact, "are you there?", to=patient_line.number)
    patient_line.waits(contact)
    reply(world, card, "We are")
    patient_line.is_settled(contact)
    other, _ = conversation(world, patient_line.number)
    world.text(other, "two", to=patient_line.number)
    patient_line.waits(other)
    patient_line.end_the_wait(contact, other)
    wait_until(lambda: len(world.cards(other)) == 2, "a conversation that no agent answered is announced")
    assert len(world.cards(contact)) == 1


@pytest.fixture(scope="module")
def buttons_line(clerk: Deployment) -> Iterator[str]:
    """A line on which messages in the thread are not sent."""
    assert clerk_command(clerk, "lines", "add", BUTTONS_LINE, "--channel", BUTTONS_CHANNEL).returncode == 0
    assert clerk_command(clerk, "lines", "set", BUTTONS_LINE, "--reply-mode", "buttons").returncode == 0
    yield BUTTONS_LINE
    assert clerk_command(clerk, "lines", "remove", BUTTONS_LINE).returncode == 0


def test_messages_in_the_thread_of_a_buttons_only_line_are_not_sent(world: World, buttons_line: str) -> None:
    contact = new_contact()
    world.text(contact, "hello", to=buttons_line)
    card = wait_until(lambda: world.cards(contact, BUTTONS_CHANNEL), "a card")[0]
    reply(world, card, "For us alone", user="U0CLEO")
    wait_until(lambda: any("not sent" in said for said in world.whispers("U0CLEO")), "a private message to cleo")
    reply(world, card, "And this too", user="U0CLEO", broadcast=True)
    reply(world, card, "With a picture", user="U0CLEO", files=[PICTURE])
    edit(world, BUTTONS_CHANNEL, "For us alone", "For you", user="U0CLEO")
    reply(world, card, "// and a note", user="U0CLEO")
    wait_until(lambda: "memo" in marks(world, "// and a note", BUTTONS_CHANNEL), "the note's mark")
    assert len([said for said in world.whispers("U0CLEO") if "is not sent to the contact" in said]) == 1
    assert sent(world, contact, buttons_line) == []


def test_workers_killed_between_twilios_answer_and_clerks_write_do_not_send_again(
    clerk: Deployment, world: World
) -> None:
    contact, card = conversation(world)
    world.do("faults", api="twilio", method="messages.create", channel=contact, kind="drop")
    reply(world, card, "Once only")
    wait_until(lambda: sent(world, contact), "the provider has it")
    for worker in clerk.workers:
        worker.kill()
        worker.start()
    wait_until(lambda: marks(world, "Once only") == ["white_check_mark"], "delivered", 60)
    reply(world, card, "And then this")
    wait_until(lambda: sent(world, contact)[1:], "the next reply", 60)
    assert sent(world, contact) == ["Once only", "And then this"]


def test_a_text_with_an_unknown_outcome_is_marked_and_only_a_person_sends_it_again(world: World) -> None:
    contact, card = conversation(world)
    world.do("faults", api="twilio", method="messages.create", channel=contact, kind="refuse")
    reply(world, card, "Did you get this?")
    said = wait_until(lambda: [each for each in world.thread(contact) if "does not know" in each["text"]], "said", 30)
    wait_until(lambda: marks(world, "Did you get this?") == ["grey_question"], "the mark of an unknown outcome")
    reply(world, card, "Hello?")
    wait_until(lambda: sent(world, contact), "the next reply is not held up")
    assert sent(world, contact) == ["Hello?"]
    world.click(said[0], "ticket.resend", user="U0CLEO")
    wait_until(lambda: any("may still be under way" in each for each in world.whispers("U0CLEO")), "refused in words")

    def is_sent() -> bool:
        if marks(world, "Did you get this?") == ["grey_question"]:
            world.press(said[0], "ticket.resend")
        return marks(world, "Did you get this?") == ["white_check_mark"]

    wait_until(is_sent, "delivered", RESEND_AFTER.total_seconds() + 30, every=2)
    assert sent(world, contact) == ["Hello?", "Did you get this?"]


def test_an_edit_or_deletion_sends_nothing_and_the_agent_is_informed_once(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "At three", user="U0BEN")
    wait_until(lambda: marks(world, "At three") == ["white_check_mark"], "delivered")
    edit(world, CHANNEL, "At three", "At four", user="U0BEN")
    wait_until(lambda: whispers(world, "U0BEN"), "a private message to ben")
    ts = edit(world, CHANNEL, "At four", "At five", user="U0BEN")
    assert world.do("delete", user="U0BEN", channel=CHANNEL, ts=ts)["status"] == 200
    reply(world, card, "So be it", user="U0BEN")
    wait_until(lambda: len(sent(world, contact)) == 2, "the next reply")
    assert sent(world, contact) == ["At three", "So be it"]
    assert len(whispers(world, "U0BEN")) == 1


def test_a_note_that_is_edited_into_a_reply_stays_a_note(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "// ask cleo", files=[PICTURE])
    wait_until(lambda: "memo" in marks(world, "// ask cleo"), "the note's mark")
    edit(world, CHANNEL, "// ask cleo", "ask cleo")
    reply(world, card, "On our way")
    wait_until(lambda: sent(world, contact), "the reply")
    assert sent(world, contact) == ["On our way"]


def test_only_the_author_learns_that_a_text_has_several_segments(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "x" * 161, user="U0BEN")
    wait_until(lambda: sent(world, contact), "the reply")
    wait_until(
        lambda: any("2 segments (GSM-7)" in said for said in world.whispers("U0BEN")), "a private message to ben"
    )
