"""How well single latent dimensions stand for single factors: published metrics of disentanglement.

All are functions of codes [N, D] (the posterior means, as a rule) and of the factors [N, F] that the images
were drawn from, never of a model. Settings are those of disentanglement_lib, the code of Locatello et al.
2019, so that scores can be held against published ones. That paper's lesson stands beside every number:
without supervision or inductive bias disentanglement cannot be identified, and seeds differ.
"""

from __future__ import annotations

from vae_core.analysis.disentangle.dci import DCI, dci
from vae_core.analysis.disentangle.factor_vae import beta_vae_score, factor_vae_score
from vae_core.analysis.disentangle.mig import factor_entropy, mig, modularity, mutual_information
from vae_core.analysis.disentangle.sap import sap
from vae_core.analysis.disentangle.summary import evaluate_all
from vae_core.analysis.progress import Cancelled

__all__ = [
    "DCI",
    "Cancelled",
    "beta_vae_score",
    "dci",
    "evaluate_all",
    "factor_entropy",
    "factor_vae_score",
    "mig",
    "modularity",
    "mutual_information",
    "sap",
]
