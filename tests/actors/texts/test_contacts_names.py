"""What a contact wrote or sent is in the thread under the contact's name; what Clerk says there is not."""

from messages.conversation import NameContact
from messages.formats.byline import byline
from messages.sms import Media
from tests import make
from tests.actors.helpers import receive, settle, thread, written
from tests.fakes import FakeWorkers
from workers.failures import Temporary


async def test_texts_and_files_are_under_the_contacts_name_and_cards_and_notices_are_not(workers: FakeWorkers) -> None:
    place = await thread(workers)
    name = NameContact(
        typed=f"{make.CONTACT} Ann Lee", by=make.AGENT, at=workers.clock.now(), channel=make.CHANNEL, order="name"
    )
    await workers.handle(name)
    await workers.drain()
    workers.texting.kept["https://m/1"] = b"\x89PNG"
    picture = make.sms_received(
        sid="SM2", body="", media=(Media(url="https://m/1", content_type="image/png"),), received_at=workers.clock.now()
    )
    await workers.handle(picture)
    await workers.drain()
    await workers.handle(written(workers, place, 1, text=" "))
    await settle(workers)
    ann = byline(make.contact(name="Ann Lee"))
    told = [(each.post_id.split("/")[1], each.what.byline) for each in workers.slack.messages]
    names = {kind: [by for each, by in told if each == kind] for kind, _ in told}
    assert names.pop("texts") == [byline(make.contact()), ann]
    assert names.pop("files") == [ann]
    assert {by for each in names.values() for by in each} == {None}
    assert {"root", "outcome"} <= set(names)


async def test_a_post_that_slack_refuses_because_of_its_name_is_made_without_waiting_for_an_admin(
    workers: FakeWorkers,
) -> None:
    await receive(workers, 1)
    refused: list[str] = []

    def before(method: str, channel: str) -> None:
        if method == "post" and not refused:
            refused.append(method)
            raise Temporary("missing_scope", make.at(1) - make.at(0))

    workers.slack.before = before
    await receive(workers, 2)
    await settle(workers)
    assert [each.what.text for each in workers.slack.kind("texts")] == ["text 1", "text 2"]
