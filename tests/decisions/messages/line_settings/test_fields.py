"""The settings of a line as fields: none is left out, each is read back as it is shown, and is judged as by command."""

import inspect
from datetime import timedelta

import pytest

from messages.answering import AutoKind, AutoReplies
from messages.deadlines import alert_words, policy_words
from messages.deadlines.alert import AlertSettings
from messages.deadlines.policy import Policy
from messages.line import Line, Mode, Quiet, QuietHours, ReplyMode
from messages.line_settings.fields import BY_ID, COMMAND_ONLY, FIELDS, applied, digest, shown, wrong
from messages.line_settings.words import changed_line
from messages.team import auto_replies
from ops.commands.lines import set_
from tests import make
from tests.make import NOW

FULL = make.line(
    name="Shop",
    reply_mode=ReplyMode.BUTTONS,
    other_organisations=True,
    mode=Mode.LEADING,
    window=timedelta(seconds=2.5),
    cap=timedelta(hours=2),
    solved_for=timedelta(hours=24),
    opt_out="STOP,ARRET:START",
    calendar="shop",
    quiet=Quiet.HOLD,
    quiet_hours=QuietHours(begins="22:00", ends="07:30", sundays=True),
    zone="Europe/Berlin",
    auto_replies=AutoReplies(
        **{kind: auto_replies.OFFERED[kind] for kind in AutoKind}, waiting_after=7, nudge_after=2, solve_after=9
    ),
    hold=timedelta(seconds=5),
    policy=Policy(targets=policy_words.setting(policy_words.OFFERED, "high.first=90m/calendar/60%"), version=3),
    alerts=AlertSettings(
        escalation=("U0ANN", "C0BOARD"),
        escalate_after=timedelta(minutes=90),
        unanswered_after=timedelta(hours=2),
        nag=timedelta(),
    ),
    on_call=("U0ANN", "U0BOB"),
)


def test_every_setting_of_the_command_has_a_field_or_a_reason_why_it_has_none() -> None:
    settings = set(inspect.signature(set_).parameters) - {"line"}
    with_field = {each.setting for each in FIELDS}
    assert with_field | COMMAND_ONLY.keys() == settings
    assert with_field & COMMAND_ONLY.keys() == set()
    assert all(COMMAND_ONLY.values())
    assert len(BY_ID) == len(FIELDS)


def test_every_automatic_text_and_each_of_its_times_has_a_field() -> None:
    assert {id for id in BY_ID if id.startswith("auto.")} == {
        f"auto.{each}" for each in (*AutoKind, *auto_replies.TIMES)
    }


@pytest.mark.parametrize("line", [make.line(), FULL], ids=["new", "full"])
def test_what_a_field_shows_is_read_back_as_it_was(line: Line) -> None:
    for id, value in shown(line).items():
        assert applied(line, {id: value}, NOW) == line, id
    assert wrong(line, shown(line), shown(line), NOW) == {}


def test_what_all_fields_show_makes_any_other_line_the_same() -> None:
    for before, after in ((make.line(), FULL), (FULL, make.line())):
        found = applied(before, shown(after), NOW)
        policy = found.policy.model_copy(update={"version": after.policy.version})
        assert found.model_copy(update={"policy": policy}) == after


def test_every_field_changes_something_and_nothing_but_what_it_shows() -> None:
    for id, value in shown(FULL).items():
        found = applied(make.line(), {id: value} | ({"cap": "7200"} if id == "window" else {}), NOW)
        assert {each for each, now in shown(found).items() if now != shown(make.line())[each]} - {"cap"} == {id} - {
            "cap"
        }


@pytest.mark.parametrize(
    ("id", "typed", "given"),
    [
        ("window", "0", {"window": 0.0}),
        ("cap", "90000", {"cap": 90000.0}),
        ("solved_for", "0", {"solved_for": 0.0}),
        ("hold", "31", {"hold": "31"}),
        ("zone", "Berlin", {"zone": "Berlin"}),
        ("quiet_hours", "night", {"quiet_hours": "night"}),
        ("quiet_hours", "08:00-07:00", {"quiet_hours": "08:00-07:00"}),
        ("opt_out", "ST OP!", {"opt_out": "ST OP!"}),
        ("on_call", "ann", {"on_call": "ann"}),
        ("name", "x" * 81, {"name": "x" * 81}),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_command(id: str, typed: str, given: dict[str, object]) -> None:
    with pytest.raises(ValueError) as error:
        changed_line(make.line(), **given)
    found = wrong(make.line(), {**shown(make.line()), id: typed}, [id], NOW)
    assert found.keys() == {id}
    assert str(error.value).endswith(found[id])


@pytest.mark.parametrize(
    ("id", "typed", "said"),
    [
        ("window", "soon", "soon: write a number of seconds"),
        ("auto.closed", "{closes}", "closed: "),
        ("auto.nudge-after", "0", "nudge-after: days, from 1 to 60"),
        ("sla", "urgent.first=2d", "urgent.first: write a time such as 15m"),
        ("alert", "nag=soon", "nag: write a time such as 30m"),
    ],
)
def test_what_is_wrong_with_the_rest_is_said_at_its_field(id: str, typed: str, said: str) -> None:
    found = wrong(make.line(), {**shown(make.line()), id: typed}, [id], NOW)
    assert found.keys() == {id}
    assert found[id].startswith(said)


def test_a_window_and_a_cap_are_judged_together() -> None:
    values = shown(make.line()) | {"window": "1000", "cap": "2000"}
    assert wrong(make.line(), values, ["window", "cap"], NOW) == {}
    assert wrong(make.line(), values | {"cap": "900"}, ["window"], NOW) == {
        "window": "the cap must not be less than the window"
    }
    assert wrong(make.line(), values | {"cap": "900"}, ["cap", "window"], NOW).keys() == {"cap"}


def test_blank_means_what_none_and_off_mean_to_the_command() -> None:
    ids = {"name", "zone", "on_call", "opt_out", "sla", "alert", *(f"auto.{kind}" for kind in AutoKind)}
    assert {each.id for each in FIELDS if each.may_be_blank} == ids
    found = applied(FULL, dict.fromkeys(ids, ""), NOW)
    assert (found.name, found.zone, found.on_call, found.opt_out) == ("", "", (), None)
    assert (found.policy.targets, found.alerts, found.auto_replies.kinds) == ({}, AlertSettings(), ())


def test_values_are_told_apart_but_for_blanks_around_them() -> None:
    assert digest(" a ") == digest("a") != digest("b")


def test_lengths_of_time_are_typed_as_they_are_read() -> None:
    for amount in (timedelta(minutes=1), timedelta(minutes=90), timedelta(hours=24), timedelta(days=366)):
        policy = Policy(targets=policy_words.setting({}, f"low.next={policy_words.typed_length(amount)}"))
        assert next(iter(policy.targets.values())).popitem()[1].within == amount
    assert list(alert_words.as_typed(AlertSettings())) == []
