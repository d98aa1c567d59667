"""Pictures reach the thread with the contact's text, and the contact with the agent's reply."""

import base64

from messages.process.settings import SANDBOX
from tests.deployment import CHANNEL, World, new_contact
from tests.servers import wait_until
from tests.system.helpers import conversation, marks, reply, said_in_thread, sent

ACCOUNT = SANDBOX["twilio_account_sid"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4


def encoded(content: bytes) -> str:
    """Bytes as the sandbox page sends them."""
    return base64.b64encode(content).decode()


def on_phone(world: World, contact: str) -> list[tuple[str, bytes]]:
    """The pictures and files of the texts to a contact, as the phone shows them."""
    texts = [each for each in world.state()["texts"] if each["to"] == contact]
    return [(each["content_type"], world.content(each["url"])) for text in texts for each in text["media"]]


def said(world: World, contact: str) -> list[str | list[bytes]]:
    """What a contact's thread contains, in order: each text, each line, or the files of one message."""
    return [
        [world.content(f"slack/client/{file['id']}") for file in message["files"]]
        if message.get("files")
        else message["text"]
        for message in world.thread(contact)
    ]


def picture(content: bytes) -> dict[str, str]:
    """A picture as the page attaches it to a contact's text."""
    return {"content_type": "image/png", "data": encoded(content)}


def test_a_picture_comes_right_after_its_text_and_before_the_next_text(world: World) -> None:
    contact = new_contact()
    world.text(contact, "Is it this one?", media=[picture(PNG)])
    world.text(contact, "The blue one")
    wait_until(lambda: len(said(world, contact)) == 3, "two texts and a picture")
    first, pictures, last = said(world, contact)
    assert (first, pictures, last) == ("Is it this one?", [PNG], "The blue one")
    assert world.violations() == []


def test_several_pictures_without_a_text_are_posted_as_one_message(world: World) -> None:
    contact = new_contact()
    files = [PNG, PNG[::-1], PDF]
    media = [picture(PNG), picture(PNG[::-1]), {"content_type": "application/pdf", "data": encoded(PDF)}]
    world.text(contact, "", media=media)
    wait_until(lambda: files in said(world, contact), "all three in one message")
    card = world.card(contact)
    assert "3 files (image/png, image/png, application/pdf)" in str(card["blocks"])
    names = [file["name"] for message in world.thread(contact) for file in message.get("files", ())]
    assert names == ["picture-1.png", "picture-2.png", "file-3.pdf"]


def test_a_picture_that_cannot_be_fetched_loses_no_text_and_the_thread_says_so(world: World) -> None:
    contact = new_contact()
    gone = f"{world.twilio}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'0' * 32}/Media/ME{'0' * 32}"
    world.text(contact, "Look!", media=[{"content_type": "image/jpeg", "url": gone}, picture(PNG)])
    wait_until(lambda: said(world, contact)[:1] == ["Look!"], "the text")
    world.text(contact, "Did you get it?")
    wait_until(lambda: "Did you get it?" in said(world, contact), "the next text")
    wait_until(lambda: any("could not be fetched" in each for each in said(world, contact)), "why there is no picture")
    missing = ":warning: Attachment 1 of 2 (image/jpeg) could not be fetched: the provider does not have it."
    assert [each for each in said(world, contact) if "could not" in each] == [missing]
    wait_until(lambda: [PNG] in said(world, contact), "the other picture")


def test_a_picture_that_the_provider_has_a_moment_later_is_fetched(world: World) -> None:
    contact = new_contact()
    world.do("faults", api="twilio", method="media", kind="error", code="20404", times=2)
    world.text(contact, "Look!", media=[picture(PNG)])
    wait_until(lambda: said(world, contact) == ["Look!", [PNG]], "the picture")


def test_a_share_whose_answer_was_lost_is_found_and_not_repeated(world: World) -> None:
    contact = new_contact()
    world.do("faults", api="slack", method="files.completeUploadExternal", channel=CHANNEL, kind="drop")
    world.text(contact, "Look!", media=[picture(PNG)])
    world.text(contact, "Nice?")
    wait_until(lambda: "Nice?" in said(world, contact), "the next text")
    wait_until(lambda: [PNG] in said(world, contact), "the picture")
    assert sorted(map(str, said(world, contact))) == sorted(map(str, ["Look!", [PNG], "Nice?"]))


def test_an_agents_picture_arrives_as_an_mms_with_the_same_bytes(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "Like this?", files=[{"name": "sofa.png", "data": encoded(PNG)}])
    wait_until(lambda: marks(world, "Like this?") == ["white_check_mark"], "delivered")
    assert sent(world, contact) == ["Like this?"]
    assert on_phone(world, contact) == [("image/png", PNG)]
    assert world.violations() == []


def test_files_without_a_text_arrive_in_one_mms(world: World) -> None:
    contact, card = conversation(world)
    files = [{"name": "sofa.png", "data": encoded(PNG)}, {"name": "offer.pdf", "data": encoded(PDF)}]
    reply(world, card, "", files=files)
    wait_until(lambda: len(on_phone(world, contact)) == 2, "both files")
    assert sent(world, contact) == [""]
    assert on_phone(world, contact) == [("image/png", PNG), ("application/pdf", PDF)]


def test_a_note_with_a_file_and_a_file_of_a_wrong_type_reach_no_contact(world: World) -> None:
    contact, card = conversation(world)
    reply(world, card, "// for us", files=[{"name": "sofa.png", "data": encoded(PNG)}])
    wait_until(lambda: "memo" in marks(world, "// for us"), "the note's mark")
    reply(world, card, "All of it", files=[{"name": "all.zip", "data": encoded(b"PK")}])
    wait_until(lambda: marks(world, "All of it") == ["x"], "refused")
    said_in_thread(world, contact, "“all.zip” is of a type")
    assert sent(world, contact) == []


def test_the_agent_is_informed_when_slack_does_not_deliver_a_file(world: World) -> None:
    contact, card = conversation(world)
    world.do("faults", api="slack", method="download", kind="error", code="gone")
    reply(world, card, "This one", files=[{"name": "sofa.png", "data": encoded(PNG)}])
    wait_until(lambda: marks(world, "This one") == ["x"], "failed")
    said_in_thread(world, contact, "could not fetch a file")
    assert on_phone(world, contact) == []
