"""The bounded queue between transform and load."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.pipeline.execution.channel import BoundedQueue

TIMEOUT_SECONDS = 10


@pytest.fixture
def thread():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_a_channel_keeps_the_order_and_counts_what_it_passed(thread):
    channel = BoundedQueue(max_items=2)
    producer = thread.submit(channel.put_all, range(100))
    assert list(channel) == list(range(100))
    assert producer.result(TIMEOUT_SECONDS) == 100


@pytest.mark.parametrize("room", [1, 3])
def test_no_more_than_room_items_wait(thread, room):
    channel, produced = BoundedQueue(room), []
    producer = thread.submit(channel.put_all, (produced.append(number) or number for number in range(20)))
    max_ahead = max(len(produced) - number for number, _ in enumerate(channel))
    assert producer.result(TIMEOUT_SECONDS) == 20
    assert max_ahead <= room + 2


def test_a_producer_waits_for_room(thread):
    channel, third = BoundedQueue(max_items=1), threading.Event()
    items = (third.set() or number if number == 2 else number for number in range(3))
    producer = thread.submit(channel.put_all, items)
    assert not producer.done()
    assert list(channel) == [0, 1, 2]
    assert third.is_set()


def test_a_failing_consumer_releases_the_producer(thread):
    channel = BoundedQueue(max_items=1)
    producer = thread.submit(channel.put_all, range(1_000_000_000))
    with pytest.raises(ZeroDivisionError):
        [1 // item for item in channel]
    channel.close()
    assert producer.result(TIMEOUT_SECONDS) < 10


def test_a_consumer_that_never_began_releases_the_producer(thread):
    channel = BoundedQueue(max_items=1)
    producer = thread.submit(channel.put_all, range(1_000_000_000))
    channel.close()
    assert producer.result(TIMEOUT_SECONDS) <= 1


def test_a_failing_producer_ends_the_consumer_after_what_it_made(thread):
    channel = BoundedQueue(max_items=1)
    producer = thread.submit(channel.put_all, (6 // number for number in (3, 2, 0)))
    assert list(channel) == [2, 3]
    with pytest.raises(ZeroDivisionError):
        producer.result(TIMEOUT_SECONDS)


def test_nothing_fed_ends_the_consumer(thread):
    channel = BoundedQueue(max_items=1)
    thread.submit(channel.put_all, [])
    assert list(channel) == []
