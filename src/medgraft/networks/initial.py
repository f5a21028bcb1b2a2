"""Initial weights of the networks written here: a signal keeps its size through them (He et al. 2015).

torch's own initial convolutions shrink it layer by layer; with frozen batch norm (mean 0, variance 1) a random
MobileNet V1 would answer 1e-11 to every image, and a comparison with random weights would compare with nothing.
"""

from torch import nn


def initialise(network: nn.Module) -> None:
    """Draw every convolution from torch's global random state; `classifier.build` sets that from a key."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            # The depthwise half of a separable convolution has no ReLU behind it that would halve the signal.
            if name.endswith(".depthwise"):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="linear")
            else:
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
