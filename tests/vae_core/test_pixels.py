"""Every level of grey, there and back, of tensors and of arrays."""

import numpy as np
import torch

from vae_core.pixels import to_uint8, unit

LEVELS = np.arange(256, dtype=np.uint8)


def test_arrays_and_tensors_have_the_same_values_and_all_levels_come_back():
    array, tensor = unit(LEVELS), unit(torch.from_numpy(LEVELS))
    assert array.dtype == np.float32
    assert np.array_equal(array, tensor.numpy())
    assert np.array_equal(array, (LEVELS / 255).astype(np.float32))
    assert np.array_equal(to_uint8(array), LEVELS)
    assert torch.equal(to_uint8(tensor), torch.from_numpy(LEVELS))


def test_what_is_no_uint8_lies_within_0_and_1_already():
    half = np.array([0.5])
    assert unit(half) is half
    assert unit(torch.tensor([0.5])).tolist() == [0.5]


def test_the_nearest_level_is_taken_and_what_lies_outside_is_cut_off():
    values = np.array([-1.0, 0.4 / 255, 0.6 / 255, 1.0, 1.3])
    assert to_uint8(values).tolist() == to_uint8(torch.from_numpy(values)).tolist() == [0, 0, 1, 255, 255]
