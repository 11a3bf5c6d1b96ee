"""Blending, calibrating and assembling attributions keeps them additive."""

from __future__ import annotations

import numpy as np
import pytest

from tabml.explain.attribution import Attribution, additivity_finding, assemble, attribute_blend


def part(variables: tuple[str, ...], seed: int, *, n: int = 6, outputs: int = 1, exact: bool = True) -> Attribution:
    generator = np.random.default_rng(seed)
    phi, base = generator.normal(size=(n, outputs, len(variables))), np.full((n, outputs), float(seed))
    return Attribution(variables, phi, base, base + phi.sum(axis=2), "log odds", exact, "" if exact else "sampled")


def test_a_blend_is_the_mean_of_its_members_and_then_calibrated() -> None:
    first, second = part(("age", "chol"), 1), part(("chol", "sex"), 2)
    blend = attribute_blend([first, second], a=0.3, b=0.8)
    assert blend.variables == ("age", "chol", "sex")
    assert blend.error < 1e-12
    assert np.allclose(blend.link, 0.3 + 0.8 * (first.link + second.link) / 2)
    assert np.allclose(blend.phi[:, 0, 1], 0.8 * (first.phi[:, 0, 1] + second.phi[:, 0, 0]) / 2)
    assert blend.base[0, 0] == pytest.approx(0.3 + 0.8 * 1.5)


def test_weights_are_shares_and_an_approximate_member_marks_the_blend() -> None:
    first, second = part(("age",), 1), part(("age",), 2, exact=False)
    blend = attribute_blend([first, second], weights=[3, 1])
    assert np.allclose(blend.phi, 0.75 * first.phi + 0.25 * second.phi)
    assert not blend.exact and blend.note == "sampled"


def test_class_shifts_are_taken_against_their_mean() -> None:
    blend = attribute_blend([part(("age",), 1, outputs=3)], a=[0.0, 0.6, 0.3], b=1.0)
    assert np.allclose(blend.base[0], 1 + np.array([-0.3, 0.3, 0.0]))
    assert blend.error < 1e-12


def test_folds_are_put_together_in_row_order() -> None:
    first, second = part(("age", "sex"), 1, n=2), part(("age",), 2, n=2)
    rows, joined = assemble([(np.array([3, 0]), first), (np.array([1, 2]), second)])
    assert rows.tolist() == [0, 1, 2, 3]
    assert np.allclose(joined.phi[3, 0], first.phi[0, 0])
    assert joined.phi[1, 0, 1] == 0
    assert joined.error < 1e-12


def test_a_row_in_two_folds_is_refused() -> None:
    with pytest.raises(ValueError, match="two folds"):
        assemble([(np.array([0, 1]), part(("age",), 1, n=2)), (np.array([1]), part(("age",), 2, n=1))])


def test_parts_that_do_not_add_up_become_a_finding() -> None:
    good = part(("age",), 1)
    bad = Attribution(good.variables, good.phi + 0.1, good.base, good.link, good.scale)
    assert additivity_finding(good, "blend") is None
    found = additivity_finding(bad, "blend")
    assert found is not None and found.code == "TB310"
    assert good.distance(good.link[:, 0] + 0.5) > 0.1
