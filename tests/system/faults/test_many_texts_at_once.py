"""Concurrency: nothing lost, nothing twice, in order."""

import random
from concurrent.futures import ThreadPoolExecutor

from tests.deployment import World, new_contact
from tests.servers import wait_until


def test_two_hundred_texts_of_five_contacts_with_duplicates_are_posted_once_and_in_order(world: World) -> None:
    contacts = [new_contact() for _ in range(5)]
    dice = random.Random(7)

    def talk(contact: str) -> None:
        for number in range(40):
            sid = f"SM{contact[1:]}{number:021d}"
            for _ in range(dice.choice((1, 1, 2, 3))):
                world.text(contact, f"text {number}", sid=sid)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(talk, contacts))
    for contact in contacts:
        wait_until(lambda contact=contact: len(world.texts_in_thread(contact)) >= 40, "all texts", 240)  # type: ignore[misc]
        assert world.texts_in_thread(contact) == [f"text {number}" for number in range(40)]
        roots = {card.get("thread_ts") for card in world.cards(contact)} - {None}
        assert len(roots) == 1
    assert world.violations() == []


def test_texts_sent_at_the_same_moment_all_arrive_once(world: World) -> None:
    contact = new_contact()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: world.text(contact, f"t{number}"), range(20)))
    found = wait_until(lambda: len(world.texts_in_thread(contact)) >= 20 and world.texts_in_thread(contact), "all", 240)
    assert sorted(found) == sorted(f"t{number}" for number in range(20))  # type: ignore[arg-type]
