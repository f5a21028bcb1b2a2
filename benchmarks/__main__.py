"""`python -m benchmarks`: measure, and write `build/bench.json` and `build/bench.md`."""

import argparse
import os
import sys
from pathlib import Path

import torch

from benchmarks.machine import describe
from benchmarks.pieces import PIECES, SUMMARIES, chosen
from benchmarks.place import Place
from benchmarks.runner import Runner, fingerprint_of, in_process_of_its_own, keep, publish
from benchmarks.table import show


def main(arguments: list[str]) -> int:
    """Run pieces and show the table. Gives 0, 75 if a piece has to be called again, or the code of one that failed."""
    asked = _parser().parse_args(arguments)
    place = Place(
        root=asked.out.resolve(),
        toy=asked.toy,
        wall_s=60 * asked.wall_minutes or None,
        draws=asked.draws,
        precision=asked.precision,
        workers=asked.workers,
    )
    fingerprint = fingerprint_of(asked.threads)
    if asked.here:
        torch.set_num_threads(asked.threads)
        return keep(place, asked.here, fingerprint, PIECES[asked.here].measure(place))
    pieces = chosen(asked.only)
    if not pieces:
        print(f"Expected pieces, got {', '.join(asked.only)}. Available: {', '.join(PIECES)}.", file=sys.stderr)
        return 2
    measure = in_process_of_its_own(arguments, asked.threads)
    runner = Runner(kept=place.kept, fingerprint=fingerprint, measure=measure)
    code = runner.run(pieces, again=asked.again or bool(asked.only), always=SUMMARIES)
    heading = describe(asked.threads)
    show(publish(place, list(PIECES), fingerprint, heading), heading)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"a piece, or the start of several; measured again in any case. Pieces: {', '.join(PIECES)}",
    )
    parser.add_argument("--again", action="store_true", help="measure what is kept from a run of the same code, too")
    parser.add_argument("--toy", action="store_true", help="seconds instead of minutes; the figures mean nothing")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of both sides; all cores")
    gpu = parser.add_argument_group("the piece gpu")
    gpu.add_argument("--wall-minutes", type=float, default=0, help="stop after these with exit code 75: call again")
    gpu.add_argument("--draws", type=int, default=4, help="recorded draws per slice")
    gpu.add_argument("--precision", choices=("float32", "mixed"), default="float32", help="of the arithmetic")
    gpu.add_argument("--workers", type=int, default=1, help="processes that share the device")
    parser.add_argument("--out", type=Path, default=Path("build"), help="folder of results")
    parser.add_argument("--here", choices=PIECES, help=argparse.SUPPRESS)  # one piece, in this process
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
