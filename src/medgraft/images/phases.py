"""Which attribute orders the images of one slice position: a table, tried from the top."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from medgraft.images.attributes import Attributes
from medgraft.images.frame import Frame


@dataclass(frozen=True, kw_only=True)
class PhaseKey:
    """One attribute that may order phases.

    axis: what the order means. milliseconds: the value is a time from the R wave in ms.
    clock: the value is a time of day, so slices taken one after the other have no common origin.
    percent_of: the attribute whose text ends in the percentage of the cycle, in CT.
    """

    name: str
    axis: str
    milliseconds: bool = False
    clock: bool = False
    private: tuple[int, str, int] | None = None
    percent_of: str = ""

    def read(self, say: Attributes) -> float | None:
        """The value in one frame, None if it has none. A time of day comes in seconds."""
        if self.private:
            return say.private(*self.private)
        if self.percent_of:
            return _percent(say.text(self.percent_of)) if say.text("Modality") == "CT" else None
        return _seconds(say.text(self.name)) if self.clock else say.number(self.name)


#: Tried in this order; the first that every image has and that tells the images of most positions apart is used.
PHASE_KEYS = (
    PhaseKey(name="TriggerTime", axis="cardiac phase", milliseconds=True),
    PhaseKey(name="NominalCardiacTriggerDelayTime", axis="cardiac phase", milliseconds=True),
    PhaseKey(name="NominalPercentageOfCardiacPhase", axis="cardiac phase"),
    PhaseKey(name="PhilipsPhaseNumber", axis="cardiac phase", private=(0x2001, "Philips Imaging DD 001", 0x08)),
    PhaseKey(name="PercentInSeriesDescription", axis="cardiac phase", percent_of="SeriesDescription"),
    PhaseKey(name="TemporalPositionIndex", axis="time"),
    PhaseKey(name="TemporalPositionIdentifier", axis="time"),
    PhaseKey(name="AcquisitionNumber", axis="time"),
    PhaseKey(name="FrameAcquisitionDateTime", axis="time", clock=True),
    PhaseKey(name="AcquisitionTime", axis="time", clock=True),
    PhaseKey(name="ContentTime", axis="time", clock=True),
    PhaseKey(name="InstanceNumber", axis="unknown"),
)

#: Without any key images keep the order of their identifiers: repeatable, but without a meaning.
NO_KEY = PhaseKey(name="SOPInstanceUID", axis="unknown")


def choose_key(slices: Sequence[Sequence[Frame]]) -> PhaseKey:
    """The first key of the table that orders the images of most slice positions; `NO_KEY` if none does."""
    return next((key for key in PHASE_KEYS if _orders(key, slices)), NO_KEY)


def _orders(key: PhaseKey, slices: Sequence[Sequence[Frame]]) -> bool:
    if not all(key.name in frame.keys for frames in slices for frame in frames):
        return False
    distinct = [len({frame.keys[key.name] for frame in frames}) == len(frames) for frames in slices]
    return sum(distinct) * 2 > len(slices)


def _percent(text: str) -> float | None:
    """The last percentage in a text, as scanners name reconstructions; None if there is none.

    >>> _percent("CorCTA 0.75 Bv40 35 %")
    35.0
    """
    found = re.findall(r"(\d+(?:\.\d+)?)\s*%", text)
    return float(found[-1]) if found else None


def _seconds(text: str) -> float | None:
    """Seconds of the day from a DICOM time "HHMMSS.F" or date-time "YYYYMMDDHHMMSS.F".

    >>> _seconds("123342.5")
    45222.5
    """
    digits = text[8:] if len(text.split(".", maxsplit=1)[0]) >= 14 else text
    try:
        return int(digits[0:2]) * 3600 + int(digits[2:4]) * 60 + float(digits[4:].split("+")[0].split("-")[0])
    except ValueError:
        return None
