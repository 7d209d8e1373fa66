"""Noise over an image, and what is found under it: by one pass of the encoder, and by the posterior."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import condition_picker
from vae_core.data.catalogue import class_names
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, tasks, url_widgets

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.denoise import Denoised
    from vae_core.analysis.progress import Progress

KINDS = {
    "erased": "Erased pixels",
    "salt_and_pepper": "Salt and pepper",
    "gaussian": "Gaussian",
    "block": "A block",
}
TOLD = (
    "What the model is told. At first what its own classifier reads in the noisy image; without one, the "
    "image's label."
)
LADDER = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
TASK, BEFORE = "denoise_task", "denoise_before"  # in the session: what this visitor waits for, and saw last


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        above = st.container()
        kind = str(
            st.selectbox(
                "Noise",
                list(KINDS),
                format_func=KINDS.__getitem__,
                **url_widgets.choice(links.NOISE, list(KINDS), label=KINDS.__getitem__),
                help="Erased: a share of the pixels is black. Salt and pepper: black or white. Gaussian: "
                "added to every pixel, with this standard deviation. A block: a black rectangle, and the "
                "posterior is told where.",
            )
        )
        percent = int(
            st.slider(
                "Strength, %",
                0,
                100,
                **url_widgets.whole(links.STRENGTH),
                help="The share of pixels hit; of Gaussian noise the standard deviation, white being 100.",
            )
        )
        seed = int(st.number_input("Seed", 0, 9999, **url_widgets.whole(links.SEED), help="Other noise."))
    with above:
        y = condition_picker.chosen(run, subject, noised(subject, kind, percent / 100, seed), TOLD)
    key = (str(run.path), weights(run), subject, y, kind)
    with right:
        task = tasks.start(sampled, *key, (percent / 100,), seed, lane="completing", tracked=True)
        _forget_earlier(task)
        about = {"noise": f"{KINDS[kind].lower()}, {percent} %", "seed": str(seed)}
        both = denoised(*key, percent / 100, seed)
        _pictures(run, subject, both, task, y is not None, about)
        _ladder(key, seed, task.done())


def _forget_earlier(task: tasks.Task) -> None:
    """Of another strength: nobody waits for it any more."""
    before = st.session_state.get(TASK)
    if before is not None and before is not task and not before.done():
        before.cancelled = True
        before.forget()
    st.session_state[TASK] = task


def _pictures(
    run: Run,
    subject: Subject,
    both: tuple[np.ndarray, np.ndarray],
    task: tasks.Task,
    told: bool,
    about: dict[str, str],
) -> None:
    """Noisy, both answers and the truth; while the posterior is on its way, the one of before."""
    noisy, one_pass = both
    truth = unit(subject.image)
    found = task.result() if task.done() and task.exception() is None else None
    encoded = f"Decoded from the mean of {'q(z|x, y)' if told else 'q(z|x)'} of the noisy image."
    row = [
        (_caption(run, "with noise", noisy, truth), to_uint8(noisy), "What encoder and posterior are given."),
        (_caption(run, "one pass", one_pass, truth), to_uint8(one_pass), encoded),
    ]
    if found is not None:
        mean = found.mean[0].numpy()
        help = "The mean of the clean image, given the noisy one."
        row.append((_caption(run, "posterior", mean, truth), to_uint8(mean), help))
        st.session_state[BEFORE] = mean
    elif (before := st.session_state.get(BEFORE)) is not None and before.shape == noisy.shape:
        row.append(("posterior of before", to_uint8(before), "Of the settings that were shown before."))
    once = ", binarised once." if subject.binarised else "."
    row.append((_caption(run, "truth", truth), subject.image, f"Without noise{once}"))
    sheets.row(row, 160, across=4)

    def draws(found: Denoised) -> None:
        _draws(run, found)
        above = np.stack([noisy, one_pass, found.mean[0].numpy(), truth])
        shown = np.concatenate([above, found.images[:, 0].numpy()])
        help = "With noise, one pass, posterior and truth; below them the draws."
        take_away.menu(
            "denoised",
            f"{run.name} denoised {subject.name} {about['noise']} seed {about['seed']}",
            {"run": library.title(run), "image": subject.name, **about},
            [File("png", lambda times: sheets.tile(to_uint8(shown), 4, 2 * times), help=help)],
        )

    tasks.when_done(task, "Sampling the posterior", draws, cancel="denoise-cancel")


def _caption(run: Run, name: str, image: np.ndarray, truth: np.ndarray | None = None) -> str:
    """Its name, its squared error, and what is read in it."""
    error = None if truth is None else f"{np.square(image - truth).mean():.4f}"
    read = reading(run, image[None]) or []
    return " · ".join(filter(None, [name, error, *read]))


def _draws(run: Run, found: Denoised) -> None:
    from vae_core.analysis import inpaint

    draws, trained = found.images[:, 0].numpy(), run.spec.noise
    read = reading(run, draws)
    sentences = [
        "Squared error per pixel" + (", and what an independent classifier reads." if read else "."),
        "The encoder never saw noise in training."
        if trained.kind == "none"
        else f"The encoder was trained under noise ({type(trained).title.lower()}).",
        f"HMC **{inpaint.verdict(found.r_hat, found.ess)[1]}**; worth {float(found.ess.min()):,.0f} of "
        f"{found.draws:,} draws.",
    ]
    st.caption(" ".join(sentences))
    st.markdown("**Draws from the posterior**")
    sheets.sheet(to_uint8(draws), name="Draw")
    if read is not None:
        counts = ", ".join(f"{digit} × {count}" for digit, count in Counter(read).most_common())
        st.caption(f"One of each chain. Read as {counts}.")


def _ladder(key: tuple[str, Any, Subject, int | None, str], seed: int, go_on: bool) -> None:
    """go_on: whether the posterior is sampled, too, which would hold up the one above."""
    st.markdown("**More and more of it**")
    steps = [denoised(*key, share, seed) for share in LADDER]
    shares = [f"{share:.0%}" for share in LADDER]
    _line("With noise", [step[0] for step in steps], shares)
    _line("One pass", [step[1] for step in steps])

    def show(found: Denoised) -> None:
        _line("Posterior", list(found.mean.numpy()))

    if go_on:
        task = tasks.start(sampled, *key, LADDER, seed, lane="completing", tracked=True)
        tasks.when_done(task, "Sampling the posterior of each", show, cancel="denoise-ladder")


def _line(name: str, images: list[np.ndarray], captions: list[str] | None = None) -> None:
    """captions: above a first line; without, its name stands under the first image."""
    captions = captions or [name, *[""] * (len(images) - 1)]
    row = [(text, to_uint8(image), f"{name}.") for text, image in zip(captions, images, strict=True)]
    sheets.row(row, 84, across=len(LADDER))


def reading(run: Run, images: np.ndarray) -> list[str] | None:
    """What the independent classifier of the run's images reads in images float [N, C, H, W]; None where none
    ships."""
    import torch

    from vae_core.model import oracle_classifier

    source = run.spec.data
    if not oracle_classifier.there_is(source.name):
        return None
    names = class_names(source.name, None) or ()
    found = oracle_classifier.load(source.name).read(torch.from_numpy(np.ascontiguousarray(images)))
    return [names[y] if y < len(names) else str(y) for y in found.argmax(-1).tolist()]


def noised(subject: Subject, kind: str, strength: float, seed: int) -> np.ndarray:
    """The image under noise, float [C, H, W]."""
    import torch

    from vae_core.model import noise

    generator = torch.Generator().manual_seed(seed)
    found: np.ndarray = noise.add(subject.tensor(), kind, strength, generator).numpy()
    return found


@st.cache_data(max_entries=256, show_spinner=False)
def denoised(
    path: str, version: Any, subject: Subject, y: int | None, kind: str, strength: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The image under noise and its reconstruction, both float [C, H, W]. y: the class, where one is told."""
    import torch

    from vae_core.analysis import denoise

    noisy = noised(subject, kind, strength, seed)
    given = None if y is None else torch.tensor([y])
    return noisy, denoise.one_pass(open_run(path).model, torch.from_numpy(noisy)[None], given)[0].numpy()


def sampled(
    path: str,
    version: Any,
    subject: Subject,
    y: int | None,
    kind: str,
    strengths: tuple[float, ...],
    seed: int,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Denoised:
    """The posterior of the image under noise of each of B strengths. y: the class, where one is told."""
    import torch

    from vae_core.analysis import denoise, inpaint
    from vae_core.model import noise
    from vae_core.training.process import quick_arithmetic

    model, clean = open_run(path).model, subject.tensor()
    noisy = torch.stack([torch.from_numpy(noised(subject, kind, s, seed)) for s in strengths])
    mask: Tensor | None = None
    if kind == "block":
        places = [noise.block(clean, s, torch.Generator().manual_seed(seed)) for s in strengths]
        mask = torch.stack(places)
    under = denoise.UnderNoise(
        model if y is None else inpaint.Told(model, y), kind, torch.tensor(strengths).view(-1, 1, 1, 1)
    )
    generator = torch.Generator(model.device).manual_seed(seed)
    with quick_arithmetic():  # many small products: more threads would wait for each other
        return denoise.sample(under, noisy, mask, generator=generator, progress=progress, cancelled=cancelled)
