"""The Messaging Service that a webhook names goes with its text."""

import pytest

from messages.inbound import SmsReceived
from tests.wire.gateway.helpers import Served, sms_form

SERVICE = "MG" + "1" * 32


@pytest.mark.parametrize(
    ("fields", "pool"), [({"MessagingServiceSid": SERVICE}, SERVICE), ({"MessagingServiceSid": ""}, ""), ({}, "")]
)
def test_the_service_that_a_webhook_names_is_passed_on_and_none_is_none(
    gateway: Served, fields: dict[str, str], pool: str
) -> None:
    assert gateway.twilio(sms_form(Body="STOP", **fields)).status_code == 200
    (text,) = gateway.publisher.take()
    assert isinstance(text, SmsReceived)
    assert text.pool == pool


def test_a_message_of_an_earlier_gateway_says_nothing_of_a_service() -> None:
    old = {"sid": "SM1", "line": "+15550001111", "contact": "+15550002222", "body": "STOP"}
    assert SmsReceived.model_validate({**old, "received_at": "2026-03-02T09:30:00Z"}).pool is None
