"""What many jobs of a learning curve share goes to a cluster's nodes once."""

import pickle
from collections.abc import Callable
from io import BytesIO
from typing import Any

from medgraft.networks.segmenter import build_segmenter
from medgraft.study.cluster import _Packer
from medgraft.study.curve import CurveFile
from medgraft.study.curve.learning_curve import curve_chain
from medgraft.study.curve.mask_trial import Start
from medgraft.study.work import Job


def test_volumes_and_weights_are_no_part_of_a_job(tiny_curve: Callable[..., CurveFile], ct_hearts: Any) -> None:
    model = build_segmenter("unet3d", n_classes=3, key=1)
    package = Start(origin="home", digest="home", state=model.state_dict())
    curve = tiny_curve(package="home.medgraft", arms={"fine-tuned": {"start": "package"}})
    chain = curve_chain(curve, ct_hearts.samples, ct_hearts, package)
    packed = BytesIO()
    packer = _Packer(packed)
    packer.dump(Job(trials=(chain.trainings[0],), state={}))
    assert {id(part) for part in packer.parts} == {id(chain.data), id(package)}
    assert packed.tell() < 10_000 < len(pickle.dumps(package))
