import pytest

from vae_core.workers import throttle
from vae_core.workers.throttle import Speed, Stopwatch, Throttle


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes when it is told to, on a machine that gives us `speed` of its time."""

    class Clock:
        now, worked, speed = 100.0, 50.0, 1.0

        def perf_counter(self) -> float:
            return self.now

        def thread_time(self) -> float:
            return self.worked

        def work(self, seconds: float) -> None:
            self.worked += seconds
            self.now += seconds / self.speed

    clock = Clock()
    monkeypatch.setattr(throttle, "time", clock)
    return clock


@pytest.mark.parametrize("speed", [1.0, 0.3])
@pytest.mark.parametrize("cost, interval", [(0.001, 0.5), (0.009, 0.5), (0.1, 5.0)])
def test_what_costs_much_is_done_seldom(clock, cost, interval, speed):
    clock.speed = speed
    paced, spent, times = Throttle(least=0.5, share=0.02), 0.0, 0
    for _ in range(10_000):
        if paced.due:
            with paced.spend():
                clock.work(cost)
            spent, times = spent + cost, times + 1
        clock.work(0.01)
    worked = clock.worked - 50.0
    assert spent <= 0.02 * worked + cost
    least, earned = 0.5, cost / 0.02 / speed  # on the wall
    assert (clock.now - 100.0) / times == pytest.approx(max(least, earned), rel=0.1)
    if speed == 1.0:
        assert max(least, earned) == pytest.approx(interval)


def test_the_stopwatch_leaves_pauses_out_and_goes_on_where_it_was(clock):
    watch = Stopwatch(7.0)
    clock.now += 1
    assert watch.seconds == 7.0
    watch.go()
    clock.now += 2
    watch.go()
    clock.now += 1
    assert watch.seconds == 10.0
    watch.pause()
    clock.now += 100
    watch.pause()
    assert watch.seconds == 10.0
    watch.go()
    clock.now += 1
    assert watch.seconds == 11.0


def test_speed_is_that_of_the_last_seconds():
    speed = Speed(span=3.0)
    assert speed.mark(0.0, 0) == 0.0
    assert speed.mark(1.0, 100) == 100.0
    for second in range(2, 20):
        last = speed.mark(float(second), 100 + 10 * (second - 1))
    assert last == pytest.approx(10.0)
