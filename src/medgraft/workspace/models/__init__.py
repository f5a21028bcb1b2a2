"""Models of a project: at work on new images, looked into, packed and unpacked.

Enters: model packages, stacks. Leaves: answers, Grad-CAM and maps, files that can leave. Must not know: how studies
are run. What only reads cards and what is kept loads no torch.
"""
