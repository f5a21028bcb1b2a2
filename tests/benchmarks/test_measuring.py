"""What the measuring parts say: work against a formula, shares that add up, memory that was used."""

import cProfile
import mmap
from types import SimpleNamespace

import pytest
from benchmarks.depth_one import Parts
from benchmarks.machine import Peak, PeakMemory, peak_resident_megabytes
from benchmarks.profiled import Profiled
from benchmarks.targets import EPOCHS, FOLDS, RATES_DEPTH_ONE
from benchmarks.work_counted import Work, count_work

from benchmarks import profiled

from ..processes import wait_until

#: GFLOP of VGG16's last block at 64 pixels: three 3x3 convolutions of 512 channels on 4x4 places, two FLOP a product.
_VGG_BLOCK_5 = 3 * 2 * 9 * 512 * 512 * 4 * 4 / 1e9


@pytest.mark.slow
def test_work_of_a_known_block():
    work = count_work("vgg16", 1, 64)
    head = 2 * (512 * 256 + 256 * 3) / 1e9
    assert work.suffix_gflop == pytest.approx(_VGG_BLOCK_5 + head, rel=1e-6)
    assert work.prefix_gflop > work.suffix_gflop
    assert work.prefix_mbytes > 4 * 2 * 64 * 64 * 64 / 1e6  # the first layer's values are written and read


def test_the_limit_is_the_papers_formula():
    work = Work(prefix_gflop=3.0, suffix_gflop=0.5, prefix_mbytes=1.0)
    assert work.limit == pytest.approx((3 + 1.5) / 1.5)


def test_shares_tell_where_time_went(monkeypatch: pytest.MonkeyPatch):
    now = 0.0

    def passes(seconds: float) -> None:
        nonlocal now
        now += seconds

    def waits() -> None:
        passes(0.75)

    clock = SimpleNamespace(perf_counter=lambda: now)
    monkeypatch.setattr(profiled, "time", clock)
    monkeypatch.setattr(profiled, "cProfile", SimpleNamespace(Profile=lambda: cProfile.Profile(clock.perf_counter)))
    monkeypatch.setattr(profiled, "_GROUPS", {"reading": (("test_measuring.py", "waits"),)})
    profile = Profiled()
    assert profile.shares == {}
    profile.start()
    waits()
    passes(0.25)
    profile.stop()
    assert profile.shares == pytest.approx({"reading": 0.75, "forward and the rest": 0.25})


def test_peak_memory_sees_what_was_used_for_a_while():
    if not peak_resident_megabytes():
        pytest.skip("this system does not say how much memory a process has")
    size, content = 64 * 2**20, b"1" * 64 * 2**20
    # Asked of the system itself: an allocator may hand out memory that it kept.
    with (
        PeakMemory(every_s=0.005) as peak,
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory,
    ):
        wait_until(lambda: peak.megabytes, "a first look")
        before = peak.megabytes
        memory.write(content)
        wait_until(lambda: peak.megabytes - before >= 0.9 * size / 2**20, "a look at what is used")


def test_a_whole_job_is_its_fill_and_all_epochs():
    parts = Parts(
        network="any",
        updates=1,
        slices=40,
        epoch_s=2.0,
        plain_epoch_s=8.0,
        plain_kept_epoch_s=6.0,
        row_s=0.1,
        work=Work(prefix_gflop=3.0, suffix_gflop=0.5, prefix_mbytes=1.0),
        peak=Peak(gflops=100.0, gbytes=10.0),
        turns=2,
        shares={},
    )
    epochs = len(RATES_DEPTH_ONE) * FOLDS * EPOCHS
    assert epochs == 750
    assert parts.job_s == pytest.approx(5 * 0.1 + epochs * 2.0 / 40)
    assert parts.plain_job_s == pytest.approx(epochs * 8.0 / 40)
    assert parts.epoch_gflop == pytest.approx(0.5 * (3 * 32 + 8))
    assert parts.plain_epoch_gflop == pytest.approx(32 * (3 + 3 * 0.5) + 8 * (3 + 0.5))
