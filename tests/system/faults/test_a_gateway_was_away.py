"""Texts that came while no gateway ran are in their threads soon after, once and in order."""

from tests.deployment import LINE, Deployment, World, new_contact
from tests.servers import answers, wait_until

PICTURE = {"content_type": "image/png", "data": "iVBORw0KGgo="}


def test_five_texts_that_came_without_a_gateway_are_in_their_threads_once(clerk: Deployment, world: World) -> None:
    known, new = new_contact(), new_contact()
    world.text(known, "before")
    world.card(known)
    clerk.gateway.stop()
    for contact, body, media in (
        (known, "one", []),
        (known, "", [PICTURE]),
        (new, "hello", []),
        (known, "three", []),
        (new, "are you there?", [PICTURE]),
    ):
        answer = world.do("text", **{"from": contact, "to": LINE, "body": body, "media": media})
        assert answer["status"] >= 500, "no gateway took it"
    wait_until(lambda: len(world.texts_in_thread(new)) == 2, "the new contact's texts, without a gateway", 60)
    clerk.gateway.start()
    wait_until(lambda: answers(f"{clerk.gateway_url}/readyz"), "the gateway is ready")
    world.text(known, "after")
    wait_until(lambda: "after" in world.texts_in_thread(known), "the next text")
    assert [body for body in world.texts_in_thread(known) if "1 picture" not in body] == [
        "before",
        "one",
        "three",
        "after",
    ]
    assert [body for body in world.texts_in_thread(new) if "1 picture" not in body] == ["hello", "are you there?"]
    # One thread; how many cards it has depends on how long the gateway took, as these texts are announced when quiet.
    assert len(world.roots(new)) == 1
