"""Spec: JSON both ways, and refusals that name the field, the value and what is allowed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core import recipes, spec
from vae_core.spec import Spec, SpecError, resolve

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_survives_json(name):
    spec = recipes.get(name)
    assert Spec.parse(json.loads(spec.to_json())) == spec
    assert spec.recipe == name


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_recipe_states_only_what_it_changes(recipe):
    whole = Spec().change(**recipe.changes)
    for name in recipe.changes:
        others = {other: value for other, value in recipe.changes.items() if other != name}
        with contextlib.suppress(SpecError):  # a kind without which the others have no meaning
            assert Spec().change(**others) != whole, f"{name} states the default"


@given(
    beta=st.floats(0, 1000),
    latent=st.integers(1, 512),
    seed=st.integers(0, 2**63 - 1),
    rate=st.floats(1e-6, 1),
    widths=st.lists(st.integers(1, 4096), min_size=1, max_size=8),
)
def test_what_goes_into_json_comes_out_of_it(beta, latent, seed, rate, widths):
    spec = Spec().change(
        **{
            "objective.beta": beta,
            "latent": latent,
            "training.seed": seed,
            "training.learning_rate": rate,
            "net.widths": widths,
        }
    )
    assert Spec.parse(json.loads(spec.to_json())) == spec


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("objective.beta=-1", ["objective.beta", "-1", "greater than or equal to 0"]),
        ("objective.beta=nan", ["objective.beta", "nan", "finite"]),
        ("objective.betta=1", ["objective.betta", "no such setting", "beta"]),
        ("latent=0", ["latent", "'0'", "greater than or equal to 1"]),
        ("latent=two", ["latent", "'two'", "integer"]),
        ("net.kind=transformer", ["net.kind", "transformer", "'mlp'"]),
        ("likelihood.kind=poisson", ["likelihood.kind", "poisson", "'bernoulli'"]),
        ("likelihood.sigma=1", ["likelihood.sigma", "no such setting"]),
        ("likelihood.kind=categorical data.binarisation=static", ["binarisation", "categorical"]),
        ("mask.kind=half", ["mask.kind", "half", "'none', 'random'"]),
        ("mask.share=0.5", ["mask.share", "no such setting", "kind"]),
        ("noise.kind=rain", ["noise.kind", "rain", "'salt_and_pepper'"]),
        ("noise.kind=gaussian noise.strength=0", ["noise.strength", "greater than 0"]),
        ("noise.strength=0.5", ["noise.strength", "no such setting"]),
        ("data.name=imagenet", ["imagenet", "mnist"]),
        ("data.binarisation=maybe", ["data.binarisation", "maybe", "'static'"]),
        ("training.batch_size=0", ["training.batch_size", "greater than or equal to 1"]),
        ("training.learning_rate=2", ["training.learning_rate", "less than or equal to 1"]),
        ("training.seconds=60 training.schedule=cosine", ["learning rate that falls", "epochs or steps"]),
        ("objective.kind=beta_tcvae", ["objective.kind", "beta_tcvae", "'beta_tc'"]),
        ("objective.alpha=2", ["objective.alpha", "no such setting"]),
        ("nonsense", ["nonsense", "objective.beta=4"]),
    ],
)
def test_an_impossible_value_is_refused_with_a_sentence(setting, words):
    with pytest.raises(SpecError) as refusal:
        Spec().change_text(setting.split())
    sentence = str(refusal.value)
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_field_that_is_named_like_its_kind_is_named_in_the_refusal():
    with pytest.raises(SpecError, match=r"^objective\.free_bits: '-1' is not allowed"):
        Spec().change_text(["objective.kind=free_bits", "objective.free_bits=-1"])


@pytest.mark.parametrize("kind", ["conv", "partial_conv"])
def test_convolutions_too_many_for_the_image_are_refused_with_what_would_fit(kind):
    with pytest.raises(SpecError, match=r"4 convolutions .* at least 16 by 16 .* 8 by 8"):
        Spec().change_text(["data.name=digits", f"net.kind={kind}", "net.channels=8,8,8,8"])


def test_masks_are_put_on_and_taken_off_by_name():
    spec = Spec().change_text(["mask.kind=random"])
    assert (spec.mask.kind, spec.masked) == ("random", True)
    assert spec.change_text(["mask.kind=none"]) == Spec()
    assert Spec().change_text(["net.kind=partial_conv"]).masked


@pytest.mark.parametrize("setting", ["mask.kind=random", "net.kind=partial_conv"])
def test_a_classifier_of_parts_of_images_is_refused(setting):
    with pytest.raises(SpecError, match=r"^objective\.kind: joint .* mask\.kind=none"):
        Spec().change_text(["condition.kind=class", "objective.kind=joint", setting])
    condition = {"kind": "class", "classifier": {"kind": "partial_conv"}}
    with pytest.raises(SpecError, match=r"^objective\.kind: joint"):
        Spec.parse({"objective": {"kind": "joint"}, "condition": condition})


def test_a_classifier_of_images_under_noise_is_refused():
    with pytest.raises(SpecError, match=r"^objective\.kind: joint .* noise\.kind=none"):
        Spec().change_text(["condition.kind=class", "objective.kind=joint", "noise.kind=gaussian"])


def test_two_ends_of_training_are_refused_and_a_change_replaces_the_old_one():
    with pytest.raises(SpecError, match="one of epochs, steps and seconds"):
        Spec.parse({"training": {"epochs": 3, "steps": 10}})
    training = Spec().change(**{"training.seconds": 60}).training
    assert (training.epochs, training.steps, training.seconds) == (None, None, 60)


def test_a_new_kind_starts_from_its_defaults_in_whatever_order_settings_are_named():
    spec = Spec().change_text(["likelihood.sigma=0.3", "likelihood.kind=gaussian", "objective.beta=4"])
    assert (spec.likelihood.kind, spec.likelihood.sigma, spec.objective.beta) == ("gaussian", 0.3, 4)
    assert spec.change(**{"likelihood.kind": "bernoulli"}).likelihood.kind == "bernoulli"


def test_a_new_dataset_brings_its_shape():
    assert Spec().change(**{"data.name": "digits"}).data.shape == (1, 8, 8)


def test_binary_pixels_are_left_as_they_are_unless_binarisation_is_asked_for():
    assert Spec.parse({"data": {"name": "sprites"}}).data.binarisation == "none"
    assert Spec().change(**{"data.name": "dsprites", "data.path": None}).data.binarisation == "none"
    asked = Spec().change_text(["data.binarisation=static", "data.name=sprites"])
    assert asked.data.binarisation == "static"
    assert Spec.parse(asked.model_dump(mode="json")) == asked
    # What sprites need says nothing of what grey pixels need.
    assert Spec().change(**{"data.name": "sprites"}).change(**{"data.name": "mnist"}).data == Spec().data
    gaussian = {"data.name": "mnist", "likelihood.kind": "gaussian"}
    assert Spec().change(**{"data.name": "sprites"}).change(**gaussian).data.binarisation == "none"
    kept = Spec().change(**{"data.binarisation": "none"}).change(**{"data.name": "strokes"})
    assert kept.data.binarisation == "none"


def test_a_likelihood_brings_the_binarisation_that_it_asks_for_and_keeps_one_that_is_named():
    for kind, how in (("gaussian", "none"), ("continuous_bernoulli", "none"), ("categorical", "none")):
        grey = Spec().change_text([f"likelihood.kind={kind}"])
        assert (grey.data.binarisation, grey.likelihood_note) == (how, None)
        assert grey.change(**{"likelihood.kind": "bernoulli"}).data.binarisation == "dynamic"
    assert (
        Spec().change(**{"data.name": "sprites", "likelihood.kind": "gaussian"}).data.binarisation == "none"
    )
    asked = Spec().change_text(["likelihood.kind=gaussian", "data.binarisation=dynamic"])
    assert asked.data.binarisation == "dynamic"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, None),
        ({"data.binarisation": "static"}, None),
        ({"data.binarisation": "none"}, "cross-entropy"),
        ({"data.name": "sprites"}, None),
        ({"likelihood.kind": "gaussian"}, None),
        ({"likelihood.kind": "gaussian", "data.binarisation": "dynamic"}, "grow without limit"),
        ({"likelihood.kind": "continuous_bernoulli", "data.binarisation": "static"}, "grow without limit"),
        ({"likelihood.kind": "gaussian", "data.name": "sprites"}, "grow without limit"),
        ({"likelihood.kind": "categorical", "data.name": "sprites"}, None),
    ],
)
def test_what_a_likelihood_asks_of_pixels_is_said_of_those_that_are_others(settings, said):
    note = Spec().change(**settings).likelihood_note
    assert (note is None) == (said is None)
    assert said is None or said in str(note)


@pytest.mark.parametrize(
    "part", [spec.Net, spec.Mask, spec.Likelihood, spec.Prior, spec.Condition, spec.Objective]
)
def test_every_kind_of_every_part_has_a_title_of_its_own(part):
    titles = spec.titles(part)
    assert list(titles) == [each.model_fields["kind"].default for each in get_args(get_args(part)[0])]
    assert all(titles.values())
    assert len(set(titles.values())) == len(titles)


WATCHED = """
import copy, json, sys
from vae_core import recipes
from vae_core.spec import Spec, SpecError
values = [json.loads(recipes.get(name).to_json()) for name in recipes.RECIPES]
values += [{"data": {"name": name, "path": "/"}} for name in ("folder", "array", "mnist")]
values += [{"data": {"name": "folder", "path": "/"}, "condition": {"kind": "class"}}]
touched = []
sys.addaudithook(lambda event, args: event in ("open", "os.listdir", "os.scandir") and touched.append(args))
for value in values:
    before = copy.deepcopy(value)
    try:
        spec = Spec.parse(value)
        old = spec.model_dump()
        spec.change(**{"data.path": "/usr", "latent": 3})
        assert spec.model_dump() == old
    except SpecError:
        pass
    assert value == before
