"""Files are called by their kind and end by their type, so that they open; outgoing ones keep their name."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media import disposition
from messages.formats.media_links import media_key, read_path
from messages.formats.media_types import LONGEST_NAME, counted, described, ending, file_name
from messages.orders.files import TYPES
from messages.process.settings import Settings
from messages.sms import Media, SlackFile
from tests import make
from workers.slack import blocks, cards
from workers.slack.media import filename
from workers.sms.files import links

ACCEPTED = [
    *(f"image/{kind}" for kind in ("jpeg", "jpg", "gif", "png", "bmp", "tiff", "heic", "heif")),
    *(f"audio/{kind}" for kind in ("basic", "L24", "mp4", "mpeg", "ogg", "vorbis", "vnd.rn-realaudio", "vnd.wave")),
    *(f"audio/{kind}" for kind in ("3gpp", "3gpp2", "ac3", "webm", "amr-nb", "amr")),
    *(
        f"video/{kind}"
        for kind in ("mpeg", "mp4", "mpeg4", "quicktime", "webm", "3gpp", "3gpp2", "3gpp-tt", "H261", "H264")
    ),
    *(f"video/{kind}" for kind in ("H263", "H263-1998", "H263-2000")),
    *(f"text/{kind}" for kind in ("vcard", "x-vcard", "csv", "rtf", "richtext", "calendar", "directory")),
    *(f"application/{kind}" for kind in ("pdf", "vcard", "vnd.apple.pkpass")),
]
"""https://www.twilio.com/docs/messaging/guides/accepted-mime-types"""


def of(content_type: str) -> Media:
    """A file of a type."""
    return Media(url="https://m/1", content_type=content_type)


@pytest.mark.parametrize("content_type", [*ACCEPTED, *sorted(TYPES)])
def test_every_type_that_the_provider_accepts_has_an_end(content_type: str) -> None:
    plain = ending(content_type)
    assert plain != ".bin"
    assert ending(content_type.upper() + "; charset=x") == plain
    assert ending(f" {content_type.title()} ;name=a.b") == plain


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("text/vcard", "contact-card-1.vcf"),
        ("application/vcard", "contact-card-1.vcf"),
        ("text/directory", "contact-card-1.vcf"),
        ("text/x-vCard; charset=utf-8", "contact-card-1.vcf"),
        ("audio/amr", "audio-1.amr"),
        ("audio/mp4", "audio-1.m4a"),
        ("audio/ogg; codecs=opus", "audio-1.ogg"),
        ("audio/wav", "audio-1.wav"),
        ("audio/aac", "audio-1.aac"),
        ("video/3gpp", "video-1.3gp"),
        ("video/3gpp2", "video-1.3g2"),
        ("text/calendar", "calendar-entry-1.ics"),
        ("text/plain", "file-1.txt"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "file-1.docx"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "file-1.xlsx"),
        ("application/msword", "file-1.doc"),
        ("application/zip", "file-1.zip"),
        ("Image/JPEG; charset=x", "picture-1.jpg"),
        ("image/heic", "picture-1.heic"),
        ("image/webp", "picture-1.webp"),
        ("image/jfif", "picture-1.jpg"),
        ("image/x-png", "picture-1.png"),
        ("audio/x-amr", "audio-1.amr"),
        ("application/mp4", "file-1.mp4"),
        ("application/vnd.ms-excel.sheet.macroEnabled.12", "file-1.xlsm"),
        ("application/x-msword", "file-1.doc"),
        ("application/x-7z-compressed", "file-1.7z"),
        ("application/vnd.google-earth.kml+xml", "file-1.kml"),
        ("IMAGE/X-Adobe-DNG", "picture-1.dng"),
        ("video/mp2t", "video-1.ts"),
        ("text/x-vmsg; charset=utf-8", "file-1.vmg"),
        ("application/x-subrip", "file-1.srt"),
        ("audio/amr-wb+; octet-align=1", "audio-1.awb"),
        ("audio/x-m4r", "audio-1.m4a"),
        ("image/vnd.adobe.photoshop", "picture-1.psd"),
        ("Image/JP2", "picture-1.jp2"),
        ("model/vnd.usdz+zip", "file-1.usdz"),
        ("application/vnd.ms-excel.sheet.binary.macroEnabled.12", "file-1.xlsb"),
        ("application/x-iwork-pages-sffpages", "file-1.pages"),
        ("application/vnd.oasis.opendocument.graphics", "file-1.odg"),
        ("application/geo+json", "file-1.geojson"),
        ("application/smil+xml; charset=utf-8", "file-1.smil"),
        ("text/X-iMelody", "file-1.imy"),
    ],
)
def test_what_phones_send_opens(content_type: str, name: str) -> None:
    assert filename(of(content_type), 1) == name


