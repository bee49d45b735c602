"""Parts of a search on the workers of a Dask cluster (the extra "cluster").

The workers need this package installed in the same version; every part is a pure function of its arguments, so the
parts of a worker that is lost are done again by another.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from verify.searching import Part, search_part

CONNECT_SECONDS = 10.0


class ClusterWorkers:
    """The workers of a Dask cluster."""

    def __init__(self, client: Any) -> None:
        self.client = client

    @property
    def count(self) -> int:
        """Threads of all workers that are there now, at least 2, so that the search is split."""
        return max(2, sum(int(threads) for threads in self.client.nthreads().values()))

    def run(self, tasks: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        """Yield the results as they come. Raises OSError when the cluster gives up on a part."""
        import distributed

        futures = [self.client.submit(search_part, *task, pure=False) for task in tasks]
        numbers = {future.key: number for number, future in enumerate(futures)}
        try:
            for future in distributed.as_completed(futures, loop=self.client.loop):
                if future.status != "finished":
                    raise OSError(f"the cluster lost a part of the search: {future.exception()}")
                yield numbers[future.key], future.result()
        finally:
            self.client.cancel([f for f in futures if not f.done()])


@contextmanager
def cluster_workers(address: str) -> Iterator[ClusterWorkers]:
    """Return the workers of the scheduler at `address`. Raises OSError when it cannot be reached."""
    import distributed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise OSError(f"--scheduler {address}: cannot be reached ({type(error).__name__})") from None
    try:
        yield ClusterWorkers(client)
    finally:
        client.close()
