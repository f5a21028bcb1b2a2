"""Uploads: files of a folder that was dropped on a page, kept until they are imported, then thrown away."""

import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from medgraft.core.counted import counted
from medgraft.core.errors import InputError, MedgraftError, NotFoundError, ProjectError, reason
from medgraft.core.files import whole_file
from medgraft.core.progress import Progress
from medgraft.workspace import Imported, ImportOptions, Project, import_images

#: Bytes of one import over all of its files.
_MOST_BYTES = 64 * 2**30
_MOST_OPEN = 16
#: Seconds without a file after which a page that sends is taken for closed.
_PATIENCE = 3600
_LONGEST_PATH = 1000
_ENDED = {"done", "failed"}


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One import by upload. state: receiving, running, done or failed. text: what came of it; error: why it failed.

    heard: when something of it came, in seconds of the clock.
    """

    id: str
    reader: str
    heard: float
    state: str = "receiving"
    stage: str = ""
    done: int = 0
    total: int = 0
    bytes: int = 0
    text: str = ""
    error: str = ""


@dataclass(kw_only=True)
class Uploads:
    """The imports of a server; files lie in the project's cache, which may be deleted at any time."""

    project: Project
    most_files: int
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, Upload] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, reader: str) -> Upload:
        """A new import that waits for files. Raises `InputError` if too many wait already."""
        self._forget_abandoned()
        if sum(upload.state in ("receiving", "running") for upload in self._known.values()) >= _MOST_OPEN:
            raise InputError(f"Expected at most {_MOST_OPEN} imports at once. Do wait until one has ended.")
        return self._keep(Upload(id=uuid4().hex, reader=reader, heard=self.clock()))

    def get(self, id: str, reader: str) -> Upload:  # noqa: A002 - the field's own name
        """An import of a reader's. Raises `NotFoundError` if there is none."""
        upload = self._known.get(id)
        if upload is None or upload.reader != reader:
            raise NotFoundError(f"Expected an import that was begun by {reader}, got {id[:40]!r}.")
        return upload

    async def take(self, upload: Upload, path: str, chunks: AsyncIterator[bytes]) -> Upload:
        """Keep one file. Raises `InputError` for a path that leaves its folder, or once there is too much."""
        target = self._folder(upload) / inside(path)
        self._check_room(upload)
        self._hear(upload)
        try:
            size = await _write(target, chunks)
            return self._hear(upload, files=1, size=size)
        finally:
            if self._known[upload.id].state in _ENDED:  # while the file was on its way
                self._throw_away(upload)

    def start(self, upload: Upload, layout: str, options: ImportOptions) -> Upload:
        """Import what came, in a thread of its own. Raises `InputError` if that was begun already."""
        with self._lock:
            self._check_waits(upload)
            running = self._keep(replace(self._known[upload.id], state="running", stage="reading", done=0))
        work = threading.Thread(target=self._run, args=(running, layout, options), daemon=True, name="import")
        work.start()
        return running

    def give_up(self, upload: Upload) -> Upload:
        """Throw away what came of an import that is not to be started. Raises `InputError` if it was started."""
        with self._lock:
            self._check_waits(upload)
            given_up = self._keep(replace(self._known[upload.id], state="failed", error="It was given up."))
        self._throw_away(upload)
        return given_up

    def _run(self, upload: Upload, layout: str, options: ImportOptions) -> None:
        folder = self._folder(upload)
        state, text, error = "failed", "", "It broke off; the terminal of the server says why."
        try:
            folder.mkdir(parents=True, exist_ok=True)
            done = import_images(
                self.project,
                folder,
                layout=layout,
                options=options,
                report=lambda progress: self._report(upload, progress),
            )
            state, text, error = "done", _words(done), ""
        except (MedgraftError, OSError) as refusal:
            error = reason(refusal)
        finally:
            self._throw_away(upload)  # first, so that nothing is left once the end is told
            self._keep(replace(self._known[upload.id], state=state, text=text, error=error))

    def _forget_abandoned(self) -> None:
        """Throw away what came of imports whose page was closed before it had sent everything."""
        for upload in tuple(self._known.values()):
            if upload.state == "receiving" and self.clock() - upload.heard > _PATIENCE:
                self._throw_away(upload)
                error = "Nothing came for an hour. Do: import the folder again."
                self._keep(replace(upload, state="failed", error=error))

    def _hear(self, upload: Upload, *, files: int = 0, size: int = 0) -> Upload:
        with self._lock:
            now = self._known[upload.id]
            return self._keep(replace(now, heard=self.clock(), done=now.done + files, bytes=now.bytes + size))

    def _report(self, upload: Upload, progress: Progress) -> None:
        now = self._known[upload.id]
        self._keep(replace(now, stage=progress.stage, done=progress.done, total=progress.total))

    def _keep(self, upload: Upload) -> Upload:
        self._known[upload.id] = upload
        return upload

    def _folder(self, upload: Upload) -> Path:
        return self.project.cache / "incoming" / upload.id

    def _throw_away(self, upload: Upload) -> None:
        shutil.rmtree(self._folder(upload), ignore_errors=True)

    def _check_waits(self, upload: Upload) -> None:
        if self._known[upload.id].state != "receiving":
            raise InputError("Expected an import that waits for files, got one that was started or given up.")

    def _check_room(self, upload: Upload) -> None:
        self._check_waits(upload)
        now = self._known[upload.id]
        if now.done >= self.most_files or now.bytes >= _MOST_BYTES:
            raise InputError(f"Expected at most {self.most_files} files and {_MOST_BYTES} bytes in one import.")


def _words(done: Imported) -> str:
    """What an import came to; where it found nothing, why."""
    if not done.added and not done.known:
        return next((note.text for note in done.notes if note.code == "nothing-imported"), "No image was found.")
    notes = f", {counted(len(done.notes), 'note')} in the repair log" if done.notes else ""
    added, files = counted(len(done.added), "stack"), counted(done.files, "file")
    return f"{added} added, {len(done.known)} known, {files} read{notes}"


async def _write(target: Path, chunks: AsyncIterator[bytes]) -> int:
    """Write a file whole or not at all: one that breaks off, or grows too large, leaves nothing. Gives its bytes."""
    try:
        with whole_file(target) as draft, draft.open("wb") as file:
            async for chunk in chunks:
                await run_in_threadpool(file.write, chunk)
            return file.tell()
    except OSError as error:
        raise ProjectError(f"Expected room for {target.name} in the project's cache, got: {reason(error)}.") from error


def inside(path: str) -> PurePosixPath:
    """A relative path that stays in its folder, as it came. Raises `InputError` for any other.

    >>> inside("patient001/a.nii.gz").name
    'a.nii.gz'
    """
    parts = path.split("/")
    strange = any(part in ("", ".", "..") or any(ord(letter) < 32 for letter in part) for part in parts)
    if strange or "\\" in path or ":" in path or len(path.encode("utf-8", "replace")) > _LONGEST_PATH:
        raise InputError(f"Expected a relative path within the dropped folder, got {path[:100]!r}.")
    return PurePosixPath(*parts)
