"""Settings of a server: where it listens, for how long it trusts, how much it takes."""

import ipaddress
from dataclasses import dataclass

MIB = 2**20


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
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def hosts(self) -> frozenset[str]:
        """What a request's Host may name, without port, lower case: other names are DNS rebinding or a mistake."""
        local = {"localhost", "127.0.0.1", "[::1]"} if self.is_loopback else set()
        literal = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset(name.lower() for name in {literal, *local, *self.names})
