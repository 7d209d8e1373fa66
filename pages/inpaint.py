"""Inpaint: what hidden pixels may be, what noise hides, and what surprises a model."""

from __future__ import annotations

from pages.sections import inpaint
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

run = library.current()

task = "inpaint"
with error_boundary():
    task = inpaint.page(run)
layout.equation(*inpaint.EQUATIONS[task])
