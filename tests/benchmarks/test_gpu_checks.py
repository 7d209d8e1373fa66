"""The checks of a GPU, made of the CPU: what they compute exists, and agrees with itself."""

import pytest
import torch

from benchmarks import gpu_checks

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", gpu_checks.MODELS)
def test_a_pass_and_its_gradients_are_found_of_every_kind_of_model(name: str) -> None:
    assert gpu_checks.same_pass(CPU, name) == ("0.0e+00", True)


def test_the_other_quick_checks_pass() -> None:
    for check in (gpu_checks.density, gpu_checks.resumed, gpu_checks.sampled):
        found, passed = check(CPU)
        assert passed, found


def test_a_difference_is_a_share_of_the_largest_value() -> None:
    assert gpu_checks.worst({"a": torch.tensor([2.0, 0.5])}, {"a": torch.tensor([2.0, 1.0])}) == 0.25
