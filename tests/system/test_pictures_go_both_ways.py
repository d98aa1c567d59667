"""Pictures reach the thread with the contact's text, and the contact with the agent's reply."""

import base64

from tests.deployment import World
from tests.servers import wait_until
from tests.system.test_the_conversation_goes_both_ways import conversation, marks, reply, sent

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4


def encoded(content: bytes) -> str:
    """Bytes as the page hands them over."""
    return base64.b64encode(content).decode()


def on_phone(world: World, contact: str) -> list[tuple[str, bytes]]:
    """The pictures and files of the texts to a contact, as the phone shows them."""
    texts = [each for each in world.state()["texts"] if each["to"] == contact]
    return [(each["content_type"], world.content(each["url"])) for text in texts for each in text["media"]]


def test_a_picture_from_an_agent_arrives_as_an_mms_with_the_same_bytes(world: World) -> None:
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
    assert any("“all.zip” is of a type" in each["text"] for each in world.thread(contact))
    assert sent(world, contact) == []


def test_a_file_that_slack_does_not_give_is_told_to_the_agent(world: World) -> None:
    contact, card = conversation(world)
    world.do("faults", api="slack", method="download", kind="error", code="gone")
    reply(world, card, "This one", files=[{"name": "sofa.png", "data": encoded(PNG)}])
    wait_until(lambda: marks(world, "This one") == ["x"], "failed")
    assert any("could not fetch a file" in each["text"] for each in world.thread(contact))
    assert on_phone(world, contact) == []