assert not touched, touched
"""


def test_parsing_touches_no_file_and_changes_nothing_that_it_is_given():
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_own_images_say_their_shape_and_classes_when_the_spec_is_resolved(tmp_path):
    file = tmp_path / "own.npz"
    np.savez(file, images=np.zeros((40, 8, 12), np.uint8), y=np.arange(40) % 4)
    own = Spec().change(**{"data.name": "array", "data.path": str(file), "condition.kind": "class"})
    assert (own.resolved, own.data.image_shape, own.data.classes) == (False, None, None)
    with pytest.raises(SpecError, match="size of the images is not known"):
        _ = own.data.shape
    whole = resolve(own)
    assert (whole.resolved, whole.data.shape, whole.data.classes) == (True, (1, 8, 12), ("0", "1", "2", "3"))
    file.unlink()
    assert resolve(whole) is whole  # says everything itself
    assert not whole.change(**{"data.height": 4}).resolved
    with pytest.raises(SpecError, match=r"^there is no file .*own\.npz\.$"):
        resolve(whole.change(**{"data.height": 4}))


def test_own_images_too_small_for_the_network_are_refused_when_they_are_known(tmp_path):
    np.save(tmp_path / "own.npy", np.zeros((40, 8, 8), np.uint8))
    named = {"data.name": "array", "data.path": str(tmp_path / "own.npy"), "net.kind": "conv"}
    own = Spec().change(**named, **{"net.channels": [8] * 4})
    with pytest.raises(SpecError, match="4 convolutions"):
        resolve(own)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"image_shape": [1, 300, 28]}, "at most 256"),
        ({"name": "imagenet", "image_shape": [1, 28, 28]}, "'imagenet' is not known"),
        ({"name": ["mnist"]}, "data.name"),
    ],
)
def test_what_the_catalogue_knows_better_is_refused(data, words):
    with pytest.raises(SpecError, match=words):
        Spec.parse({"data": data})


@given(
    st.text(min_size=81, max_size=3000), st.sampled_from(["data.name", "net.kind", "latent", "x", "recipe"])
)
def test_sentences_quote_little_of_what_they_were_given(text, where):
    refusals = []
    for refused in (
        lambda: Spec().change(**{where: text}),
        lambda: Spec.parse({text: 1}),
        lambda: Spec.parse({"net": {"kind": text}}),
        lambda: Spec().change_text([text]),
        lambda: recipes.get(text),
        lambda: resolve(Spec().change(**{"data.name": "folder", "data.path": "/" + text.replace("\0", "-")})),
    ):
        with contextlib.suppress(SpecError, AttributeError):
            try:
                refused()
            except SpecError as error:
                refusals.append(str(error))
    assert refusals
    assert all(text not in sentence and len(sentence) < 1000 for sentence in refusals)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(Spec.model_fields)), inner)
        ),
        max_leaves=6,
    ).filter(lambda value: isinstance(value, dict))
)
def test_no_json_whatever_raises_anything_but_a_spec_error(value):
    with contextlib.suppress(SpecError):
        Spec.parse(value)
