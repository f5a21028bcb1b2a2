"""Imports by upload: begin one, send its files, start it or give it up, watch it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from medgraft.web.api.labels import ReaderOf
from medgraft.web.api.models import ImportBody, UploadView
from medgraft.web.uploads import Upload, Uploads
from medgraft.workspace import ImportOptions, mask_codes_of

routes = APIRouter(prefix="/imports", tags=["imports"])

#: What is asked of an import that nobody said anything about.
_AS_IT_IS = ImportBody()


def uploads_of(request: Request) -> Uploads:
    """The imports of the server that is asked."""
    uploads = request.app.state.uploads
    assert isinstance(uploads, Uploads)
    return uploads


UploadsOf = Annotated[Uploads, Depends(uploads_of)]


@routes.post("")
def begin(uploads: UploadsOf, reader: ReaderOf, asked: ImportBody = _AS_IT_IS) -> UploadView:
    """A new import that waits for files. What it will be started with may be said here: mistakes show at once."""
    _options(asked)
    return _view(uploads.begin(reader))


@routes.put("/{id}/files/{path:path}")
async def send(id: str, path: str, request: Request, uploads: UploadsOf, reader: ReaderOf) -> UploadView:  # noqa: A002 - the field's own name
    """One file, as the request's body; `path` is where it was in the folder."""
    return _view(await uploads.take(uploads.get(id, reader), path, request.stream()))


@routes.post("/{id}/start")
def start(id: str, uploads: UploadsOf, reader: ReaderOf, asked: ImportBody = _AS_IT_IS) -> UploadView:  # noqa: A002 - see above
    """Import the files that were sent."""
    return _view(uploads.start(uploads.get(id, reader), asked.layout, _options(asked)))


@routes.delete("/{id}")
def give_up(id: str, uploads: UploadsOf, reader: ReaderOf) -> UploadView:  # noqa: A002 - see above
    """Throw away the files that were sent; an import that was started goes on."""
    return _view(uploads.give_up(uploads.get(id, reader)))


@routes.get("/{id}")
def watch(id: str, uploads: UploadsOf, reader: ReaderOf) -> UploadView:  # noqa: A002 - see above
    """How far an import is."""
    return _view(uploads.get(id, reader))


def takes_files(path: str) -> bool:
    """Whether a path is one that files are sent to.

    >>> takes_files("/api/v1/imports/a1/files/p/a.nii"), takes_files("/api/v1/imports")
    (True, False)
    """
    return path.startswith("/api/v1/imports/") and "/files/" in path


def _options(asked: ImportBody) -> ImportOptions:
    return ImportOptions(
        site=asked.site,
        short_axis=asked.short_axis,
        mask_codes=mask_codes_of(asked.mask_codes) if asked.mask_codes else None,
        mask_classes=asked.mask_classes,
        empty_phases_labelled=asked.empty_phases_labelled,
        spacing=asked.spacing,
    )


def _view(upload: Upload) -> UploadView:
    return UploadView(**{name: getattr(upload, name) for name in UploadView.model_fields})
