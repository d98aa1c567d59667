"""The `clerk` command, as a program of its own or, quicker, in this process."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from warnings import catch_warnings, filterwarnings

import structlog

from ops import cli
from tests.servers import ROOT

type Told = subprocess.CompletedProcess[str]


def clerk_program(environment: Mapping[str, str], *arguments: str) -> Told:
    """Run a `clerk` command as a program, with no settings but these."""
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        env=_only(environment),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def clerk_in_process(environment: Mapping[str, str], *arguments: str) -> Told:
    """Run a `clerk` command in this process, with no settings but these: what it prints, and its exit status."""
    before, argv, logs = dict(os.environ), sys.argv, structlog.get_config()
    out, err, status = io.StringIO(), io.StringIO(), 0
    _replace_environment(_only(environment))
    sys.argv = ["clerk", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err), catch_warnings():
            filterwarnings("ignore", "Cyclopts application invoked without tokens")  # it takes them from sys.argv
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.argv = argv
        structlog.configure(**logs)
        _replace_environment(before)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


def _only(environment: Mapping[str, str]) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("CLERK_")}, **environment}


def _replace_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
