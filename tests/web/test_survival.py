"""The server as a process: killed in the middle of labelling, fed with nonsense, and still right."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import httpx
import pytest

from medgraft.core.seeds import rng
from medgraft.workspace import Project, add_reader, list_cohort

from ..processes import wait_until
from .conftest import Server

pytestmark = pytest.mark.slow

READERS = 4
#: A thousand acts in all.
ACTS = 250
NONSENSE = 10_000
#: Seconds: a server that has much to do is slow, not gone.
PATIENCE = 120


def label_until_stored(server: Server, name: str, token: str, stacks: list[tuple[str, int]], saved: set[str]) -> None:
    """Send acts one by one as a page does: again and again until the server has answered."""
    with httpx.Client(base_url=server.base, auth=(name, token), timeout=PATIENCE) as client:
        for number in range(ACTS):
            stack, slices = stacks[number % len(stacks)]
            act = str(uuid4())
            body = {
                "kind": "slice",
                "act": act,
                "stack": stack,
                "phase": 0,
                "slice": number % slices,
                "code": "IN",
            }
            wait_until(partial(stored, client, body), "the server's answer")
            saved.add(act)


def stored(client: httpx.Client, body: dict[str, object]) -> bool:
    """Whether the server has answered."""
    try:
        answer = client.post("/api/v1/tasks/sax-range/labels", json=body)
    except httpx.TransportError:
        return False
    assert answer.status_code == 200, answer.text
    return True


def test_killed_among_four_readers_nothing_is_lost_and_nothing_is_there_twice(own_server: Server) -> None:
    project = Project.open(own_server.root)
    accounts = [add_reader(project, f"reader{number}") for number in range(READERS)]
    stacks = [(row.id, row.slices) for row in list_cohort(project).stacks]
    saved: list[set[str]] = [set() for _ in accounts]
    with ThreadPoolExecutor(READERS) as pool:
        work = [
            pool.submit(label_until_stored, own_server, account.name, account.token, stacks, mine)
            for account, mine in zip(accounts, saved, strict=True)
        ]
        half = READERS * ACTS // 2
        wait_until(lambda: sum(map(len, saved)) >= half or any(one.done() for one in work), "half of the acts")
        own_server.kill()
        shown = [set(mine) for mine in saved]
        own_server.start()
        for one in work:
            one.result()
    assert sum(map(len, shown)) >= half
    with project.labels() as store:
        for account in accounts:
            events = [event for event in store.history() if event.reader == account.name]
            assert len(events) == ACTS, "one event for each act: none lost, none twice"


def nonsense(number: int) -> bytes:
    """What no client should send."""
    random = rng("nonsense", number)
    noise = random.bytes(int(random.integers(1, 200)))
    kinds = (
        noise,
        b"GET / HTTP/1.1\r\n" + noise + b"\r\n\r\n",
        b"GET /" + noise.hex().encode() + b"/../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /api/v1/tasks/sax-range/labels HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + noise,
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: medgraft_8080=" + noise.replace(b"\n", b"") + b"\r\n\r\n",
        b"GET /_nicegui_ws/socket.io/?EIO=4 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n",
        b"\x16\x03\x01\x02\x00" + noise,
    )
    return kinds[number % len(kinds)]


def test_ten_thousand_malformed_requests_leave_it_serving(server: Server) -> None:
    for number in range(NONSENSE):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
            connection.sendall(nonsense(number))
            if number % 50 == 0:
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(65536)
                assert not answer or answer.split()[1] in {b"400", b"401", b"403", b"404", b"413"}
    assert httpx.get(f"{server.base}/api/v1/me", timeout=PATIENCE).status_code == 401
    assert server.process.poll() is None


def test_two_gigabytes_are_refused_before_they_come(server: Server) -> None:
    account = server.new_reader()
    with httpx.Client(base_url=server.base, auth=(account.name, account.token), timeout=PATIENCE) as client:
        upload = client.post("/api/v1/imports")
        head = (
            f"PUT /api/v1/imports/{upload.json()['id']}/files/a.nii HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Authorization: {upload.request.headers['authorization']}\r\nContent-Length: {2**31}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
            connection.sendall(head.encode() + b"x" * 1000)
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413")
        assert client.get("/api/v1/me").status_code == 200


def test_many_at_once_are_served(server: Server) -> None:
    account = server.new_reader()
    answers: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=server.base, auth=(account.name, account.token), timeout=PATIENCE) as client:
            answers.extend(client.get("/api/v1/cohort").status_code for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 40
