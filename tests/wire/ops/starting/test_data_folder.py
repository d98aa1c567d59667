"""CLERK_DATA_DIR and the port: whatever is wrong with them is said in one sentence before anything is started."""

import os
import re
import socket
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from prometheus_client import CollectorRegistry

from gateway.listening import PortTaken, bind
from messages.process.settings import Misconfigured, Settings
from ops.broker import console
from ops.documents import data_folder
from ops.documents.data_folder import FolderInUse, claimed
from ops.environment import at_the_run
from ops.metrics.serving import serve
from ops.settings import OpsSettings
from tests.commands import clerk_in_process
from tests.servers import free_port

type Harm = Callable[[Path], Path]


def a_file(folder: Path) -> Path:
    folder.write_text("x")
    return folder


def below_a_file(folder: Path) -> Path:
    folder.write_text("x")
    return folder / "data"


def no_database(folder: Path) -> Path:
    folder.mkdir()
    (folder / "clerk.sqlite").write_text("Dear diary, this is no database")
    return folder


def no_journal(folder: Path) -> Path:
    folder.mkdir()
    (folder / "journal.sqlite").write_text("Dear diary, this is no database")
    return folder


def a_folder_for_a_database(folder: Path) -> Path:
    (folder / "clerk.sqlite").mkdir(parents=True)
    return folder


def where_nothing_can_be_made(_: Path) -> Path:
    return Path("/proc/clerk")


