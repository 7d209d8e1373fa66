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
SCRIPTS = HERE.parents[1] / "widgets" / "latent_map"
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

    def evaluate(script: str, expression: str, **values: Any) -> Any:
        command = [node, str(HERE / "evaluate.mjs"), (SCRIPTS / script).as_uri(), expression]
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
        from vae_core import export
        from widgets import latent_map as lm

        for slot, parcel in parcels.items():
            self.bring(slot, parcel, key)
        slots = ("decoder", "picture", "holes", "frames")
        data = {slot: export.header(parcels[slot])["id"] if slot in parcels else None for slot in slots}
        data |= {"state": lm.MapState().to_browser(), "revision": 0, "answer": None, "answers": True}
        data |= {"size": "full", "height": 480, "group": None, "label": "Latent map"}
        self.mount(key, data | options)

    def bring(self, slot: str, parcel: bytes, key: str = "map") -> None:
        self.mount(f"{key}-{slot}", base64.b64encode(parcel).decode())

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
        import numpy as np

        pixels = self.page.evaluate(
            """(key) => {
              const canvas = window.roots[key].querySelector(".decoded"), { width, height } = canvas;
              return [height, width, [...canvas.getContext("2d").getImageData(0, 0, width, height).data]];
            }""",
            key,
        )
        return np.array(pixels[2], np.uint8).reshape(pixels[0], pixels[1], 4)[:, :, 0]


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
    from widgets import latent_map as lm

    return stage(lm.script(), lm.css(), Maps)
