"""A cluster that is not there is a mistake of who named it; what a job takes is no less than something."""

import socket
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from medgraft.core.errors import InputError
from medgraft.study import ClusterExecutor, DeskSettings, Share, cluster
from medgraft.study.trained import Trained


def connect(address: str) -> None:
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    ClusterExecutor(address, Share(), DeskSettings(cache=Path(), unfinished=Path()))


@pytest.mark.slow
@pytest.mark.parametrize("address", ["nowhere", "localhost:door", "localhost:99999", ":6379", "nowhere.invalid:6379"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(InputError, match=rf"Expected a Ray cluster at {address}, HOST:PORT.* Do: ray start"):
        connect(address)


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.socket() as port:
        port.settimeout(300)
        port.bind(("127.0.0.1", 0))
        yield port


@pytest.mark.slow
def test_a_port_where_nobody_listens_is_not_asked_again(port: socket.socket) -> None:
    with pytest.raises(InputError, match="got: Connection refused"):
        connect(f"127.0.0.1:{port.getsockname()[1]}")


@pytest.mark.slow
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b""])
def test_a_port_where_something_else_answers_is_not_asked_again(
    port: socket.socket, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 300)
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
            connect(f"127.0.0.1:{port.getsockname()[1]}")
        serving.result()


@pytest.mark.slow
def test_a_port_that_says_nothing_is_given_up(port: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    port.listen()
    monkeypatch.setattr(cluster, "_PATIENCE", 0.1)
    with pytest.raises(InputError, match="got: timed out"):
        connect(f"127.0.0.1:{port.getsockname()[1]}")


@pytest.mark.slow
def test_a_job_that_is_lost_with_its_worker_may_be_submitted_again() -> None:
    exceptions = pytest.importorskip("ray.exceptions", reason="the extra `cluster` is not installed")
    asked: Future[list[Trained]] = Future()
    answer = cluster.answer_of(asked)
    asked.set_exception(exceptions.WorkerCrashedError())
    assert isinstance(answer.exception(), BrokenExecutor)


@pytest.mark.parametrize("share", [(0, 0), (-1, 1), (1, -0.5)])
def test_a_job_takes_something(share: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="take some CPU or GPU"):
        Share(cpus=share[0], gpus=share[1])
