"""Scripts of the app run by Node, and its components on a bare page of Chromium."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import playwright
import pytest

HERE = Path(__file__).parent
SCRIPTS = HERE.parents[1] / "widgets" / "components"
LIGHT = {"primary": "#0f6a73", "background": "#fcfbf8", "text": "#20242b", "border": "#d9d5cb"}

# A stand-in for Streamlit: mounts components by key, and remembers what they say.
STREAMLIT = """
window.roots = {}; window.said = {}; window.ends = {};
window.mount = async (script, css, key, data) => {
  window.address ??= URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const component = (await import(window.address)).default;
  if (!window.roots[key]) {
    const host = document.body.appendChild(document.createElement("div"));
    host.id = key;
    window.roots[key] = host.attachShadow({ mode: "open" });
    window.roots[key].appendChild(document.createElement("style")).textContent = css;
  }
  if (typeof data === "string") data = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const setStateValue = (name, value) => { (window.said[key] ??= []).push(value); };
  const setTriggerValue = (name, value) => setStateValue(name, { [name]: value });
  window.ends[key] = component({ data, parentElement: window.roots[key], setStateValue, setTriggerValue });
};
"""


@pytest.fixture(scope="session")
def node() -> str:
    """Path of Node: Playwright brings one along, so that nobody has to install it."""
    own = Path(playwright.__file__).parent / "driver" / ("node.exe" if os.name == "nt" else "node")
    return str(own) if own.exists() else shutil.which("node") or pytest.fail("no Node: install nodejs")


@pytest.fixture
def javascript(node: str) -> Callable[..., Any]:
    """javascript("density.js", "normalQuantile(u)", u=0.5): an expression in a script's names and others."""

    def evaluate(script: str, expression: str, folder: str = "latent_map", **values: Any) -> Any:
        command = [node, str(HERE / "evaluate.mjs"), (SCRIPTS / folder / script).as_uri(), expression]
        done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluate


