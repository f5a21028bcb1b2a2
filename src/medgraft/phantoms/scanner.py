"""What a scanner does to the signal: coil, bands, noise and the finite matrix, in that order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from medgraft.phantoms.fields import Field
from medgraft.phantoms.sites import Site


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """One acquisition: what `Site` gives as ranges, drawn.

    shim: centre of the homogeneous field, as shares of the field of view from the middle (row, column).
    """

    noise: float
    bias: float
    banding: float
    level: float
    matrix: tuple[float, float]
    shim: tuple[float, float]


def draw_scanner(site: Site, random: np.random.Generator) -> Scanner:
    """One acquisition at a site."""
    return Scanner(
        noise=random.uniform(*site.noise),
        bias=random.uniform(*site.bias),
        banding=random.uniform(*site.banding),
        level=random.uniform(*site.level),
        matrix=site.matrix,
        shim=(random.uniform(-0.08, 0.08), random.uniform(-0.08, 0.08)),
    )


def acquire(scanner: Scanner, signal: Field, depth: Field, random: np.random.Generator) -> NDArray[np.int16]:
    """The image (T, Z, Y, X) of a signal (T, Z, Y, X), blood = 1; depth (Z, Y, X): mm from the surface coil.

    Magnitude of a complex signal: noise is Rician, and correlated as by zero filling. Never above 4095.
    """
    received = signal * (_coil(scanner, depth) * _bands(scanner, signal.shape[-2:]))
    noise = random.standard_normal((2, *signal.shape), dtype=np.float32) * np.float32(scanner.noise)
    spectrum = fft.fft2(received + noise[0] + 1j * noise[1])
    image = np.abs(fft.ifft2(spectrum * _window(scanner, signal.shape[-2:])))
    return np.asarray(np.clip(np.rint(image * scanner.level), 0, 4095), np.int16)


def _coil(scanner: Scanner, depth: Field) -> Field:
    """Sensitivity falls with depth; it is 1 at 75 mm, about where the heart lies."""
    return np.asarray(np.exp(scanner.bias * (75 - np.clip(depth, -20, 220)) / 75), np.float32)


def _bands(scanner: Scanner, shape: tuple[int, ...]) -> Field:
    """Dark bands of balanced SSFP where the field is off resonance: far from the shimmed middle."""
    y, x = (np.linspace(-0.5, 0.5, n, dtype=np.float32) for n in shape)
    far = ((y - scanner.shim[0])[:, None] ** 2 + (x - scanner.shim[1])[None, :] ** 2) / 0.25
    phase = np.float32(1.6) * far**3
    return np.asarray(1 - scanner.banding * np.abs(np.sin(phase)) ** 6, np.float32)


def _window(scanner: Scanner, shape: tuple[int, ...]) -> Field:
    """The acquired part of k-space with soft edges (Fermi window)."""
    rows, columns = (
        1 / (1 + np.exp((np.abs(fft.fftfreq(n)) / 0.5 - share) / 0.05))
        for n, share in zip(shape, scanner.matrix, strict=True)
    )
    return np.asarray(rows[:, None] * columns[None, :], np.float32)
