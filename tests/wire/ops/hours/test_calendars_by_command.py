"""`clerk calendars` on a real MongoDB wire server: each word, and each wrong word answered in one sentence."""

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from messages.calendar import MOST_CALENDARS
from tests import make
from tests.commands import Told, clerk_in_process
from tests.servers import BackingServer, database
from workers.mongo import Stores

type Clerk = Callable[..., Told]

WEEK = "mon-fri 9:00-12:30 13:30-17:00, sat 9-12"
LINE = "+15550001111"
SOON = (datetime.now(UTC) + timedelta(days=40)).date()


@pytest.fixture
def clerk(mongo_url: str) -> Clerk:
    return partial(clerk_in_process, {"CLERK_MONGO_URL": mongo_url})


@pytest.fixture
def shop(clerk: Clerk) -> Clerk:
    """A `clerk` whose documents have the calendar of a shop."""
    added = clerk("calendars", "add", "shop", "--zone", "America/New_York", "--week", WEEK, "--name", "The shop")
    assert added.returncode == 0, added.stderr
    assert added.stdout.startswith("shop is a calendar now: Mon-Fri 9:00-12:30, 13:30-17:00; Sat 9:00-12:00. ")
    return clerk


@pytest.fixture(scope="module")
def shared_shop(mongo: BackingServer) -> Clerk:
    """A `clerk` whose documents have the calendar of a shop, for words that change nothing."""
    shared = partial(clerk_in_process, {"CLERK_MONGO_URL": database(mongo.url, f"shop_{uuid.uuid4().hex[:12]}")})
    assert shared("calendars", "add", "shop", "--zone", "UTC", "--week", WEEK).returncode == 0
    return shared


