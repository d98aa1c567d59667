"""The trace of a contact's text says what it asked of the provider."""

import pytest

from ops.traces.timeline import of_text
from tests import make


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wish": "STOP", "pool": "MG1"}, "the keyword STOP, in MG1"),
        ({"unheeded": "STOP", "pool": ""}, "like STOP, but no keyword of this line"),
    ],
)
def test_the_trace_names_the_keyword_and_the_service(fields: dict[str, str], said: str) -> None:
    (step,) = of_text(make.sms(body="Cancel", **fields), make.NOW)
    assert said in step.detail


def test_the_trace_of_any_other_text_names_none() -> None:
    (step,) = of_text(make.sms(body="Cancel"), make.NOW)
    assert "keyword" not in step.detail
