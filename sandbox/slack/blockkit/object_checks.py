"""Checks of Block Kit's composition objects: texts, options, confirmations, filters. Pure.

https://docs.slack.dev/reference/block-kit/composition-objects
"""

from collections.abc import Iterator
from typing import Any, Final

from sandbox.json_object import FrozenJson
from sandbox.slack.blockkit.json_checks import Check, array, boolean, by_type, one_of, record, string, wrong

URL: Final = r"https?://\S+"


def plain(maximum: int) -> Check:
    """A plain_text object of 1 to `maximum` characters."""
    return by_type({"plain_text": _plain(maximum)})


def text(maximum: int) -> Check:
    """A plain_text or mrkdwn object of 1 to `maximum` characters.

    `emoji` goes with plain_text only, `verbatim` with mrkdwn only
    (https://docs.slack.dev/reference/block-kit/composition-objects/text-object).
    """
    mrkdwn = record({"type": one_of("mrkdwn"), "text": string(maximum, 1), "verbatim": boolean}, "type text")
    return by_type({"plain_text": _plain(maximum), "mrkdwn": mrkdwn})


def _plain(maximum: int) -> Check:
    return record({"type": one_of("plain_text"), "text": string(maximum, 1), "emoji": boolean}, "type text")


def url(maximum: int = 3000) -> Check:
    """A link to the web."""
    return string(maximum, 1, URL)


def option(label: Check, *, with_url: bool = False) -> Check:
    """An option (https://docs.slack.dev/reference/block-kit/composition-objects/option-object)."""
    fields = {"text": label, "value": string(150, 1), "description": label}
    return record({**fields, "url": url()} if with_url else fields, "text value")


def options(option: Check, maximum: int) -> Check:
    """Options with different values."""
    return _with_distinct_values(array(option, maximum))


def groups(option: Check) -> Check:
    """Option groups (https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object)."""
    group = record({"label": plain(75), "options": options(option, 100)}, "label options")
    return array(group, 100)


def _with_distinct_values(inner: Check) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        found = list(inner(value, at))
        yield from found
        if not found:
            values = [each["value"] for each in value]
            for number, each in enumerate(values):
                if each in values[:number]:
                    yield wrong(f"duplicate option value: {each}", f"{at}/{number}/value")

    return check


CONFIRM: Final = record(
    {
        "title": plain(100),
        "text": text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
    "title text confirm deny",
)
"""https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object"""


def _some_filter(value: FrozenJson, at: str) -> Iterator[str]:
    if not value:
        yield wrong("must provide at least one filter", at)


FILTER: Final = record(
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4, unique=True),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
    also=_some_filter,
)
"""https://docs.slack.dev/reference/block-kit/composition-objects/conversation-filter-object"""

DISPATCH: Final = record(
    {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2, unique=True)}
)
"""https://docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object"""

SLACK_FILE: Final = record({"id": string(255, 1), "url": url()})
"""https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object"""


def one_image_source(value: FrozenJson, at: str) -> Iterator[str]:
    """An image has an image_url or a slack_file, and not both."""
    if ("image_url" in value) == ("slack_file" in value):
        yield wrong("must provide exactly one of image_url, slack_file", at)
