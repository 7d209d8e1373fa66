"""The table of what a link may hold: one meaning a name, nothing beside it, and docs that say the same."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.sections.generate import TASKS as QUESTIONS_OF_CLASSES
from pages.sections.inpaint import TASKS as QUESTIONS
from pages.sections.inpaint import completing, denoising
from pages.sections.interpolate import TABS, direction, grid, path_codes
from pages.sections.traverse.controls import RANGES, STARTS
from pages.sections.traverse.sections import SECTIONS
from vae_core.analysis import inpaint
from widgets.components.latent_map.map_view import EXTENTS, KINDS, RATIOS
from widgets.shell import links
from widgets.shell.link_types import Elsewhere, Misfit, Parameter

ROOT = Path(__file__).parents[3]
SOURCES = [
    path
    for folder in ("pages", "widgets")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "links.py" or path.parent.name != "shell"
]
# A name that several pages share means the same on all of them; anything else needs a name of its own.
SHARED = {"run", "a", "class", "pixels", "unit", "tour", "step", "guess", "codes", "seed"}
SHARED |= {"range", "ratio", "layers", "view", "spacing", "frame"}  # of one map, and of several side by side
BY_NAME = {each.name: each for each in links.TABLE}


def test_no_two_pages_share_a_name_by_accident() -> None:
    names = [each.name for each in links.TABLE]
    assert sorted(names) == sorted(set(names))
    assert {each.name for each in links.TABLE if len(each.pages) > 1} == SHARED


def test_every_field_of_the_table_is_in_it_and_is_used_by_a_page() -> None:
    constants = {name for name, value in vars(links).items() if isinstance(value, Parameter)}
    assert len(links.TABLE) == len(constants) + 3 * len(links.PLUS.fields) + len(links.STOP)
    used = {name for path in SOURCES for name in re.findall(r"\blinks\.([A-Z_]+)\b", path.read_text("utf-8"))}
    assert constants <= used
    assert {"PLUS", "MINUS", "TO", "STOP"} <= used


def test_nothing_but_the_state_writes_into_the_address_or_links_between_pages() -> None:
    def users(pattern: str) -> set[str]:
        return {path.name for path in SOURCES if re.search(pattern, path.read_text("utf-8"))}

    assert users(r"st\.query_params") == {"url_state.py"}
    assert users(r"st\.(page_link|switch_page)\b") == {"url_state.py"}
    assert users(r"bind=\"query-params\"\)") == set()


def test_what_a_parameter_resets_stands_on_a_page_of_its_own() -> None:
    for each in links.TABLE:
        for name in each.resets:
            assert set(BY_NAME[name].pages) & set(each.pages)


@pytest.mark.parametrize(
    ("parameter", "shown"),
    [
        (links.PLANE, KINDS),
        (links.RANGE, EXTENTS),
        (links.RATIO, RATIOS),
        (links.START_FROM, STARTS),
        (links.REACH, RANGES),
        (links.PART, SECTIONS),
        (links.TAB, TABS),
        (links.WAY, path_codes.KINDS),
        (links.GRID_WAY, grid.FLAT),
        (links.DIRECTION, direction.WAYS),
        (links.DO, QUESTIONS),
        (links.COUNT, completing.COUNTS),
        (links.NOISE, denoising.KINDS),
        (links.HIDE, inpaint.PRESETS),
        (links.GENERATE_DO, QUESTIONS_OF_CLASSES),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_table_names_the_options_that_the_page_shows(parameter: links.Choice, shown: object) -> None:
    assert sorted(parameter.options or ()) == sorted(map(str, shown))  # type: ignore[call-overload]
    assert parameter.default is None or str(parameter.default) in parameter.options


# --- values ---------------------------------------------------------------------------------------


@given(st.sampled_from(links.TABLE), st.text(max_size=40) | st.from_regex(r"-?[0-9]{1,20}(\.[0-9]*)?"))
def test_what_anybody_may_type_is_a_value_or_a_misfit_with_a_value_that_fits(
    parameter: Parameter, text: str
) -> None:
    instead = None
    try:
        parameter.parse(text)
    except Misfit as fault:
        instead = fault.instead
    if instead is not None:
        parameter.parse(instead)


@given(st.data())
def test_a_value_that_is_written_is_read_again(data: st.DataObject) -> None:
    values = {
        links.SEED: st.integers(0, 9999),
        links.CLASSES: st.sets(st.integers(0, 99)).map(lambda them: tuple(sorted(them))),
        links.ALL_RUNS: st.booleans(),
        links.WAY: st.sampled_from(links.WAY.options or ()),
        links.T: st.integers(-50, 150).map(lambda percent: percent / 100),
    }
    for parameter, strategy in values.items():
        value = data.draw(strategy)
        if value != ():
            assert parameter.parse(parameter.text(value)) == pytest.approx(value)


def test_every_default_fits() -> None:
    for each in links.TABLE:
        if each.default not in (None, ()):
            assert str(each.parse(each.text(each.default))) == str(each.default)


def test_numbers_are_clamped_and_texts_are_not_read_without_end() -> None:
    for text, instead in (("99999", "9999"), ("-1", "0")):
        with pytest.raises(Misfit) as fault:
            links.SEED.parse(text)
        assert fault.value.instead == instead
    with pytest.raises(Misfit, match="at most"):
        links.NAMES.parse("x" * 20_001)


# --- older links ------------------------------------------------------------------------------------


def test_an_older_name_leads_to_a_parameter_of_the_same_page_and_means_nothing_else_there() -> None:
    for (page, old), new in links.OLD_NAMES.items():
        assert page in BY_NAME[new].pages
        assert all(page not in each.pages for each in links.TABLE if each.name == old)
    for (name, _), new in links.OLD_VALUES.items():
        BY_NAME[name].parse(new)
    for old, new in links.OLD_PAGES.items():
        assert (ROOT / "pages" / f"{new}.py").exists()
        assert not (ROOT / "pages" / f"{old}.py").exists()


@pytest.mark.parametrize("text", ["drawn", "own"])
def test_an_older_link_to_a_picture_without_its_pixels_points_elsewhere(text: str) -> None:
    with pytest.raises(Elsewhere):
        links.IMAGE.parse(text)


# --- the docs and the pages say the same ------------------------------------------------------------


def test_the_docs_are_made_from_this_table() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/links.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("each", links.NOT_IN_LINKS, ids=lambda each: each.choice)
def test_of_what_no_link_holds_the_page_says_so(each: links.NotInLinks) -> None:
    """In a string that a page draws: of Python joined over lines, or of a script."""
    said = []
    for folder in ("pages", "widgets/components"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix == ".py":
                nodes = ast.walk(ast.parse(path.read_text("utf-8")))
                said += [
                    node.value
                    for node in nodes
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                ]
            elif path.suffix in (".js", ".html"):
                said.append(path.read_text("utf-8"))
    assert any(each.sentence in text for text in said)
