"""A packed model that tests may copy and harm, and the means to forge packages whose digests fit."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from medgraft.core.contract import InputContract
from medgraft.core.digest import digest
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.task import SAX_RANGE
from medgraft.exchange import QUESTIONS, AnnotationRules, Fingerprint, Range, Seen, Training, hash_subjects
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.exchange.vectors import make_vectors
from medgraft.networks import spec
from medgraft.networks.classifier import build
from medgraft.recipe import PAPER

LINEAGE = Lineage(
    hops=(
        Hop(what="ImageNet", weights_digest="ab", licence="Apache-2.0"),
        Hop(
            what="Häuser ♥",
            weights_digest="cd",
            data_digest="ef",
            task="sax-range",
            stages=("a", "b"),
            result={"f1": 0.5},
        ),
    )
)
RULES = AnnotationRules(
    answers={question.key: question.answers[0] if question.answers else "Müller" for question in QUESTIONS},
    more={"atrial appendage": "left out"},
)
SEEN = Fingerprint(
    stacks=2,
    subjects=2,
    ranges=(
        Range(name="pixel", unit="mm", low=0.5, median=0.7, high=1 / 3),
        Range(name="slices", unit="", low=None, median=None, high=None),
    ),
    vendors={"": 1, "GE": 1},
    modalities={"CT": 2},
    named_phases={"ed": 2},
)
SAW = Seen(
    trainings=(
        Training(name="Häuser ♥", stacks=("22dd",)),
        Training(name="best", stacks=("00ff", "11ee"), subjects=hash_subjects(["P1", "P2"], secret="test")),
    )
)
#: Where a trap writes when it is sprung; the test puts it into its own folder.
SPRUNG = "sprung-by-a-pickle"


class Trap:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(SPRUNG),))


PICTURES = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))


def made(
    network: str = "mobilenetv1_025", task: Any = SAX_RANGE, contract: InputContract | None = None
) -> ModelPackage:
    """A classifier with everything that a package can carry."""
    contract = contract or spec(network).contract
    model = build(network, n_classes=len(task.codes), channels=contract.channels, contract=contract, key=4)
    return ModelPackage(
        name="best",
        task=task,
        network=network,
        size=64,
        contract=contract,
        recipe=PAPER,
        lineage=LINEAGE,
        figures={"macro_f1": 1 / 3, "accuracy": 0.5},
        state=model.state_dict(),
        seen=SAW,
        notes="For <b>research</b>.\nAsk us.",
        rules=RULES,
        fingerprint=SEEN,
        vectors=make_vectors(model, (1, 64, 64)),
    )


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package."""
    return write_package(made(), tmp_path_factory.mktemp("packages") / "best.v1")


def members_of(folder: Path) -> dict[str, bytes]:
    """The files of a package by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def forged(members: Mapping[str, bytes], *without: str, **changes: Any) -> dict[str, bytes]:
    """The members with facts changed, and every digest made to fit."""
    facts = json.loads(members["package.json"])
    del facts["sha256"]
    contents = {name: content for name, content in members.items() if name != "package.json"}
    files = {
        name: {"sha256": digest_of(content), "bytes": len(content)}
        for name, content in contents.items()
        if name in facts["files"]
    }
    facts = {name: value for name, value in {**facts, "files": files, **changes}.items() if name not in without}
    return {**contents, "package.json": json.dumps({**facts, "sha256": digest(facts)}).encode()}


def digest_of(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """The members as a zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()
