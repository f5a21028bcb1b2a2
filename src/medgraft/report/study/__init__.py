"""The report of a study: which network at which depth, and how good it is."""
