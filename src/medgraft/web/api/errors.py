"""Errors as answers: `{"error": text}`, with a status that says whose it is."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from medgraft.core.errors import InputError, MedgraftError, NotFoundError, reason

#: Whose a mistake is, by its kind; all others are this machine's.
_STATUS = ((InputError, HTTPStatus.BAD_REQUEST), (NotFoundError, HTTPStatus.NOT_FOUND))
_OURS = HTTPStatus.SERVICE_UNAVAILABLE


def answer_errors(app: FastAPI) -> None:
    """Let an application answer every error in one form."""
    app.add_exception_handler(MedgraftError, _medgraft)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OSError, _machine)
    app.add_exception_handler(Exception, _mistake)


def _medgraft(_request: Request, error: Exception) -> JSONResponse:
    return _problem(str(error), next((status for kind, status in _STATUS if isinstance(error, kind)), _OURS))


def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return _problem(f"Expected another {where}: {first['msg']}.", HTTPStatus.UNPROCESSABLE_ENTITY)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _problem(str(error.detail), HTTPStatus(error.status_code))


def _machine(_request: Request, error: Exception) -> JSONResponse:
    """The machine's own answers, such as that the disk is full."""
    return _problem(reason(error), _OURS)


def _mistake(_request: Request, _error: Exception) -> JSONResponse:
    """A mistake of ours: what it was stays in the terminal."""
    return _problem("This could not be done; the terminal of the server says why.", HTTPStatus.INTERNAL_SERVER_ERROR)


def _problem(text: str, status: HTTPStatus) -> JSONResponse:
    return JSONResponse({"error": text}, status_code=status)
