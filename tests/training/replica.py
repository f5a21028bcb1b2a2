"""One of the processes of `test_parallel`: trains on its share and writes what came out."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from medgraft.networks.freezing import freeze
from medgraft.networks.segmenter import build_segmenter
from medgraft.training import Batch, MaskTarget, Plan, dice_loss, fit
from medgraft.training.parallel import Replica, joined

N_UNITS, BATCH = 8, 4
GENERATOR = torch.Generator().manual_seed(5)
VOLUMES = torch.rand(N_UNITS, 1, 3, 6, 8, 7, generator=GENERATOR)
CODES = (VOLUMES[:, 0] * 3).long()
#: Unlike from unit to unit: a share must count as it does in the whole.
PHASES = torch.rand(N_UNITS, 3, generator=GENERATOR) > 0.4
CLASSES = torch.tensor([[True, True, unit % 3 > 0] for unit in range(N_UNITS)])


def batches(replica: Replica, epoch: int) -> Iterator[Batch]:
    for part in np.random.default_rng(epoch).permutation(N_UNITS).reshape(-1, BATCH):
        rows = torch.tensor(replica.share(part.tolist()))
        target = MaskTarget(codes=CODES[rows], phases=PHASES[rows], classes=CLASSES[rows])
        yield Batch(inputs=(VOLUMES[rows],), targets=target)


def main(rank: int, count: int, folder: Path) -> None:
    with joined(rank, count, f"file://{folder / 'meeting'}") as replica:
        model = build_segmenter("segnet4d", n_classes=3, key=1)
        freeze(model, 4)
        plan = Plan(rate=0.3, epochs=3, batch_size=BATCH)
        history = fit(
            model,
            lambda epoch: batches(replica, epoch),
            plan,
            key=(3,),
            forward=replica.forward(model),
            loss=replica.loss(dice_loss),
        )
        gathered = replica.gathered(replica.share(range(5)))
    found = {"losses": torch.from_numpy(history.train_loss), "gathered": torch.tensor(gathered)}
    save_file({**model.state_dict(), **found}, folder / f"{rank}.safetensors")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
