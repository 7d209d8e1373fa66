"""A class at once: many visitors of one server, each with choices of its own, beside one training.

    VAE_DATA=... .venv/bin/python benchmarks/load.py [--sessions 40] [--minutes 1.5] [--look 6] [--quick]

All open Home within a second, as a class does whose teacher says so, and then walk through the pages, each
in an order of their own, for as long as is asked. On each page they make two choices, a few seconds apart.
They are websocket clients (`visitor.py`), so that no browser shares the server's processors: what is measured
is the server. One training runs all the time; its speed alone is measured first.

Per page: seconds from the click to the title and to the end of the page, and from a choice to the end of what
it changed, at the median and the 95th percentile; kB of a visit and of a choice; the time that polls took,
and how many had no answer within 10 s.

With a look of 6 s forty visitors ask for more than two cores can answer: the seconds are those of a queue.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from app_latency import ROOT, library, serving, stop_all
from visitor import Answer, Visitor

ARRIVE = 1.0  # seconds within which all come
LOOK = 6.0  # seconds that somebody looks at what has come, half of it or one and a half times
CHOICES = 2  # on each page
PATHS = ("vae-2d-mnist", "vae-16d-mnist", "beta-4-mnist", "autoencoder-2d-mnist")
MAPS = (*PATHS, "flow-prior-2d-mnist", "vamp-2d-mnist", "mixture-prior-2d-mnist", "iaf-2d-mnist")
LATENT = {"vae-16d-mnist": 16}  # dimensions, where not 2
CLASSES = ("cvae-mnist", "m2-100-mnist")

Choice = Callable[[random.Random], dict[str, str]]


def _image(rng: random.Random) -> str:
    return str(rng.randrange(10_000))


# What a visitor brings to a page, and what else they then choose there.
PAGES: dict[str, tuple[Choice, Choice]] = {
    "home": (lambda _: {}, lambda rng: {"list": rng.choice(("cards", "table"))}),
    "train": (lambda _: {}, lambda rng: {"ground": rng.choice(("codes", "density"))}),
    "latent_map": (
        lambda rng: {"run": rng.choice(MAPS)},
        lambda rng: {"ratio": rng.choice(("2", "5", "20"))},
    ),
    "traverse": (lambda rng: {"run": rng.choice(PATHS)}, lambda rng: {"start": _image(rng)}),
    "interpolate": (
        lambda rng: {"run": rng.choice(PATHS), "a": _image(rng), "b": _image(rng)},
        lambda rng: {"a": _image(rng), "b": _image(rng)},
    ),
    "inpaint": (lambda _: {"run": "masked-16d-mnist"}, lambda rng: {"a": _image(rng)}),
    "generate": (lambda rng: {"run": rng.choice(CLASSES)}, lambda rng: {"seed": str(rng.randrange(100))}),
    "compare": (lambda _: {}, lambda rng: {"ratio": rng.choice(("2", "5", "20"))}),
}


@dataclass
class Seen:
    """Of one page: visits, choices, seconds of polls and how many were lost, and what failed."""

    visits: list[Answer] = field(default_factory=list)
    choices: list[Answer] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    lost: int = 0


async def visit(url: str, number: int, end: float, look: float, seen: dict[str, Seen]) -> None:
    """One student, from Home on until the end."""
    rng = random.Random(number)
    await asyncio.sleep(rng.random() * ARRIVE)
    began = time.monotonic()
    async with Visitor(url) as visitor:
        connected = time.monotonic() - began
        answer = await visitor.open("home")
        answer.first, answer.whole = answer.first + connected, answer.whole + connected
        seen["(arriving)"].visits.append(answer)
        await _look(visitor, rng.uniform(0.5, 1.5) * look, seen["home"])
        while time.monotonic() < end:
            page = rng.choice(list(PAGES))
            at_first, then = PAGES[page]
            seen[page].visits.append(await visitor.open(page, **at_first(rng)))
            for _ in range(CHOICES):
                await _look(visitor, rng.uniform(0.5, 1.5) * look, seen[page])
                if time.monotonic() > end:
                    return
                seen[page].choices.append(await _choose(visitor, rng, page, then))
            await _look(visitor, rng.uniform(0.5, 1.5) * look, seen[page])


async def _choose(visitor: Visitor, rng: random.Random, page: str, then: Choice) -> Answer:
    """A click on the map, where there is one and the die says so; else something of the page's own."""
    if page == "latent_map" and rng.random() < 0.7:
        latent = LATENT.get(visitor.choices.get("run", ""), 2)
        pin = [round(rng.gauss(0, 1), 2) for _ in range(latent)]
        moved = await visitor.move("latent-map", {"state": {"pin": pin, "image": None}})
        if moved is not None:
            return moved
    return await visitor.choose(**then(rng))


