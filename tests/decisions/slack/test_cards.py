"""Cards, thread posts and lines: within Slack's limits for every content, and nothing that people wrote comes alive."""

import html
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.deadlines.priority import Priority
from messages.formats.plain_words import visible
from messages.orders.clicks import Click, orders
from messages.sms import Direction, Media, Sms, State
from messages.ticket import ActOnTicket, Change, Entry, Status, Ticket
from sandbox.slack.blockkit.block_checks import block_errors, too_long
from tests import make
from tests.decisions.helpers import ALIVE, LINK, text_objects
from tests.make import AGENT, HOSTILE, NOW, SOLVED_FOR, at
from workers.slack import blocks, cards
from workers.slack.cards import Card
from workers.slack.elements import Rendered
from workers.tickets.lifecycle import decide

ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def _check(rendered: Rendered) -> None:
    sent = json.loads(json.dumps(rendered.blocks))
    assert block_errors(sent) == []
    assert not too_long(sent)
    assert rendered.text.strip()
    assert len(rendered.text) <= 4000
    for text in (rendered.text, *(each["text"] for each in text_objects(rendered.blocks))):
        assert not ALIVE.search(text)
        assert not ENTITY.search(text)
        assert text.count("<") == text.count(">")
    assert "\x00" not in str(rendered)
    rendered.text.encode()


def _shown(rendered: Rendered) -> str:
    """The text of a message's sections, as people read it."""
    sections = [each for each in rendered.blocks if each["type"] == "section" and "text" in each]
    return html.unescape("".join(each["text"]["text"] for each in sections))


@st.composite
def any_card(draw: st.DrawFn) -> Card:
    return Card(
        ticket=draw(make.tickets()),
        contact=make.contact(id=draw(st.just(make.CONTACT) | make.visible(256)), name=draw(make.written(300))),
        line=make.line(name=draw(make.written(100))),
        newest=draw(st.none() | make.texts()),
        more=draw(st.integers(0, 10_000)),
        permalink=draw(st.none() | st.just("https://team.slack.com/archives/C0TEXTS/p1700000000000100")),
        root=draw(st.booleans()),
    )


def _card(**fields: Any) -> Card:
    defaults = {
        "ticket": make.ticket(),
        "contact": make.contact(),
        "line": make.line(),
        "newest": make.sms(),
        "more": 0,
        "permalink": "https://team.slack.com/archives/C0TEXTS/p1",
        "root": False,
    }
    return Card(**{**defaults, **fields})


@given(any_card(), st.none() | make.USERS)
def test_every_card_and_collapsed_root_is_within_slacks_limits_and_dead(card: Card, hidden_by: str | None) -> None:
    _check(cards.card(card))
    for rendered in (cards.collapsed(card, hidden_by), cards.superseded(card, LINK), cards.shrunk(card, LINK)):
        _check(rendered)
        assert len(json.dumps(rendered.blocks)) < 4000, "it is one line"


@given(st.lists(make.texts(), min_size=1, max_size=30))
def test_every_burst_of_texts_is_posted_whole_in_order_and_within_slacks_limits(burst: list[Sms]) -> None:
    left = list(burst)
    while left:
        rendered, count = blocks.texts(left)
        assert count >= 1
        _check(rendered)
        left = left[count:]


@given(make.written(1600))
def test_a_text_of_1600_characters_of_anything_is_shown_whole_on_the_card_and_in_the_thread(body: str) -> None:
    seen = visible(body)
    expected = seen if body.strip() else ""
    assert _shown(cards.card(_card(newest=make.sms(body=body)))) == expected
    assert _shown(blocks.texts([make.sms(body=body)])[0]) == expected


@pytest.mark.parametrize("body", ["&" * 1600, "<!channel>" * 160, "😀" * 1600, "\n" * 1599 + "x", "x" * 100_000])
def test_the_fullest_card_and_thread_post_are_within_slacks_limits(body: str) -> None:
    ticket = make.ticket(
        subject="&" * 150,
        tags=tuple(f"{number:030d}" for number in range(20)),
        notify=make.many("U", 100),
        assignees=make.many("U", 100),
        status=Status.ON_HOLD,
        priority=Priority.URGENT,
    )
    media = tuple(Media(url="https://api.twilio.com/m", content_type="&" * 200) for _ in range(10))
    newest = make.sms(body=body, media=media)
    _check(cards.card(_card(ticket=ticket, newest=newest, more=9999, contact=make.contact(name="&" * 1000))))
    _check(blocks.texts([newest])[0])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_of_a_contact_appear_only_where_no_markup_is_read(hostile: str) -> None:
    body = f"BODY{hostile}BODY"
    rendered = cards.card(_card(newest=make.sms(body=body)))
    found = [each for each in text_objects(rendered.blocks) if "BODY" in each["text"]]
    assert found
    assert {(each["type"], each.get("emoji")) for each in found} == {("plain_text", False)}
    _check(rendered)


