"""configs/inference.json: how a bundle prepares images, runs its network and writes masks.

A medgraft network reads (Z, Y, X), MONAI loads (X, Y, Z): `Transposed` turns one into the other. MONAI resamples with
its own filters, so that masks may differ from medgraft's in single voxels at surfaces. It reads one phase at a time:
percentiles (MR) are of that phase, where medgraft takes them once from all of a sequence.
"""

from typing import Any

from medgraft.core.errors import InputError
from medgraft.exchange.bundle.networks import BundleNetwork, Config
from medgraft.recipe import HuWindow, PercentileWindow, VolumeRecipe

_IMAGE, _MASK = "image", "pred"

_OVERLAP = 0.25


def inference_config(network: BundleNetwork, recipe: VolumeRecipe) -> dict[str, Any]:
    """The configuration that `python -m monai.bundle run` runs in the bundle's folder."""
    return {
        "imports": ["$import glob", "$import torch"],
        "bundle_root": ".",
        "dataset_dir": "$@bundle_root + '/images'",
        "output_dir": "$@bundle_root + '/eval'",
        "datalist": "$sorted(glob.glob(@dataset_dir + '/*.nii.gz'))",
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        **network.entries,
        "network": "$@network_def.to(@device)",
        "preprocessing": preprocessing(recipe),
        "dataset": {
            "_target_": "Dataset",
            "data": "$[{'image': path} for path in @datalist]",
            "transform": "@preprocessing",
        },
        "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1, "num_workers": 0},
        "inferer": inferer(recipe),
        "postprocessing": _postprocessing(),
        "checkpoint": {
            "_target_": "CheckpointLoader",
            "load_path": "$@bundle_root + '/models/model.pt'",
            "load_dict": {"model": "@network"},
        },
        "evaluator": {
            "_target_": "SupervisedEvaluator",
            "device": "@device",
            "val_data_loader": "@dataloader",
            "network": "@network",
            "inferer": "@inferer",
            "postprocessing": "@postprocessing",
            "val_handlers": ["@checkpoint"],
        },
        "run": ["$@evaluator.run()"],
    }


def preprocessing(recipe: VolumeRecipe) -> dict[str, Any]:
    """A recipe as MONAI's transforms."""
    return _composed([_window(recipe.window), *_resampled(recipe)], recipe)


def inferer(recipe: VolumeRecipe) -> dict[str, Any]:
    """How the network is moved over a volume: by slices where it reads slices."""
    window = {"sw_batch_size": 1, "overlap": _OVERLAP, "mode": "gaussian"}
    if recipe.by_slice:
        return {"_target_": "SliceInferer", "spatial_dim": 0, "roi_size": list(recipe.shape[1:]), **window}
    return {"_target_": "SlidingWindowInferer", "roi_size": list(recipe.shape), **window}


def recipe_of(config: Config) -> VolumeRecipe:
    """The recipe that a configuration was written from. Raises `InputError` for one that medgraft cannot repeat."""
    try:
        steps = {step["_target_"]: step for step in config["preprocessing"]["transforms"]}
        recipe = VolumeRecipe(
            shape=_shape(config["inferer"]["roi_size"]),
            spacing=steps["Spacingd"]["pixdim"][0] if "Spacingd" in steps else None,
            window=_window_of(steps),
            centred="ResizeWithPadOrCropd" in steps,
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(f"Expected images prepared as medgraft can, got a bundle without {error}.") from error
    written = (preprocessing(recipe), _windowed_last(recipe))
    if config["preprocessing"] not in written or config["inferer"] != inferer(recipe):
        known = ", ".join(step["_target_"] for step in preprocessing(recipe)["transforms"])
        raise InputError(
            f"Expected images prepared by {known} and nothing else, got {', '.join(map(str, steps))[:300]}, "
            "or other settings of these."
        )
    return recipe


def _windowed_last(recipe: VolumeRecipe) -> dict[str, Any]:
    """As older bundles have it. Their models were trained on images that were windowed first, as all of medgraft's."""
    return _composed([*_resampled(recipe), _window(recipe.window)], recipe)


def _composed(steps: list[dict[str, Any]], recipe: VolumeRecipe) -> dict[str, Any]:
    """Steps between what loads an image and what gives it the network's shape and axes."""
    cut = [_step("ResizeWithPadOrCropd", spatial_size=_middle(recipe))] if recipe.centred else []
    last = [_step("Transposed", indices=[0, 3, 2, 1]), _step("EnsureTyped")]
    return {
        "_target_": "Compose",
        "transforms": [_step("LoadImaged"), _step("EnsureChannelFirstd"), *steps, *cut, *last],
    }


def _resampled(recipe: VolumeRecipe) -> list[dict[str, Any]]:
    return [] if recipe.spacing is None else [_step("Spacingd", pixdim=_pixdim(recipe), mode="bilinear")]


def _step(name: str, **settings: Any) -> dict[str, Any]:
    return {"_target_": name, "keys": _IMAGE, **settings}


def _pixdim(recipe: VolumeRecipe) -> list[float]:
    """(X, Y, Z) in mm; -1 leaves an axis as it is."""
    return [recipe.spacing or 0, recipe.spacing or 0, -1.0 if recipe.by_slice else recipe.spacing or 0]


def _middle(recipe: VolumeRecipe) -> list[int]:
    """(X, Y, Z) of what is looked at; -1 keeps all of an axis."""
    z, y, x = recipe.shape
    return [x, y, -1 if recipe.by_slice else z]


def _window(window: HuWindow | PercentileWindow) -> dict[str, Any]:
    to_unit = {"b_min": 0.0, "b_max": 1.0, "clip": True}
    if isinstance(window, HuWindow):
        return _step("ScaleIntensityRanged", a_min=window.low, a_max=window.high, **to_unit)
    return _step("ScaleIntensityRangePercentilesd", lower=window.low, upper=window.high, **to_unit)


def _window_of(steps: Config) -> HuWindow | PercentileWindow:
    if "ScaleIntensityRanged" in steps:
        step = steps["ScaleIntensityRanged"]
        return HuWindow(low=step["a_min"], high=step["a_max"])
    step = steps["ScaleIntensityRangePercentilesd"]
    return PercentileWindow(low=step["lower"], high=step["upper"])


def _shape(roi: list[int]) -> tuple[int, int, int]:
    z, y, x = roi if len(roi) == 3 else (1, *roi)
    return int(z), int(y), int(x)


def _postprocessing() -> dict[str, Any]:
    back = {"_target_": "Invertd", "keys": _MASK, "transform": "@preprocessing", "orig_keys": _IMAGE}
    return {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": _MASK, "softmax": True},
            {**back, "nearest_interp": False, "to_tensor": True},
            {"_target_": "AsDiscreted", "keys": _MASK, "argmax": True},
            {"_target_": "SaveImaged", "keys": _MASK, "output_dir": "@output_dir", "output_dtype": "$torch.uint8"},
        ],
    }
