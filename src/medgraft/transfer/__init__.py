"""Weight sources, the load report, the frozen frontier and its cache."""
