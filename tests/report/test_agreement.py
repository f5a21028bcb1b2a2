"""Plots of agreement show the numbers they were given."""

import numpy as np
import pytest

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.evaluation import Interval
from medgraft.report import FigureAgreement, agreement_plots


def around(value: float, reach: float = 1.0) -> Interval:
    return Interval(value=value, low=value - reach, high=value + reach, n_resamples=100)


def agreement(title: str, unit: str) -> FigureAgreement:
    reference = rng(title).uniform(50, 200, 12)
    seen = reference + rng(title, "seen").normal(5, 3, 12)
    return FigureAgreement(
        title=title, unit=unit, seen=seen, reference=reference, pearson=around(0.9, 0.05), icc=around(0.8, 0.1),
        bias=around(5.0), lower=around(-1.0), upper=around(11.0),
    )  # fmt: skip


def test_every_figure_has_a_scatter_and_a_bland_altman_plot_in_its_unit() -> None:
    figures = [agreement("volume", "ml"), agreement("ejection fraction", "%"), agreement("mass", "g")]
    axes = [one for one in agreement_plots(figures).axes if one.axison]
    assert len(axes) == 2 * len(figures)
    for figure, scatter, plot in zip(figures, axes[::2], axes[1::2], strict=True):
        assert scatter.get_title(loc="left") == figure.title
        assert all(label.endswith(figure.unit) for label in (scatter.get_xlabel(), plot.get_ylabel()))
        np.testing.assert_allclose(scatter.lines[-1].get_ydata(), figure.seen)
        np.testing.assert_allclose(plot.lines[-1].get_ydata(), figure.seen - figure.reference)
        assert [line.get_ydata()[0] for line in plot.lines[:3]] == [5.0, -1.0, 11.0]
        low, high = plot.get_ylim()
        assert low < -2.0 < 12.0 < high


def test_two_sides_of_other_lengths_are_refused() -> None:
    whole = agreement("volume", "ml")
    with pytest.raises(InputError, match="one length"):
        FigureAgreement(**{**vars(whole), "seen": whole.seen[:3]})
