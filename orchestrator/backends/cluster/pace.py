"""How fast requests follow each other: so many in a second, and some more after a pause."""

from threading import Lock
from time import monotonic, sleep


class Pace:
    """A bucket of permits that fills with `rate` a second up to `burst`.

    https://pkg.go.dev/k8s.io/client-go/util/flowcontrol: what QPS and Burst of Kubernetes clients mean.
    """

    def __init__(self, *, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._left = float(burst)
        self._at = 0.0
        self._lock = Lock()

    def reserve(self, at: float) -> float:
        """Take a permit and return after how many seconds it holds."""
        with self._lock:
            self._left = min(self._burst, self._left + max(0.0, at - self._at) * self._rate)
            self._at = max(self._at, at)
            self._left -= 1
            return max(0.0, -self._left / self._rate)

    def wait(self) -> None:
        """Wait in this thread for a permit."""
        seconds = self.reserve(monotonic())
        if seconds:
            sleep(seconds)
