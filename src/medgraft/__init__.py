"""medgraft: graft pretrained networks onto a clinic's own images, and find out honestly which graft to trust."""

__version__ = "0.1.0"
