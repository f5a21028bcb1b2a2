"""The masks of a project: from contours and structure sets, repaired, as labels and as samples.

Enters: stacks with masks, contour files, RT structure sets. Leaves: masks in `core.task.MASK_CODES`, labels of slices,
masked samples. Must not know: models, studies.
"""
