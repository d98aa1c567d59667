"""A click by somebody of another workspace than the app's: a worker decides whether they speak for the team. Pure."""

from messages.base import QueueMessage
from messages.orders.clicks import Click


class ForeignClick(QueueMessage):
    """A `user` whose workspace, `team`, is not the app's used an element of a message in a shared channel."""

    actor = "interactive.judge_click"
    click: Click
    user: str
    team: str

    @property
    def channel(self) -> str | None:
        """Where they clicked, if Slack says it."""
        return self.click.channel or None

    @property
    def response_url(self) -> str | None:
        """Where they can be told something."""
        return self.click.response_url
