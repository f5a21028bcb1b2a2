"""Options of everything that trains: what is changed, and where it is computed."""

from pathlib import Path
from typing import Annotated

import typer

ChangesOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key; may be given again.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, how long and how much disk it takes.")
]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, help="Processes on this machine.")]
DevicesOption = Annotated[
    int, typer.Option("--devices", min=1, help="GPUs of this machine that share each training (batches divide evenly).")
]
PlaceOption = Annotated[
    str, typer.Option("--on", metavar="PLACE", help="local, ray, or ray:HOST:PORT of a running Ray cluster.")
]
CpusOption = Annotated[float, typer.Option("--cpus", min=0, help="CPUs that one job takes of a Ray node.")]
GpusOption = Annotated[
    float, typer.Option("--gpus", min=0, help="GPUs that one job takes of a Ray node; 0.25 for four on one.")
]
CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", metavar="FOLDER", help="Where frozen features are kept, as every worker sees it."),
]
DeterministicOption = Annotated[
    bool, typer.Option("--deterministic", help="Equal seeds give equal bytes on a GPU too; slower there.")
]
CompileOption = Annotated[
    bool, typer.Option("--compile", help="Compile networks first (torch.compile); pays on long trainings alone.")
]
