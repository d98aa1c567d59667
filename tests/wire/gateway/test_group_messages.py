"""A text to a group names the other recipients to the agent."""

from messages.inbound import SmsReceived
from messages.sms import Sms
from tests import make
from tests.wire.gateway.helpers import Served, sms_form
from workers.slack import blocks, cards


def test_the_other_recipients_of_a_group_message_come_with_the_text(gateway: Served) -> None:
    others = {"OtherRecipients0": "+15550003333", "OtherRecipients1": " +15550004444 ", "OtherRecipients2": ""}
    assert gateway.twilio(sms_form(**others)).status_code == 200
    [text] = gateway.publisher.published
    assert isinstance(text, SmsReceived)
    assert text.others == ("+15550003333", "+15550004444")


def test_the_card_and_the_thread_name_them() -> None:
    text = make.sms(body="hi all", others=("+15550003333", "+15550004444"))
    card = cards.card(cards.Card(make.ticket(), make.contact(), make.line(), text, 0, None, root=True))
    for shown in (card, blocks.texts([text])[0]):
        assert "also to +15550003333, +15550004444. Replies go to this contact alone." in str(shown.blocks)


def test_a_text_of_before_has_no_others() -> None:
    stored = make.sms().model_dump(exclude={"others"})
    assert Sms.model_validate(stored).others == ()
    assert SmsReceived.model_validate(make.sms_received().model_dump(exclude={"others"})).others == ()
