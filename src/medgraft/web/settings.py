"""Settings of a server: where it listens, for how long it trusts, how much it takes."""

import ipaddress
from dataclasses import dataclass

MIB = 2**20

_LOCAL = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """host, port: where it listens. names: further Host names it answers to, for example that of a reverse proxy.

    owner: who the one-time link signs in as. idle, lifetime: seconds until an unused session ends, and until any does.
    recheck: seconds until an account is looked up again, so that who is withdrawn is out after that.
    most_body, most_upload: bytes of a request, and of one uploaded file; most_files: files of one import by upload.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    owner: str = "reader"
    idle: float = 8 * 3600
    lifetime: float = 24 * 3600
    recheck: float = 1.0
    most_body: int = MIB
    most_upload: int = 512 * MIB
    most_files: int = 100_000

    @property
    def hosts(self) -> frozenset[str]:
        """What a request's Host may name, without port, lower case: other names are DNS rebinding or a mistake."""
        local = _LOCAL if self._is_reached_from_here else set()
        return frozenset(name.lower() for name in {_in_addresses(self.host), *local, *self.names})

    @property
    def link_host(self) -> str:
        """The server in an address for this machine's own browser: where it listens, one way in if at every address."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
        return _in_addresses(everywhere.get(self.host, self.host))

    @property
    def _is_reached_from_here(self) -> bool:
        """Whether the names of this machine for itself lead to the server."""
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return self.host == "localhost"
        return address.is_loopback or address.is_unspecified


def _in_addresses(host: str) -> str:
    return f"[{host}]" if ":" in host else host
