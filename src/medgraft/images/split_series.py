"""One acquisition that a vendor spread over several series: one per slice position, per phase, or per image."""

from collections.abc import Callable, Sequence

from medgraft.images.frame import Frame
from medgraft.images.ledger import Remark
from medgraft.images.phases import PHASE_KEYS

Positions = Callable[[Sequence[Frame]], list[list[Frame]]]

#: Fewer positions or phases are not taken for a stack: two parallel long-axis views are two acquisitions.
LEAST_MEMBERS = 3


def join_split_series(series: list[list[Frame]], positions: Positions) -> tuple[list[list[Frame]], list[Remark]]:
    """Series of one geometry, those that are pieces of one stack joined, and a remark for each join.

    Pieces share their protocol and hold one position each (or one phase of the same positions each). Two pieces that
    hold the same image are repeat acquisitions and never meet in one stack: the later one is used for the first.
    """
    stacks: list[list[Frame]] = []
    remarks: list[Remark] = []
    for pieces in _by_protocol(series):
        whole, slices, phases = _kinds(pieces, positions)
        stacks += whole
        for kind, parts in (("slice", slices), ("phase", phases)):
            for members in _rounds(parts):
                joined = [frame for member in members for frame in member]
                enough = len(members if kind == "phase" else positions(joined)) >= LEAST_MEMBERS
                stacks += [joined] if enough else members
                remarks += [_remark(kind, members, joined)] if enough else []
    return stacks, remarks


def _by_protocol(series: list[list[Frame]]) -> list[list[list[Frame]]]:
    pieces: dict[tuple[str, ...], list[list[Frame]]] = {}
    for frames in series:
        pieces.setdefault((*frames[0].protocol, frames[0].component), []).append(frames)
    return list(pieces.values())


def _kinds(pieces: list[list[Frame]], positions: Positions) -> tuple[list[list[Frame]], ...]:
    """Whole series, series of one position, series of one phase (which must say its place in the cycle)."""
    whole, slices, phases = [], [], []
    for frames in pieces:
        n_positions = len(positions(frames))
        if n_positions == 1:
            slices.append(frames)
        elif n_positions == len(frames) and all(_phase(frame) for frame in frames):
            phases.append(frames)
        else:
            whole.append(frames)
    return whole, slices, phases


def _rounds(pieces: list[list[Frame]]) -> list[list[list[Frame]]]:
    """Pieces that do not collide; the latest series first, what collides with it in a next round."""
    rounds: list[tuple[set[tuple[object, ...]], list[list[Frame]]]] = []
    for piece in sorted(pieces, key=lambda frames: (-frames[0].series_number, frames[0].series)):
        images = _images(piece)
        fitting = next((found for found in rounds if not found[0] & images), None)
        if fitting is None:
            rounds.append((set(images), [piece]))
        else:
            fitting[0].update(images)
            fitting[1].append(piece)
    return [members for _, members in rounds]


def _images(frames: list[Frame]) -> set[tuple[object, ...]]:
    """What images a piece holds: positions of a cine piece, position and phase of single images."""
    cine = len(frames) > 1 and len({_place(frame) for frame in frames}) == 1
    return {(_place(frame), () if cine else _phase(frame)) for frame in frames}


def _place(frame: Frame) -> tuple[float, ...]:
    # Whole tenths of a millimetre: pieces of one position come from one planning, so their origins are equal.
    return () if frame.affine is None else tuple(float(value) for value in frame.affine[:3, 3].round(1))


def _phase(frame: Frame) -> tuple[float, ...]:
    names = [
        key.name for key in PHASE_KEYS if key.axis != "unknown" and not key.clock and key.name != "AcquisitionNumber"
    ]
    return tuple(frame.keys[name] for name in names if name in frame.keys)


def _remark(kind: str, members: list[list[Frame]], joined: list[Frame]) -> Remark:
    text = f"{len(members)} series of one {kind} each are one acquisition: joined to one stack."
    return Remark(kind="repaired", code="split-series", text=text, frames=joined)
