"""The command line, vae-core or python -m vae_core: train, evaluate, resume, stop, and what there is."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from vae_core import data, extensions, recipes
from vae_core.runs import evaluations, folders
from vae_core.runs.reading import RunError
from vae_core.runs.run import all_runs, library, load_run
from vae_core.sentences import reason, short
from vae_core.spec import Spec, SpecError

if TYPE_CHECKING:
    from vae_core.runs.run import Run

# Standard output is for what was asked; everything said on the way goes to standard error.
SAY = Console(stderr=True, highlight=False)
OUT = Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)  # a name that is cut cannot be typed
    for name in others:
        table.add_column(name)
    return table


def show_recipes(_: argparse.Namespace) -> None:
    table = _table("recipe", "what it changes and why", "what to notice")
    for recipe in recipes.RECIPES.values():
        table.add_row(recipe.name, recipe.why, recipe.notice)
    OUT.print(table)


def show_datasets(_: argparse.Namespace) -> None:
    table = _table("dataset", "images", "size", "needs", "")
    for info in data.CATALOGUE.values():
        size = " x ".join(map(str, info.image_shape)) if info.image_shape else "yours"
        count = f"{info.train:,} + {info.test:,}" if info.train else "yours"
        table.add_row(info.name, count, size, info.needs or "nothing", info.sentence)
    OUT.print(table)


def show_runs(_: argparse.Namespace) -> None:
    table = _table("run", "state", "step", "test ELBO", "")
    for run in all_runs():
        status, elbo = run.status, evaluations.elbo(run.evaluation)
        shown = "undefined" if evaluations.kl_note(run.evaluation) else "" if elbo is None else f"{elbo:.1f}"
        table.add_row(escape(run.name), status.state, f"{status.step:,}", shown, escape(status.message))
    OUT.print(table)
    if unread := folders.fault(library()):
        raise RunError(unread)


def train(arguments: argparse.Namespace) -> None:
    changes = list(arguments.set)
    for option, name in (("dataset", "data.name"), ("seed", "training.seed"), ("device", "training.device")):
        if getattr(arguments, option) is not None:
            changes.append(f"{name}={getattr(arguments, option)}")
    for end in ("epochs", "steps", "seconds"):
        if getattr(arguments, end) is not None:
            changes.append(f"training.{end}={getattr(arguments, end)}")
    spec: Spec = recipes.get(arguments.recipe).change_text(changes)
    if spec.likelihood_note is not None:
        SAY.print(f"Note: {spec.likelihood_note}")

    from vae_core.workers.worker import train as begin

    _followed(spec, lambda progress: begin(spec, arguments.out, progress))


def resume(arguments: argparse.Namespace) -> None:
    run = load_run(arguments.run)
    from vae_core.workers.worker import resume as go_on

    _followed(run.spec, lambda progress: go_on(run, progress))


def _followed(spec: Spec, work: Callable[[Callable[[dict[str, Any]], None]], Run]) -> None:
    """Train under a progress bar and say how it ended. Ctrl-C stops cleanly and keeps the run."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[numbers]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=SAY, transient=True) as bar:
        task = bar.add_task("starting", total=None, numbers="")

        def progress(status: dict[str, Any]) -> None:
            done, total = status["step"], status["steps_total"]
            if total is None and status["remaining"] is not None:
                done, total = status["seconds"], status["seconds"] + status["remaining"]
            terms = (status.get("report") or {}).get("train") or {}
            known = terms.get("elbo") is not None and spec.likelihood.distance is None
            elbo = f"ELBO {terms['elbo']:.1f}" if known else status["message"]
            speed = f"{status['images_per_second']:,.0f} images/s" if status["images_per_second"] else ""
            numbers = f"step {status['step']:,}  {elbo}  {speed}"
            bar.update(task, description=status["state"], completed=done, total=total, numbers=numbers)

        run = work(progress)
    status = run.status
    SAY.print(f"{run.path}: {status.message}")
    elbo, reconstruction = evaluations.elbo(run.evaluation), evaluations.reconstruction(run.evaluation)
    if elbo is not None and reconstruction is not None:
        SAY.print(
            f"Test ELBO {elbo:.1f} nats per image "
            f"(reconstruction {reconstruction:.1f}, KL {reconstruction - elbo:.1f})."
        )
    elif (found := evaluations.distance(run.evaluation)) is not None:
        SAY.print(f"Test {str(run.spec.likelihood.distance).lower()} {found[0]:.1f} per image. {found[1]}")
    elif reconstruction is not None and (note := evaluations.kl_note(run.evaluation)):
        SAY.print(f"Test reconstruction {reconstruction:.1f} nats per image. {note}")
    if status.state == "diverged":
        raise SystemExit(1)