async def _look(visitor: Visitor, seconds: float, seen: Seen) -> None:
    await asyncio.sleep(seconds)
    polls, lost = visitor.take_polls()
    seen.polls += polls
    seen.lost += lost


def measure(
    sessions: int, seconds: float, warm: float, look: float
) -> tuple[dict[str, Seen], float, float, float]:
    """What was seen, the training's images per second alone and with everybody, and the server's processor
    seconds."""
    from vae_core import recipes
    from vae_core.runs.run import create

    runs = library()
    os.environ["VAE_RUNS"] = os.environ["VAE_GALLERY"] = str(runs)
    seen: dict[str, Seen] = defaultdict(Seen)
    try:
        with serving(ROOT / "app.py", runs) as url:
            # Strokes, which need no network.
            run = create(recipes.get("vae-2d").change(**{"data.name": "strokes", "training.epochs": 5000}))
            asyncio.run(_first(url))
            while run.status.step == 0:
                if run.status.state == "failed":
                    raise SystemExit(run.status.message)
                time.sleep(0.1)
            time.sleep(warm)

            def speed(work: Callable[[], Any]) -> float:
                before, start = run.status.step, time.monotonic()
                work()
                made = run.status.step - before
                return made * run.spec.training.batch_size / (time.monotonic() - start)

            async def everybody() -> None:
                end = time.monotonic() + seconds
                await asyncio.gather(*(visit(url, number, end, look, seen) for number in range(sessions)))

            try:
                alone = speed(lambda: time.sleep(min(10.0, seconds)))
                before = processor_seconds(url)
                together = speed(lambda: asyncio.run(everybody()))
                used = processor_seconds(url) - before
            finally:
                stop_all(runs)
    finally:
        shutil.rmtree(runs, ignore_errors=True)
    return seen, alone, together, used


def processor_seconds(url: str) -> float:
    """Of our child that serves at that address; NaN where the system does not say."""
    port = url.rpartition(":")[2]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if port.encode() in command and int(fields[1]) == os.getpid():
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return float("nan")


async def _first(url: str) -> None:
    """The teacher, who opened the app before the class came: it starts what trains."""
    async with Visitor(url) as visitor:
        await visitor.open("home")


def table(seen: dict[str, Seen]) -> str:
    names = (
        "page",
        "visits",
        "title",
        "whole page",
        "choices",
        "answer",
        "kB a visit",
        "kB a choice",
        "polls",
    )
    names += ("lost", "failed")
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for page in ("(arriving)", *PAGES):
        one = seen[page]
        both = one.visits + one.choices
        cells = (
            page,
            len(one.visits),
            spread([each.first for each in one.visits]),
            spread([each.whole for each in one.visits]),
            len(one.choices),
            spread([each.whole for each in one.choices]),
            size(one.visits),
            size(one.choices),
            spread(one.polls),
            one.lost,
            sum(each.failed for each in both),
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def spread(seconds: list[float]) -> str:
    """Median and 95th percentile."""
    if not seconds:
        return ""
    ranked = sorted(seconds)
    return f"{median(ranked):.2f}, {ranked[int(0.95 * (len(ranked) - 1) + 0.5)]:.2f} s"


def size(answers: list[Answer]) -> str:
    return f"{median(each.sent for each in answers) / 1e3:,.0f}" if answers else ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=1.5)
    parser.add_argument("--look", type=float, default=LOOK, help="Seconds between two things a visitor does.")
    parser.add_argument("--quick", action="store_true", help="Four sessions for a few seconds.")
    arguments = parser.parse_args()
    sessions, seconds, warm, look = arguments.sessions, 60 * arguments.minutes, 12.0, arguments.look
    if arguments.quick:
        sessions, seconds, warm, look = 4, 8.0, 2.0, 0.3
    seen, alone, together, used = measure(sessions, seconds, warm, look)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{sessions} sessions for {seconds:.0f} s on {os.cpu_count()} cores; load average at the end {load}\n"
    )
    print(table(seen))
    answers = sum(len(each.visits) + len(each.choices) for each in seen.values())
    print(f"\nserver: {1e3 * used / answers:.0f} ms of a processor per answer, its polls included")
    print(f"training: {alone:,.0f} images/s alone, {together:,.0f} with everybody ({together / alone:.0%})")


if __name__ == "__main__":
    main()
