"""ImportOptions: what a source cannot say about itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medgraft.cohort.spacing import Spacing, check_spacing
from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CLASSES, MASK_CODES


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    r"""Options of an import; each has an effect only where the comment says so.

    pseudonyms: a secret key; subjects become keyed hashes and nothing of their names is stored. Every layout.
    site: where all subjects of this import were imaged; a source's own site goes first. Every layout.
    short_axis: stacks are short-axis hearts, so their base is found (NIfTI: from the affine; table: slice numbers
    count from the base).
    subject_pattern: regular expression on the path relative to the source; its group "subject", or its first group,
    is the subject. NIfTI and image folders.
    mask_codes: a source's mask codes and what they mean in `core.task.MASK_CODES`; None leaves codes as they
    are. NIfTI.
    mask_classes: the classes that the source's masks label at all, names of `core.task.MASK_CODES`; None: what the
    codes say. NIfTI.
    empty_phases_labelled: a phase whose mask is all zero shows that nothing is there. By default it is not labelled:
    files have no other way to say so. NIfTI, ACDC.
    table: the index CSV, if it is not the only one in the folder. Table.
    spacing: (z, y, x) in mm of images whose source says none; z is the distance between slices. Every layout.
    bring_back: take in what was removed from the project before. Every layout.

    Raises `InputError` for a pattern that is no regular expression or has no group, for codes or classes that are not
    in `core.task.MASK_CODES`, and for a spacing that nothing can have.

    >>> ImportOptions(subject_pattern=r"(?P<subject>P\d+)").subject_of("benign/P012_left.png")
    'P012'
    """

    pseudonyms: str | None = None
    site: str | None = None
    short_axis: bool = False
    subject_pattern: str | None = None
    mask_codes: Mapping[int, int] | None = None
    mask_classes: tuple[str, ...] | None = None
    empty_phases_labelled: bool = False
    table: Path | None = None
    spacing: Spacing | None = None
    bring_back: bool = False

    def __post_init__(self) -> None:
        """Refuse a pattern that can find no subject, and classes and spacings that cannot be."""
        self._check_masks()
        if self.spacing is not None:
            check_spacing(self.spacing)
        if self.subject_pattern is None:
            return
        try:
            groups = re.compile(self.subject_pattern).groups
        except re.error as error:
            raise InputError(
                f"Expected a regular expression for subjects, got {self.subject_pattern!r}: {error}."
            ) from error
        if not groups:
            raise InputError(f"Expected a group (...) around the subject in {self.subject_pattern!r}, got none.")

    def _check_masks(self) -> None:
        unknown = set(self.mask_classes or ()) - set(MASK_CLASSES)
        if unknown:
            raise InputError(
                f"Expected classes of masks, got {', '.join(sorted(unknown))}. Available: {', '.join(MASK_CLASSES)}."
            )
        if not set((self.mask_codes or {}).values()) <= set(MASK_CODES.values()):
            raise InputError(f"Expected codes that mean one of {dict(MASK_CODES)}, got {self.mask_codes}.")

    def subject_of(self, path: str) -> str | None:
        """The subject in a relative path by `subject_pattern`; None without a pattern or a match."""
        match = re.search(self.subject_pattern, path) if self.subject_pattern else None
        if match is None:
            return None
        return match["subject"] if "subject" in match.re.groupindex else match[1]


def mask_codes_of(classes: Mapping[int, str]) -> dict[int, int]:
    """A source's mask codes, by the class that each means, as ours; its 0 is the background unless it says otherwise.

    Raises `InputError` for a class that is not in `core.task.MASK_CODES`.

    >>> mask_codes_of({500: "pool", 205: "myocardium"})
    {0: 0, 500: 1, 205: 2}
    """
    if unknown := sorted(set(classes.values()) - set(MASK_CODES)):
        raise InputError(f"Expected classes of masks, got {', '.join(unknown)}. Available: {', '.join(MASK_CODES)}.")
    return {0: MASK_CODES["background"]} | {code: MASK_CODES[name] for code, name in classes.items()}
