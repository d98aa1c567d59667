"""`clerk lines`, `clerk export` and `clerk import` as commands on a real MongoDB wire server."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from messages.conversation import Conversation
from messages.deadlines.snooze import Snooze
from messages.sms import Direction, Sms
from ops.documents.data_folder import claimed
from ops.documents.reader import Documents
from tests import make
from tests.commands import Told, clerk_in_process, clerk_program
from tests.servers import BackingServer, database
from workers.mongo import Stores

type Clerk = Callable[..., Told]

LINE = "+15550001111"


def clerk_on(mongo_url: str | None, run: Callable[..., Told] = clerk_in_process, **more: str) -> Clerk:
    """The `clerk` command with these documents."""
    return partial(run, more if mongo_url is None else {"CLERK_MONGO_URL": mongo_url, **more})


@pytest.fixture
def clerk(mongo_url: str) -> Clerk:
    return clerk_on(mongo_url, CLERK_DEBOUNCE_SECONDS="60", CLERK_DEBOUNCE_CAP_SECONDS="300")


def lines(clerk: Clerk) -> list[dict[str, Any]]:
    result = clerk("lines", "list", "--json")
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(("of", "nothing"), [("planned", "Nothing is planned."), ("sla", "Nothing is due.")])
def test_what_is_listed_of_one_line_is_found_however_its_number_is_typed(clerk: Clerk, of: str, nothing: str) -> None:
    clerk("lines", "add", LINE, "--channel", "C0TEXTS")
    assert clerk(of, "list", "--line", "+1 (555) 000-1111").stdout.strip() == nothing
    for typed, why in (("+15550001119", "is not a line"), ("5550001111", "not a phone number with its country code")):
        refused = clerk(of, "list", "--line", typed)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert why in refused.stderr


def test_a_line_is_added_changed_listed_and_removed(clerk: Clerk) -> None:
    assert "No lines yet" in clerk("lines", "list").stdout
    added = clerk("lines", "add", "+1 (555) 000-1111", "--channel", "C0TEXTS")
    assert (added.returncode, added.stdout) == (0, f"{LINE} is a line now: its texts appear in C0TEXTS.\n")
    (line,) = lines(clerk)
    assert (line["id"], line["channel"], line["window"], line["cap"]) == (LINE, "C0TEXTS", 60, 300)
    changed = clerk(
        *("lines", "set", LINE, "--reply-mode", "buttons", "--debounce", "leading", "--window", "10"),
        *("--cap", "20.5", "--name", "Support", "--channel", "G0PRIVATE", "--solved-for", "2"),
        *("--other-organisations", "yes", "--hold", "5s"),
    )
    assert changed.returncode == 0, changed.stderr
    assert changed.stdout.startswith(f"{LINE} in G0PRIVATE is changed: debounce leading, window 10 s, cap 20.5 s; ")
    (line,) = lines(clerk)
    assert ", held 5 s to be taken back, other organisations too; " in changed.stdout
    expected = {"reply_mode": "buttons", "mode": "leading", "window": 10, "cap": 20.5, "solved_for": 7200, "hold": 5}
    assert {name: line[name] for name in expected} == expected
    assert (line["name"], line["channel"], line["other_organisations"]) == ("Support", "G0PRIVATE", True)
    assert LINE in clerk("lines", "list").stdout
    removed = clerk("lines", "remove", LINE)
    assert (removed.returncode, removed.stdout.startswith(f"{LINE} is no line any more.")) == (0, True)
    assert lines(clerk) == []


@pytest.mark.parametrize("hold", ["-1", "31", "30.5s", "5m", "soon", ""])
def test_a_hold_out_of_bounds_is_refused_in_words(clerk: Clerk, hold: str) -> None:
    assert clerk("lines", "add", LINE, "--channel", "C0TEXTS").returncode == 0
    told = clerk("lines", "set", LINE, f"--hold={hold}")
    assert (told.returncode, "between 0 (send at once) and 30" in told.stderr) == (2, True), told
    assert clerk("lines", "set", LINE, "--hold", "0").returncode == 0
    assert clerk("lines", "remove", LINE).returncode == 0


CHANNELS = {
    "C0GONE": {"ok": False, "error": "channel_not_found"},
    "C0OLD": {"ok": True, "channel": {"name": "old", "is_archived": True}},
    "C0ALONE": {"ok": True, "channel": {"name": "alone", "is_member": False}},
    "C0TEXTS": {"ok": True, "channel": {"name": "texts", "is_member": True}},
}


class ChannelsOfSlack(BaseHTTPRequestHandler):
    """Slack, as far as conversations.info goes."""

    def do_GET(self) -> None:
        body = json.dumps(CHANNELS[self.path.rpartition("channel=")[2]]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def slack() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), ChannelsOfSlack) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api/"
        server.shutdown()
        thread.join()


def test_a_channel_that_slack_refuses_is_refused(mongo_url: str, slack: str) -> None:
    clerk = clerk_on(mongo_url, CLERK_SLACK_API_URL=slack, CLERK_SLACK_BOT_TOKEN="xoxb-1")
    for channel, why in (("C0GONE", "does not exist, or the bot can't see it"), ("C0OLD", "#old is archived")):
        told = clerk("lines", "add", LINE, "--channel", channel)
        assert (told.returncode, why in told.stderr) == (2, True), told
    assert lines(clerk) == []
    told = clerk("lines", "add", LINE, "--channel", "C0ALONE")
    assert (told.returncode, "/invite @clerk" in told.stderr) == (0, True)
    assert clerk("lines", "set", LINE, "--channel", "C0GONE").returncode == 2
    told = clerk("lines", "set", LINE, "--channel", "C0TEXTS")
    assert (told.returncode, told.stderr) == (0, "")
    unheard = clerk_on(mongo_url, CLERK_SLACK_API_URL="http://127.0.0.1:1/", CLERK_SLACK_BOT_TOKEN="xoxb-1")
    told = unheard("lines", "set", LINE, "--channel", "C0OTHER")
    assert (told.returncode, "can't be asked" in told.stderr) == (0, True)


def test_a_channel_that_the_sandbox_does_not_have_is_refused(mongo_url: str, slack: str, tmp_path: Path) -> None:
    clerk = clerk_on(mongo_url, CLERK_DATA_DIR=str(tmp_path))
    with claimed(tmp_path, slack.removesuffix("/api/")):
        told = clerk("lines", "add", LINE, "--channel", "C0GONE")
        assert (told.returncode, "does not exist" in told.stderr) == (2, True), told
        assert clerk("lines", "add", LINE, "--channel", "C0TEXTS").returncode == 0
        assert clerk("lines", "remove", LINE).returncode == 0


def test_the_words_that_opt_out_of_a_line_are_set_and_shown_and_what_workers_learn_stays(
    clerk: Clerk, mongo_url: str
) -> None:
    free = "+18005550199"
    assert clerk("lines", "add", free, "--channel", "C0TEXTS").returncode == 0
    assert clerk("lines", "add", LINE, "--channel", "C0TEXTS", "--opt-out", "stop,arret").returncode == 0
    assert [line["opt_out"] for line in lines(clerk)] == ["STOP,ARRET", None]
    with Documents(mongo_url) as documents:
        learnt = {"pool": "MG1", "pool_at": datetime(2026, 3, 1, tzinfo=UTC)}
        documents.database["lines"].update_one({"_id": LINE}, {"$set": learnt})
    for typed, kept in (("Toll-Free", "toll-free"), ("none", "none"), ("default", None)):
        assert clerk("lines", "set", LINE, "--opt-out", typed).returncode == 0
        found = {line["id"]: line for line in lines(clerk)}
        assert found[LINE]["opt_out"] == kept
        assert found[LINE]["pool"] == "MG1"
    shown = clerk("lines", "list").stdout
    assert "opt-out" in shown


def test_quiet_hours_and_the_zone_of_a_line_are_set_and_shown(clerk: Clerk) -> None:
    assert clerk("lines", "add", LINE, "--channel", "C0TEXTS").returncode == 0
    assert "quiet 21:00-08:00 (people are told), zone unknown" in clerk("lines", "list").stdout
    told = clerk(
        *("lines", "set", LINE, "--quiet", "hold", "--quiet-hours", "22:30-7:00", "--quiet-sundays", "yes"),
        *("--zone", "europe/berlin"),
    )
    assert "quiet 22:30-07:00 and Sundays (texts wait), zone Europe/Berlin" in told.stdout, told.stderr
    (line,) = lines(clerk)
    night = {"begins": "22:30", "ends": "07:00", "sundays": True}
    assert (line["quiet"], line["quiet_hours"], line["zone"]) == ("hold", night, "Europe/Berlin")
    assert clerk("lines", "set", LINE, "--quiet-hours", "20:00-06:00", "--zone", "none").returncode == 0
    (line,) = lines(clerk)
    assert (line["quiet_hours"], line["zone"]) == ({"begins": "20:00", "ends": "06:00", "sundays": True}, "")
    assert "quiet hours off" in clerk("lines", "set", LINE, "--quiet", "off").stdout


def test_what_a_line_answers_by_itself_is_set_shown_as_contacts_get_it_and_turned_off(clerk: Clerk) -> None:
    clerk("lines", "add", LINE, "--channel", "C0TEXTS", "--name", "Sales")
    told = clerk(
        *("lines", "set", LINE, "--auto", "closed={line} is back {opens}."),
        *("--auto", "waiting=default", "--auto", "waiting-after=90"),
    )
    assert told.returncode == 0, told.stderr
    assert "answers by itself: closed: “Sales is back tomorrow at 9:00.” (1 segment, GSM-7)" in told.stdout
    assert "closed: never sent, since the line has no calendar" in told.stderr
    (line,) = lines(clerk)
    assert line["auto_replies"]["closed"] == "{line} is back {opens}."
    assert line["auto_replies"]["waiting_after"] == 90
    assert "after 90 open minutes: waiting: “Still with you" in clerk("lines", "list").stdout
    assert "nothing by itself" in clerk("lines", "set", LINE, "--auto", "off").stdout
    assert "by itself" not in clerk("lines", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", LINE, "--quiet", "loud"), "loud"),
        (("set", LINE, "--quiet-hours", "night"), "as 21:00-08:00"),
        (("set", LINE, "--quiet-hours", "21:00-25:00"), "from 00:00 to 24:00"),
        (("set", LINE, "--quiet-hours", "21:00-21:00"), "leave at least 6 hours"),
        (("set", LINE, "--zone", "Europe/Atlantis"), "there is no such time zone"),
        (("add", "5550001111", "--channel", "C0TEXTS"), "with its country"),
        (("add", "+1", "--channel", "C0TEXTS"), "phone number"),
        (("add", "+1555000111100000", "--channel", "C0TEXTS"), "too long"),
        (("add", "+15550002222", "--channel", "#texts"), "the channel's id"),
        (("add", "+15550002222"), "channel"),
        (("add", LINE, "--channel", "C0OTHER"), "is a line already"),
        (("set", "+15550009999", "--name", "x"), "is not a line"),
        (("set", LINE, "--window", "0"), "more than 0"),
        (("set", LINE, "--window", "nan"), "--window"),
        (("set", LINE, "--cap", "inf"), "--cap"),
        (("set", LINE, "--cap", "5"), "not be less than --window"),
        (("set", LINE, "--solved-for", "0.5"), "between 1 hour and 28 days"),
        (("set", LINE, "--debounce", "trailing"), "trailing"),
        (("set", LINE, "--opt-out", "STOP!"), "--opt-out: “STOP!” is no word"),
        (("set", LINE, "--opt-out", "STOP:stop"), "can't both"),
        (("add", "+15550002222", "--channel", "C0TEXTS", "--opt-out", ""), "--opt-out"),
        (("set", LINE, "--auto", "closed=Back {open}"), "--auto closed: {open} is nothing that Clerk can fill in"),
        (("set", LINE), "say what to change"),
        (("remove", "+15550009999"), "is not a line"),
    ],
)
def test_an_invalid_command_is_refused_with_a_reason_and_changes_nothing(
    clerk: Clerk, arguments: tuple[str, ...], words: str
) -> None:
    clerk("lines", "add", LINE, "--channel", "C0TEXTS")
    before = lines(clerk)
    result = clerk("lines", *arguments)
    assert result.returncode == 2
    assert words in " ".join((result.stderr + result.stdout).replace("│", " ").split())
    assert lines(clerk) == before


def fill(mongo_url: str, texts: int) -> None:
    """Store some documents of the kinds that are exported."""
    now = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    with Documents(mongo_url) as documents:
        for number in range(texts):
            sms = Sms(
                id=f"SM{number:032x}",
                conversation="c",
                line=LINE,
                contact="+15550200001",
                direction=Direction.INBOUND,
                body=f"“{number}” 🙂\n\u202e",
                received_at=now + timedelta(seconds=number),
                seq=number + 1,
            )
            fields = sms.model_dump(exclude={"id"}, exclude_none=True)
            documents.database["sms"].insert_one({**fields, "_id": sms.id, "place": f"inbound/{number}"})
        talk = Conversation(id="c", line=LINE, contact="+15550200001", created_at=now)
        documents.database["conversations"].insert_one(
            {**talk.model_dump(exclude={"id"}, exclude_none=True), "_id": "c", "lease": {"until": now}}
        )
        documents.database["trail"].insert_one({"_id": "x", "lines": b"\x00"})


def everything(mongo_url: str) -> dict[str, list[dict[str, Any]]]:
    with Documents(mongo_url) as documents:
        return {
            name: sorted(documents.database[name].find({}), key=lambda each: str(each["_id"]))
            for name in ("sms", "conversations", "lines")
        }


def test_documents_move_between_mongodbs_unchanged_and_are_counted(
    mongo_url: str, mongo: BackingServer, tmp_path: Path
) -> None:
    clerk = clerk_on(mongo_url, clerk_program)
    fill(mongo_url, 30)
    added = clerk("lines", "add", LINE, "--channel", "C0TEXTS")
    assert added.returncode == 0, added.stderr
    file = tmp_path / "clerk.jsonl.gz"
    result = clerk("export", str(file))
    assert (result.returncode, result.stdout.startswith("32 documents exported")) == (0, True), (
        result.stdout + result.stderr
    )
    assert clerk("export", str(file)).returncode == 2
    there = database(mongo.url, "another_one_" + tmp_path.name.replace("-", "_")[:20])
    for _ in range(2):
        result = clerk_on(there, clerk_program)("import", str(file))
        assert (result.returncode, result.stdout.startswith("32 documents imported")) == (0, True), (
            result.stdout + result.stderr
        )
    assert everything(there) == everything(mongo_url)
    with Documents(there) as documents:
        assert documents.database["trail"].count_documents({}) == 0
        assert documents.missing_indexes() == []


def test_documents_move_out_of_the_embedded_server(mongo_url: str, tmp_path: Path) -> None:
    embedded = clerk_on(None, CLERK_DATA_DIR=str(tmp_path / "data"))
    assert embedded("lines", "add", LINE, "--channel", "C0TEXTS").returncode == 0
    assert embedded("export", str(tmp_path / "out.jsonl")).returncode == 0
    assert clerk_on(mongo_url)("import", str(tmp_path / "out.jsonl")).returncode == 0
    assert [line["id"] for line in lines(clerk_on(mongo_url))] == [LINE]


@pytest.mark.parametrize("harm", ["cut", "changed", "not ours", "not JSON", "missing"])
def test_a_damaged_file_is_refused_before_anything_is_stored(
    clerk: Clerk, mongo_url: str, mongo: BackingServer, tmp_path: Path, harm: str
) -> None:
    fill(mongo_url, 3)
    file = tmp_path / "clerk.jsonl"
    assert clerk("export", str(file)).returncode == 0
    whole = file.read_text().splitlines(keepends=True)
    harmed = {
        "cut": whole[:-1],
        "changed": [*whole[:1], *whole[2:]],
        "not ours": ["{}\n"],
        "not JSON": [*whole[:2], "{\n", *whole[2:]],
        "missing": None,
    }[harm]
    file.unlink() if harmed is None else file.write_text("".join(harmed))
    there = database(mongo.url, "harmed_" + harm.replace(" ", "_"))
    result = clerk_on(there)("import", str(file))
    assert result.returncode == 2, result.stdout
    assert everything(there) == {"sms": [], "conversations": [], "lines": []}


def test_targets_are_set_shown_and_taken_away_again_and_their_version_only_grows(clerk: Clerk) -> None:
    assert clerk("lines", "add", LINE, "--channel", "C0TEXTS").returncode == 0
    told = clerk("lines", "set", LINE, "--sla", "preset", "--sla", "urgent.first=10m", "--sla", "low=off")
    assert told.returncode == 0, told.stderr
    assert "\ndue for Urgent: first answer in 10 min, next answer in 30 min, solved in 4 h (open hours" in told.stdout
    assert "the line has no calendar and is always open" in told.stderr
    (line,) = lines(clerk)
    assert line["policy"]["targets"]["urgent"]["first_response"] == {"within": 600, "warn": 0.75, "counts": "open"}
    assert set(line["policy"]["targets"]) == {"urgent", "high", "normal"}
    assert "due for High: first answer in 1 h" in " ".join(clerk("lines", "list").stdout.split())
    told = clerk("lines", "set", LINE, "--sla", "urgent.first=soon")
    assert (told.returncode, "--sla urgent.first: write a time" in told.stderr) == (2, True)
    told = clerk("lines", "set", LINE, "--sla", "off")
    assert (told.returncode, "Nothing is due on it" in told.stdout, told.stderr) == (0, True, "")
    (after,) = lines(clerk)
    assert after["policy"]["targets"] == {}
    assert after["policy"]["version"] > line["policy"]["version"]
    assert clerk("lines", "remove", LINE).returncode == 0


async def tickets_with_clocks(mongo_url: str) -> None:
    """Ticket 41, due in an hour, 42, which is late, 43, which only waits, and 44, which is late and snoozed."""
    now = datetime.now(UTC)
    async with Stores.opened(mongo_url) as stores:
        await stores.lines.add(make.line(name="Support"))
        for number, ahead in ((41, 1), (42, -1), (43, None), (44, -2)):
            due = {} if ahead is None else {"due_at": now + timedelta(hours=ahead)}
            clocks = (make.ticket_clock(began_at=now, running_since=now, warn_at=None, **due),) if due else ()
            later = {"by": make.AGENT, "at": now, "until": now + timedelta(days=1), "wall": "", "zone": "UTC"}
            snooze = Snooze.model_validate(later) if number == 44 else None
            await stores.tickets.add(make.ticket(id=number, conversation=f"c{number}", clocks=clocks, snooze=snooze))


def test_what_is_late_or_due_is_listed_and_explained(clerk: Clerk, mongo_url: str) -> None:
    assert clerk("sla", "list").stdout == "Nothing is due.\n"
    asyncio.run(tickets_with_clocks(mongo_url))
    rows = json.loads(clerk("sla", "list", "--json").stdout)
    shown = [(row["ticket"], row["late"], row["snoozed"]) for row in rows]
    assert shown == [(44, True, True), (42, True, False), (41, False, False)]
    assert "New, snoozed" in clerk("sla", "list").stdout
    refused = clerk("sla", "list", "--json", "--line", "+15550009999")
    assert (refused.returncode, refused.stdout, "is not a line" in refused.stderr) == (2, "", True)
    listed = clerk("sla", "list", "--most", "1")
    assert (listed.returncode, "#42" in listed.stdout, "#41" in listed.stdout) == (0, True, False)
    told = clerk("sla", "explain", "#42")
    assert (told.returncode, "first answer  1 h" in told.stdout, told.stderr) == (0, True, "")
    assert "It has no clocks" in clerk("sla", "explain", "43").stdout
    assert [each["kind"] for each in json.loads(clerk("sla", "explain", "41", "--json").stdout)["clocks"]] == [
        "first_response"
    ]
    assert (clerk("sla", "explain", "99").returncode, clerk("sla", "explain", "x").returncode) == (1, 2)
    assert clerk("sla", "list", "--most", "0").returncode == 2
    assert clerk("lines", "remove", LINE).returncode == 0
