"""Slack's markup as the page renders it: what Slack formats is formatted, and nothing else."""

import pytest
from playwright.sync_api import expect

from tests.browser.helpers import Desk

DRAWN = """async ([object]) => {
  const { textView } = await import('/sandbox/static/js/mrkdwn.js');
  const { h, patch } = await import('/sandbox/static/js/dom.js');
  const place = document.createElement('div');
  patch(place, h('p', null, textView(object)));
  return place.firstChild.innerHTML;
}"""


def drawn(desk: Desk, text: str, **more: object) -> str:
    """A text object as the page renders it."""
    html: str = desk.page.evaluate(DRAWN, [{"type": "mrkdwn", "text": text, **more}])
    return html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _soft_ ~gone~", "<strong>bold</strong> <em>soft</em> <s>gone</s>"),
        ("*bold _and soft_*", "<strong>bold <em>and soft</em></strong>"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("`*code*` stays", "<code>*code*</code> stays"),
        ("one\ntwo", "one<br>two"),
        ("&gt; quoted\nnot", "<blockquote>quoted</blockquote>not"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
        ("<@U0ADA> hi", '<span class="mention">@Ada</span> hi'),
        ("<!here> look", '<span class="mention loud">@here</span> look'),
        (
            "<https://example.com/?a=1&amp;b=2|the &lt;site&gt;>",
            '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">the &lt;site&gt;</a>',
        ),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        (":wave: :no_such_thing:", "👋 :no_such_thing:"),
    ],
)
def test_mrkdwn(desk: Desk, text: str, html: str) -> None:
    assert drawn(desk, text, verbatim=True) == html


def test_a_bare_address_is_a_link_unless_the_text_is_verbatim(desk: Desk) -> None:
    assert "<a " in drawn(desk, "see https://example.com.")
    assert "<a " not in drawn(desk, "see https://example.com.", verbatim=True)


def test_plain_text_interprets_no_markup(desk: Desk) -> None:
    html = drawn(desk, "*a* <@U0ADA> &lt;b&gt; :wave:", type="plain_text", emoji=False)
    assert html == "*a* &lt;@U0ADA&gt; &lt;b&gt; :wave:"


def test_a_date_is_shown_in_the_readers_time_zone(desk: Desk) -> None:
    html = drawn(desk, "<!date^1700000000^{date_num} {time}|long ago>")
    assert 'datetime="2023-11-14T22:13:20.000Z"' in html
    assert 'title="long ago"' in html


def test_a_mentioned_channel_is_a_link_to_it(desk: Desk) -> None:
    box = desk.slack.get_by_role("textbox", name="Message #texts")
    box.fill("please see #general")
    box.press("Enter")
    desk.channel.get_by_role("button", name="#general").last.click()
    expect(desk.slack.get_by_role("textbox", name="Message #general")).to_be_visible()


def test_every_kind_of_block_and_element_is_rendered(desk: Desk, address: str) -> None:
    option = {"text": {"type": "plain_text", "text": "First"}, "value": "1"}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Heading of blocks"}},
        {"type": "divider"},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "With *accessory*"},
            "accessory": {"type": "overflow", "action_id": "more", "options": [option, {**option, "value": "2"}]},
        },
        {"type": "image", "image_url": f"{address}/static/parcel.png", "alt_text": "A torn parcel"},
        {
            "type": "context",
            "elements": [{"type": "image", "image_url": "https://example.com/x.png", "alt_text": "far"}],
        },
        {
            "type": "actions",
            "elements": [
                {"type": "static_select", "action_id": "pick", "options": [option], "placeholder": option["text"]},
                {"type": "users_select", "action_id": "who", "placeholder": {"type": "plain_text", "text": "Who"}},
                {
                    "type": "button",
                    "action_id": "risky",
                    "style": "danger",
                    "text": {"type": "plain_text", "text": "Drop"},
                },
            ],
        },
    ]
    posted = desk.page.request.post(
        f"{address}/slack/api/chat.postMessage",
        headers={"authorization": "Bearer xoxb-sandbox"},
        data={"channel": "C0TEXTS", "text": "all", "blocks": blocks},
    )
    assert posted.json()["ok"], posted.json()
    message = desk.channel.get_by_role("article").filter(has_text="Heading of blocks").last
    expect(message.get_by_role("img", name="A torn parcel")).to_be_visible()
    expect(message.get_by_text("far")).to_be_visible()
    message.get_by_role("button", name="More actions").press("Enter")
    expect(message.get_by_role("menuitem")).to_have_count(2)
    expect(message.get_by_role("menuitem").first).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(message.get_by_role("menuitem")).to_have_count(0)
    message.get_by_role("combobox", name="Who").click()
    expect(message.get_by_role("option", name="Ben")).to_be_visible()
    desk.shoot("blocks")


FIELD = """async () => {
  const { inputView, valuesOf } = await import('/sandbox/static/js/modal_fields.js');
  const { patch } = await import('/sandbox/static/js/dom.js');
  const element = { type: 'file_input', action_id: 'files', max_files: 2 };
  const block = { type: 'input', block_id: 'files', label: { text: 'Files' }, element };
  const place = document.documentElement.appendChild(document.createElement('div'));
  const where = { key: 'test', typed: {}, changed: () => patch(place, inputView(block, where)) };
  where.changed();
  window.filesIn = () => valuesOf({ blocks: [block] }, where).files.map((each) => each.name);
}"""


def test_a_file_input_uploads_the_chosen_files_up_to_its_limit(desk: Desk) -> None:
    desk.page.evaluate(FIELD)
    field = desk.page.get_by_label("Files", exact=True)
    field.set_input_files(["README.md", "CHANGELOG.md"])
    expect(desk.page.get_by_role("button", name="Remove CHANGELOG.md")).to_be_visible()
    expect(field).to_be_disabled()
    desk.page.get_by_role("button", name="Remove README.md").click()
    expect(field).to_be_enabled()
    assert desk.page.evaluate("filesIn()") == ["CHANGELOG.md"]