@given(st.sampled_from(["image", "audio", "video", "text", "application", "font"]), st.sampled_from(["", "x-"]))
def test_a_short_type_that_nobody_knows_names_its_end_and_no_file_is_renamed_for_it(kind: str, prefix: str) -> None:
    content_type = f"{kind}/{prefix}qqz7"
    assert filename(of(content_type), 1).endswith("-1.qqz7")
    assert file_name("plan.abc", content_type) == "plan.abc"
    assert ending(f"{kind}/{prefix}unheard-of") == ".bin"


@pytest.mark.parametrize("general", ["", "application/octet-stream", "Application/Octet-Stream; x=1", "nonsense"])
def test_the_fetched_type_counts_where_the_webhooks_says_nothing(general: str) -> None:
    assert filename(of(general), 1, "image/png") == "picture-1.png"
    assert filename(of(general), 1, "binary/octet-stream") == "file-1.bin"
    assert filename(of("video/mp4"), 1, "application/octet-stream") == "video-1.mp4"
    assert filename(of("video/mp4"), 1, "image/png") == "video-1.mp4"


@pytest.mark.parametrize(
    ("content_types", "words", "count"),
    [
        (["image/jpeg"], "picture", "1 picture"),
        (["IMAGE/JPEG"], "picture", "1 picture"),
        (["image/png", "image/jpeg"], "2 pictures", "2 pictures"),
        (["video/mp4"], "video", "1 video"),
        (["audio/amr"], "audio", "1 audio"),
        (["text/vcard"], "contact card", "1 contact card"),
        (["text/calendar"], "calendar entry", "1 calendar entry"),
        (["application/pdf"], "file", "1 file"),
        (["image/png", "video/mp4", "image/gif"], "2 pictures and video", "3 files"),
        (["image/png", "video/mp4", "audio/amr"], "picture, video and audio", "3 files"),
    ],
)
def test_a_text_without_words_is_told_by_its_files(content_types: list[str], words: str, count: str) -> None:
    assert described(content_types) == words
    assert counted(content_types) == count
    text = make.sms(body="", media=tuple(map(of, content_types)))
    card = cards.Card(make.ticket(), make.contact(), make.line(), text, 0, None, root=True)
    assert f": ({words}) · Ticket" in cards.card(card).text
    assert blocks.texts([text])[0].text == f"({words})"
    assert "(no text)" not in str(cards.card(card))
    assert count in str(cards.card(card).blocks)


def test_a_text_without_words_and_files_is_said_to_have_none() -> None:
    assert blocks.texts([make.sms(body=" ")])[0].text == "(no text)"


@pytest.mark.parametrize(
    ("name", "content_type", "sent"),
    [
        ("invoice.pdf", "application/pdf", "invoice.pdf"),
        ("Quarterly Report (final).pdf", "application/pdf", "Quarterly_Report.pdf"),
        ("Ärztebrief.PDF", "application/pdf", "Arztebrief.pdf"),
        ("photo.jpeg", "image/jpeg", "photo.jpeg"),
        ("photo", "image/jpeg", "photo.jpg"),
        ("photo.png", "image/jpeg", "photo.jpg"),
        ("", "text/vcard", "contact_card.vcf"),
        ("写真.png", "image/png", "picture.png"),
        ("a.b.c.mp3", "audio/mpeg", "a_b_c.mp3"),
    ],
)
def test_an_outgoing_file_keeps_its_name_as_far_as_the_provider_allows(name: str, content_type: str, sent: str) -> None:
    assert file_name(name, content_type) == sent
    settings = Settings(public_url="https://clerk.example.org/")
    url = "https://files.slack.com/files-pri/T1-F1/a.png"
    [link] = links([SlackFile(id="F1", name=name, mimetype=content_type, url_private=url)], settings, make.NOW)
    key = media_key(settings.slack_signing_secret.get_secret_value())
    read = read_path(link.removeprefix("https://clerk.example.org"), key, make.NOW + timedelta(hours=1))
    assert (read.url, read.name) == (url, sent)


def test_the_gateway_tells_the_provider_the_name_and_nothing_else() -> None:
    assert disposition("invoice.pdf") == 'inline; filename="invoice.pdf"'
    assert disposition('a"; filename="b\r\n.pdf') == 'inline; filename="a___filename__b__.pdf"'
    assert disposition("") == "inline"


@given(st.text(max_size=60), st.sampled_from(sorted(TYPES)) | st.text(max_size=60))
def test_no_name_breaks_a_header_or_grows_too_long(name: str, content_type: str) -> None:
    sent = file_name(name, content_type)
    assert re.fullmatch(r"[A-Za-z0-9_-]+(\.[a-z0-9]+)+", sent), sent
    assert len(sent) <= LONGEST_NAME