@pytest.mark.parametrize("hostile", ["*b*", "_i_", "~s~", "`c`", ":wave:", "<!here>", "a\n> quote", "::smile::"])
def test_hostile_words_of_an_agent_are_dead_where_markup_is_read(hostile: str) -> None:
    named = make.contact(name=hostile)
    changes = [Change(what="subject", before="", after=hostile), Change(what="note", before=None, after=hostile)]
    told = blocks.line(make.ticket(), [make.entry(*changes)])
    assert told is not None
    lines = [cards.collapsed(_card(contact=named), None), cards.superseded(_card(contact=named), LINK)]
    lines += [cards.shrunk(_card(contact=named, newest=make.sms(body=hostile)), LINK)]
    whole = cards.card(_card(line=make.line(name=hostile), ticket=make.ticket(subject=hostile), failed=hostile))
    for rendered in (told, *lines, whole):
        _check(rendered)
        for each in text_objects(rendered.blocks):
            if each["type"] == "mrkdwn":
                own = re.sub(
                    r"<[^>]*>|\*(Status|Priority|Subject|Tags|Notified|On it|Last text to the contact)\*|:warning:",
                    "",
                    each["text"],
                )
                assert not re.search(r"[*_~`]|:[\w+'-]+:|\n\s*&gt;", own), own


def test_every_label_of_a_card_is_bold() -> None:
    whole = cards.card(_card(ticket=make.ticket(subject="Heating <b>")))
    [fields] = [block["fields"] for block in whole.blocks if "fields" in block]
    labels = [each["text"].partition("\n")[0] for each in fields]
    assert labels == ["*Status*", "*Priority*", "*Subject*", "*Tags*", "*Notified*", "*On it*"]
    assert {each["type"] for each in fields} == {"mrkdwn"}
    assert fields[2]["text"] == "*Subject*\nHeating &lt;b&gt;"


@given(make.written(2000))
def test_a_card_says_why_the_last_text_failed_and_nothing_when_it_did_not(why: str) -> None:
    assert "Last text to the contact" not in str(cards.card(_card()).blocks)
    rendered = cards.card(_card(failed=f"Not sent: {why}"))
    _check(rendered)
    assert "*Last text to the contact* · Not sent" in str(rendered.blocks)


def test_a_card_shows_what_the_specification_lists() -> None:
    ticket = make.ticket(
        status=Status.PENDING,
        priority=Priority.HIGH,
        subject="Blue one",
        tags=("vip",),
        notify=("U0BOB", "C0SALES"),
        assignees=(AGENT,),
        follows=3,
    )
    rendered = cards.card(_card(ticket=ticket, contact=make.contact(name="Ann"), line=make.line(name="Sales"), more=2))
    whole = str(rendered.blocks)
    shown = ["Ann · +15550002222", "on Sales", "Ticket #7", "follows #3", "Is the blue one still there?", "+2 more"]
    shown += ["Blue one", "Pending", "High", "`vip`", "<@U0BOB> <#C0SALES>", "<@U0ADA>", "<!date^"]
    assert [each for each in shown if each not in whole] == []
    actions = rendered.blocks[-2]["elements"]
    assert [each["action_id"] for each in actions] == ["ticket.open", "ticket.reply", "ticket.assign", "ticket.hide"]
    assert [each["value"] for each in actions] == ['{"ticket": 7}'] * 4
    assert actions[0]["url"] == "https://team.slack.com/archives/C0TEXTS/p1"
    assert rendered.text.startswith("Ann · +15550002222: Is the blue one still there? (+2 more)")


