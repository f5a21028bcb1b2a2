"""A model in two parts: what is frozen, and what is trained behind it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from medgraft.core.digest import digest

#: Images at most that go through the frozen part of a model at a time on a CPU. With more, what lies between two layers
#: outgrows the processor's caches, and the memory that the C library keeps rather than giving it back to the system.
PIECE = 8
#: On a device of its own: an image may have thousands of recorded rotations, which a GPU cannot hold at a time.
DEVICE_PIECE = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """A model in two parts with `suffix(*prefix(images))` equal to `model(images)`.

    prefix: images (N, C, S, S) to the frontier values, each (N, ...), with the frozen part as it was when it was cut;
    None where the frontier is the images themselves.
    suffix: frontier values to scores (N, K). Its modules are the model's own: training it trains the model. Switch
    modes on the model, which keeps frozen parts frozen, never on the suffix.
    reason: why the frontier is the images themselves; "" if it is not.
    """

    prefix: nn.Module | None
    suffix: nn.Module
    reason: str = ""

    @property
    def identity(self) -> str:
        """Digest of all that the frontier values depend on besides the images: code, tensors, settings of modules.

        Of what is really computed, so another way to compute the same is another identity.
        """
        if self.prefix is None:
            return digest("images")
        tensors = {**dict(self.prefix.named_parameters()), **dict(self.prefix.named_buffers())}
        arrays = {name: value.detach().cpu().numpy() for name, value in tensors.items()}
        settings = {name: _settings(module) for name, module in self.prefix.named_modules() if name}
        return digest([PIECE, str(getattr(self.prefix, "code", "")), arrays, settings])

    def frontier(self, images: Tensor) -> tuple[Tensor, ...]:
        """The frontier values of some images, without gradients."""
        if self.prefix is None:
            return (images,)
        with torch.no_grad():
            values = [self.prefix(piece) for piece in _pieces(images)]
        return tuple(torch.cat(parts) for parts in zip(*values, strict=True))


def _pieces(images: Tensor) -> tuple[Tensor, ...]:
    """Parts of even length; an image alone, which threads would share in another way, only where it comes alone."""
    most = PIECE if images.device.type == "cpu" else DEVICE_PIECE
    return torch.tensor_split(images, max(-(-len(images) // most), 1))


def _settings(module: nn.Module) -> list[object]:
    """Kind of a module and its public plain attributes: strides, paddings, a norm's epsilon, an order of colours."""
    plain = {name: value for name, value in vars(module).items() if not name.startswith("_") and _is_plain(value)}
    return [type(module).__qualname__, {name: value for name, value in plain.items() if name != "training"}]


def _is_plain(value: object) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return all(isinstance(item, bool | int | float | str | None) for item in items)
