"""What each button and menu on our messages orders: one row per `action_id`. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from messages.base import Document, Moment, QueueMessage
from messages.deadlines.alert import AcknowledgeAlert
from messages.deadlines.snooze import SetSnooze, SnoozeAgain, WakeUp
from messages.notification import HOME, AgentActed, HidePost, OpenModal, ShowPost, UndoHide
from messages.orders.snoozes import CHOICES, PICK
from messages.planned import ActOnPlanned, CancelPlan, KeepPlan, SendPlanNow
from messages.sms import ResendText, SendLate, TakeBackText
from messages.team.agent import ComeBack
from messages.ticket import ActOnTicket, AnswerAgain, Command, OptIn, SetPriority, SetStatus, Take, Unblock
from messages.views import (
    FindTickets,
    OpenAgain,
    OpenAwayForm,
    OpenBlock,
    OpenCloseForm,
    OpenPlanned,
    OpenReply,
    OpenSettings,
    OpenSnooze,
    PushSend,
    ShowHome,
)

MOST_PAGES: Final = 1000


class Click(Document):
    """One element of a message or view that a person used. `value` is a button's value or the picked option's.

    `channel` is `HOME` for one in the app's Home.

    `order` is the identity of the order, and `clicked_at` the time of the click: the same in every delivery. `at` is
    when this delivery came.
    """

    action_id: str
    value: str
    user: str
    channel: str
    ts: str
    trigger_id: str
    response_url: str | None = None
    at: Moment
    clicked_at: Moment | None = None
    order: str | None = None

    @property
    def acted_at(self) -> datetime:
        """When the person acted: what a repeated delivery does not move."""
        return self.clicked_at or self.at

    def parsed_value(self) -> Mapping[str, Any]:
        """The button's value as a JSON object; ValueError if it is not one."""
        found = from_json(self.value, allow_inf_nan=False)
        if not isinstance(found, dict):
            raise ValueError("the button's value is not a JSON object")
        return found

    def ticket(self) -> int:
        """The number of the button's ticket; ValueError if there is none."""
        number = self.parsed_value().get("ticket")
        if type(number) is not int or not 0 < number < 1 << 53:
            raise ValueError("the button's value names no ticket")
        return number


def _seen(click: Click) -> AgentActed:
    return AgentActed(ticket=click.ticket(), by=click.user, at=click.acted_at)


def _open(click: Click) -> Sequence[QueueMessage]:
    return [_seen(click)]


def _assign(click: Click) -> Sequence[QueueMessage]:
    modal = OpenModal(
        ticket=click.ticket(),
        user=click.user,
        trigger_id=click.trigger_id,
        response_url=click.response_url,
        channel=click.channel or None,
        received_at=click.at,
    )
    return [modal, _seen(click)]


def _reply(click: Click) -> Sequence[QueueMessage]:
    modal = OpenReply(
        ticket=click.ticket(),
        user=click.user,
        trigger_id=click.trigger_id,
        response_url=click.response_url,
        channel=click.channel or None,
        received_at=click.at,
    )
    return [modal, _seen(click)]


def _send_form(click: Click) -> Sequence[QueueMessage]:
    carried = click.parsed_value()
    form = PushSend(
        user=click.user,
        trigger_id=click.trigger_id,
        channel=str(carried["channel"]),
        response_url=carried.get("response_url"),
        received_at=click.at,
    )
    return [form]


def _page(click: Click) -> Sequence[QueueMessage]:
    carried = click.parsed_value()
    view, page = carried.get("view"), carried["page"]
    if type(page) is not int or not 0 <= page < MOST_PAGES:
        raise ValueError("the button's value names no page")
    turn = FindTickets(
        query=str(carried["query"]),
        user=click.user,
        channel=carried.get("channel") or click.channel,
        response_url=None if view else click.response_url,
        view=view,
        page=page,
        received_at=click.at,
    )
    return [turn]


