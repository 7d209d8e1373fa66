"""CONTRIBUTING is true: its paths exist, its names are defined where it says, its picture shows the laws."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.test_imports import APP_ROOMS, LAYERS, ROOMS, imports, sources

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`\n]+)`")
PLACEHOLDER = re.compile(r"\b(PAGE|NAME)\b")  # any of them
CHANGES, OWN = "Where a change goes", "Parts of your own"
PICTURE, TOUR = "Which room may import which", "One image, from file to pixels"


def section(title: str) -> str:
    """The text below a heading, up to the next one of its level."""
    return re.split(r"^## ", TEXT.split(f"\n## {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(title: str) -> list[str]:
    """The rows of a section's table, without its head."""
    return [line for line in section(title).splitlines() if line.startswith("|")][2:]


def stations() -> list[str]:
    return re.findall(r"^\d+\. .+$", section(TOUR), flags=re.MULTILINE)


# --- paths and names ----------------------------------------------------------------------------


def is_path(span: str) -> bool:
    return "/" in span or bool(re.search(r"\.(py|js|md|txt|toml)$", span))


def found(path: str) -> list[Path]:
    """The files and folders of that path from the root."""
    return list(ROOT.glob(PLACEHOLDER.sub("*", path.rstrip("/"))))


def faults(line: str) -> Iterator[str]:
    """What a line names that is not there. A name belongs to the last path before it."""
    path: str | None = None
    for span in SPAN.findall(line):
        if is_path(span):
            path = span
            if not found(path):
                yield f"there is no {path}"
        elif path is None:
            yield f"{span} stands before any file"
        elif not any(span in defined(file) for file in found(path)):
            yield f"{path} defines no {span}"


def defined(path: Path) -> set[str]:
    """The functions, classes and variables of a module, and what its classes hold, as Class.name."""
    if path.suffix == ".py":
        return set(of_python(ast.parse(path.read_text(encoding="utf-8")).body))
    if path.suffix == ".js":
        return set(of_script(path.read_text(encoding="utf-8")))
    return set()


