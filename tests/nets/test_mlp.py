"""Batched perceptrons: members learn alone, and need no torch to predict."""

import subprocess
import sys

import numpy as np
import pytest

from tabml.nets.mlp import Nets, Training, _schedule, train
from tabml.testing.tables import signal_rows

torch = pytest.importorskip("torch")


def members(n_members, **more):
    rows = signal_rows("binary", n=80)
    training = Training("logistic", members=n_members, hidden=8, epochs=6, **more)
    return rows, train(rows.X, rows.y, training, checkpoints=(2, 6), prior=np.zeros(1), seed=3)


def test_a_member_of_a_batch_is_the_net_trained_alone():
    _, (_, many) = members(3)
    _, (_, one) = members(1)
    assert many.w1[0] == pytest.approx(one.w1[0], abs=1e-5)
    assert not np.allclose(many.w1[0], many.w1[1], atol=1e-3)


def test_outputs_are_those_of_torch():
    rows, (_, last) = members(2)
    hidden = torch.relu(torch.from_numpy(rows.X) @ torch.from_numpy(last.w1) + torch.from_numpy(last.b1).unsqueeze(1))
    theirs = (hidden @ torch.from_numpy(last.w2) + torch.from_numpy(last.b2).unsqueeze(1)).mean(dim=0)
    assert last.outputs(rows.X) == pytest.approx(theirs.numpy(), abs=1e-5)


def test_training_leaves_the_global_generator_and_the_threads_alone():
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    members(2)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_weights_of_zero_leave_rows_out():
    rows = signal_rows("binary", n=80)
    spoilt = rows.y.copy()
    weight = np.ones(80)
    weight[:20] = 0
    spoilt[:20] = 1 - spoilt[:20]
    training = Training("logistic", members=1, hidden=4, epochs=3)
    found = [
        train(rows.X, y, training, checkpoints=(3,), prior=np.zeros(1), seed=1, weight=weight)[0]
        for y in (rows.y, spoilt)
    ]
    assert np.array_equal(found[0].w1, found[1].w1)


def test_the_rate_warms_up_and_ends_at_a_tenth():
    assert _schedule(0.0) < _schedule(0.02) < _schedule(0.05) == pytest.approx(1)
    assert _schedule(1.0) == pytest.approx(0.1)


def test_the_module_comes_without_torch():
    code = "import sys, tabml.nets.mlp, tabml.models; tabml.models.specs(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
    zero = Nets(*(np.zeros(s, np.float32) for s in ((1, 2, 3), (1, 3), (1, 3, 1), (1, 1))))
    assert zero.outputs(np.ones((4, 2))).tolist() == [[0.0]] * 4
