"""Every control of every page: its choice is in the link, in the browser, or on the short list of exceptions.

A control whose value `url_widgets` binds is in the link by that. Any other control stands in the table here;
a new one fails this test until somebody has decided where its choice is kept.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from widgets.shell import links
from widgets.shell.link_types import Parameter
from widgets.shell.links import NotInLinks

ROOT = Path(__file__).parents[2]
CONTROLS = {
    "camera_input", "checkbox", "color_picker", "data_editor", "date_input", "expander", "feedback",
    "file_uploader", "multiselect", "number_input", "pagination", "pills", "popover", "radio",
    "segmented_control", "select_slider", "selectbox", "slider", "tabs", "text_area", "text_input",
    "time_input", "toggle",
}  # fmt: skip
COMPONENTS = {
    "board.board",
    "categories",
    "code_map",
    "log_slider.log_slider",
    "latent_map.latent_map",
    "interpolate",
    "traverse",
    "true_posterior",
    "paint.draw",
    "paint.mask",
}

Where = Parameter | NotInLinks | str
DRAFT = links.SET  # with the recipe: what the settings of the next run change of it
ACT = "an act, not a choice: what is typed or ticked before a button takes it"
FOLD = "what is open or folded"
LOOKING = "where one looks for a choice; the choice itself is in the link"
OWN = next(each for each in links.NOT_IN_LINKS if each.choice == "A picture of one's own")
FILES = next(each for each in links.NOT_IN_LINKS if each.choice == "One's own images to train on")
REPLAY = next(each for each in links.NOT_IN_LINKS if each.choice.startswith("The moment"))

# (file below pages/sections or widgets, control): where its choice is kept.
TABLE: dict[tuple[str, str], Where] = {
    ("sidebar.py", "Run in use"): links.RUN,
    ("home/manage.py", "Name"): ACT,
    ("home/table_of_runs.py", "Name of the selected run"): ACT,
    ("home/upload.py", "Upload a run"): FOLD,
    ("home/upload.py", "A run's zip"): ACT,
    ("train/form.py", "Recipe"): links.RECIPE,
    ("train/form.py", "name"): FOLD,
    ("train/fields.py", "labels.of(name, spec)"): DRAFT,
    ("train/images.py", "f'Images: {words.literal(title(spec.data.name, spec.data.path))}'"): FOLD,
    ("train/images.py", "Images on this machine"): FOLD,
    ("train/images.py", "Where they lie"): FILES,
    ("train/images.py", "Size in pixels"): FILES,
    ("train/images.py", "In colour"): FILES,
    ("train/own_images.py", "Pictures, a folder of them as a zip, .npy or .npz"): ACT,
    ("train/own_images.py", "Size in pixels"): ACT,
    ("train/own_images.py", "Colours"): ACT,
    ("train/own_images.py", "Name of the set"): ACT,
    ("train/own_drawings.py", "Name of the set"): ACT,
    ("train/own_drawings.py", "What it is"): ACT,
    ("train/own_drawings.py", "paint.draw"): ACT,
    ("train/stage.py", "board.board"): REPLAY,
    ("train/beta.py", "log_slider.log_slider"): DRAFT,
    ("latent_map/stage.py", "latent_map.latent_map"): links.Z,
    ("code_map/stage.py", "code_map"): links.CHANGED_CODES,
    ("category_map/stage.py", "categories"): links.CHANGED_CODES,
    ("compare/choosing.py", "f'Run of map {place + 1}'"): links.RUNS,
    ("compare/choosing.py", "Maps"): links.RUNS,
    ("compare/stage.py", "latent_map.latent_map"): links.PLACE,
    ("traverse/board.py", "traverse"): links.MOVE,
    ("traverse/categories.py", "categories"): links.CHANGED_CODES,
    ("interpolate/slider_state.py", "interpolate"): links.T,
    ("interpolate/arithmetic.py", "Name of this direction"): ACT,
    ("interpolate/direction.py", "Name"): links.SAVED,
    ("interpolate/lasso.py", "'Draw around codes' if corners is None else 'Change'"): FOLD,
    ("interpolate/lasso.py", "st.plotly_chart"): links.PLUS.corners,
    ("latent_map/gap.py", "true_posterior"): links.Q,
    ("inpaint/mask_canvas.py", "Hide"): links.HIDE,
    ("inpaint/mask_canvas.py", "paint.mask"): links.HIDE,
    ("generate/seed.py", "Seed"): links.SAMPLES_SEED,
    ("generate/sliding.py", "traverse"): links.SLIDE,
    ("components/picker/__init__.py", "Change"): FOLD,
    ("components/latent_map/controls.py", "Range, holes"): FOLD,
    ("components/take_away/__init__.py", "Take away"): FOLD,
    ("inpaint/completing.py", "Chains"): FOLD,
    ("components/picker/panel.py", "Where the image comes from"): LOOKING,
    ("components/picker/panel.py", "Class"): LOOKING,
    ("components/picker/panel.py", "Number"): links.IMAGE,
    ("components/picker/panel.py", "paint.draw"): links.IMAGE,
    ("components/picker/own_pictures.py", "Pictures of your own"): OWN,
    ("components/picker/own_pictures.py", "A photo"): OWN,
    ("components/picker/own_pictures.py", "Ink on paper"): links.IMAGE,
    ("components/picker/own_pictures.py", "Threshold, %"): links.IMAGE,
    ("components/picker/own_pictures.py", "Invert"): links.IMAGE,
    ("glossary/__init__.py", "Search"): links.FIND,
    ("shell/layout.py", "The equation"): FOLD,
}


def controls() -> Iterator[tuple[str, str, bool]]:
    """(file, control, whether `url_widgets` binds it) of each call that draws a control."""
    for folder in (ROOT / "pages", ROOT / "widgets"):
        for path in sorted(folder.rglob("*.py")):
            file = path.relative_to(ROOT).as_posix().removeprefix("pages/sections/").removeprefix("widgets/")
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(call, ast.Call) and (found := control(call)) is not None:
                    yield (
                        file,
                        found,
                        any(
                            keyword.arg is None and "url_widgets." in ast.unparse(keyword.value)
                            for keyword in call.keywords
                        ),
                    )


def control(call: ast.Call) -> str | None:
    """What a call draws, by its label; of a component its name."""
    name = ast.unparse(call.func)
    if name in COMPONENTS:
        return name
    if name == "st.plotly_chart" and any(keyword.arg == "on_select" for keyword in call.keywords):
        return name
    if name.startswith("st.") and name[3:] in CONTROLS:
        label = call.args[0]
        return label.value if isinstance(label, ast.Constant) else ast.unparse(label)
    return None


def test_every_control_is_bound_or_stands_in_the_table() -> None:
    found = list(controls())
    assert len(found) > 60
    bound = {(file, name) for file, name, is_bound in found if is_bound}
    others = {(file, name) for file, name, is_bound in found if not is_bound}
    assert others == set(TABLE)
    assert len(bound) > 25


def test_every_field_of_the_training_form_is_in_the_draft() -> None:
    """Its controls are drawn by `field` and `scale`, which change the draft; the draft stands in the link."""
    for path in (ROOT / "pages" / "sections" / "train").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call):
                given = {ast.unparse(each) for each in call.args} & {f"st.{name}" for name in CONTROLS}
                assert not given or ast.unparse(call.func) == "field", ast.unparse(call)[:80]


def test_what_the_table_names_is_in_the_link_or_on_the_list() -> None:
    for where in TABLE.values():
        assert where in links.TABLE or where in links.NOT_IN_LINKS or where in (ACT, FOLD, LOOKING)
