"""Thickness: how far from closed forms, and how long, beside pyezzi on the same grids; and how both grow."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from benchmarks.child import Child
from benchmarks.machine import PeakMemory
from benchmarks.place import Place
from benchmarks.result import Measured, Result, less_is_better, not_run
from benchmarks.shells import SHELLS, Shell, large_sphere, sphere
from medgraft.measurement import wall_thickness

_PEER = "pyezzi"
_TURNS = 3
#: Outer radii and thickness of the shells that growth is measured on: half a million and five million voxels of wall.
_RADII, _WALL = (64.0, 188.0), 12.0
#: What a voxel of the larger one may cost beside one of the smaller: linear, but the box around it has to be read.
_LINEAR = 1.15

Floats = NDArray[np.floating]
Thickness = Callable[[Shell], Floats]


@dataclass(frozen=True, kw_only=True)
class WallThickness:
    """The piece."""

    def measure(self, place: Place) -> Measured:
        """Errors on all shells, time on one grid, growth between two."""
        return Measured(results=(*_errors(place), _speed(place), *_growth(place)))


def _ours(shell: Shell) -> Floats:
    return wall_thickness(shell.mask, shell.spacing)


def _pyezzi(shell: Shell, threads: int = 1) -> Floats:
    """As `pyezzi.compute_thickness`, which has no argument for threads and takes all."""
    from pyezzi import Domain, ThicknessSolver  # noqa: PLC0415 - a peer that need not be installed

    solver = ThicknessSolver(Domain(endo=shell.mask == 1, epi=shell.mask > 0, spacing=shell.spacing))
    solver.solve_laplacian(n_threads=threads)
    solver.solve_thickness(n_threads=threads)
    found: Floats = solver.result
    return found


def _errors(place: Place) -> Iterator[Result]:
    for grid, shells in SHELLS.items():
        for make in shells[: 1 if place.toy else None]:
            shell = make()
            name = f"thickness, {shell.name}, {grid}: mean error"
            if find_spec(_PEER) is None:
                yield not_run(name, "voxel", f"{_PEER} is not installed: pip install {_PEER}")
                continue
            ours, peer = (_mean_error(shell, measure(shell)) for measure in (_ours, _pyezzi))
            note = f"{_voxels(shell):,} voxels of wall, in voxels of the finest axis; against {_PEER}"
            yield less_is_better(name, ours, peer, "voxel", f"{note}; {_at_equator(shell)}")


def _mean_error(shell: Shell, found: Floats) -> float:
    compared = (shell.mask == 2) & np.isfinite(shell.truth)
    return float(np.abs(found - shell.truth)[compared].mean())


def _at_equator(shell: Shell) -> str:
    """The error where the wall stands upright on the slices: in the middle three voxels."""
    slices = np.arange(len(shell.mask)) - len(shell.mask) // 2
    middle = np.abs(slices * shell.spacing[0]) < 3
    found = wall_thickness(shell.mask, shell.spacing)
    return f"ours in the middle slices {np.nanmean(np.abs(found - shell.truth)[middle]):.3f}"


def _speed(place: Place) -> Result:
    shell = sphere(10, 20) if place.toy else sphere(40, 52)
    name = f"thickness, {shell.name}: time"
    if find_spec(_PEER) is None:
        return not_run(name, "s", f"{_PEER} is not installed: pip install {_PEER}")
    cores = len(os.sched_getaffinity(0))
    measures = (_ours, _pyezzi, partial(_pyezzi, threads=cores))
    turns = [[_seconds(measure, shell) for measure in measures] for _ in range(_TURNS)]
    ours, peer, on_all = np.median(turns, axis=0)
    note = (
        f"{_voxels(shell):,} voxels of wall; one thread each, median of {_TURNS} turns; against {_PEER}, which takes "
        f"{on_all:.2f} s on {cores} threads"
    )
    return less_is_better(name, float(ours), float(peer), "s", note)


def _voxels(shell: Shell) -> int:
    return int((shell.mask == 2).sum())


def _seconds(measure: Thickness, shell: Shell) -> float:
    started = time.perf_counter()
    measure(shell)
    return time.perf_counter() - started


@dataclass(frozen=True, kw_only=True)
class _Spent:
    """What a wall took: its voxels, the program's processor seconds, the system's to hand out memory, and MB of it."""

    voxels: int
    seconds: float
    system: float
    megabytes: float


def _growth(place: Place) -> Iterator[Result]:
    spent = []
    for radius in (24.0, 32.0) if place.toy else _RADII:
        with Child(measured_sphere, radius) as child:
            spent.append(child.ask("go"))
    small, large = spent
    sizes = f"{small.voxels:,} and {large.voxels:,} voxels of wall {_WALL:g} thick, each in a fresh process"
    time_each = [1e6 * one.seconds / one.voxels for one in spent]
    memory_each = [2**20 * one.megabytes / one.voxels for one in spent]
    for what, (first, second), unit in (("time", time_each, "us"), ("memory", memory_each, "bytes")):
        yield less_is_better(
            f"thickness, ten times the wall: {what} per voxel",
            second / first,
            _LINEAR,
            "times more",
            f"at most {_LINEAR} times (peer); {first:.2f} and {second:.2f} {unit} a voxel; {sizes}; "
            f"{large.seconds:.1f} s of one core, {large.system:.1f} s of the system's to hand out memory and "
            f"{large.megabytes:.0f} MB for the larger ({small.system:.2f} s and {small.megabytes:.0f} MB)",
        )


@contextmanager
def measured_sphere(radius: float) -> Iterator[Callable[[object], _Spent]]:
    """The target of a `Child`: measures a shell once and says what it took."""
    mask = large_sphere(radius, _WALL)
    wall_thickness(large_sphere(16, 6), (1.0, 1.0, 1.0))  # what is loaded at the first call does not count

    def answer(_: object) -> _Spent:
        with PeakMemory() as before:
            time.sleep(0.1)
        with PeakMemory() as memory:
            started = os.times()
            wall_thickness(mask, (1.0, 1.0, 1.0))
            ended = os.times()
        return _Spent(
            voxels=int((mask == 2).sum()),
            seconds=ended.user - started.user,
            system=ended.system - started.system,
            megabytes=memory.megabytes - before.megabytes,
        )

    yield answer