def stored(clerk: Clerk) -> dict[str, Any]:
    """The calendar as `show --json` has it."""
    shown = clerk("calendars", "show", "shop", "--json")
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def told(clerk: Clerk, *words: str) -> str:
    """What a command says that does what was asked."""
    ended = clerk("calendars", *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_calendar_is_added_changed_shown_listed_and_removed(clerk: Clerk) -> None:
    assert "No calendars yet" in told(clerk, "list")
    night = ("--zone", "Europe/London", "--week", "mon-sun 22:00-6:00")
    added = clerk("calendars", "add", "shop", *night)
    assert "22:00-6:00 ends on the day after it begins" in added.stderr
    told(clerk, "set", "shop", "--week", WEEK, "--zone", "America/New_York", "--name", "The shop")
    found = stored(clerk)
    assert (found["zone"], found["name"], found["version"]) == ("America/New_York", "The shop", 2)
    assert found["week"]["sat"] == [{"opens": "09:00", "closes": "12:00"}]
    assert found["lines"] == []
    assert found["open"] in {True, False}
    assert [each["id"] for each in json.loads(told(clerk, "list", "--json"))] == ["shop"]
    for words in (("list",), ("show", "shop")):
        lines = told(clerk, *words).splitlines()
        assert max(map(len, lines)) <= 80
        assert any("no line uses it" in line for line in lines)
    told(clerk, "set", "shop", "--name", "The shop")
    assert stored(clerk)["version"] == 2  # nothing changed
    told(clerk, "remove", "shop")
    assert "No calendars yet" in told(clerk, "list")


def test_days_and_holidays_are_entered_shown_and_taken_back(shop: Clerk) -> None:
    day = ("--on", str(SOON), "--closed", "--name", "Stocktaking")
    assert "Stocktaking (closed)" in told(shop, "day", "add", "shop", *day)
    more = ("--from", str(SOON), "--to", str(SOON + timedelta(days=2)), "--hours", "10:00-11:00 12-13")
    assert "10:00-11:00, 12:00-13:00" in told(shop, "day", "add", "shop", *more)
    dry = told(shop, "holidays", "shop", "--country", "US", "--dry-run")
    assert "Columbus Day" in dry
    assert "Nothing is saved" in dry
    assert stored(shop)["holidays"] is None
    kept = told(shop, "holidays", "shop", "--country", "us", "--subdivision", "NY", "--leave-out", "columbus day")
    assert "Christmas Day" in kept
    assert "Columbus" not in kept
    found = stored(shop)
    assert found["holidays"] == {"country": "US", "subdivision": "NY", "left_out": ["Columbus Day"]}
    assert max(map(len, told(shop, "show", "shop").splitlines())) <= 80
    told(shop, "day", "remove", "shop", "--on", str(SOON))
    told(shop, "holidays", "shop", "--none")
    assert [(each["first"], each["public"]) for each in stored(shop)["days"]] == [(str(SOON), False)]


def test_somebody_closes_and_opens_again(shop: Clerk) -> None:
    assert told(shop, "close", "shop", "2h", "training").startswith("shop is closed. Closed until ")
    told(shop, "close", "shop", "3h", "--why", "a power cut")
    first, second = stored(shop)["closures"]
    assert (first["why"], second["why"]) == ("training", "a power cut")
    assert first["until"] == second["since"]  # what came later counts, and the former stays for what was computed
    assert told(shop, "open", "shop").startswith("shop follows its hours again.")
    again = shop("calendars", "open", "shop")
    assert (again.returncode, again.stderr.partition(". ")[0]) == (2, "nobody has closed shop")


def test_a_line_names_a_calendar_which_stays_as_long_as_it_does(shop: Clerk) -> None:
    unknown = shop("lines", "add", LINE, "--channel", "C0TEXTS", "--calendar", "shp")
    assert unknown.stderr == "--calendar shp: there is no such calendar. There are: shop.\n"
    assert shop("lines", "add", LINE, "--channel", "C0TEXTS", "--calendar", "shop").returncode == 0
    assert "hours of shop" in shop("lines", "list").stdout
    assert f"hours of {LINE}" in told(shop, "list")
    kept = shop("calendars", "remove", "shop")
    assert kept.returncode == 2
    assert kept.stderr == (f"shop has the hours of {LINE}. First: clerk lines set {LINE} --calendar none\n")
    changed = shop("lines", "set", LINE, "--calendar", "none")
    assert (changed.returncode, "; always open;" in changed.stdout) == (0, True)
    told(shop, "remove", "shop")


def test_there_are_at_most_fifty(mongo_url: str, clerk: Clerk) -> None:
    async def fill() -> None:
        async with Stores.opened(mongo_url) as stores:
            for number in range(MOST_CALENDARS):
                await stores.calendars.add(make.calendar(id=f"c{number}"))

    asyncio.run(fill())
    refused = clerk("calendars", *ADD, "mon 9-17")
    assert (refused.returncode, refused.stderr) == (2, "there are 50 calendars already: remove one first\n")


ADD = ("add", "new", "--zone", "UTC", "--week")
DAY = ("day", "add", "shop")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "The shop", "--zone", "UTC", "--week", WEEK), "The shop: a calendar's name has a-z, 0-9 and -"),
        (("add", "none", "--zone", "UTC", "--week", WEEK), "none: this word stands for no calendar"),
        (("add", "shop", "--zone", "UTC", "--week", WEEK), "shop is a calendar already."),
        (("add", "new", "--zone", "new york", "--week", WEEK), "(near it: America/New_York)"),
        (("add", "new", "--zone", "UTC", "--week", WEEK, "--name", "x" * 81), "--name: one line of at most 80"),
        ((*ADD, "mon-sun closed"), "so it would never open"),
        ((*ADD, "mon 9:00-12:00 11:00-17:00"), "--week: 09:00-12:00 and 11:00-17:00 overlap"),
        ((*ADD, "mon 22:00-6:00, tue 5:00-9:00"), "22:00-06:00 of Monday and 05:00-09:00 of Tuesday overlap"),
        ((*ADD, "mon 9:00"), "--week: '9:00' is no period: write it as 9:00-17:00"),
        ((*ADD, "mon 25:00-26:00"), "25:00-26:00: there is no such time of day"),
        ((*ADD, "9:00-17:00"), "--week: '9:00-17:00': days, then their hours"),
        ((*ADD, "mon"), "--week: 'mon': days, then their hours"),
        ((*ADD, ""), "--week: '': days, then their hours"),
        ((*ADD, "mon-fri 9-17, wed 9-12"), "--week: Wednesday has hours twice"),
        ((*ADD, "mox 9-17"), "--week: 'mox' is no day of the week: they are mon, tue"),
        (("set", "shop"), "say what to change"),
        (("set", "shp", "--name", "x"), "there is no calendar shp. Did you mean shop?"),
        (("show", "zzz"), "there is no calendar zzz. See clerk calendars list."),
        (("remove", "zzz"), "there is no calendar zzz."),
        (("set", "shop", "--week", "mon closed"), "so it would never open"),
        ((*DAY, "--on", "2027-02-30", "--closed"), "2027-02-30: there is no such day"),
        ((*DAY, "--on", "24.12.", "--closed"), "'24.12.' is no date: write it as 2026-12-24"),
        ((*DAY, "--on", "2024-12-24", "--closed"), "2024-12-24 is past: today is 20"),
        ((*DAY, "--from", "2090-12-24", "--to", "2090-12-23", "--closed"), "2090-12-23 is before 2090-12-24"),
        ((*DAY, "--from", "2090-12-24", "--closed"), "say which day with --on 2026-12-24, or which days"),
        ((*DAY, "--on", "2090-12-24"), "say either --closed or --hours"),
        ((*DAY, "--on", "2090-12-24", "--closed", "--hours", "9-12"), "say either --closed or --hours"),
        ((*DAY, "--on", "2090-12-24", "--hours", "9-12 11-13"), "09:00-12:00 and 11:00-13:00 overlap"),
        (("day", "remove", "shop", "--on", "2090-12-24"), "shop has no such day."),
        (("holidays", "shop", "--country", "XX"), "no holidays are known of a country 'XX'"),
        (("holidays", "shop", "--country", "US", "--subdivision", "ZZ"), "US has no part 'ZZ'"),
        (("holidays", "shop"), "say either --country US or --none"),
        (("close", "shop"), "Say until when: `2h`, `today`"),
        (("close", "shop", "soon"), "“soon” is no time. Say until when"),
        (("close", "shop", "until", "25:00"), "There is no time of day 25:00"),
        (("close", "shop", "2020-01-01"), "“2020-01-01” has passed already"),
        (("close", "shop", "9999h"), "“9999h” is more than a year ahead"),
        (("close", "shop", "2h", "training", "--why", "other"), "'training': say why only once"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_whatever_is_typed_wrong_is_answered_where_it_is_typed(
    shared_shop: Clerk, words: tuple[str, ...], said: str
) -> None:
    answered = shared_shop("calendars", *words)
    assert answered.returncode == 2, answered.stdout
    assert said in answered.stderr
    assert answered.stderr.count("\n") == 1
    assert answered.stdout == ""
