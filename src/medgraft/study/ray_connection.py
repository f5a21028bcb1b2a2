"""A Ray cluster is found, or it is said in seconds why it is not."""

import os
import socket
from types import ModuleType

from medgraft.core.errors import InputError, reason

#: Seconds in which a cluster's port must answer; Ray itself would ask for minutes, and then end this process.
_PATIENCE = 30.0
#: The kind of frame that each end of a gRPC connection begins with, and how a client greets (RFC 9113, 3.4).
_SETTINGS = 4
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, _SETTINGS, 0, 0, 0, 0, 0])


def connected(address: str | None) -> ModuleType:
    """Ray, at work with the cluster at HOST:PORT, or with one of this machine alone if None.

    Raises `InputError` where Ray is not installed, or no cluster of the same version of Ray and Python answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise InputError("Expected Ray for a study on a cluster. Do: pip install 'medgraft[cluster]'.") from error
    try:
        if address:
            _knock(address)
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (OSError, ValueError, RuntimeError) as error:  # nobody is there, no such place can be, another version
        raise InputError(
            f"Expected a Ray cluster at {address or 'this machine'}, HOST:PORT, got: {reason(error)}. "
            "Do: ray start --head --port 6379 there, with the versions of Ray and Python that are here; give that port."
        ) from error
    module: ModuleType = ray
    return module


def _knock(address: str) -> None:
    """Raise `OSError` or `ValueError` unless something speaks gRPC at HOST:PORT, as Ray does."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= 2**16:
        raise ValueError("no such address can be")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE) as connection:
        if os.environ.get("RAY_USE_TLS", "0") != "0":
            return  # it waits for another greeting
        connection.sendall(_GREETING)
        answer = connection.makefile("rb").read(9)
    if answer[3:4] != bytes([_SETTINGS]):
        raise ConnectionError(f"something else than Ray, which answers {answer!r}")