def test_a_picture_without_a_text_is_said_on_the_card_and_in_the_thread() -> None:
    picture = make.sms(body="", media=(Media(url="https://api.twilio.com/m", content_type="image/png"),))
    assert "1 picture (image/png)" in str(cards.card(_card(newest=picture)).blocks)
    rendered, _ = blocks.texts([picture])
    assert "1 picture (image/png)" in str(rendered.blocks)
    assert rendered.text == "(picture)"


@pytest.mark.parametrize("body", ["", "   ", "\n"])
def test_an_empty_text_is_said_to_be_empty(body: str) -> None:
    rendered, _ = blocks.texts([make.sms(body=body)])
    assert "(no text)" in str(rendered.blocks)
    assert rendered.text == "(no text)"


def test_the_same_content_has_the_same_digest_and_any_difference_another() -> None:
    first = cards.card(_card())
    assert first.digest == cards.card(_card()).digest
    assert first.digest != cards.card(_card(more=1)).digest
    assert first.digest != cards.card(_card(permalink=None)).digest


@given(make.tickets(), make.tickets(), make.USERS)
def test_every_change_is_described_in_a_line_within_slacks_limits(ticket: Ticket, wanted: Ticket, by: str) -> None:
    edit = make.edit(
        version=ticket.version,
        subject=wanted.subject,
        status=wanted.status,
        priority=wanted.priority,
        tags=wanted.tags,
        notify=wanted.notify,
        assignees=wanted.assignees,
        note=wanted.notes[0].text if wanted.notes else "",
    )
    after = decide(ticket, edit, by, NOW, SOLVED_FOR).ticket
    rendered = blocks.line(after, after.history)
    assert (rendered is None) == (not after.history)
    if rendered is not None:
        assert rendered.text.startswith(f"<@{by}> ")
        _check(rendered)


def test_a_line_of_many_long_changes_cuts_none_of_them_in_the_middle() -> None:
    note = Change(what="note", before=None, after="<@U0ADA> & " * 272)
    subject = Change(what="subject", before="", after="&" * 150)
    rendered = blocks.line(make.ticket(), [make.entry(note, subject, version=number) for number in range(2, 22)])
    assert rendered is not None
    _check(rendered)
    assert "noted: &lt;@U0ADA&gt;" in rendered.text
    assert "more" in rendered.text


def test_what_clerk_does_by_itself_is_attributed_to_clerk() -> None:
    solved = make.ticket(status=Status.SOLVED)
    closed = Entry(
        version=2,
        changes=(Change(what="status", before="solved", after="closed"),),
        by=None,
        at=at(0),
        why="solved_for",
    )
    told = blocks.line(solved, [closed])
    assert told is not None
    assert told.text == "Clerk closed ticket #7: it was solved a while ago and stayed quiet."
    opened = closed.model_copy(
        update={"why": "text", "changes": (Change(what="status", before="solved", after="open"),)}
    )
    told = blocks.line(solved, [opened])
    assert told is not None
    assert told.text == "Ticket #7 is Open again: the contact wrote."


@given(make.written(300), make.written(50))
def test_every_private_word_and_trouble_is_within_slacks_limits(text: str, reason: str) -> None:
    _check(blocks.unreachable("C0SALES", reason))
    _check(blocks.hidden_notice("+15550001111:+15550002222/card/1/C0TEXTS"))
    if text.strip():
        _check(blocks.whisper(text))


def test_plain_private_words_show_no_quotes_around_a_command() -> None:
    shown = blocks.whisper("You come back by yourself; `/clerk back` ends it sooner.")
    assert shown.blocks[0]["text"] == {
        "type": "plain_text",
        "text": "You come back by yourself; /clerk back ends it sooner.",
        "emoji": False,
    }
    assert "`/clerk back`" in blocks.whisper("`/clerk back`", markup=True).text


def test_a_private_word_is_plain_unless_it_is_markup() -> None:
    shown = [blocks.whisper("<@U0ADA> closed", markup=markup).blocks[0]["text"] for markup in (False, True)]
    assert [(each["type"], each["text"]) for each in shown] == [
        ("plain_text", "&lt;@U0ADA&gt; closed"),
        ("mrkdwn", "<@U0ADA> closed"),
    ]


def test_a_dense_burst_fills_a_post_but_never_more_than_slack_takes() -> None:
    burst = [make.sms(body="x" * 780, received_at=NOW + timedelta(seconds=number)) for number in range(40)]
    rendered, count = blocks.texts(burst)
    assert count > 5
    _check(rendered)


