"""Ctrl-C and SIGTERM."""

import os
import signal
import threading

import pytest

from albert_keras.training.interrupts import StopSignals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_a_second_one_stops_at_once(number):
    before = signal.getsignal(number)
    with StopSignals() as signals:
        assert signals.received is None
        os.kill(os.getpid(), number)
        assert signals.received is number
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_other_threads_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def enter():
        with StopSignals():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_workers_stop_when_they_agreed_and_not_before():
    with StopSignals(is_shared=True) as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.is_received
        assert not signals.must_stop
        signals.agreed = True
        assert signals.must_stop
    with StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.must_stop
