"""Writes docs/links.md, the table of what a link may hold, from widgets/shell/links.py.

.venv/bin/python scripts/links.py            # --check: only say whether the file is up to date
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from widgets.shell import links
from widgets.shell.link_types import Parameter

ROOT = Path(__file__).parent.parent

FILE = ROOT / "docs" / "links.md"
TITLES = {
    "home": "Home",
    "train": "Train",
    "latent_map": "Latent map",
    "compare": "Compare",
    "traverse": "Traverse",
    "interpolate": "Interpolate",
    "inpaint": "Inpaint",
    "generate": "Generate",
    "glossary": "Glossary",
}
HEAD = """# What a link holds

The address bar holds the state of the page: a copied link, F5 and the browser's Back show the same view. This
page is made from `widgets/shell/links.py` by `scripts/links.py`.

- What is at its default is left out of the link. Where the default depends on the run, it is marked “–”.
- What does not fit is replaced, leaves the link, and a line above the page says so.
- Each change is an entry in the browser's history, but for parameters marked “quiet”, which a hand moves, and
  for further strokes of a mask or a drawing.
- What is drawn or painted is one bit a pixel, deflated, in base64 for addresses.
"""


def text() -> str:
    shared = [each for each in links.TABLE if len(each.pages) > 1]
    parts = [HEAD, "## Shared by several pages\n", *rows(shared, pages=True)]
    for page, title in TITLES.items():
        own = [each for each in links.TABLE if each.pages == (page,)]
        if own:
            parts += [f"\n## {title}, `/{'' if page == 'home' else page}`\n", *rows(own)]
    parts += ["\n## What no link holds\n", "| Choice | Pages | Where it is kept |", "|---|---|---|"]
    parts += [
        f"| {each.choice} | {', '.join(TITLES[page] for page in each.pages)} | {each.kept} |"
        for each in links.NOT_IN_LINKS
    ]
    parts += [
        "\nThe page says so where the choice is made. What is open or folded, and how far a chart is zoomed, "
        "is nowhere.",
        "\n## Older links\n",
        "Links under older names open what they showed.\n",
        "| Page | Older name | Name |",
        "|---|---|---|",
    ]
    parts += [f"| {TITLES[new]} | `/{old}` | `/{new}` |" for old, new in links.OLD_PAGES.items()]
    parts += [f"| {TITLES[page]} | `{old}` | `{new}` |" for (page, old), new in links.OLD_NAMES.items()]
    parts += [
        f"| Interpolate | `{name}={old}` | `{name}={new}` |" for (name, old), new in links.OLD_VALUES.items()
    ]
    return "\n".join(parts) + "\n"


def rows(parameters: list[Parameter], pages: bool = False) -> list[str]:
    head = ["Name", *(["Pages"] if pages else []), "What", "Value", "Default"]
    found = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for each in parameters:
        where = "all" if set(each.pages) == set(TITLES) else ", ".join(TITLES[page] for page in each.pages)
        default = f"`{each.text(each.default)}`" if each.default not in (None, ()) else "–"
        value = each.describe() + ("; quiet" if each.quiet else "")
        cells = [f"`{each.name}`", *([where] if pages else []), each.sentence, value, default]
        found.append(f"| {' | '.join(cells)} |")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes docs/links.md.")
    parser.add_argument("--check", action="store_true", help="only say whether docs/links.md is up to date")
    wanted = text()
    if parser.parse_args().check:
        if FILE.exists() and FILE.read_text(encoding="utf-8") == wanted:
            return 0
        print("docs/links.md is out of date: run .venv/bin/python scripts/links.py", file=sys.stderr)
        return 1
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
