"""What an agent is told when Clerk gives up a message of theirs, or must wait with it. Pure."""

from collections.abc import Callable
from typing import Any, Final

from messages.base import QueueMessage
from messages.conversation import BlockContact, NameContact, PlaceContact
from messages.deadlines.alert import AcknowledgeAlert
from messages.inbound import SlackReplyChanged, SlackReplyPosted
from messages.notification import HidePost, OpenModal, ShowPost, UndoHide, Whisper
from messages.orders.foreign_clicks import ForeignClick
from messages.planned import ActOnPlanned, ListPlanned, PlanText, PlanTyped
from messages.sms import ResendText, SendLate, TakeBackText, WriteText, WriteTyped
from messages.team.agent import ComeBack, GoAway
from messages.ticket import ActOnTicket
from messages.views import (
    ChangeLine,
    CloseForAWhile,
    ExplainClocks,
    FindTickets,
    OpenAgain,
    OpenAwayForm,
    OpenBlock,
    OpenCloseForm,
    OpenDashboard,
    OpenLater,
    OpenPlanned,
    OpenReply,
    OpenSettings,
    OpenSnooze,
    PushSend,
    ShowHours,
    SnoozeTyped,
)

REPLY: Final = (
    "Clerk failed to handle your reply. If your message has no mark, the contact does not have it. "
    "Ask an admin to run `clerk dead list`: it says why, and `clerk dead replay` tries your reply again."
)
TEXT: Final = (
    "Clerk failed to handle your text. If the conversation's thread does not show it, the contact does not have it. "
    "Ask an admin to run `clerk dead list`: it says why, and `clerk dead replay` tries your text again."
)
CHANGE: Final = (
    "Clerk failed to handle the edit or deletion of your reply: the contact may have it as you first wrote it. "
    "Ask an admin to run `clerk dead list`: it says why."
)
ORDER: Final = "Clerk failed to do that. Look whether it was done, and if not, try again or ask an admin for help."


def _reply(message: SlackReplyPosted) -> Whisper:
    return Whisper(text=REPLY, user=message.user, channel=message.channel, thread_ts=message.thread_ts)


def _change(message: SlackReplyChanged) -> Whisper:
    return Whisper(text=CHANGE, user=message.user, channel=message.channel, thread_ts=message.thread_ts)


def _text(message: WriteText | WriteTyped | PlanText | PlanTyped) -> Whisper:
    return _to(message.by, TEXT, message.channel, message.response_url)


type _Hours = ShowHours | CloseForAWhile | OpenAgain | ExplainClocks | ChangeLine
type _Names = BlockContact | NameContact | PlaceContact
type _OfPlanned = ActOnPlanned | ListPlanned
type _OfAgent = GoAway | ComeBack | AcknowledgeAlert
type _Acts = HidePost | ShowPost | UndoHide | ActOnTicket | SnoozeTyped | SendLate | TakeBackText | ResendText
type _Order = _Acts | _Names | _OfPlanned | _Hours | _OfAgent


def _order(message: _Order) -> Whisper | None:
    command = getattr(message, "command", None)  # a submitted form has no response_url, but names the line's channel
    channel = getattr(message, "channel", None) or getattr(command, "origin", None)
    url = getattr(message, "response_url", None)
    return None if message.by is None or channel is url is None else _to(message.by, ORDER, channel, url)


type _InHome = OpenAwayForm | OpenCloseForm | OpenSettings
type _Typed = OpenDashboard | OpenLater
type _Forms = OpenModal | OpenReply | OpenPlanned | OpenSnooze | OpenBlock | _Typed | PushSend | _InHome
type _Views = _Forms | FindTickets | ForeignClick


def _view(message: _Views) -> Whisper | None:
    channel: str | None = getattr(message, "channel", None)
    return None if channel is message.response_url is None else _to(message.user, ORDER, channel, message.response_url)


def _to(user: str, words: str, channel: str | None, response_url: str | None) -> Whisper:
    """A whisper in the channel, or to the response_url where no channel is known: that is good for 30 minutes only."""
    return Whisper(text=words, user=user, channel=channel, response_url=None if channel else response_url)


LAST_WORDS: Final[dict[type[QueueMessage], Callable[[Any], Whisper | None]]] = {
    SlackReplyPosted: _reply,
    SlackReplyChanged: _change,
    WriteText: _text,
    WriteTyped: _text,
    PlanText: _text,
    PlanTyped: _text,
    ActOnPlanned: _order,
    ListPlanned: _order,
    SendLate: _order,
    TakeBackText: _order,
    ResendText: _order,
    HidePost: _order,
    ShowPost: _order,
    UndoHide: _order,
    NameContact: _order,
    PlaceContact: _order,
    BlockContact: _order,
    GoAway: _order,
    ComeBack: _order,
    AcknowledgeAlert: _order,
    ActOnTicket: _order,
    ShowHours: _order,
    CloseForAWhile: _order,
    OpenAgain: _order,
    ChangeLine: _order,
    ExplainClocks: _order,
    OpenModal: _view,
    OpenReply: _view,
    OpenPlanned: _view,
    OpenSnooze: _view,
    OpenAwayForm: _view,
    OpenCloseForm: _view,
    OpenSettings: _view,
    OpenBlock: _view,
    SnoozeTyped: _order,
    OpenDashboard: _view,
    OpenLater: _view,
    PushSend: _view,
    FindTickets: _view,
    ForeignClick: _view,
}


WAITING: Final = (
    "Clerk can't do that yet: its database (MongoDB) does not answer. Clerk keeps what you did, and does it as soon as "
    "it can. You need not do it again."
)

UPDATING: Final = (
    "Clerk can't do that yet: it is being updated. Clerk keeps what you did, and does it after the update. "
    "You need not do it again."
)
UPDATING_VIEWS: Final = "Clerk can't do that at the moment: it is being updated. Try again in a minute."


def last_words(message: QueueMessage) -> Whisper | None:
    """What to tell the agent whose message this was; None if nobody waits for it, or Clerk can't reach them."""
    write = LAST_WORDS.get(type(message))
    return None if write is None else write(message)


def words_of_delay(message: QueueMessage) -> Whisper | None:
    """What to tell the agent whose message waits for the end of an outage; None as in `last_words`."""
    told = last_words(message)
    return None if told is None else told.model_copy(update={"text": WAITING})


def words_of_update(message: QueueMessage) -> Whisper | None:
    """What to tell the agent whose message only a newer worker can read; None as in `last_words`."""
    told = last_words(message)
    text = UPDATING_VIEWS if message.queue() == "interactive" else UPDATING
    return None if told is None else told.model_copy(update={"text": text})