def of_python(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield prefix + node.name
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in chain.from_iterable(ast.walk(each) for each in targets if each is not None):
            if isinstance(target, ast.Name):
                yield prefix + target.id
        if isinstance(node, ast.ClassDef):
            yield from of_python(node.body, f"{prefix}{node.name}.")


def of_script(text: str) -> Iterator[str]:
    inside = ""
    for line in text.splitlines():
        if match := re.match(r"(?:export )?(?:async )?(function\*?|class|const|let) (\w+)", line):
            yield match[2]
            inside = match[2] if match[1] == "class" else ""
        elif inside and (match := re.match(r"  (?:async )?(?:[gs]et )?(\w+)\(.*\{", line)):
            yield f"{inside}.{match[1]}"


@pytest.mark.parametrize("line", [*rows(CHANGES), *rows(OWN), *stations()])
def test_each_row_and_each_station_names_what_is_there(line: str) -> None:
    assert list(faults(line)) == []


def test_the_tables_and_the_tour_are_found_whole() -> None:
    assert len(rows(CHANGES)) >= 30
    assert len(rows(OWN)) == 6
    assert [int(station.split(".")[0]) for station in stations()] == list(range(1, 11))
    assert all(len(SPAN.findall(station)) >= 2 for station in stations())


def test_every_path_of_the_other_sections_is_there_too() -> None:
    """A path may stand within a command: of its words those count that begin with a folder of the root."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != ".venv"}
    words = [word for span in SPAN.findall(TEXT) for word in span.split()]
    paths = [word for word in words if "/" in word and word.split("/")[0] in folders]
    assert len(paths) > 60
    assert [path for path in paths if not found(path)] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("`vae_core/model/var.py`", "there is no vae_core/model/var.py"),
        ("`vae_core/model/vae.py`: `VAE.dream`", "vae_core/model/vae.py defines no VAE.dream"),
        ("`vae_core/model/vae.py`: `encode`", "vae_core/model/vae.py defines no encode"),
        ("`vae_core/model/vae.py`: `Terms`", "vae_core/model/vae.py defines no Terms"),  # it only imports it
        ("`vae_core/browser/store.js`: `unpack`", "vae_core/browser/store.js defines no unpack"),
        ("`vae_core/model/`: `VAE`", "vae_core/model/ defines no VAE"),  # a file is to be named
        ("`RECIPES` in `vae_core/recipes.py`", "RECIPES stands before any file"),
    ],
)
def test_a_wrong_path_or_name_is_found(line: str, fault: str) -> None:
    assert list(faults(line)) == [fault]


# --- the picture --------------------------------------------------------------------------------

# Where the rooms of the picture lie; all others are folders of their box.
PLACES = {"app": "app", "thin": "pages", "sections": "pages.sections", "service": "widgets.service"}


def picture() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """(rooms of each box, rooms to which each room has an arrow) of the Mermaid drawing, rooms as modules."""
    drawing = re.search(r"```mermaid\n(.*?)```", section(PICTURE), re.DOTALL)
    assert drawing is not None
    boxes: dict[str, set[str]] = {}
    ends: list[tuple[str, str]] = []
    place: dict[str, str] = {}
    open_boxes: list[tuple[str, str]] = []  # id and label
    for line in filter(None, map(str.strip, drawing[1].splitlines()[1:])):
        if match := re.fullmatch(r'subgraph (\w+)\["(.+)"\]', line):
            open_boxes.append((match[1], match[2]))
            boxes[match[1]] = set()
        elif line == "end":
            open_boxes.pop()
        else:
            names = [re.sub(r'\[".*"\]', "", part) for part in line.split(" --> ")]
            assert all(re.fullmatch(r"\w+", name) for name in names), line
            for name in names:
                if name not in boxes and name not in place:
                    place[name] = PLACES.get(name, f"{open_boxes[0][1]}.{name}" if open_boxes else name)
                    for box, _ in open_boxes:
                        boxes[box].add(place[name])
            ends += [(names[0], names[1])] if len(names) == 2 else []
    assert not open_boxes
    arrows: dict[str, set[str]] = {module: set() for module in place.values()}
    for start, end in ends:
        for module in boxes.get(start) or {place[start]}:
            arrows[module] |= boxes.get(end) or {place[end]}
    return boxes, arrows


def room_of(module: str, rooms: set[str]) -> str | None:
    """The room that a module lies in, of nested ones the inner."""
    inside = [room for room in rooms if module == room or module.startswith(f"{room}.")]
    return max(inside, key=len, default=None)


def test_the_picture_has_every_room() -> None:
    boxes, arrows = picture()
    assert len(arrows) < 30
    for box, folder in {"LIBRARY": "vae_core", "WIDGETS": "widgets"}.items():
        folders = {f"{folder}.{path.parent.name}" for path in ROOT.glob(f"{folder}/*/__init__.py")}
        assert folders == boxes[box] - {"widgets.service"}
    assert boxes["PAGES"] == {"pages", "pages.sections"}


def test_the_picture_allows_what_the_laws_allow() -> None:
    boxes, arrows = picture()
    for room, forbidden in ROOMS.items():
        lawful = boxes["LIBRARY"] - {f"vae_core.{name}" for name in [room, *forbidden]}
        assert arrows[f"vae_core.{room}"] == lawful, room
    for room, forbidden in APP_ROOMS.items():
        assert not arrows[room.replace("/", ".")] & set(forbidden), room
    for room, targets in arrows.items():
        above = LAYERS[: LAYERS.index(room.split(".")[0])]
        assert not {target for target in targets if target.split(".")[0] in above}, room


def test_every_import_between_rooms_is_an_arrow() -> None:
    _, arrows = picture()
    rooms, missing = set(arrows), set()
    for source in chain.from_iterable(map(sources, LAYERS)):
        here = room_of(".".join(source.relative_to(ROOT).with_suffix("").parts), rooms)
        for name in imports(source):
            there = room_of(name, rooms)
            if here and there and here != there and there not in arrows[here]:
                missing.add(f"{here} --> {there}: {source.relative_to(ROOT)}")
    assert missing == set()
