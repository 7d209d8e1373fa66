"""What people call a run: composed of what sets it apart, unique, and given by hand."""

import os
import time

import pytest

from vae_core import recipes
from vae_core.runs import files, folders, titles
from vae_core.runs.archive import export_zip, import_zip
from vae_core.runs.run import Run, RunError, all_runs, bring_back, create
from vae_core.workers import launch


@pytest.mark.parametrize(
    ("recipe", "changes", "title"),
    [
        ("vae-2d", {"data.name": "strokes", "objective.beta": 10}, "Strokes, beta 10"),
        ("vae-16d", {}, "MNIST, 16 dimensions"),
        ("vae-2d", {}, "MNIST, 2 dimensions"),
        ("autoencoder-2d", {"data.name": "digits"}, "Small digits, autoencoder"),
        ("sprites-beta-tc", {}, "Sprites, β-TCVAE, 6 dimensions"),
        ("warm-up", {}, "MNIST, KL warm-up, 16 dimensions"),
        ("cvae", {}, "MNIST, 5 dimensions, conditional"),
        ("masked-16d", {}, "MNIST, 16 dimensions, masked"),
        ("denoise", {}, "MNIST, 16 dimensions, denoising"),
        ("linear", {"posterior.variance": "shared"}, "MNIST, 8 dimensions, shared variances, linear"),
        ("gumbel", {"posterior.categories": 8}, "MNIST, 20 groups of 8 categories"),
        ("conv-2d", {"latent": 1}, "MNIST, 1 dimension, convolutional"),
    ],
)
def test_a_title_says_the_images_and_what_sets_the_run_apart(recipe, changes, title) -> None:
    assert titles.compose(recipes.get(recipe).change(**changes)) == title


def test_new_runs_have_titles_of_their_own_and_runs_that_were_named_have_none(small) -> None:
    first, second = create(small()), create(small())
    assert (first.title, second.title) == ("Small digits, 2 dimensions", "Small digits, 2 dimensions (2)")
    assert create(small(), "mine").title is None


def test_a_title_is_given_by_hand_while_name_and_links_stay(finished) -> None:
    finished.give_title("  What I\nwanted ")
    assert (finished.title, finished.name, Run(finished.path).title) == (
        "What I wanted",
        finished.name,
        "What I wanted",
    )


def test_a_title_that_another_run_has_and_one_without_a_letter_are_refused(finished, small) -> None:
    other = create(small())
    for wish in (other.title.upper(), " \n"):
        with pytest.raises(RunError):
            finished.give_title(wish)
    finished.give_title("Mine")
    finished.give_title("mine")  # of its own it may change the capitals


def test_what_came_with_the_app_keeps_its_title_to_itself(finished, gallery) -> None:
    (gallery / "shipped").mkdir()
    (gallery / "shipped" / files.CARD).write_text('{"title": "VAE on MNIST"}')
    with pytest.raises(RunError, match="already a run called 'VAE on MNIST'"):
        finished.give_title("VAE on MNIST")


def test_a_copy_and_an_upload_are_called_after_their_source(finished) -> None:
    finished.give_title("Mine")
    assert finished.duplicate().title == "Mine, copy"
    assert finished.duplicate().title == "Mine, copy (2)"
    assert import_zip(export_zip(finished), "again").title == "Mine (2)"


@pytest.mark.parametrize("text", ['{"title": 3}', "{", '{"title": ""}', "[]"])
def test_a_damaged_title_leaves_a_run_without_one(finished, text) -> None:
    (finished.path / files.TITLE).write_text(text)
    assert finished.title is None
    assert finished.status.state == "finished"


# --- put aside, and brought back ------------------------------------------------------------------


def test_a_run_that_is_put_aside_is_gone_for_everybody_and_comes_back_whole(finished) -> None:
    before = {file: file.read_bytes() for file in finished.path.rglob("*") if file.is_file()}
    mark = finished.put_aside()
    assert all_runs() == []
    launch.tidy()  # within the hour it stays
    assert bring_back(finished.name, mark) == finished
    assert {file: file.read_bytes() for file in finished.path.rglob("*") if file.is_file()} == before


def test_after_an_hour_it_is_gone_for_good(finished, own_runs) -> None:
    mark = finished.put_aside()
    long_ago = time.time() - folders.UNDO - 1
    os.utime(own_runs / f"{folders.ASIDE}{mark}", (long_ago, long_ago))
    launch.tidy()
    with pytest.raises(RunError, match="gone for good"):
        bring_back(finished.name, mark)


def test_nothing_is_brought_back_over_another_run_or_from_elsewhere(finished, small) -> None:
    name, mark = finished.name, finished.put_aside()
    create(small(), name)
    with pytest.raises(RunError, match="another run"):
        bring_back(name, mark)
    with pytest.raises(RunError, match="gone for good"):
        bring_back("else", "../../etc")
    with pytest.raises(RunError, match="gone for good"):
        bring_back("../elsewhere", mark)
