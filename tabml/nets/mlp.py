"""A batch of small multilayer perceptrons that train together as one program, and predict without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Loss = Literal["logistic", "softmax", "squared"]
WARM_UP, FLOOR = 0.05, 0.1  # share of the steps with rising rate; share of the rate left at the end
BETAS = (0.9, 0.95)


@dataclass(frozen=True)
class Nets:
    """Weights of M nets with one hidden layer: `w1` (M, p, h), `b1` (M, h), `w2` (M, h, K), `b2` (M, K)."""

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats

    def outputs(self, X: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Mean output (n, K) of the members, in float64: a row's answer does not depend on its company."""
        total = np.zeros((len(X), self.b2.shape[1]))
        wide = np.asarray(X, dtype=np.float64)
        for w1, b1, w2, b2 in zip(self.w1, self.b1, self.w2, self.b2, strict=True):
            total += np.maximum(wide @ w1.astype(np.float64) + b1, 0.0) @ w2.astype(np.float64) + b2
        return np.asarray(total / len(self.w1))


@dataclass(frozen=True)
class Training:
    """How members are trained: AdamW with a short warm-up and a cosine down to a tenth, batches of at most 256."""

    loss: Loss
    members: int = 4
    hidden: int = 64
    rate: float = 1e-3
    weight_decay: float = 1.0
    epochs: int = 64


def train(
    X: Floats,
    y: NDArray[Any],
    training: Training,
    *,
    checkpoints: Sequence[int],
    prior: NDArray[np.float64],
    seed: int,
    weight: NDArray[np.floating[Any]] | None = None,
) -> list[Nets]:
    """Train on standardised columns; the members after each epoch of `checkpoints`.

    `prior` (K,) starts the output biases. All members see the rows in one order; each starts from its own
    generator. One thread, no global seed: the same seed gives the same bits on one kind of machine.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train(torch, X, y, training, checkpoints, prior, seed, weight)
    finally:
        torch.set_num_threads(threads)


def _train(
    torch: Any,
    X: Floats,
    y: NDArray[Any],
    training: Training,
    checkpoints: Sequence[int],
    prior: NDArray[np.float64],
    seed: int,
    weight: NDArray[np.floating[Any]] | None,
) -> list[Nets]:
    n = len(X)
    inputs = torch.from_numpy(np.ascontiguousarray(X, dtype=np.float32))
    truth = torch.from_numpy(np.asarray(y, dtype=np.int64 if training.loss == "softmax" else np.float32))
    case = torch.from_numpy(np.ones(n, np.float32) if weight is None else np.asarray(weight, np.float32))
    case = case / case.mean()
    weights = _start(torch, X.shape[1], training, prior, seed)
    optimiser = torch.optim.AdamW(
        [{"params": weights[0::2], "weight_decay": training.weight_decay},
         {"params": weights[1::2], "weight_decay": 0.0}], lr=training.rate, betas=BETAS,
    )  # fmt: skip
    order_of = torch.Generator().manual_seed(seed)
    batch = min(256, max(8, n // 4))
    steps, done, kept = training.epochs * -(-n // batch), 0, []
    for epoch in range(1, max(checkpoints) + 1):
        order = torch.randperm(n, generator=order_of)
        for start in range(0, n, batch):
            for group in optimiser.param_groups:
                group["lr"] = training.rate * _schedule(done / steps)
            rows = order[start : start + batch]
            optimiser.zero_grad(set_to_none=True)
            loss = _loss(torch, training.loss, _forward(torch, weights, inputs[rows]), truth[rows])
            (loss * case[rows]).mean(dim=1).sum().backward()
            optimiser.step()
            done += 1
        if epoch in checkpoints:
            kept.append(Nets(*(w.detach().numpy().copy() for w in weights)))
    return kept


def _start(torch: Any, columns: int, training: Training, prior: NDArray[np.float64], seed: int) -> list[Any]:
    """First weights, in the order of `Nets`: He's for the hidden layer, small ones for the output."""
    h, outputs, members = training.hidden, len(prior), training.members
    w1, w2 = torch.empty(members, columns, h), torch.empty(members, h, outputs)
    for m in range(members):
        own = torch.Generator().manual_seed(seed + 7919 * (m + 1))
        w1[m] = torch.randn(columns, h, generator=own) * (2.0 / max(columns, 1)) ** 0.5
        w2[m] = torch.randn(h, outputs, generator=own) * 0.5 / h**0.5
    b1 = torch.zeros(members, h)
    b2 = torch.from_numpy(np.tile(prior.astype(np.float32), (members, 1)))
    return [w.requires_grad_() for w in (w1, b1, w2, b2)]


def _forward(torch: Any, weights: list[Any], rows: Any) -> Any:
    """Outputs (M, B, K): one matrix product per layer for all members."""
    w1, b1, w2, b2 = weights
    shared = rows.unsqueeze(0).expand(len(w1), -1, -1)
    hidden = torch.relu(torch.baddbmm(b1.unsqueeze(1), shared, w1))
    return torch.baddbmm(b2.unsqueeze(1), hidden, w2)


def _loss(torch: Any, loss: Loss, outputs: Any, truth: Any) -> Any:
    """Loss (M, B) of each member on each row."""
    if loss == "softmax":
        log_shares = torch.log_softmax(outputs, dim=2)
        picked = truth.view(1, -1, 1).expand(len(outputs), -1, 1)
        return -log_shares.gather(2, picked).squeeze(2)
    single, same = outputs.squeeze(2), truth.unsqueeze(0).expand(len(outputs), -1)
    if loss == "squared":
        return (single - same) ** 2
    return torch.nn.functional.binary_cross_entropy_with_logits(single, same, reduction="none")


def _schedule(done: float) -> float:
    """Share of the learning rate at this share of the steps."""
    if done < WARM_UP:
        return max(done / WARM_UP, 0.05)
    along = (done - WARM_UP) / (1 - WARM_UP)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + float(np.cos(np.pi * along)))