HARMS: Final[dict[Harm, str]] = {
    a_file: "is not a folder",
    below_a_file: "is not a folder",
    no_database: "is not a database of Clerk's",
    no_journal: "is not a database of Clerk's",
    a_folder_for_a_database: "can't be read",
    where_nothing_can_be_made: "can't be made",
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("command", [("run",), ("lines", "list"), ("doctor",), ("export", "out.jsonl")])
def test_a_folder_that_cannot_be_used_is_one_sentence_and_status_2(
    harm: Harm, command: tuple[str, ...], tmp_path: Path
) -> None:
    folder = harm(tmp_path / "data")
    told = clerk_in_process({"CLERK_DATA_DIR": str(folder), "CLERK_PORT": str(free_port())}, *command)
    assert told.returncode == 2
    (sentence,) = told.stderr.splitlines()
    assert sentence.startswith("CLERK_DATA_DIR: ")
    assert HARMS[harm] in sentence


def test_a_folder_serves_one_clerk_run_and_says_where_it_is(tmp_path: Path) -> None:
    with claimed(tmp_path, "http://127.0.0.1:9000"):
        told = clerk_in_process({"CLERK_DATA_DIR": str(tmp_path), "CLERK_PORT": str(free_port())}, "run")
        assert (told.returncode, told.stdout) == (1, "")
        (sentence,) = told.stderr.splitlines()
        assert f"process id {os.getpid()}" in sentence
        assert data_folder.url_of_run(tmp_path) == "http://127.0.0.1:9000"
    assert data_folder.url_of_run(tmp_path) is None
    with claimed(tmp_path, "http://127.0.0.1:9001"):
        assert data_folder.url_of_run(tmp_path) == "http://127.0.0.1:9001"
        with pytest.raises(FolderInUse), claimed(tmp_path, "http://127.0.0.1:9002"):
            pass
        assert data_folder.url_of_run(tmp_path) == "http://127.0.0.1:9001"


def test_a_taken_port_is_one_sentence_and_status_1_and_nothing_is_begun(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        told = clerk_in_process({"CLERK_DATA_DIR": str(tmp_path / "data")}, "run", "--port", str(port))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"CLERK_PORT: another program listens at port {port}. Stop it, or set another port.\n"
    assert not (tmp_path / "data").exists()


def test_a_metrics_port_that_is_taken_may_be_free_later() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"^CLERK_METRICS_PORT: another program listens at port {port}"):
            serve(CollectorRegistry(), Settings(), OpsSettings(metrics_port=port))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises((Misconfigured, PortTaken), match=r"^CLERK_HOST: "):
        bind(Settings(host=host, port=free_port()))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"])
def test_a_gateway_is_reached_where_it_says(host: str) -> None:
    settings = Settings(host=host, port=free_port())
    try:
        sockets = bind(settings)
    except Misconfigured:
        assert ":" in host
        pytest.skip("this machine has no IPv6")
    try:
        for each in sockets:
            each.listen()
        name = settings.own_url.removeprefix("http://").rpartition(":")[0].strip("[]")
        with socket.create_connection((name, settings.port), 5):
            pass
        if host == "::":
            with socket.create_connection(("127.0.0.1", settings.port), 5):
                pass
    finally:
        for each in sockets:
            each.close()


def test_the_consoles_token_is_kept_private_and_read_by_commands(tmp_path: Path) -> None:
    made, is_new = data_folder.token(tmp_path)
    assert (data_folder.token(tmp_path), is_new) == ((made, False), True)
    assert stat.S_IMODE((tmp_path / data_folder.TOKEN).stat().st_mode) == 0o600
    with claimed(tmp_path, "http://127.0.0.1:9000"):
        found = console(Settings(data_dir=tmp_path))
        assert (found.url, found._token) == ("http://127.0.0.1:9000", made)
        found = console(Settings(data_dir=tmp_path, port=9100, ops_token="mine"))
        assert (found.url, found._token) == ("http://127.0.0.1:9100", "mine")


def test_without_a_token_commands_say_where_to_run_them(tmp_path: Path) -> None:
    told = clerk_in_process({"CLERK_DATA_DIR": str(tmp_path)}, "queues")
    assert told.returncode == 2
    assert told.stderr.startswith("CLERK_OPS_TOKEN: ")
    assert str(tmp_path) in told.stderr


def nowhere(folder: Path) -> Path:
    return folder / "none" / "out.jsonl"


def below_no_folder(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file" / "out.jsonl.gz"


def where_nobody_writes(_: Path) -> Path:
    return Path("/proc/out.jsonl")


@pytest.mark.parametrize(
    ("place", "why"),
    [(nowhere, "there is no folder "), (below_no_folder, "Not a directory"), (where_nobody_writes, "No such file")],
)
def test_an_export_to_a_place_that_is_not_there_is_one_sentence_and_status_2(
    place: Callable[[Path], Path], why: str, tmp_path: Path
) -> None:
    file = place(tmp_path)
    told = clerk_in_process({"CLERK_DATA_DIR": str(tmp_path / "data")}, "export", str(file))
    assert told.returncode == 2
    (sentence,) = told.stderr.splitlines()
    assert sentence.startswith(f"{file} can't be written: {why}")


@pytest.mark.parametrize("named", ["", ".", "folder"])
def test_an_export_to_a_folder_is_refused_as_one(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    told = clerk_in_process({"CLERK_DATA_DIR": str(tmp_path / "data")}, "export", named)
    assert (told.returncode, told.stderr) == (2, f"{named or '.'} is a folder: name a new file\n")


def test_an_export_of_nothing_says_so(mongo_url: str, tmp_path: Path) -> None:
    told = clerk_in_process({"CLERK_MONGO_URL": mongo_url}, "export", str(tmp_path / "out.jsonl"))
    assert told.returncode == 0
    assert re.fullmatch(r"0 documents exported to .*out\.jsonl \(0\.0 MB\) in \d+ s\n", told.stdout)


def test_commands_ask_the_clerk_run_of_their_folder_whatever_its_port(tmp_path: Path) -> None:
    with claimed(tmp_path, "http://127.0.0.1:9000"):
        assert at_the_run(Settings(data_dir=tmp_path)).own_url == "http://127.0.0.1:9000"
        assert at_the_run(Settings(data_dir=tmp_path, port=9100)).own_url == "http://127.0.0.1:9100"
    assert at_the_run(Settings(data_dir=tmp_path)).own_url == Settings().own_url


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_the_doctor_asks_a_run_where_it_is_and_expects_the_address_that_it_named(host: str, tmp_path: Path) -> None:
    """One of IPv6 alone was asked at 127.0.0.1; one at all addresses had its own line's webhook called wrong."""
    running = Settings(host=host, port=9000)
    with data_folder.claimed(tmp_path, running.own_url):
        found = at_the_run(Settings(data_dir=tmp_path))
    assert (found.own_url, found.url) == (running.own_url, running.url)
    assert not {"0.0.0.0", "[::]"} & {running.url.removeprefix("http://").rpartition(":")[0]}
