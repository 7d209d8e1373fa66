"""Train: a form that is a Spec, in the link as well."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.train import details, labels
from tests.pages.sections.train.parts import Hand, only_run, press, red_captions, words_of
from tests.pages.shown import showing
from vae_core import VAE, recipes
from vae_core.runs.run import all_runs
from vae_core.spec import Likelihood, titles
from widgets.shell import tasks

App = Callable[..., AppTest]


def test_a_link_fills_the_form(app: App, hand: Hand) -> None:
    at = app("train", recipe="vae-16d", set=["latent=8", "objective.beta=4", "data.name=digits"])
    assert showing(at.number_input, "set:latent").value == 8
    assert hand.shown[-1] == (4.0, False)
    press(at, "play")
    assert only_run().spec == recipes.get("vae-16d").change(
        **{"latent": 8, "objective.beta": 4, "data.name": "digits"}
    )


def test_a_group_of_the_form_is_made_once_it_is_open(page: AppTest) -> None:
    group = "group:Length, batch, seed, device:False"
    assert "Batch" in {box.label for box in page.number_input}
    page.session_state[group] = False
    page.run()
    assert "Batch" not in {box.label for box in page.number_input}
    page.session_state[group] = True
    page.run()
    showing(page.number_input, "set:training.batch_size").set_value(64).run()
    page.session_state[group] = False
    page.run()
    assert "training.batch_size=64" in page.query_params["set"]  # what was set in it stays


@pytest.mark.parametrize(
    "link, said",
    [
        ({"set": "latent=-3"}, "Latent dimensions"),
        ({"set": "objective.beta=nan"}, "β"),
        ({"set": "no.such=1"}, "no.such"),
        ({"recipe": "no-such"}, "no-such"),
        ({"set": "net.widths=99999999"}, "Widths of the layers"),
        ({"set": ["data.name=folder", "data.path=/etc"]}, "files of this machine"),
    ],
)
def test_a_link_with_impossible_settings_is_said_and_the_usual_ones_are_shown(
    app: App, link: dict[str, str], said: str
) -> None:
    at = app("train", **link)
    assert not at.exception
    assert said in at.error[0].value
    assert showing(at.number_input, "set:latent").value == recipes.get("vae-2d").latent


def test_what_is_changed_goes_into_the_link_and_back(page: AppTest, app: App) -> None:
    showing(page.number_input, "set:latent").set_value(5).run()
    showing(page.selectbox, "set:likelihood.kind").select("gaussian").run()
    showing(page.number_input, "set:training.seed").set_value(77).run()
    again = app("train", recipe=page.query_params["recipe"], set=page.query_params["set"])
    press(again, "play")
    spec = only_run().spec
    assert (spec.latent, spec.likelihood.kind, spec.training.seed) == (5, "gaussian", 77)
    assert spec.data.binarisation == "none"  # a Gaussian is over grey pixels


@pytest.mark.parametrize(("kind", "title"), titles(Likelihood).items())
def test_each_likelihood_is_shown_under_its_own_title(app: App, kind: str, title: str) -> None:
    images = "mnist" if kind == "perceptual" else "digits"  # of which a classifier ships
    at = app("train", recipe="vae-2d", set=[f"likelihood.kind={kind}", f"data.name={images}"])
    box = showing(at.selectbox, "set:likelihood.kind")
    assert (box.value, box.options) == (kind, list(titles(Likelihood).values()))
    assert title in box.options


def test_the_form_says_what_grey_levels_cost_before_anything_trains(app: App) -> None:
    at = app("train", recipe="vae-2d", set=["likelihood.kind=categorical", "data.name=digits"])
    spec = recipes.get("vae-2d").change(**{"likelihood.kind": "categorical", "data.name": "digits"})
    cost = tasks.start(details.cost_of, spec.to_json(), lane="counting-weights").result()
    (line,) = [caption.value for caption in at.run().caption if "million weights" in caption.value]
    # 256 outputs for each of 64 pixels, from the decoder's last 256 units.
    assert cost.weights == sum(p.numel() for p in VAE(spec).parameters())
    assert cost.weights > 257 * 256 * 64
    assert f"{cost.weights / 1e6:.1f} million weights" in line
    assert "an epoch" in line
    assert not [c for c in app("train", recipe="vae-2d").caption if "million weights" in c.value]


def test_the_form_and_the_command_line_say_the_same_of_a_density_of_binary_pixels(app: App) -> None:
    changes = ["likelihood.kind=gaussian", "data.binarisation=dynamic"]
    note = recipes.get("vae-2d").change_text(changes).likelihood_note
    assert note
    at = app("train", recipe="vae-2d", set=changes)
    assert any(note in caption.value for caption in at.caption)
    assert not any(note in caption.value for caption in app("train", recipe="vae-2d").caption)


def test_of_a_fixed_sigma_the_form_says_which_beta_it_equals(app: App) -> None:
    changes = ["likelihood.kind=gaussian", "likelihood.variance=fixed", "likelihood.sigma=0.1"]
    at = app("train", recipe="vae-2d", set=[*changes, "objective.beta=100"])
    assert any("σ = 1 with β = 1:" in caption.value for caption in at.caption)
    learned = app("train", recipe="vae-2d", set=["likelihood.kind=gaussian"])
    assert not any("σ = 1" in caption.value for caption in learned.caption)


def test_a_recipe_keeps_the_images(page: AppTest) -> None:
    page.button(key="use-digits").click().run()
    showing(page.selectbox, "set:recipe").select("linear").run()
    press(page, "play")
    spec = only_run().spec
    assert (spec.data.name, spec.net.kind, spec.data.binarisation) == ("digits", "linear", "none")


STARTERS = ("play", "step", "new-seed")


def test_what_cannot_be_stays_at_its_field_and_nothing_trains_until_it_is_mended(page: AppTest) -> None:
    showing(page.selectbox, "set:net.kind").select("conv").run()
    showing(page.text_input, "set:net.channels").set_value("8,8,8,8,8").run()
    assert showing(page.text_input, "set:net.channels").value == "8,8,8,8,8"
    at_field, at_buttons = red_captions(page)
    assert "convolutions" in at_field
    assert "“Channels”" in at_buttons
    assert all(page.button(key=key).disabled for key in STARTERS)
    showing(page.number_input, "set:latent").set_value(5).run()  # another field mends nothing
    assert showing(page.text_input, "set:net.channels").value == "8,8,8,8,8"
    assert page.button(key="play").disabled
    showing(page.text_input, "set:net.channels").set_value("8, 8").run()
    assert red_captions(page) == []
    press(page, "play")
    assert only_run().spec.net.channels == (8, 8)
    assert only_run().spec.latent == 5


def test_a_press_that_comes_with_the_change_trains_nothing_else(page: AppTest) -> None:
    """Who types and clicks Play at once sends both in one message."""
    showing(page.selectbox, "set:net.kind").select("mlp").run()
    showing(page.text_input, "set:net.widths").set_value("64, many")
    press(page, "play")
    assert all_runs() == []
    assert "'many' is not allowed; it must be a whole number." in words_of(red_captions(page)[0])


def test_two_changes_that_fit_only_together_may_come_one_after_the_other(app: App) -> None:
    at = app("train", recipe="cvae", set="data.name=digits")
    showing(at.selectbox, "set:objective.kind").select("m2").run()
    showing(at.selectbox, "set:mask.kind").select("random").run()
    assert at.button(key="play").disabled
    showing(at.selectbox, "set:objective.kind").select("elbo").run()
    assert red_captions(at) == []
    press(at, "play")
    assert (only_run().spec.objective.kind, only_run().spec.mask.kind) == ("elbo", "random")


def test_what_was_wanted_of_a_part_that_went_is_forgotten(page: AppTest) -> None:
    showing(page.selectbox, "set:net.kind").select("mlp").run()
    showing(page.text_input, "set:net.widths").set_value("none of these").run()
    assert page.button(key="play").disabled
    showing(page.selectbox, "set:net.kind").select("linear").run()
    assert red_captions(page) == []
    assert not page.button(key="play").disabled


@pytest.mark.parametrize(
    "key, kind, value",
    [
        ("net.widths", "mlp", "0"),
        ("net.widths", "mlp", "a, 8"),
        ("net.widths", "mlp", "1.5"),
        ("net.widths", "mlp", ""),
        ("net.widths", "mlp", ",".join(9 * "8")),
        ("net.channels", "conv", "16, 99999"),
        ("net.channels", "partial_conv", "x"),
    ],
)
def test_a_field_is_spoken_of_by_its_label_and_not_by_its_name_in_a_spec(
    page: AppTest, key: str, kind: str, value: str
) -> None:
    showing(page.selectbox, "set:net.kind").select(kind).run()
    showing(page.text_input, f"set:{key}").set_value(value).run()
    assert len(red_captions(page)) == 2
    theirs = re.compile(r"net|widths\b|channels\b|\.\d:|Tuple|Input|validation")
    assert not any(theirs.search(words_of(text)) for text in red_captions(page))


@pytest.mark.parametrize("kind", labels.choices("objective.kind"))
def test_every_kind_of_objective_has_its_controls(app: App, kind: str) -> None:
    at = app("train", recipe="cvae", set=["data.name=digits", f"objective.kind={kind}"])
    assert not at.exception
    assert showing(at.selectbox, "set:objective.kind").value == kind


def test_the_number_of_labels_is_a_control(app: App) -> None:
    at = app("train", recipe="m2-100", set="data.name=digits")
    showing(at.select_slider, "set:condition.labels").set_value(600).run()
    press(at, "play")
    assert only_run().spec.condition.labels == 600
    at = app("train", recipe="m2-100", set="data.name=digits")
    showing(at.select_slider, "set:condition.labels").set_value("all").run()
    again = app("train", recipe="m2-100", set=at.query_params["set"])
    assert showing(again.select_slider, "set:condition.labels").value == "all"


def test_a_model_that_is_told_nothing_keeps_no_objective_about_classes(app: App) -> None:
    at = app("train", recipe="joint-vae", set="data.name=digits")
    showing(at.selectbox, "set:condition.kind").set_value("none").run()
    assert not at.exception
    assert showing(at.selectbox, "set:objective.kind").value == "elbo"
