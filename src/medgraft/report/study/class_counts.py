"""Images per class and split."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from medgraft.core.task import Task
from medgraft.report.study.content import SplitCounts
from medgraft.report.style import LABEL, MUTED, PAPER, ink_on, new_figure, tidy

_HATCHES = ("///", "", "\\\\\\", "...", "xxx", "---", "+++", "ooo", "***")


def class_counts(splits: Sequence[SplitCounts], task: Task) -> Figure:
    """One bar per split, divided into the shares of the classes, with the numbers of images."""
    figure = new_figure(0.75 + 0.42 * len(splits))
    axes = figure.subplots()
    for row, split in enumerate(splits):
        left, whole = 0.0, max(sum(split.images), 1)
        for index, (item, count) in enumerate(zip(task.classes, split.images, strict=True)):
            share = count / whole
            bar = axes.barh(row, share, left=left, height=0.62, color=item.colour, edgecolor=PAPER, label=item.code)
            bar[0].set_hatch(_HATCHES[index % 9])
            if share > 0.05:
                box = {"facecolor": item.colour, "edgecolor": "none", "pad": 1.5}
                axes.text(
                    left + share / 2,
                    row,
                    f"{item.code}  {count:,}",
                    ha="center",
                    va="center",
                    fontsize=LABEL,
                    color=ink_on(item.colour),
                    bbox=box,
                )
            left += share
    tidy(axes)
    axes.grid(visible=False)
    axes.set_yticks(range(len(splits)), [f"{split.split}\n{sum(split.images):,} images" for split in splits])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles[: len(task.classes)],
        labels[: len(task.classes)],
        loc="outside lower center",
        ncols=5,
        frameon=False,
        fontsize=LABEL,
        labelcolor=MUTED,
    )
    return figure
