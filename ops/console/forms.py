"""The console's forms: fields as browsers send them by default, and no other kind of body. Pure."""

from typing import Final

from gateway.webhook import Rejected, form_pairs

KIND: Final = "application/x-www-form-urlencoded"


def form_of(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """A form's fields, repeated ones too; Rejected with 400 if the body is no form of the console's.

    Files, and so multipart bodies, are part of no form here; a form is UTF-8 whatever its header says
    (https://url.spec.whatwg.org/#urlencoded-parsing).
    """
    if not body:
        return []
    if content_type.partition(";")[0].strip().lower() != KIND:
        raise Rejected(400, f"send the form as {KIND}")
    pairs = form_pairs(body)
    if any(b"\0" in part for pair in pairs for part in pair):
        raise Rejected(400, "the form has a NUL character")
    try:
        return [(name.decode(), value.decode()) for name, value in pairs]
    except UnicodeDecodeError:
        raise Rejected(400, "the form is not UTF-8") from None
