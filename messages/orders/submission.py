"""A submitted modal as the gateway reads it. Pure."""

from collections.abc import Mapping

from messages.base import Document, Moment
from messages.formats.slack_urls import is_slack_url
from messages.formats.thread_replies import MessageFile
from messages.sms import SlackFile

type Errors = dict[str, str]
"""What is wrong, by the block_id of the field."""


class Option(Document):
    """An option of a menu."""

    value: str


class InputState(Document):
    """The state of an input as Slack sends it; the kind of input decides which field is set
    (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload).
    """

    value: str | None = None
    selected_option: Option | None = None
    selected_options: tuple[Option, ...] | None = None
    selected_users: tuple[str, ...] | None = None
    selected_conversations: tuple[str, ...] | None = None
    selected_date: str | None = None
    selected_time: str | None = None
    files: tuple[MessageFile, ...] | None = None

    @property
    def text(self) -> str:
        """The typed text, without the blanks around it."""
        return (self.value or "").strip()

    @property
    def picked(self) -> str | None:
        """The value of the picked option, if any."""
        return self.selected_option.value if self.selected_option else None

    @property
    def attached(self) -> tuple[SlackFile, ...]:
        """The files that were chosen, each once."""
        files = {each.id: SlackFile(**each.model_dump()) for each in self.files or ()}
        return tuple(files.values())

    @property
    def ticked(self) -> tuple[str, ...]:
        """The values of the ticked options."""
        return tuple(each.value for each in self.selected_options or ())


class Submission(Document):
    """A submitted modal: `fields` maps each input's block_id to its state.

    `order` is the identity of the order, the same in every delivery.
    """

    view: str = ""
    order: str | None = None
    callback_id: str
    private_metadata: str
    fields: Mapping[str, InputState]
    user: str
    at: Moment


def field(submission: Submission, name: str) -> InputState:
    """The state of a field; an empty one if the form has none of that name."""
    return submission.fields.get(name, InputState())


def with_slacks_files(state: InputState, api_url: str) -> InputState:
    """The state of an input, whose files are without their addresses if those are outside Slack."""
    if not state.files:
        return state
    here = [each if is_slack_url(each.url_private, api_url) else _nowhere(each) for each in state.files]
    return state.model_copy(update={"files": tuple(here)})


def _nowhere(file: MessageFile) -> MessageFile:
    return file.model_copy(update={"url_private": ""})
