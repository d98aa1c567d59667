"""What a person's message in a thread holds, as Slack describes it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.formats.thread_replies import FORWARDED, ThreadReply, reply_posted
from tests import make

SHARE = {"is_share": True, "text": "The price is 40 euros", "from_url": "https://team.slack.com/archives/C1/p1"}
PREVIEW = {"from_url": "https://example.org", "original_url": "https://example.org", "title": "Example"}


def reply(**fields: Any) -> ThreadReply:
    """A reply with these fields of Slack's."""
    given = {"ts": "2.0", "thread_ts": "1.0", "user": make.AGENT, "text": "Here is the answer:", **fields}
    return ThreadReply.model_validate(given)


@pytest.mark.parametrize(
    ("fields", "beyond"),
    [
        ({}, ()),
        ({"attachments": [SHARE]}, (FORWARDED,)),
        ({"attachments": [SHARE, SHARE], "text": ""}, (FORWARDED,)),
        ({"attachments": [{"text": "of no known kind"}]}, (FORWARDED,)),
        ({"attachments": [PREVIEW]}, ()),
        ({"attachments": [{"is_msg_unfurl": True, "text": "a message whose link is in the text"}]}, ()),
        ({"attachments": [{"is_app_unfurl": True, "blocks": []}]}, ()),
        ({"attachments": None, "blocks": None}, ()),
        ({"blocks": [{"type": "rich_text", "elements": []}]}, ()),
        ({"blocks": [{"type": "rich_text"}, {"type": "table", "rows": []}]}, ("table",)),
        ({"blocks": [{"type": "video"}, {}], "text": ""}, ("video", "")),
    ],
    ids=str,
)
def test_what_a_message_has_besides_its_text_is_known(fields: dict[str, Any], beyond: tuple[str, ...]) -> None:
    assert reply(**fields).beyond_text == beyond


@given(st.lists(st.dictionaries(st.sampled_from(["text", "title", "files", "footer"]), make.JSON), min_size=1))
def test_whatever_is_attached_and_is_no_preview_of_a_link_is_not_left_out_silently(
    attachments: list[dict[str, Any]],
) -> None:
    assert reply(attachments=attachments).beyond_text == (FORWARDED,)
    assert reply(attachments=[{**each, **PREVIEW} for each in attachments]).beyond_text == ()


def test_a_file_of_a_shared_channel_says_that_slack_must_be_asked() -> None:
    found = reply(files=[{"id": "F1", "file_access": "check_file_info", "created": 0}])
    posted = reply_posted(found, "C1", api_url="https://slack.com/api/", received_at=make.NOW)
    (file,) = posted.files
    assert (file.id, file.file_access, file.url_private) == ("F1", "check_file_info", "")


@pytest.mark.parametrize(
    ("fields", "team"),
    [
        ({"team": "T0OURS"}, "T0OURS"),
        ({"team": "T0OURS", "user_team": "T0THEIRS", "source_team": "T0THEIRS"}, "T0THEIRS"),
        ({}, ""),
    ],
)
def test_a_reply_names_its_authors_workspace(fields: dict[str, str], team: str) -> None:
    posted = reply_posted(
        reply(**fields), "C1", api_url="https://slack.com/api/", received_at=make.NOW, home=("T0OURS",)
    )
    assert (posted.team, posted.home) == (team, ("T0OURS",))
