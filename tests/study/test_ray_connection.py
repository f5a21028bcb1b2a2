"""A Ray cluster that is not there is a mistake of who named it, and is said at once."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from medgraft.core.errors import InputError
from medgraft.study import ray_connection
from medgraft.study.ray_connection import connected

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `cluster` is not installed"),
]


@pytest.mark.parametrize("address", ["nowhere", "localhost:door", "localhost:99999", ":6379", "nowhere.invalid:6379"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(InputError, match=rf"Expected a Ray cluster at {address}, HOST:PORT.* Do: ray start"):
        connected(address)


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.socket() as port:
        port.settimeout(300)
        port.bind(("127.0.0.1", 0))
        yield port


def test_a_port_where_nobody_listens_is_not_asked_again(port: socket.socket) -> None:
    with pytest.raises(InputError, match="got: Connection refused"):
        connected(f"127.0.0.1:{port.getsockname()[1]}")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b""])
def test_a_port_where_something_else_answers_is_not_asked_again(
    port: socket.socket, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_connection, "_PATIENCE", 300)
    port.listen()

    def serve() -> None:
        connection, _ = port.accept()
        with connection:
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1024)

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(serve)
        with pytest.raises(InputError, match="got: something else than Ray, which answers"):
            connected(f"127.0.0.1:{port.getsockname()[1]}")
        serving.result()


def test_a_port_that_says_nothing_is_given_up(port: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    port.listen()
    monkeypatch.setattr(ray_connection, "_PATIENCE", 0.1)
    with pytest.raises(InputError, match="got: timed out"):
        connected(f"127.0.0.1:{port.getsockname()[1]}")
