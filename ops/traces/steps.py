"""One step of a timeline. Pure."""

from datetime import datetime, timedelta

from messages.base import Document, Moment


class Step(Document):
    """One thing that happened: when, where (webhook, message, ticket, Slack, ...), what, and its ids.

    It ended at `at` and took `took` seconds; `about` names the text, ticket or cause that it belongs to.
    """

    at: Moment
    where: str
    what: str
    detail: str = ""
    trouble: bool = False
    took: float = 0.0
    about: str = ""

    @property
    def began_at(self) -> datetime:
        """When it began."""
        return self.at - timedelta(seconds=self.took)
