"""What Prometheus may know: totals since the start, by no name and no number of a person."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from twoticks.callbacks.round import Counts
from twoticks.jobs.runtime import Runtime

_RECEIVED = {
    "stored": "Callbacks answered 200 and on disk",
    "stored_bytes": "Bytes of those callbacks",
    "unknown": "Requests to a callback address that is none of ours",
    "unverified": "Callbacks whose signature did not hold",
    "refused": "Callbacks answered 503 because they could not be put on disk",
}


class RuntimeCollector(Collector):
    """Reads the counters of one process when it is scraped."""

    def __init__(self, runtime: Runtime, head: int) -> None:
        self._runtime = runtime
        self._head = head

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        runtime = self._runtime
        for name, text in _RECEIVED.items():
            yield CounterMetricFamily(f"twoticks_callbacks_{name}", text, getattr(runtime.receiver, name))
        counts: Counts = runtime.drain.counts
        for name in Counts.__slots__:
            yield CounterMetricFamily(f"twoticks_drain_{name}", f"Drain: {name}", getattr(counts, name))
        yield GaugeMetricFamily(
            "twoticks_journal_behind_blocks", "Journal blocks not yet turned into facts", self._behind()
        )
        yield GaugeMetricFamily(
            "twoticks_drain_failing", "1 while the drain meets an error", bool(runtime.drain.failing)
        )
        yield GaugeMetricFamily("twoticks_damage", "Parts of the fact store that may be missing", len(runtime.damage))
        yield CounterMetricFamily("twoticks_clicks_lost", "Redirected clicks not journaled", runtime.redirects.lost)

    def _behind(self) -> int:
        return max(self._head - self._runtime.drain.position, 0)