def _home(click: Click) -> Sequence[QueueMessage]:
    carried = click.parsed_value()
    pages = {name: carried[name] for name in ("tickets", "lines")}
    if not all(type(page) is int and 0 <= page < MOST_PAGES for page in pages.values()):
        raise ValueError("the button's value names no page")
    return [ShowHome(user=click.user, **pages)]


def _away_form(click: Click) -> Sequence[QueueMessage]:
    return [OpenAwayForm(**_opens(click))]


def _close_form(click: Click) -> Sequence[QueueMessage]:
    return [OpenCloseForm(line=str(click.parsed_value()["line"]), **_opens(click))]


def _settings(click: Click) -> Sequence[QueueMessage]:
    return [OpenSettings(line=str(click.parsed_value()["line"]), **_opens(click))]


def _open_again(click: Click) -> Sequence[QueueMessage]:
    line = str(click.parsed_value()["line"])
    return [OpenAgain(line=line, by=click.user, at=click.acted_at, channel=HOME, response_url=click.response_url)]


def _opens(click: Click) -> dict[str, Any]:
    """What every order to open a modal has."""
    return {
        "user": click.user,
        "trigger_id": click.trigger_id,
        "response_url": click.response_url,
        "channel": click.channel or None,
        "received_at": click.at,
    }


def _hide(click: Click) -> Sequence[QueueMessage]:
    hide = HidePost(
        channel=click.channel, ts=click.ts, by=click.user, response_url=click.response_url, order=click.order
    )
    return [hide, _seen(click)]


def _show(click: Click) -> Sequence[QueueMessage]:
    show = ShowPost(
        channel=click.channel, ts=click.ts, by=click.user, response_url=click.response_url, order=click.order
    )
    return [show]


def _undo_hide(click: Click) -> Sequence[QueueMessage]:
    post = str(click.parsed_value()["post"])
    return [UndoHide(post=post, by=click.user, response_url=click.response_url, order=click.order)]


def _resend(click: Click) -> Sequence[QueueMessage]:
    value = click.parsed_value()
    again = ResendText(
        sms=str(value["sms"]),
        by=click.user,
        attempt=value.get("attempt"),
        channel=click.channel or None,
        response_url=click.response_url,
        order=click.order,
    )
    return [again]


def _send_late(click: Click) -> Sequence[QueueMessage]:
    late = SendLate(
        sms=str(click.parsed_value()["sms"]),
        by=click.user,
        at=click.acted_at,
        channel=click.channel or None,
        response_url=click.response_url,
        order=click.order,
    )
    return [late]


def _take_back(click: Click) -> Sequence[QueueMessage]:
    back = TakeBackText(
        sms=str(click.parsed_value()["sms"]),
        by=click.user,
        at=click.acted_at,
        channel=click.channel or None,
        response_url=click.response_url,
        order=click.order,
    )
    return [back]


def _command(click: Click, command: Command) -> Sequence[QueueMessage]:
    order = ActOnTicket(
        ticket=click.ticket(),
        command=command,
        by=click.user,
        at=click.acted_at,
        response_url=click.response_url,
        order=click.order,
    )
    return [order]


def _take(click: Click) -> Sequence[QueueMessage]:
    return _command(click, Take())


def _status(click: Click) -> Sequence[QueueMessage]:
    return _command(click, SetStatus.model_validate(click.parsed_value()))


def _priority(click: Click) -> Sequence[QueueMessage]:
    return _command(click, SetPriority.model_validate(click.parsed_value()))


def _opt_in(click: Click) -> Sequence[QueueMessage]:
    return _command(click, OptIn.model_validate(click.parsed_value()))


def _block(click: Click) -> Sequence[QueueMessage]:
    carried = click.parsed_value()
    form = OpenBlock(
        ticket=click.ticket(),
        user=click.user,
        trigger_id=click.trigger_id,
        response_url=click.response_url,
        channel=click.channel or str(carried["channel"]),
        received_at=click.at,
    )
    return [form, _seen(click)]


def _unblock(click: Click) -> Sequence[QueueMessage]:
    return _command(click, Unblock())


def _answer_again(click: Click) -> Sequence[QueueMessage]:
    return _command(click, AnswerAgain.model_validate(click.parsed_value()))


