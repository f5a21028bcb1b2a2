"""Welcome: whether a signed-in reader may still be here. Whoever is withdrawn may not, whatever session is open."""

import time

from starlette.concurrency import run_in_threadpool

from medgraft.workspace import Project, list_readers


class Welcome:
    """Who was withdrawn, looked up again after `recheck` seconds. Who has no account came by the terminal's link."""

    def __init__(self, project: Project, *, recheck: float) -> None:
        self._project, self._recheck = project, recheck
        self._looked_up = float("-inf")
        self._withdrawn: frozenset[str] = frozenset()

    async def __call__(self, reader: str) -> bool:
        """Whether a reader may be here now."""
        now = time.monotonic()
        if now - self._looked_up >= self._recheck:
            self._withdrawn = await run_in_threadpool(_withdrawn, self._project)
            self._looked_up = now
        return reader not in self._withdrawn


def _withdrawn(project: Project) -> frozenset[str]:
    return frozenset(account.name for account in list_readers(project) if not account.active)
