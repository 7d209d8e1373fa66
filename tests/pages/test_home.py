"""Home, as its visitor finds it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from tests.pages.shown import html, parcels, showing
from vae_core.runs import archive, folders
from vae_core.runs.run import Run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.title, *at.subheader, *at.markdown, *at.caption])


def named(at: AppTest, label: str) -> Button:
    return next(button for button in at.button if button.label == label)


def again(at: AppTest, key: str) -> AppTest:
    """A dialog is a fragment, and AppTest runs none by itself: its opener is pressed once more."""
    at.button(key=key).click()
    return at


def test_an_empty_library_says_what_to_do_first(app: App) -> None:
    at = app()
    assert not at.exception
    assert "Nothing is trained yet" in words(at)
    assert "Strokes" in words(at)


def test_a_gallery_run_is_a_card_with_its_numbers_and_opens_its_map(app: App, add_run: AddRun) -> None:
    run = add_run("shown", card={"title": "Ten digits", "sentence": "A <b>map</b> of digits.", "order": 1})
    elbo = json.loads((run.path / "evaluation.json").read_text())["elbo"]
    at = app()
    page = html(at)
    assert "Ten digits" in page
    assert "A &lt;b&gt;map&lt;/b&gt; of digits." in page  # a card comes from a file: nothing in it is markup
    assert f"test ELBO {elbo:.1f}".replace("-", "−") in page
    assert "Small digits" in page
    links = [link.proto for link in at.get("page_link")]
    assert any("run=shown" in link.query_string and "latent_map" in link.page for link in links)


def test_cards_come_in_their_order(app: App, add_run: AddRun) -> None:
    add_run("a", card={"title": "Second", "order": 2})
    add_run("b", card={"title": "First", "order": 1})
    page = html(app())
    assert page.index("First") < page.index("Second")


def test_the_gallery_is_shown_wherever_own_runs_lie_and_what_an_own_run_hides_is_said(
    app: App, add_run: AddRun, gallery: Path
) -> None:
    """VAE_RUNS hid it, and Home said that nothing was trained yet."""
    for name in ("first", "second"):
        add_run(name, card={"title": f"The {name}"}).path.rename(gallery / name)
    at = app()
    assert "The first" in html(at)
    assert "Nothing is trained yet" not in words(at)
    assert at.sidebar.selectbox[0].options == ["The first", "The second"]
    assert "Not shown" not in words(at)
    add_run("second")
    at = app()
    assert "The second" not in html(at)
    assert "Not shown, as runs of yours have the same names: second." in words(at)
    assert at.sidebar.selectbox[0].options == ["✓ second", "The first"]  # own runs come first


def test_a_library_that_cannot_be_read_is_a_sentence(app: App, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "loop"))
    at = app()
    assert not at.exception
    assert "cannot be read: Too many levels of symbolic links" in at.error[0].value


def test_what_does_not_fit_in_the_run_in_use_is_said_beside_it(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    (run.path / "evaluation.json").write_text('{"elbo": "much"}')
    at = app(run="mine")
    assert any("elbo is 'much'" in caption.value for caption in at.sidebar.caption)
    at.button(key="more-mine").click().run()
    assert "evaluation.json does not fit" in at.warning[0].value


def test_own_runs_are_listed_with_their_state_and_what_fits_it(app: App, add_run: AddRun) -> None:
    add_run("done")
    add_run("halted", state="stopped")
    at = app()
    assert "**done** :blue-badge[finished]" in words(at)
    assert "**halted** :gray-badge[stopped]" in words(at)
    assert [button.key for button in at.button if "resume" in (button.key or "")] == ["resume-halted"]


def test_a_damaged_run_is_a_sentence_and_the_others_stay(app: App, add_run: AddRun, own_runs: Path) -> None:
    add_run("good")
    bad = add_run("bad")
    (bad.path / "spec.json").write_text("{}}")
    at = app()
    assert not at.exception
    assert "**good**" in words(at)
    assert "unreadable" in words(at)
    assert "cannot be read" in words(at)


def test_the_folded_menu_renames_a_run_and_its_links_stay(app: App, add_run: AddRun, own_runs: Path) -> None:
    add_run("before")
    at = app(run="before")
    at.button(key="more-before").click().run()
    at.text_input[0].set_value("Strokes, after lunch")
    again(at, "more-before").run()
    named(at, "Rename").click()
    again(at, "more-before").run()
    at.run()
    assert "**Strokes, after lunch** :blue-badge[finished]" in words(at)
    assert showing(at.sidebar.selectbox, "run_picker").options == ["✓ Strokes, after lunch"]
    assert at.query_params["run"] == "before"
    assert (own_runs / "before").exists()


def test_what_is_deleted_comes_back_whole_by_undo(app: App, add_run: AddRun, own_runs: Path) -> None:
    add_run("gone")
    add_run("stays")
    at = app(run="gone")
    at.button(key="more-gone").click().run()
    named(at, "Delete").click()
    again(at, "more-gone").run()
    at.run()
    assert not (own_runs / "gone").exists()
    assert at.query_params["run"] == "stays"
    assert "Deleted **gone**" in words(at)
    at.button(key="undo-run").click().run()
    assert (own_runs / "gone" / "weights.safetensors").exists()
    assert at.query_params["run"] == "gone"
    assert "Deleted" not in words(at)
    # Its line stays: a second press on Undo would land on what the first run's row offers.
    assert "Brought back **gone**" in words(at)
    at.button(key="more-undo").click().run()
    assert "Brought back" not in words(at)


def test_on_a_disk_that_is_nearly_full_a_deleted_run_makes_room_at_once(
    app: App, add_run: AddRun, own_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run(add_run("aside").path).put_aside()
    add_run("gone")
    add_run("stays")
    monkeypatch.setattr(folders, "scarce", lambda root: True)
    at = app(run="gone")
    at.button(key="more-gone").click().run()
    named(at, "Delete").click()
    again(at, "more-gone").run()
    at.run()
    assert {path.name for path in own_runs.iterdir() if path.is_dir()} == {"stays"}
    assert "Deleted **gone**; the disk is nearly full, so it is gone" in words(at)
    assert [button for button in at.button if button.key == "undo-run"] == []


def test_a_zip_that_was_downloaded_can_be_uploaded(app: App, add_run: AddRun, own_runs: Path) -> None:
    run = add_run("travels")
    content = archive.export_zip(run)
    run.delete()
    at = app()
    at.file_uploader[0].upload("travels.zip", content, "application/zip").run()
    named(at, "Add it to the library").click().run()
    assert (own_runs / "travels" / "weights.safetensors").exists()


def test_a_zip_with_anything_else_in_it_is_refused_in_a_sentence(app: App, own_runs: Path) -> None:
    at = app()
    at.file_uploader[0].upload("evil.zip", b"PK no zip at all", "application/zip").run()
    named(at, "Add it to the library").click().run()
    assert not at.exception
    assert at.error
    assert [path.name for path in own_runs.iterdir() if not path.name.startswith(".")] == []


def test_a_newcomer_finds_a_model_at_work_one_way_in_and_three_models(app: App, add_run: AddRun) -> None:
    for order in range(5):
        add_run(f"shown-{order}", card={"title": f"Model {order}", "order": order})
    at = app()
    (_, arrays), *others = parcels(at, "decoder")
    assert others == []
    assert arrays["images"].shape == (10, 8, 8, 1)
    assert "variational autoencoder" in words(at)
    assert [link.proto.label for link in at.get("page_link")].count("Take the tour") == 1
    assert html(at).count('class="elbo-card"') == 3
    assert at.toggle[0].label == "More models: 2"
    at.toggle[0].set_value(True).run()
    assert html(at).count('class="elbo-card"') == 5
    assert at.query_params["more"] == "1"


def test_many_runs_are_listed_page_by_page(
    app: App, add_run: AddRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.sections.home.own_runs.ON_A_PAGE", 4)
    for number in range(6):
        add_run(f"own-{number}")

    def listed(at: AppTest) -> set[str]:
        return {button.key for button in at.button if (button.key or "").startswith("more-")}

    newest = listed(app())
    assert len(newest) == 4
    at = app(all_runs="1")
    assert listed(at) == newest
    second = app(all_runs="1", runs_page="2")
    assert len(listed(second)) == 2
    assert listed(second).isdisjoint(newest)
    assert "the most is 2" in app(all_runs="1", runs_page="9").warning[0].value
    assert "on one page" in app(runs_page="2").warning[0].value
    assert "a table has all runs" in app(list="table", runs_page="2").warning[0].value


def test_without_own_runs_no_page_of_them_is_shown(app: App) -> None:
    at = app(runs_page="2")
    assert "there are no runs of your own yet" in at.warning[0].value
    assert "runs_page" not in at.query_params


def test_a_damaged_model_is_not_shown_at_work_and_the_next_one_is(app: App, add_run: AddRun) -> None:
    first = add_run("first", card={"title": "First", "order": 1})
    (first.path / "weights.safetensors").write_bytes(b"no weights")
    assert parcels(app(), "decoder") == []
    add_run("second", card={"title": "Second", "order": 2})
    ((header, _),) = parcels(app(), "decoder")
    assert header["title"] == "Second"


def test_more_models_are_filtered_by_the_link_and_what_is_not_there_is_said(
    app: App, add_run: AddRun, sprites: AddRun
) -> None:
    for order in range(4):
        add_run(f"shown-{order}", card={"title": f"Model {order}", "order": order})
    sprites("drawn", card={"title": "Drawn", "order": 9})
    at = app(more="1", only_images="Sprites")
    assert html(at).count('class="elbo-card"') == 3 + 1
    assert "Drawn" in html(at)
    at = app(more="1", only_dimensions="7")
    assert html(at).count('class="elbo-card"') == 3 + 2
    assert "that is none of the choices here" in at.warning[0].value


def test_an_unknown_run_in_the_link_is_said_and_another_is_shown(app: App, add_run: AddRun) -> None:
    add_run("here")
    at = app(run="nowhere")
    assert "There is no run named “nowhere” here; it may have been renamed or deleted" in at.warning[0].value
    assert at.query_params["run"] == "here"


def test_the_links_run_is_in_use_on_every_page(app: App, add_run: AddRun) -> None:
    add_run("one")
    add_run("two")
    for page in ("", "train", "latent_map"):
        at = app(page, run="two")
        assert showing(at.selectbox, "run_picker").value == "two"


def test_own_runs_come_first_and_a_long_name_stands_whole_below_its_box(app: App, add_run: AddRun) -> None:
    long = "A model with a name that no box of the sidebar holds"
    add_run("shown", card={"title": long})
    add_run("mine")
    at = app("home", run="shown")
    options = showing(at.selectbox, "run_picker").options
    assert options[-1] == long
    assert "mine" in options[0]
    assert f"**{long}**" in [line.value for line in at.sidebar.markdown]


def test_choosing_a_run_puts_it_into_the_link(app: App, add_run: AddRun) -> None:
    add_run("one")
    add_run("two")
    at = app(run="one")
    showing(at.selectbox, "run_picker").select("two").run()
    assert at.query_params["run"] == "two"
