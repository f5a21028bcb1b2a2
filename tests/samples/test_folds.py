"""Laws of patient folds, with scikit-learn's StratifiedGroupKFold as the peer and brute force as the optimum."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from medgraft.core.errors import InputError
from medgraft.core.seeds import rng
from medgraft.core.task import MASK_CODES, SAX_RANGE
from medgraft.labels import labels_from_mask
from medgraft.samples import Samples, join, patient_folds

#: The code of the left ventricle's cavity in the files of ACDC.
ACDC_POOL = 3

words = st.lists(st.text(alphabet="iiiba", min_size=1, max_size=9), min_size=1, max_size=2)
cohorts = st.lists(words, min_size=2, max_size=14).map(lambda them: {f"p{n}": stacks for n, stacks in enumerate(them)})


def random_cohort(seed: int, n_subjects: int) -> dict[str, list[str]]:
    """Subjects who differ much in their number of slices and in which classes they have."""
    draw = rng(seed, "cohort")
    mixes = draw.dirichlet([0.3, 3.0, 0.3], n_subjects)
    return {f"p{n:03}": ["".join(draw.choice(list("bia"), draw.integers(1, 16), p=mix))] for n, mix in enumerate(mixes)}


def spread(samples: Samples, held_out: list[np.ndarray]) -> tuple[float, float]:
    """Of the folds' shares of each class: summed squared deviation from 1 / n_folds, and the largest max - min."""
    counts = np.array([np.bincount(samples.labels[fold], minlength=3) for fold in held_out])
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    missing = counts.sum(axis=0) == 0
    return float(((shares - 1 / len(held_out))[:, ~missing] ** 2).sum()), float(np.ptp(shares, axis=0).max())


def by_scikit_learn(samples: Samples, n_folds: int, seed: int) -> list[np.ndarray]:
    peer = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return [held_out for _, held_out in peer.split(samples.labels, samples.labels, samples.subjects)]


@settings(max_examples=60)
@given(cohorts, st.integers(2, 5), st.integers(0, 99))
def test_laws(make_samples, cohort, n_folds, seed):
    samples = make_samples(cohort)
    n_folds = min(n_folds, len(cohort))
    folds = patient_folds(samples, n_folds, seed)
    everyone = np.arange(len(samples))
    assert np.array_equal(np.sort(np.concatenate([fold.validation for fold in folds])), everyone)
    for index, fold in enumerate(folds):
        assert fold.index == index
        assert np.array_equal(np.sort(np.concatenate([fold.train, fold.validation])), everyone)
        assert not set(samples.subjects[fold.train]) & set(samples.subjects[fold.validation])
        assert len(fold.validation) > 0
    again = patient_folds(samples, n_folds, seed)
    assert all(np.array_equal(a.validation, b.validation) for a, b in zip(folds, again, strict=True))


@settings(max_examples=30)
@given(cohorts, st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_samples_changes_nothing(make_samples, cohort, seed, random):
    samples = make_samples(cohort)
    order = random.sample(range(len(samples)), len(samples))
    shuffled = samples.take(np.array(order))
    for fold, other in zip(patient_folds(samples, 2, seed), patient_folds(shuffled, 2, seed), strict=True):
        assert set(samples.subjects[fold.validation]) == set(shuffled.subjects[other.validation])


@settings(max_examples=40)
@given(st.integers(2, 5), st.integers(0, 99), st.integers(0, 20))
def test_every_fold_trains_on_every_class_that_two_subjects_have(make_samples, n_folds, seed, n_plain):
    carriers = {"x1": ["bbbbbb"], "x2": ["b"], "y1": ["aaaaaaa"], "y2": ["ai"]}
    samples = make_samples(carriers | {f"p{n}": ["iiiiii"] for n in range(n_plain + 1)})
    for fold in patient_folds(samples, n_folds, seed):
        assert set(samples.labels[fold.train]) == {0, 1, 2}


@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_classes_are_spread_more_evenly_than_by_scikit_learn(make_samples):
    ours, theirs = [], []
    for seed in range(60):
        n_folds = 2 + seed % 4
        samples = make_samples(random_cohort(seed, n_subjects=6 + seed % 30))
        ours.append(spread(samples, [fold.validation for fold in patient_folds(samples, n_folds, seed)]))
        theirs.append(spread(samples, by_scikit_learn(samples, n_folds, seed)))
    (our_sum, our_range), (their_sum, their_range) = np.transpose(ours), np.transpose(theirs)
    assert our_sum.mean() < 0.95 * their_sum.mean()
    assert our_range.mean() < 0.95 * their_range.mean()
    assert (our_sum <= their_sum + 0.03).all()


def test_small_cohorts_are_spread_almost_as_well_as_can_be(make_samples):
    for seed in range(12):
        samples = make_samples(random_cohort(seed, n_subjects=7))
        names = np.unique(samples.subjects)
        halves = [np.isin(samples.subjects, part) for part in itertools.combinations(names, 3)]
        best = min(spread(samples, [np.flatnonzero(half), np.flatnonzero(~half)])[0] for half in halves)
        found = spread(samples, [fold.validation for fold in patient_folds(samples, 2, seed)])[0]
        assert found <= best + 0.05


def test_whole_patients_of_one_kind_are_shared_out_exactly(make_samples):
    samples = make_samples({f"p{n}": ["biiiia"] for n in range(10)})
    for fold in patient_folds(samples, 5, seed=7):
        assert np.bincount(samples.labels[fold.validation]).tolist() == [2, 8, 2]


def test_another_seed_gives_other_folds(make_samples):
    samples = make_samples(random_cohort(1, n_subjects=20))
    first = {tuple(patient_folds(samples, 4, seed)[0].validation) for seed in range(5)}
    assert len(first) > 1


@pytest.mark.parametrize(("n_folds", "message"), [(1, "2 or more folds"), (4, "at most 3 folds")])
def test_impossible_numbers_of_folds_are_explained(make_samples, n_folds, message):
    samples = make_samples({name: ["biia"] for name in "abc"})
    with pytest.raises(InputError, match=message):
        patient_folds(samples, n_folds, seed=0)


@pytest.mark.slow
def test_the_rare_classes_of_acdc_differ_by_one_image_between_folds(make_entry, real_data: Path):
    import nibabel

    entries, labels = [], {}
    for patient in sorted((real_data / "acdc").glob("patient*")):
        frames = [np.asarray(nibabel.load(path).dataobj, int).T for path in sorted(patient.glob("*_gt.nii.gz"))]
        mask = np.where(np.stack(frames) == ACDC_POOL, MASK_CODES["pool"], 0)
        labels |= {event.unit: event.value for event in labels_from_mask(mask, [0, 1]).events(patient.name)}
        entries.append(make_entry(patient.name, mask.shape[1]))
    samples = join(entries, labels, SAX_RANGE)
    assert np.bincount(samples.labels).tolist() == [39, 1072, 25]
    counts = [np.bincount(samples.labels[fold.validation]) for fold in patient_folds(samples, 5, seed=7)]
    assert (np.ptp(counts, axis=0) <= [1, 5, 1]).all()
    assert [len(set(samples.subjects[fold.validation])) for fold in patient_folds(samples, 5, seed=7)] == [12] * 5