class Stage:
    """A component on a bare page, each copy of it by its key."""

    def __init__(self, page: Any, script: str, css: str) -> None:
        self.page, self.script, self.css = page, script, css
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.set_content("<body></body>")
        page.add_script_tag(content=STREAMLIT)
        self.theme(LIGHT)

    def theme(self, colours: dict[str, str]) -> None:
        """Streamlit's theme, as it comes to components."""
        css = "".join(f"--st-{name}-color: {colour};" for name, colour in colours.items())
        css += "background: var(--st-background-color);"
        self.page.evaluate("(css) => { document.body.style.cssText = css; }", css)

    def mount(self, key: str, data: Any) -> None:
        self.page.evaluate("(all) => window.mount(...all)", [self.script, self.css, key, data])
        self.settle()

    def bring(self, slot: str, parcel: bytes, key: str = "map") -> None:
        self.mount(f"{key}-{slot}", base64.b64encode(parcel).decode())

    def settle(self) -> None:
        """Until the browser has drawn what was asked for."""
        self.page.evaluate(
            "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )

    def unmount(self, key: str) -> None:
        """As when another page is shown."""
        self.page.evaluate(
            "(key) => { window.ends[key](); window.roots[key].host.remove(); delete window.roots[key]; }", key
        )

    def text(self, selector: str, key: str = "map") -> str:
        return self.page.locator(f"#{key} {selector}").inner_text()

    def pixels(self, selector: str, key: str) -> Any:
        """Of a canvas, the first that the selector finds, uint8 [H, W, 4]."""
        import numpy as np

        height, width, values = self.page.evaluate(
            """([key, selector]) => {
              const canvas = window.roots[key].querySelector(selector), { width, height } = canvas;
              return [height, width, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]];
            }""",
            [key, selector],
        )
        return np.array(values, np.uint8).reshape(height, width, 4)

    def said(self, key: str = "map") -> Any:
        """What the component last told Python; waits until it has."""
        self.page.wait_for_function("(key) => window.said[key]?.length", arg=key)
        return self.page.evaluate("(key) => window.said[key].at(-1)", key)

    def all_said(self, key: str) -> list[Any]:
        """All that it has told so far."""
        return self.page.evaluate("(key) => window.said[key] ?? []", key)

    def forget(self, key: str = "map") -> None:
        self.page.evaluate("(key) => { window.said[key] = []; }", key)


class Maps(Stage):
    """Latent maps."""

    def show(self, parcels: dict[str, bytes], key: str = "map", **options: Any) -> None:
        """As `latent_map` would: the parcels each by themselves, then the map that names them."""
        from vae_core.browser import wire
        from widgets.components import latent_map as lm

        for slot, parcel in parcels.items():
            self.bring(slot, parcel, key)
        slots = ("decoder", "picture", "holes", "frames")
        data = {slot: wire.header(parcels[slot])["id"] if slot in parcels else None for slot in slots}
        data |= {"state": lm.MapState().to_browser(), "revision": 0, "answer": None, "answers": True}
        data |= {"size": "full", "height": 480, "group": None, "label": "Latent map"}
        self.mount(key, data | options)

    def point(self, x: float, y: float, key: str = "map", half: float = 4.0) -> tuple[float, float]:
        """Where (x, y) of the latent plane is on the page, the view being centred at 0."""
        box = self.page.locator(f"#{key} .over").bounding_box()
        left, top, right, bottom = 42, 8, 8, 38  # the margins of the axes
        width, height = box["width"] - left - right, box["height"] - top - bottom
        scale = height / 2 / half
        return box["x"] + left + width / 2 + x * scale, box["y"] + top + height / 2 - y * scale

    def hover(self, x: float, y: float, **where: Any) -> None:
        self.page.mouse.move(*self.point(x, y, **where))
        self.settle()

    def click(self, x: float, y: float, **where: Any) -> None:
        self.page.mouse.click(*self.point(x, y, **where))
        self.settle()

    def image(self, key: str = "map") -> Any:
        """The large decoded image, uint8 [H, W]."""
        return self.pixels(".decoded", key)[:, :, 0]


class Boards(Stage):
    """Boards of sliders."""

    def show(self, models: list[Any], key: str = "board", **options: Any) -> None:
        """As `traverse` would: the parcels each by themselves, then the board that names them."""
        from vae_core.browser import wire
        from widgets.components import traverse

        parcels = [(model.decoder, model.parcel()) for model in models]
        for k, (decoder, parcel) in enumerate(parcels):
            self.bring(f"decoder-{k}", decoder, key)
            self.bring(f"model-{k}", parcel, key)
        data = {"models": [[wire.header(part)["id"] for part in parts] for parts in parcels]}
        data |= {"names": [list(model.names) or [""] * model.latent for model in models]}
        data |= {
            "state": traverse.TraverseState().to_browser(),
            "revision": 0,
            "height": 600,
            "label": "Board",
        }
        self.mount(key, data | options)
        self.decoded()

    def decoded(self) -> None:
        """Until every strip in sight is that of the code on screen."""
        self.settle()
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('body > div')].every((host) => "
            "[...host.shadowRoot.querySelectorAll('.board')].every((b) => b.dataset.decoded === 'true'))"
        )

    def slider(self, dimension: int, board: int = 0) -> Any:
        """Dimensions count from 0, as everywhere in Python."""
        return self.row(dimension, board).locator("input[type=range]")

    def row(self, dimension: int, board: int = 0) -> Any:
        return self.page.locator(f".board >> nth={board}").locator(f".row[data-dimension='{dimension}']")

    def press(self, dimension: int, *keys: str, board: int = 0) -> None:
        self.slider(dimension, board).focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def image(self, board: int = 0) -> Any:
        """The large decoded image, uint8 [H, W, 4]."""
        return self.pixels(f".board:nth-of-type({board + 1}) .decoded", "board")

    def tile(self, dimension: int, k: int, board: int = 0) -> Any:
        place = f".board:nth-of-type({board + 1}) .row[data-dimension='{dimension}']"
        return self.pixels(f"{place} .strip canvas:nth-of-type({k + 1})", "board")

    def said(self, key: str = "board") -> Any:
        return super().said(key)

    def forget(self, key: str = "board") -> None:
        super().forget(key)


@pytest.fixture
def stage(browser: Any) -> Iterator[Callable[[str, str], Stage]]:
    """stage(script, css): a bare page for a component. Errors on it fail the test."""
    stages = []

    def make(script: str, css: str, kind: type[Stage] = Stage) -> Stage:
        page = browser.new_page(viewport={"width": 900, "height": 900}, has_touch=True)
        stages.append(kind(page, script, css))
        return stages[-1]

    yield make
    for made in stages:
        made.page.close()
        assert made.errors == []


@pytest.fixture
def maps(stage: Callable[..., Maps]) -> Maps:
    from widgets.components import latent_map as lm

    return stage(lm.script(), lm.css(), Maps)


@pytest.fixture
def boards(stage: Callable[..., Boards]) -> Boards:
    from widgets.components import traverse

    return stage(traverse.script(), traverse.css(), Boards)
