"""The account and its numbers as Twilio's API shows them. Pure."""

from sandbox.json_object import Json


def describe_account(sid: str, since: str) -> Json:
    """An account (https://www.twilio.com/docs/iam/api/account)."""
    return {
        "sid": sid,
        "owner_account_sid": sid,
        "friendly_name": "Sandbox",
        "status": "active",
        "type": "Full",
        "auth_token": "",
        "date_created": since,
        "date_updated": since,
        "subresource_uris": {"messages": f"/2010-04-01/Accounts/{sid}/Messages.json"},
        "uri": f"/2010-04-01/Accounts/{sid}.json",
    }


def describe_number(account: str, place: int, number: str, sms_url: str, since: str) -> Json:
    """One of an account's numbers (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource)."""
    sid = f"PN{place:032x}"
    return {
        "sid": sid,
        "account_sid": account,
        "phone_number": number,
        "friendly_name": number,
        "api_version": "2010-04-01",
        "origin": "twilio",
        "status": "in-use",
        "beta": False,
        "capabilities": {"sms": True, "mms": True, "voice": True, "fax": False},
        "sms_url": sms_url,
        "sms_method": "POST",
        "sms_fallback_url": "",
        "sms_fallback_method": "POST",
        "sms_application_sid": "",
        "status_callback": "",
        "status_callback_method": "POST",
        "voice_url": "",
        "voice_method": "POST",
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_application_sid": "",
        "date_created": since,
        "date_updated": since,
        "uri": f"/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json",
    }
