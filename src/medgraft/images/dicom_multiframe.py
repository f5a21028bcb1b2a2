"""A stack written as one Enhanced MR object (PS3.3 A.36), geometry and time in functional groups."""

from collections.abc import Mapping
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage

from medgraft.core.stack import Stack
from medgraft.images.dicom_series import Identity, check_writable, set_pixels, set_plane, template


def write_dicom_multiframe(
    path: Path,
    stack: Stack,
    *,
    patient_id: str,
    series_description: str,
    manufacturer: str,
    seed: int,
    study_description: str = "",
    series_number: int = 1,
    facts: Mapping[str, str] | None = None,
) -> Path:
    """Write a stack as one Enhanced MR file of Z x T frames, slice by slice; arguments as in `write_dicom_series`."""
    check_writable(stack)
    identity = Identity(
        patient_id=patient_id,
        series_description=series_description,
        manufacturer=manufacturer,
        seed=seed,
        study_description=study_description,
        series_number=series_number,
        facts=facts or {},
    )
    n_phases, n_slices = stack.pixels.shape[:2]
    dataset = template(stack, identity, EnhancedMRImageStorage, "multiframe")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.InstanceNumber, dataset.NumberOfFrames = 1, n_phases * n_slices
    dataset.SharedFunctionalGroupsSequence = [Dataset()]
    dataset.PerFrameFunctionalGroupsSequence = [_groups(stack, t, z) for z in range(n_slices) for t in range(n_phases)]
    set_pixels(dataset, stack.pixels.swapaxes(0, 1).reshape(-1, *stack.pixels.shape[2:]))
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _groups(stack: Stack, t: int, z: int) -> Dataset:
    """The functional groups of one frame (PS3.3 C.7.6.16.2)."""
    position, orientation, measures, content = Dataset(), Dataset(), Dataset(), Dataset()
    set_plane(position, orientation, measures, stack, z)
    content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = "1", z + 1, t + 1
    content.DimensionIndexValues = [z + 1, t + 1]
    groups = Dataset()
    groups.PlanePositionSequence, groups.PlaneOrientationSequence = [position], [orientation]
    groups.PixelMeasuresSequence, groups.FrameContentSequence = [measures], [content]
    if stack.times is not None:
        sync = Dataset()
        sync.NominalCardiacTriggerDelayTime = float(stack.times[t])
        groups.CardiacSynchronizationSequence = [sync]
    return groups
