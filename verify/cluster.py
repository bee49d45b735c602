"""Parts of a search on the workers of a Dask cluster (the extra "cluster").

The workers need this package installed in the same version; every part is a pure function of its arguments, so the
parts of a worker that is lost are done again by another.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

from verify.searching import AHEAD, Part, search_part

CONNECT_SECONDS = 10.0


class ClusterWorkers:
    """The workers of a Dask cluster."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.lost = False

    def _asked(self, question: Callable[[], Any]) -> Any:
        """Return the client's answer. Raises OSError when the scheduler is lost, now or before."""
        if not self.lost:
            try:
                return question()
            except (Exception, CancelledError):  # a client without a scheduler fails in many ways
                self.lost = True
        raise OSError("the scheduler of the cluster is lost")

    @property
    def count(self) -> int:
        """Threads of all workers that are there now, at least 2, so that the search is split. Raises OSError."""
        return max(2, sum(int(threads) for threads in self._asked(self.client.nthreads).values()))

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        """Yield the results as they come. Raises OSError when a part fails on a worker or the scheduler is lost."""
        import distributed

        source, numbers = enumerate(tasks), dict[Any, int]()
        completed = distributed.as_completed([], loop=self.client.loop)

        def send() -> None:
            for number, task in islice(source, max(0, AHEAD * self.count - len(numbers))):
                future = self._asked(partial(self.client.submit, search_part, *task, pure=False))
                numbers[future] = number
                completed.add(future)

        try:
            send()
            for future in completed:
                if future.status == "error":
                    raise OSError(f"a worker of the cluster failed: {future.exception()!r}")
                yield numbers.pop(future), self._asked(future.result)
                send()
        finally:
            if not self.lost:
                self.client.cancel(list(numbers))


@contextmanager
def cluster_workers(address: str) -> Iterator[ClusterWorkers]:
    """Return the workers of the scheduler at `address`. Raises OSError when it cannot be reached."""
    import distributed

    for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said by the errors raised
    if address.startswith("tls:") and distributed.Security().get_connection_args("client").get("ssl_context") is None:
        raise OSError(f"--scheduler {address}: certificates are missing in the configuration of Dask (comm.tls)")
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise OSError(f"--scheduler {address}: cannot be reached ({type(error).__name__})") from None
    try:
        yield ClusterWorkers(client)
    finally:
        client.close()