def evaluate(arguments: argparse.Namespace) -> None:
    run = load_run(arguments.run)
    model, chosen = run.model, run.spec.data
    from vae_core.analysis.evaluation import evaluate as measure

    with SAY.status("Evaluating"):
        dataset = data.load(
            chosen.name, "test", path=chosen.path, height=chosen.height, width=chosen.width, grey=chosen.grey
        )
        numbers = measure(model, dataset, arguments.samples, arguments.images, arguments.seed)
    json.dump({"run": run.name, **numbers}, sys.stdout, indent=2)
    sys.stdout.write("\n")


def stop(arguments: argparse.Namespace) -> None:
    run = load_run(arguments.run)
    if not run.live:
        raise RunError(f"{run.name} is not in training.")
    run.stop()
    SAY.print(f"{run.name} was asked to stop.")


def _parser() -> argparse.ArgumentParser:
    called = os.path.basename(sys.argv[0])
    name = "vae-core" if called.startswith("vae-core") else "python -m vae_core"
    parser = argparse.ArgumentParser(prog=name, description="Train and measure VAEs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, act: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(act=act)
        return sub

    command("recipes", show_recipes, "List the recipes.")
    command("datasets", show_datasets, "List the datasets.")
    command("runs", show_runs, "List the runs of the library.")

    sub = command("train", train, "Train a recipe; Ctrl-C stops cleanly and keeps the run.")
    sub.add_argument("recipe", metavar="RECIPE")
    sub.add_argument("--dataset", metavar="D")
    end = sub.add_mutually_exclusive_group()
    end.add_argument("--epochs", metavar="N")
    end.add_argument("--steps", metavar="N")
    end.add_argument("--seconds", metavar="T")
    sub.add_argument("--seed", metavar="SEED")
    sub.add_argument("--device", metavar="DEVICE", help="auto, cpu, cuda or mps")
    sub.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="such as objective.beta=4; repeatable",
    )
    sub.add_argument("--out", metavar="RUN", help="the run's name, or a path to its folder")

    sub = command("evaluate", evaluate, "Print the numbers of a run on its test split as JSON.")
    sub.add_argument("run", metavar="RUN")
    sub.add_argument(
        "--samples", type=_count, default=1000, help="importance samples for log p(x); 0 for none"
    )
    sub.add_argument(
        "--images", type=_count, default=1000, help="how many test images log p(x) is averaged over"
    )
    sub.add_argument("--seed", type=_count, default=0)

    sub = command("resume", resume, "Go on with a run that was stopped or interrupted.")
    sub.add_argument("run", metavar="RUN")
    sub = command("stop", stop, "Stop a run that another process is training.")
    sub.add_argument("run", metavar="RUN")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 0 or more")
    return int(text)


def main(words: list[str] | None = None) -> int:
    """Run one command. Every failure the user can mend is one sentence on standard error, and status 1."""
    arguments = _parser().parse_args(words)
    try:
        extensions.load()
        arguments.act(arguments)
    except (SpecError, RunError, data.Unavailable, ValueError) as error:
        SAY.print(str(error), style="red", markup=False)
        return 1
    except BrokenPipeError:
        # The reader has what it wanted, as in `runs | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f" ({short(error.filename)})" if error.filename else ""
        SAY.print(f"A file could not be read or written: {reason(error)}{where}.", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
