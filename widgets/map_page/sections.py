from __future__ import annotations


def show(run, view): ...
