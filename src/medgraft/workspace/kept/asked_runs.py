"""Which runs of a project a study or a learning curve asked for, so that what is its own can go with it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from medgraft.study import RunStore

#: In the folder of a study: a run's identity per line.
_FILE = "runs.txt"


@dataclass(frozen=True, kw_only=True)
class AskedRuns(RunStore):
    """The runs of a project; those that are asked for are noted. by: the folder of the study that asks."""

    by: Path

    def has(self, identity: str) -> bool:
        """Whether a run is finished."""
        if identity not in self._noted:  # a study that is started again leaves the same bytes
            with (self.by / _FILE).open("a", encoding="utf-8") as file:
                file.write(f"{identity}\n")
            self._noted.add(identity)
        return super().has(identity)

    @cached_property
    def _noted(self) -> set[str]:
        return set(runs_asked_by(self.by) or ())


def runs_asked_by(folder: Path) -> frozenset[str] | None:
    """Identities of all runs that a study ever asked for; None of one that an older medgraft ran."""
    file = folder / _FILE
    return frozenset(file.read_text(encoding="utf-8").split()) if file.is_file() else None
