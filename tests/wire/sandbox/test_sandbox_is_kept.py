"""The stand-ins' state in a folder: what a restart restores, and what happens if it can't be read."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.standins import StandIns
from sandbox.state.folder import StateFolder
from sandbox.twilio.carrier import CarrierBehaviour
from tests.servers import PLAIN
from tests.wire.sandbox.helpers import ACCOUNT, AUTH, CONTACT, LINE, PUBLIC, TOKEN, Pair, a_pair

PICTURE = {"content_type": "image/png", "content": b"\x89PNG\x00\xff"}


def again(standins: StandIns, folder: Path, **changes: object) -> StandIns:
    """The stand-ins after a restart."""
    restarted = StandIns(replace(standins.config, **changes))  # type: ignore[arg-type]
    StateFolder(restarted, folder).restore()
    return restarted


def list_of(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


async def conversation(pair: Pair) -> str:
    """Make a card with a text in its thread, a whisper, a file, a picture and an opt-out; the card's ts."""
    slack = AsyncWebClient(TOKEN, base_url=pair.slack_url)
    card = await slack.chat_postMessage(
        channel="C0TEXTS", text="a card", metadata={"event_type": "clerk", "event_payload": {"id": "x"}}
    )
    await slack.chat_postMessage(channel="C0TEXTS", thread_ts=card["ts"], text="fish & chips 🐟")
    await slack.chat_postMessage(channel="U0ADA", text="a notification")
    await slack.chat_postEphemeral(channel="C0TEXTS", user="U0ADA", text="hidden")
    await slack.reactions_add(channel="C0TEXTS", timestamp=card["ts"], name="eyes")
    await pair.standins.people.reply("U0BEN", "C0TEXTS", card["ts"], "look", files=[("map.png", b"a map")])
    await pair.standins.twilio.receive(CONTACT, LINE, "here", [PICTURE])
    await pair.standins.twilio.receive(CONTACT, LINE, "STOP")
    return str(card["ts"])


async def test_everything_in_slack_and_on_phones_survives_a_restart(tmp_path: Path) -> None:
    async with a_pair() as pair:
        card = await conversation(pair)
        pair.standins.address_book["+15557770009"] = "Nora"
        await pair.standins.settled()
        await StateFolder(pair.standins, tmp_path).save()
        old, new = pair.standins, again(pair.standins, tmp_path)
        assert new.address_book == old.address_book
        assert new.workspace.channels == old.workspace.channels
        assert new.workspace.ephemerals == old.workspace.ephemerals
        assert new.workspace.files.files == old.workspace.files.files
        assert [each.content for each in new.workspace.files.files.values()] == [b"a map"]
        assert new.twilio.texts == old.twilio.texts
        assert new.twilio.media == old.twilio.media
        assert new.twilio.blocks.blocked == {(LINE, CONTACT)}
        channel = new.workspace.channels["C0TEXTS"]
        before = [*channel.messages]
        reply = new.workspace.post(channel, "and on it goes", [], thread_ts=card)
        assert reply["ts"] > max(before)
        assert new.workspace.files.announce("new.png", 1, "U0ADA")[0].id not in old.workspace.files.files
        await new.close()


async def test_the_folder_is_updated_by_itself(tmp_path: Path) -> None:
    async with a_pair() as pair:
        kept = StateFolder(pair.standins, tmp_path)
        following = asyncio.create_task(kept.follow())
        await conversation(pair)
        async with asyncio.timeout(60):
            while not again(pair.standins, tmp_path).twilio.blocks.blocked:
                await asyncio.wait((following,), timeout=0.05)
                assert not following.done()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_files_bytes_are_removed_with_the_file(tmp_path: Path) -> None:
    async with a_pair() as pair:
        kept = StateFolder(pair.standins, tmp_path)
        await pair.standins.twilio.receive(CONTACT, LINE, "here", [PICTURE])
        await kept.save()
        [file] = list_of(tmp_path / "bytes")
        assert file.read_bytes() == PICTURE["content"]
        pair.standins.twilio.media.clear()
        await kept.save()
        assert list_of(tmp_path / "bytes") == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b'{"format": 1, "last', "EOF"), (b'{"format": 0}', "Input should be 1"), (b"\xff\xfe", "expected value")],
)
async def test_a_state_that_cannot_be_read_is_set_aside_and_reported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    folder = tmp_path / "sandbox"
    (folder / "bytes").mkdir(parents=True)
    (folder / "state.json").write_bytes(content)
    async with a_pair() as pair:
        new = again(pair.standins, folder)
        assert new.twilio.texts == {}
        [aside] = list_of(tmp_path)
        assert (aside / "state.json").read_bytes() == content
        said = capfd.readouterr().out
        assert reason in said
        assert str(aside) in said
        await StateFolder(new, folder).save()
        assert json.loads((folder / "state.json").read_bytes())["format"] == 1
        await new.close()


async def test_a_text_that_was_being_sent_reaches_the_contact_and_is_reported(tmp_path: Path) -> None:
    async with a_pair() as pair:
        pair.standins.twilio.carrier.handling[""] = CarrierBehaviour(held=True)
        async with httpx.AsyncClient(trust_env=False, verify=PLAIN, auth=(ACCOUNT, AUTH)) as http:
            await http.post(
                f"{pair.twilio_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
                data={"To": CONTACT, "From": LINE, "Body": "hello", "StatusCallback": f"{PUBLIC}/twilio/status/1"},
            )
        await StateFolder(pair.standins, tmp_path).save()
        new = again(pair.standins, tmp_path)
        new.resume()
        await new.settled()
        [text] = new.twilio.texts.values()
        assert text["status"] == "delivered"
        reported = [each.form["MessageStatus"] for each in pair.gateway.of("/twilio/status/1")]
        assert reported == ["sent", "delivered"]
        assert new.twilio.carrier.under_way == {}
        await new.close()
