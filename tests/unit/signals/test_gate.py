"""Batches have fewer seats than a web process has threads."""

import pytest

from apps.core.management.commands.up import _web
from apps.signals.services import gate


def test_a_batch_without_a_seat_is_told_when_to_come_again():
    door = gate.Gate()
    with door.seat(), door.seat():
        with pytest.raises(gate.BusyError) as caught, door.seat():
            pass
        assert (caught.value.status, caught.value.wait) == (429, 1)
        assert caught.value.headers["RateLimit"] == '"events";r=0'
    assert door.headers["RateLimit"] == f'"events";r={gate.SEATS}'


def test_a_seat_is_given_back_after_an_error():
    door = gate.Gate()
    for _ in range(gate.SEATS + 1):
        with pytest.raises(ValueError, match="bad"), door.seat(), door.turn():
            raise ValueError("bad")
    with door.seat(), door.turn():
        pass


def test_who_waits_too_long_for_a_turn_is_sent_away(monkeypatch):
    monkeypatch.setattr(gate, "PATIENCE_S", 0.01)
    door = gate.Gate()
    with door.turn(), pytest.raises(gate.BusyError), door.turn():
        pass


def test_threads_are_left_for_everybody_else():
    [threads] = [
        int(word.partition("=")[2])
        for word in _web("127.0.0.1", 0)
        if word.startswith("--blocking-threads=")
    ]
    assert threads / 2 >= gate.SEATS
