"""Glossary: every term of the app, its equation, where to read on, and where to see it."""

from __future__ import annotations

from pages.sections import glossary
from widgets.shell.error_boundary import error_boundary

with error_boundary():
    glossary.page()
