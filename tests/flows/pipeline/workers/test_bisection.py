"""Items that end their worker are found by bisection; the workers are simulated."""

from hypothesis import example, given
from hypothesis import strategies as st

from flows.pipeline.workers.bisection import WorkerLostError, run_halving

NUMBERS = st.sets(st.integers(0, 30))


class Worker:
    """A simulated worker that doubles numbers. Some numbers end it always, some only the first time."""

    def __init__(self, deadly=(), once=(), *, reports_position=False, is_proving=False):
        self.deadly, self.once, self.reports_position, self.is_proving = (
            set(deadly),
            set(once),
            reports_position,
            is_proving,
        )
        self.chunks = []

    def __call__(self, chunk):
        self.chunks.append(list(chunk))
        for position, number in enumerate(chunk):
            if number in self.deadly | self.once:
                is_proven = self.is_proving and number in self.deadly
                self.once.discard(number)
                raise WorkerLostError(
                    "ended", position if self.reports_position else None, is_proven=is_proven
                )
        return [number * 2 for number in chunk]


def run_chunk(chunk, worker):
    return [
        each
        for part in run_halving(chunk, worker, lambda number, lost: [f"{number} {lost.reason}"])
        for each in part
    ]


@given(size=st.integers(1, 30), deadly=NUMBERS, once=NUMBERS, tells=st.booleans(), proves=st.booleans())
@example(size=1, deadly=set(), once={0}, tells=False, proves=False)
def test_what_ends_its_worker_is_refused_and_nothing_else(size, deadly, once, tells, proves):
    chunk = list(range(size))
    worker = Worker(deadly, once - deadly, reports_position=tells, is_proving=tells and proves)
    assert run_chunk(chunk, worker) == [f"{each} ended" if each in deadly else each * 2 for each in chunk]


def test_one_among_two_hundred_is_found_in_twice_as_many_steps_as_they_can_be_halved():
    worker = Worker({77})
    run_chunk(list(range(200)), worker)
    assert len(worker.chunks) <= 2 * 8 + 2


def test_where_the_worker_tells_what_it_was_at_nothing_is_halved():
    worker = Worker({77}, reports_position=True)
    run_chunk(list(range(200)), worker)
    assert list(map(len, worker.chunks)) == [200, 77, 1, 1, 122]


def test_what_is_proven_is_not_tried_again():
    worker = Worker({77}, reports_position=True, is_proving=True)
    run_chunk(list(range(200)), worker)
    assert list(map(len, worker.chunks)) == [200, 77, 122]


def test_a_chunk_that_nothing_ends_is_worked_on_once():
    assert list(run_halving([1, 2], Worker(), lambda *_: None)) == [[2, 4]]
