"""Why a network answered as it did: Grad-CAM in 2D and 3D, its sanity check, maps of features.

Enters: a torch model, images, features. Leaves: numpy arrays. Must not know: DICOM, studies, figures.
"""

from medgraft.explanation.embedding import embed
from medgraft.explanation.gradcam import gradcam
from medgraft.explanation.sanity import Likeness, likeness, randomisation_check

__all__ = ["Likeness", "embed", "gradcam", "likeness", "randomisation_check"]
