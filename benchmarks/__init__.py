"""Benchmarks: what the engine saves, measured side by side with peers that do the same work.

Enters: medgraft as users run it (`study.run_study` on a study file), real slices where they are beside the checkout.
Leaves: `build/bench.json`, `build/bench.md`. Must not know: the inside of the engine; `ours.py` is the only seam.

Read downwards: `__main__` (the table of pieces), `runner` (one piece, one process), one file per benchmark
(`depth_zero`, `depth_one`, `fastai_frozen`, `roofline`, `scaling`, `gpu`), what they measure with (`ours`, `peers/`).
"""
