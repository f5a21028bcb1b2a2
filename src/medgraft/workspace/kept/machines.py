"""Where and how a study is computed. Torch is not loaded: `studies.executor` puts it into practice."""

from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Where and how a study is computed; results agree to 1e-6 wherever it is.

    on: "local", "ray" (the cluster of this machine, or a new one on it) or "ray:HOST:PORT".
    workers: processes on this machine; 1 computes in this one. On Ray, the nodes' room decides.
    devices: of this machine that share each job; its GPUs, or processes on the CPU where there is none.
    cpus, gpus: what one job takes of a Ray node; gpus may be a part of one.
    cache: folder of frozen features, as every worker sees it; the project's own, or on Ray one on each node.
    deterministic: equal seeds give equal bytes on a GPU too. compiled: networks go through `torch.compile`.
    """

    on: str = "local"
    workers: int = 1
    devices: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    cache: Path | None = None
    deterministic: bool = False
    compiled: bool = False

    def __post_init__(self) -> None:
        """Raise `InputError` for a place that is none."""
        kind, _, address = self.on.partition(":")
        if kind not in ("local", "ray") or (kind == "local" and address):
            raise InputError(f"Expected local, ray or ray:HOST:PORT, got {self.on!r}.")
        if self.workers < 1:
            raise InputError(f"Expected at least one worker, got {self.workers}.")
        if self.devices < 1:
            raise InputError(f"Expected at least one device, got {self.devices}.")
        if self.devices > 1 and (self.workers > 1 or kind == "ray"):
            raise InputError(
                f"Expected several devices to share each training or several workers to have their own, got "
                f"{self.devices} devices and {self.workers} workers on {kind}. Do: give only one of them."
            )

    @property
    def words(self) -> str:
        """Where it is, for people; "" for one process of this machine.

        >>> [Machines(**given).words for given in ({"workers": 4}, {"devices": 2}, {"on": "ray:10.0.0.5:6379"}, {})]
        ['in 4 processes', 'on 2 devices', 'on ray:10.0.0.5:6379', '']
        """
        if self.on != "local":
            return f"on {self.on}"
        if self.devices > 1:
            return f"on {self.devices} devices"
        return f"in {self.workers} processes" if self.workers > 1 else ""


#: Where a study is computed unless somebody says otherwise.
IN_THIS_PROCESS = Machines()
