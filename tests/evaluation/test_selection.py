"""The one-standard-error rule, against the rule read aloud."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgraft.core.errors import InputError, MedgraftError
from medgraft.core.seeds import rng
from medgraft.evaluation import one_standard_error


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 8), st.integers(2, 6))
@settings(max_examples=100, deadline=None)
def test_rule_read_aloud(seed: int, n_rates: int, n_epochs: int, n_folds: int) -> None:
    random = rng(seed, "curves")
    curves = random.normal(1, 0.3, (n_rates, n_epochs, n_folds))
    rates = random.permutation([1e-4, 1e-3, 1e-2, 1e-1])[:n_rates].tolist()
    cells = {(rates[r], e + 1): curves[r, e] for r in range(n_rates) for e in range(n_epochs)}
    best = min(cells.values(), key=np.mean)
    error = np.std(best, ddof=1) / np.sqrt(n_folds)
    within = [cell for cell, folds in cells.items() if folds.mean() <= best.mean() + error]
    choice = one_standard_error(curves, rates)
    assert (choice.rate, choice.epoch) == min(within, key=lambda cell: (cell[1], cell[0]))
    assert (choice.n_within, choice.standard_error, choice.best) == (len(within), error, pytest.approx(best.mean()))
    assert choice.value == pytest.approx(cells[choice.rate, choice.epoch].mean())


def test_of_equal_epochs_the_smallest_rate_in_whatever_order() -> None:
    curves = np.ones((3, 2, 2))
    choice = one_standard_error(curves, [1e-2, 1e-4, 1e-3])
    assert (choice.rate, choice.epoch, choice.n_within) == (1e-4, 1, 6)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_diverged_cells_are_never_chosen(broken: float) -> None:
    curves = np.ones((2, 3, 5))
    curves[0, :, 2] = broken
    curves[1, 0, 0] = broken
    choice = one_standard_error(curves, [1e-3, 1e-2])
    assert (choice.rate, choice.epoch, choice.n_within) == (1e-2, 2, 2)
    with pytest.raises(MedgraftError, match="diverged"):
        one_standard_error(np.full((2, 3, 5), broken), [1e-3, 1e-2])


def test_one_fold_has_no_error_and_gives_the_best() -> None:
    choice = one_standard_error(np.array([[[3.0], [1.0], [2.0]]]), [1e-3])
    assert (choice.epoch, choice.standard_error, choice.n_within) == (2, 0, 1)


def test_wrong_shapes_are_explained() -> None:
    for curves, rates in ((np.ones((2, 3)), [1, 2]), (np.ones((2, 3, 4)), [1]), (np.ones((1, 0, 4)), [1])):
        with pytest.raises(InputError, match="rates, epochs, folds"):
            one_standard_error(curves, rates)
