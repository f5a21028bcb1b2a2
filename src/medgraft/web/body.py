"""Bodies of requests, bounded: by what they claim before they come, and by what comes."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive


class BodyTooLargeError(HTTPException):
    """More came than is taken. An HTTP answer by itself, as frameworks turn other errors in a body into their own."""

    def __init__(self, most: int) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Expected at most {most} bytes.")


def claimed_length(headers: dict[bytes, bytes]) -> int:
    """What Content-Length claims, 0 where there is none. Raises `ValueError` for what is no length."""
    text = headers.get(b"content-length", b"0")
    if not text.isdigit():
        raise ValueError(f"Expected a Content-Length of digits, got {text[:40]!r}.")
    return int(text)


def bounded(receive: Receive, most: int) -> Receive:
    """`receive` that raises `BodyTooLargeError` once more than `most` bytes of body have come."""
    came = 0

    async def receive_bounded() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise BodyTooLargeError(most)
        return message

    return receive_bounded
