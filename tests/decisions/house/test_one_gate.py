"""Every outbound text passes the one gate before a contact, and nothing else decides whether it may be sent."""

import ast
from collections.abc import Iterator

from tests.contracts import ROOT

SENDER = "workers/sms/sending.py"
GATE = "workers/sms/may_send.py"
SLICE = "workers/sms/"

PROCESSES = ("messages", "gateway", "workers", "ops")


def _modules(*naming: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules in which one of these words is, parsed."""
    for folder in PROCESSES:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if any(word in (source := file.read_text()) for word in naming):
                yield file.relative_to(ROOT).as_posix(), ast.parse(source)


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_one_function_gives_texts_to_the_provider_and_it_asks_the_gate_first() -> None:
    senders = [
        (place, [name for name in _calls(function) if name == "at_call" or name.endswith("texting.send")])
        for place, tree in _modules("texting")
        for function in ast.walk(tree)
        if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef)
        and any(name.endswith("texting.send") for name in _calls(function))
    ]
    assert senders == [(SENDER, ["at_call", "ports.texting.send"])]


def test_no_other_module_knows_why_a_text_is_refused() -> None:
    reasons = {"messages.opt_outs.refusal", "messages.quiet.quiet_until"}
    asking = {place for place, tree in _modules("refusal", "quiet_until") if reasons.intersection(_imported(tree))}
    assert asking == {GATE}


def test_only_the_slice_that_sends_asks_the_gate() -> None:
    asking = [place for place, tree in _modules("may_send") if any("sms.may_send" in each for each in _imported(tree))]
    assert asking
    assert all(place.startswith(SLICE) for place in asking)
