"""A model that segments at work on new stacks: masks as files, their outlines as pictures, and what they come to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medgraft.cohort import Cohort
from medgraft.core.cohort import ImportNote, StackEntry
from medgraft.core.errors import InputError
from medgraft.core.files import whole_file
from medgraft.core.progress import Progress, Report
from medgraft.core.task import MASK_CODES
from medgraft.exchange.package import ModelPackage
from medgraft.inference import asked_of_each
from medgraft.report import png_of
from medgraft.workspace.masks.exporting import MaskFile, MaskFolder
from medgraft.workspace.measuring.measured import StackMeasures
from medgraft.workspace.measuring.one_stack import DrawnMask, beat_phases, measured_heartbeat, measured_phases
from medgraft.workspace.measuring.segmenter import StackSegmenter
from medgraft.workspace.models.mask_cautions import mask_cautions
from medgraft.workspace.models.mask_outlines import mask_outlines
from medgraft.workspace.models.predicted import Answers, MaskAnswer
from medgraft.workspace.models.segmenting import segmented
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.drawn_file import drawn_file


def mask_answers(
    package: ModelPackage,
    project: Project,
    *,
    all_phases: bool,
    phases: Sequence[str],
    sheets: Path | None,
    out: MaskFolder | None,
    report: Report,
) -> Answers:
    """Of every stack of a project; arguments as `predicting.predict_folder` has them.

    A stack is written and drawn before the next begins. Raises `InputError` where there is nothing to predict, or a
    file is there already.
    """
    masks: list[MaskAnswer] = []
    notes: list[ImportNote] = []
    with project.cohort() as cohort:
        entries = cohort.entries()
        asked_of_each(entries, package.task, all_phases=all_phases, phases=phases)
        if out:
            out.check_free(entries)
        segmenter = StackSegmenter.of(package)
        for done, entry in enumerate(entries, start=1):
            try:
                with segmented(segmenter, cohort, entry, all_phases=all_phases, phases=phases, report=report) as drawn:
                    seen = _Seen(entry=entry, drawn=drawn, cohort=cohort, project=project)
                    masks.append(seen.answer(package, out, sheets, notes))
            except InputError as error:
                notes.append(_set_aside(entry, "not-segmented", error))
            report(Progress(stage="stacks", done=done, total=len(entries), detail=entry.subject))
    return Answers(
        model=package.name,
        task=package.task.name,
        masks=tuple(masks),
        sheets=tuple(mask.sheet for mask in masks if mask.sheet),
        notes=(*notes, *mask_cautions(package, project, report)),
    )


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What a model drew on a stack of a project."""

    entry: StackEntry
    drawn: DrawnMask
    cohort: Cohort
    project: Project

    def answer(
        self, package: ModelPackage, out: MaskFolder | None, sheets: Path | None, notes: list[ImportNote]
    ) -> MaskAnswer:
        """The answer, with its files written."""
        figures = self.figures()
        file = self.written(out, notes) if out else None
        return MaskAnswer(
            subject=self.entry.subject,
            stack=self.entry.id,
            phases=tuple(map(self.entry.phase_name, self.drawn.phases)),
            not_found=tuple(self.not_found()),
            measured=figures,
            mask=file.mask if file else None,
            image=file.image if file else None,
            sheet=self.sheet(package, figures, sheets) if sheets else None,
        )

    def figures(self) -> StackMeasures:
        """Volumes at ED and ES; at every phase of a stack that does not name both, or at none of both."""
        phases = beat_phases(self.entry, self.drawn.phases) or self.drawn.phases
        drawn = DrawnMask(source="model", mask=self.drawn.mask, phases=phases, classes=self.drawn.classes)
        return measured_heartbeat(self.entry, measured_phases(self.entry, drawn, None, {}, walls=False))

    def not_found(self) -> Iterator[str]:
        """Structures that are nowhere in the mask, or not at every phase."""
        for name in self.drawn.classes:
            without = [at for at in self.drawn.phases if not np.any(self.drawn.mask[at] == MASK_CODES[name])]
            where = f" at {', '.join(map(self.entry.phase_name, without))}"
            if without:
                yield name if len(without) == len(self.drawn.phases) else f"{name}{where}"

    def written(self, out: MaskFolder, notes: list[ImportNote]) -> MaskFile | None:
        """The mask's file; a note where NIfTI cannot hold it."""
        mask = (self.drawn.mask, self.drawn.phases, self.drawn.classes)
        try:
            return out.write(self.entry, mask, self.cohort.pixels(self.entry))
        except InputError as error:
            notes.append(_set_aside(self.entry, "mask-not-written", error))
            return None

    def sheet(self, package: ModelPackage, figures: StackMeasures, folder: Path) -> str:
        """The picture's file."""
        pixels, classes = self.cohort.pixels(self.entry), package.task.classes
        figure = mask_outlines(self.project, self.entry, pixels, self.drawn, figures=figures, classes=classes)
        path = folder / drawn_file(self.entry.subject, self.entry.id)
        with whole_file(path) as draft:
            draft.write_bytes(png_of(figure))
        return str(path)


def _set_aside(entry: StackEntry, code: str, why: InputError) -> ImportNote:
    return ImportNote(kind="set aside", code=code, where=entry.source, text=str(why))
