"""Task: what is answered, for which unit, with which labels. Schemas of labels are data in the table below."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from medgraft.core.errors import InputError

#: Codes of segmentation masks inside medgraft; importers map a source's codes to these.
MASK_CODES = {"background": 0, "pool": 1, "myocardium": 2, "rv": 3}

#: The classes a source may label; one that it never labels is part of its background, wherever it is.
MASK_CLASSES = tuple(name for name in MASK_CODES if name != "background")

Unit = Literal["image", "slice", "stack", "series", "volume", "study"]


class UnitKey(NamedTuple):
    """One slice of one stack at one phase: what a label or a prediction speaks about."""

    stack: str
    phase: int
    slice: int


@dataclass(frozen=True, kw_only=True)
class ClassLabel:
    """One class of a task: its short code, its full name, the key that labels it, its colour (Okabe-Ito)."""

    code: str
    name: str
    key: str
    colour: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """A question put to every unit of a cohort.

    kind: "classify" gives each unit one of the classes, "segment" gives each voxel one; the first is the background.
    classes: in the order of the scores' columns.
    along_stack: codes from base to apex if the anatomy orders the classes along a stack, else empty.
    phases: which named phases are asked about; empty means every phase.
    """

    name: str
    unit: Unit
    classes: tuple[ClassLabel, ...]
    kind: Literal["classify", "segment"] = "classify"
    along_stack: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    reference: str = ""

    def __post_init__(self) -> None:
        """Raise `InputError` for a code that comes twice, or an order of codes that are not there."""
        if len(set(self.codes)) < len(self.codes) or not set(self.along_stack) <= set(self.codes):
            raise InputError(
                f"Expected different class codes, and an order of these, for task {self.name}, "
                f"got {', '.join(self.codes)} in the order {', '.join(self.along_stack) or 'none'}."
            )

    @property
    def codes(self) -> tuple[str, ...]:
        """The classes' codes in column order."""
        return tuple(item.code for item in self.classes)

    def index(self, code: str) -> int:
        """The column of a class code. Raises `InputError` for an unknown one."""
        if code not in self.codes:
            raise InputError(f"Expected one of {', '.join(self.codes)} for task {self.name}, got {code!r}.")
        return self.codes.index(code)

    @property
    def stack_order(self) -> tuple[int, ...]:
        """Columns from base to apex, empty if the classes have no order along the stack."""
        return tuple(self.index(code) for code in self.along_stack)


OAP = ClassLabel(code="OAP", name="out of apical", key="1", colour="#E69F00")
IN = ClassLabel(code="IN", name="apical to basal", key="2", colour="#009E73")
OBS = ClassLabel(code="OBS", name="out of basal", key="3", colour="#56B4E9")

SAX_RANGE = Task(
    name="sax-range",
    unit="slice",
    classes=(OAP, IN, OBS),
    along_stack=("OBS", "IN", "OAP"),
    phases=("ed", "es"),
    reference="Ho and Kim 2021, doi 10.1038/s41598-021-81525-9",
)

SAX_LEVELS = Task(
    name="sax-levels",
    unit="slice",
    classes=(
        ClassLabel(code="oap", name="out of apical", key="1", colour="#E69F00"),
        ClassLabel(code="ap", name="apical", key="2", colour="#F0E442"),
        ClassLabel(code="mid", name="mid-cavity", key="3", colour="#009E73"),
        ClassLabel(code="bs", name="basal", key="4", colour="#0072B2"),
        ClassLabel(code="obs", name="out of basal", key="5", colour="#56B4E9"),
    ),
    along_stack=("obs", "bs", "mid", "ap", "oap"),
    phases=("ed", "es"),
    reference="Ho and Kim 2022 (Tomography), five levels",
)

LV_WALL = Task(
    name="lv-wall",
    unit="volume",
    kind="segment",
    classes=(
        ClassLabel(code="background", name="background", key="", colour="#000000"),
        ClassLabel(code="pool", name="blood pool", key="1", colour="#CC79A7"),
        ClassLabel(code="myocardium", name="left ventricular myocardium", key="2", colour="#F0E442"),
    ),
    reference="Gupta et al. 2020, Democratizing Artificial Intelligence in Healthcare",
)

#: The tasks whose labels are masks, by name: nothing in them is labelled slice by slice.
MASK_TASKS = {task.name: task for task in (LV_WALL,)}

#: The tasks medgraft knows by name; others come with a project's own labels (`task_from_codes`).
TASKS = {task.name: task for task in (SAX_RANGE, SAX_LEVELS)}

_PALETTE = ("#E69F00", "#009E73", "#56B4E9", "#CC79A7", "#0072B2", "#F0E442", "#999999", "#882255", "#44AA99")


def task_from_codes(name: str, codes: list[str]) -> Task:
    """A task for labels that came with the images, for example from a CSV file.

    >>> task_from_codes("tumour", ["benign", "malignant"]).codes
    ('benign', 'malignant')
    """
    if len(set(codes)) < 2 or len(set(codes)) != len(codes):
        raise InputError(f"Expected at least two different class codes, got {codes}.")
    classes = tuple(
        ClassLabel(code=code, name=code, key=str(index + 1) if index < 9 else "", colour=_PALETTE[index % 9])
        for index, code in enumerate(codes)
    )
    return Task(name=name, unit="image", classes=classes)
