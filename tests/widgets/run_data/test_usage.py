"""How much each latent dimension is used, as torch has it."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from torch.distributions import Normal, kl_divergence

from vae_core import recipes
from vae_core.runs import files, frames
from vae_core.runs.run import Run
from widgets.run_data import usage


def test_the_information_of_many_codes_is_added_up_in_blocks(
    own_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(0)
    mean = (torch.randn(100, 3, generator=generator) * torch.tensor([0.1, 2.0, 1.0])).half()
    log_var = (torch.randn(100, 3, generator=generator) - 2).half()
    spec = recipes.get("vae-2d").change(latent=3)
    path = own_runs / "many"
    path.mkdir()
    files.write_json(path / files.SPEC, spec.model_dump(mode="json"))
    arrays = {"mean": mean.numpy(), "log_var": log_var.numpy(), "labels": np.zeros(100, np.int64)}
    (path / files.POSTERIORS).write_bytes(frames.pack(arrays | {"step": np.array([1])}))
    q = Normal(mean.double(), log_var.double().div(2).exp())
    exact = kl_divergence(q, Normal(torch.zeros(()).double(), torch.ones(()).double())).mean(0)
    for rows in (7, 2**15):
        st.cache_data.clear()
        monkeypatch.setattr(usage, "ROWS", rows)
        np.testing.assert_allclose(usage.information(Run(path)), exact, rtol=1e-6)
    assert usage.most_informative(Run(path)) == (1, 2)