@given(make.written(1600, 1), st.sampled_from(State), make.USERS)
def test_what_an_agent_wrote_elsewhere_is_complete_in_a_post_with_its_author_and_state(
    body: str, state: State, author: str
) -> None:
    text = make.sms(body=body, direction=Direction.OUTBOUND, state=state, author=author)
    rendered = blocks.written(text)
    if rendered.text.strip():
        _check(rendered)
    (quote,) = [each for each in rendered.blocks if each["type"] == "rich_text"]
    assert quote["elements"][0]["elements"][0]["text"] == visible(body)
    assert f"<@{author}>" in str(rendered.blocks[0])


def test_each_state_of_what_was_written_elsewhere_looks_different_where_it_matters() -> None:
    shown = {state: blocks.written(make.sms(state=state, author=AGENT)).digest for state in State}
    assert len({shown[each] for each in (State.WAITING, State.SENT, State.DELIVERED, State.FAILED, State.NOTE)}) == 5


def test_a_card_of_a_conversation_that_an_agent_began_says_that_nothing_came_yet() -> None:
    rendered = cards.card(_card(newest=None, ticket=make.ticket(last_text=0)))
    assert "Nothing from the contact yet." in str(rendered.blocks)
    assert "no text" not in rendered.text


def _quick(ticket: Ticket) -> dict[str, Mapping[str, Any]]:
    """The quick actions of a ticket's card by action_id."""
    row = cards.card(_card(ticket=ticket)).blocks[-1]
    assert row["type"] == "actions"
    return {each["action_id"]: each for each in row["elements"]}


def _carried(menu: Mapping[str, Any], what: str) -> list[str]:
    return [json.loads(option["value"])[what] for option in menu["options"]]


@given(make.tickets())
def test_the_quick_actions_offer_what_can_be_ordered_and_nothing_that_is_refused(ticket: Ticket) -> None:
    found = _quick(ticket)
    over = ticket.status in {Status.SOLVED, Status.CLOSED}
    of_open = [] if ticket.is_closed else ["ticket.take", "ticket.status"]
    assert list(found) == [*of_open, "ticket.priority", *([] if over else ["ticket.snooze"])]
    for element in found.values():
        values = [option["value"] for option in element.get("options", ())] or [element["value"]]
        for value in values:
            click = Click(
                action_id=element["action_id"],
                value=value,
                user=AGENT,
                channel="C1",
                ts="1.1",
                trigger_id="1.2",
                at=NOW,
            )
            order, *seen = orders(click)
            if seen:
                continue  # it opens a form
            assert isinstance(order, ActOnTicket)
            assert order.ticket == ticket.id
            assert decide(ticket, order.command, AGENT, NOW, SOLVED_FOR).refusals == ()


@given(make.tickets())
def test_the_menus_show_the_present_status_and_priority(ticket: Ticket) -> None:
    found = _quick(ticket)
    if not ticket.is_closed:
        assert json.loads(found["ticket.status"]["initial_option"]["value"])["status"] == ticket.status
        assert ("new" in _carried(found["ticket.status"], "status")) == (ticket.status is Status.NEW)
    priorities = _carried(found["ticket.priority"], "priority")
    assert json.loads(found["ticket.priority"]["initial_option"]["value"])["priority"] == ticket.priority
    assert ("none" in priorities) == (ticket.priority is Priority.NONE)


def test_a_menu_whose_shown_value_changed_is_a_new_one_for_slack() -> None:
    rows = {
        cards.card(_card(ticket=make.ticket(status=status, priority=priority))).blocks[-1]["block_id"]
        for status in Status
        for priority in Priority
    }
    assert len(rows) == len(Status) * len(Priority)


@given(make.tickets(), make.tickets())
def test_quick_actions_are_of_their_own_ticket_whatever_was_drawn_before(before: Ticket, ticket: Ticket) -> None:
    _quick(before)
    row = cards.card(_card(ticket=ticket)).blocks[-1]
    assert row["block_id"] == f"ticket.quick.{ticket.status}.{ticket.priority}"
    for element in row["elements"]:
        values = [option["value"] for option in element.get("options", ())] or [element["value"]]
        assert {json.loads(value)["ticket"] for value in values} == {ticket.id}
