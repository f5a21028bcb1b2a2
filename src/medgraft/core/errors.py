"""Every exception medgraft raises on purpose.

MedgraftError
├── InputError            what the caller gave cannot be used (a folder, a study file, a name, a number)
│   ├── ImageError        a file is not an image, is cut short, or lies about itself
│   ├── LabelError        a label, a label file or a label schema cannot be used
│   └── StudyFileError    a study file does not validate
├── WeightsError          weights are missing, unreadable, or made for another network
├── ProjectError          a project folder is missing, damaged, locked or of another version
│   └── NotFoundError     a project has no study, curve, model or worklist of that name
└── MissingExtraError     an optional part of medgraft is not installed

A message says what was expected, what came, and what to do. What the outside world answers (a file that cannot
be imported, a trial that failed) is a value in a report, not an exception.
"""


class MedgraftError(Exception):
    """Base of all errors below; the command line shows its text without a traceback."""


class InputError(MedgraftError, ValueError):
    """What the caller gave cannot be used."""


class ImageError(InputError):
    """A file is not an image, is cut short, or lies about itself."""


class LabelError(InputError):
    """A label, a label file or a label schema cannot be used."""


class StudyFileError(InputError):
    """A study file does not validate."""


class WeightsError(MedgraftError):
    """Weights are missing, unreadable, or made for another network."""


class ProjectError(MedgraftError):
    """A project folder is missing, damaged, locked or of another version."""


class NotFoundError(ProjectError):
    """A project has no stack, study, curve, model or worklist of that name."""


class MissingExtraError(MedgraftError, ImportError):
    """An optional part of medgraft is not installed; the message names the extra."""


def reason(error: Exception) -> str:
    """Why the outside world refused, for a message: of the machine's own answers without their number.

    >>> reason(FileNotFoundError(2, "No such file or directory", "heart.yaml")), reason(ValueError("no YAML"))
    ('No such file or directory: heart.yaml', 'no YAML')
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
