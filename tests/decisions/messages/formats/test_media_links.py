"""The signed addresses of outgoing files: what was signed comes back, and nothing else is good."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from messages.formats.media_links import PATH, BadSignature, LinkExpired, MediaLink, media_key, read_path, signed_path
from tests import make

KEY = media_key("a-signing-secret")
URLS = st.text(st.characters(codec="utf-8"), max_size=300).map(lambda text: f"https://files.slack.com/{text}")
LINKS = st.builds(
    MediaLink, URLS, st.sampled_from(["image/png", "audio/3gpp"]), st.integers(1, 10**6).map(lambda s: make.at(s))
)
LINK = MediaLink("https://files.slack.com/files-pri/T1-F1/a.png", "image/png", make.at(60))


@given(LINKS)
def test_what_was_signed_comes_back_until_its_time_is_over(link: MediaLink) -> None:
    path = signed_path(link, KEY)
    assert path.isascii()
    assert set(path.removeprefix(PATH)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert read_path(path, KEY, link.expires_at - timedelta(milliseconds=1)) == link
    with pytest.raises(LinkExpired):
        read_path(path, KEY, link.expires_at)


@given(LINKS, st.data())
def test_a_path_with_any_character_changed_added_or_left_out_is_invalid(link: MediaLink, data: st.DataObject) -> None:
    path = signed_path(link, KEY)
    first = data.draw(st.integers(len(PATH), len(path)))
    after = data.draw(st.integers(first, min(first + 2, len(path))))
    changed = path[:first] + data.draw(st.text(max_size=2)) + path[after:]
    assume(changed != path)
    with pytest.raises(BadSignature):
        read_path(changed, KEY, make.NOW)


@given(LINKS, st.text())
def test_a_signature_with_another_secret_is_invalid(link: MediaLink, secret: str) -> None:
    assume(secret != "a-signing-secret")
    with pytest.raises(BadSignature):
        read_path(signed_path(link, media_key(secret)), KEY, make.NOW)


def test_a_later_expiry_with_the_old_signature_is_invalid() -> None:
    signature = signed_path(LINK, KEY).partition(".")[2]
    later = json.dumps([int(make.at(10**6).timestamp()), LINK.content_type, LINK.url]).encode()
    with pytest.raises(BadSignature):
        read_path(f"{PATH}{urlsafe_b64encode(later).rstrip(b'=').decode()}.{signature}", KEY, make.NOW)


@given(st.text())
def test_any_other_path_is_invalid(anything: str) -> None:
    with pytest.raises(BadSignature):
        read_path(PATH + anything, KEY, make.NOW)


def test_the_key_is_not_the_secret() -> None:
    assert KEY != b"a-signing-secret"
    assert len(KEY) == 32
