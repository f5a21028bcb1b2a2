"""UnusableFileError: why one file cannot be used; inside this room only, callers see an `ImportNote`."""

import struct
import zlib

from pydicom.errors import BytesLengthException, InvalidDicomError

from medgraft.core.cohort import NoteKind
from medgraft.core.errors import ImageError

#: What pydicom and the codecs raise on damaged files: they have no common base class (measured by the fuzz test).
FOREIGN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class UnusableFileError(ImageError):
    """A file is refused or set aside: `kind` and `code` as in `ImportNote`, the message is its text."""

    def __init__(self, code: str, text: str, kind: NoteKind = "refused") -> None:
        super().__init__(text)
        self.code = code
        self.kind = kind
