"""What the subjects of a curve are for: who is trained on, who chooses, who is measured; and what speaks against it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.networks import NetworkSpec
from medgraft.samples import MaskedSamples
from medgraft.study.curve.curve_file import CurveFile
from medgraft.study.curve.mask_trial import Start


@dataclass(frozen=True, kw_only=True, eq=False)
class Roles:
    """Positions among the samples by what their subjects are for; a subject has one role.

    home may be empty; others, of splits that the curve file does not name, have no part.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    home: NDArray[np.int64]
    others: NDArray[np.int64]


def checked_roles(curve: CurveFile, samples: MaskedSamples, network: NetworkSpec, package: Start | None) -> Roles:
    """The roles of a curve's subjects. Raises `InputError` as `run_curve` does, before anything is trained."""
    _check_network(curve, network)
    _check_sites(curve, samples)
    roles = _roles(curve, samples)
    _check_sizes(curve, samples, roles)
    _check_lengths(curve, samples, roles, network.dims)
    _check_unseen(samples, roles, package)
    return roles


def _check_network(curve: CurveFile, network: NetworkSpec) -> None:
    if (network.dims == 2) != curve.recipe.by_slice:
        raise InputError(
            f"Expected a shape [1, rows, columns] for a network of slices, and of more slices for one of volumes, got "
            f"{list(curve.shape)} for {network.name}."
        )
    for arm in curve.arms.values():
        network.trainable_stages(arm.depth)


def _check_sites(curve: CurveFile, samples: MaskedSamples) -> None:
    """A curve is one institution's: several sites are its subjects only if the curve file says so."""
    here = {item.site or "" for item in samples.items} - {curve.home.site if curve.home else None}
    if unknown := set(curve.sites or ()) - here:
        raise InputError(f"Expected sites with masks, got {_named(unknown)}. Available: {_named(here)}.")
    if curve.sites is None and len(here) > 1:
        raise InputError(
            f"Expected subjects of one site beside the home site, got those of {_named(here)}. Do: set `home` to the "
            "site that the model comes from, or `sites` to those that are trained and measured on here."
        )


def _named(sites: Iterable[str]) -> str:
    return ", ".join(site or "no site" for site in sorted(sites))


def _roles(curve: CurveFile, samples: MaskedSamples) -> Roles:
    role = np.asarray([_role(curve, item.site, item.split) for item in samples.items])
    torn = [subject for subject in set(samples.subjects) if len(set(role[samples.subjects == subject])) > 1]
    if torn:
        raise InputError(
            f"Expected all images of a subject in one split and site, got {', '.join(sorted(torn)[:5])} in several."
        )
    found = {name: np.flatnonzero(role == name) for name in ("train", "validation", "test", "home", "others")}
    for name in ("train", "validation", "test", *(["home"] if curve.home else [])):
        if not len(found[name]):
            raise InputError(
                f"Expected subjects with masks for {name}, got none (splits "
                f"{', '.join(sorted({item.split or 'none' for item in samples.items}))}; sites "
                f"{', '.join(sorted({item.site or 'none' for item in samples.items}))}{_left_out(samples)}). "
                "Do: medgraft correct --split."
            )
    return Roles(**found)


def _role(curve: CurveFile, site: str | None, split: str | None) -> str:
    if curve.home and site == curve.home.site:
        return "home" if curve.home.split in (None, split) else "nothing"
    if curve.sites is not None and (site or "") not in curve.sites:
        return "nothing"
    known = {None: "train", "train": "train", curve.validation.split: "validation", curve.test.split: "test"}
    return known.get(split, "others")


def _check_sizes(curve: CurveFile, samples: MaskedSamples, roles: Roles) -> None:
    there = len(set(samples.subjects[roles.train]))
    most = max((size for size in curve.sizes if size != "all"), default=1)
    if most > there:
        raise InputError(
            f"Expected {most} subjects to train on, the most of `sizes`, got {there}{_left_out(samples)}. "
            f"Do: set `sizes` to numbers up to {there}, or import more."
        )


def _left_out(samples: MaskedSamples) -> str:
    """Why there are so few, where images with masks are there that cannot be used."""
    return f"; stacks left out: {samples.left_out}" if samples.dropped else ""


def _check_lengths(curve: CurveFile, samples: MaskedSamples, roles: Roles, dims: int) -> None:
    most = curve.recipe.phases
    lengths = sorted({min(samples.items[position].n_phases, most) for position in roles.train.tolist()})
    if dims == 4 and curve.batch_size > 1 and len(lengths) > 1:
        raise InputError(
            f"Expected sequences of equally many phases, or of {most} and more, to train {curve.batch_size} at once, "
            f"got {lengths}. Do: set batch_size to 1."
        )


def _check_unseen(samples: MaskedSamples, roles: Roles, package: Start | None) -> None:
    held_out = np.concatenate([roles.validation, roles.test, roles.home]).tolist()
    items = [samples.items[position] for position in held_out]
    known = sorted({item.subject for item in items if package and item.stack in package.trained_on})
    if known:
        raise InputError(
            "Expected held-out subjects that the travelling model was neither trained nor chosen on, got "
            f"{', '.join(known[:5])}. "
            "Do: train on them (medgraft correct --split), and of its home site import only subjects it has not seen. "
            "Other people under the same running numbers need ids of their own (medgraft import --pseudonym-key)."
        )