def _snooze(click: Click) -> Sequence[QueueMessage]:
    choice = str(click.parsed_value()["snooze"])
    if choice != PICK:
        return _command(click, SetSnooze(when=CHOICES[choice]))
    form = OpenSnooze(
        ticket=click.ticket(),
        user=click.user,
        trigger_id=click.trigger_id,
        response_url=click.response_url,
        channel=click.channel or None,
        received_at=click.at,
    )
    return [form, _seen(click)]


def _snooze_again(click: Click) -> Sequence[QueueMessage]:
    return _command(click, SnoozeAgain.model_validate(click.parsed_value()))


def _wake(click: Click) -> Sequence[QueueMessage]:
    return _command(click, WakeUp())


def _planned(click: Click, command: CancelPlan | SendPlanNow | KeepPlan) -> Sequence[QueueMessage]:
    order = ActOnPlanned(
        planned=str(click.parsed_value()["planned"]),
        command=command,
        by=click.user,
        at=click.acted_at,
        channel=click.channel or None,
        response_url=click.response_url,
        order=click.order,
    )
    return [order]


def _keep_planned(click: Click) -> Sequence[QueueMessage]:
    return _planned(click, KeepPlan())


def _send_planned_now(click: Click) -> Sequence[QueueMessage]:
    return _planned(click, SendPlanNow())


def _cancel_planned(click: Click) -> Sequence[QueueMessage]:
    return _planned(click, CancelPlan())


def _edit_planned(click: Click) -> Sequence[QueueMessage]:
    modal = OpenPlanned(
        planned=str(click.parsed_value()["planned"]),
        user=click.user,
        trigger_id=click.trigger_id,
        response_url=click.response_url,
        channel=click.channel or None,
        received_at=click.at,
    )
    return [modal]


def _have(click: Click) -> Sequence[QueueMessage]:
    have = AcknowledgeAlert(
        alert=str(click.parsed_value()["alert"]),
        by=click.user,
        at=click.acted_at,
        channel=click.channel or None,
        response_url=click.response_url,
        order=click.order,
    )
    return [have, _seen(click)]


def _back(click: Click) -> Sequence[QueueMessage]:
    back = ComeBack.model_validate(
        {
            "since": click.parsed_value()["since"],
            "by": click.user,
            "at": click.acted_at,
            "channel": click.channel or None,
            "response_url": click.response_url,
            "order": click.order,
        }
    )
    return [back]


ORDERS: Final[Mapping[str, Callable[[Click], Sequence[QueueMessage]]]] = {
    "ticket.open": _open,
    "ticket.assign": _assign,
    "ticket.reply": _reply,
    "ticket.hide": _hide,
    "ticket.show": _show,
    "ticket.undo_hide": _undo_hide,
    "ticket.resend": _resend,
    "ticket.send_late": _send_late,
    "ticket.take_back": _take_back,
    "ticket.take": _take,
    "ticket.status": _status,
    "ticket.priority": _priority,
    "ticket.opt_in": _opt_in,
    "ticket.block": _block,
    "ticket.unblock": _unblock,
    "ticket.answer_again": _answer_again,
    "ticket.snooze": _snooze,
    "ticket.snooze_again": _snooze_again,
    "ticket.wake": _wake,
    "planned.keep": _keep_planned,
    "planned.send_now": _send_planned_now,
    "planned.cancel": _cancel_planned,
    "planned.edit": _edit_planned,
    "alert.have": _have,
    "clerk.back": _back,
    "clerk.send": _send_form,
    "clerk.page.0": _page,
    "clerk.page.1": _page,
    "home.show.0": _home,
    "home.show.1": _home,
    "home.away": _away_form,
    "home.close": _close_form,
    "home.open": _open_again,
    "home.settings": _settings,
}


def orders(click: Click) -> Sequence[QueueMessage]:
    """The messages to publish for a click; none if the element or its value is not one of ours."""
    if click.action_id not in ORDERS:
        return []
    try:
        return ORDERS[click.action_id](click)
    except (ValidationError, ValueError, KeyError):
        return []
