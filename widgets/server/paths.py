"""Whether visitors may name files of the machine that the server runs on."""

from __future__ import annotations

import ipaddress
import os

import streamlit as st


def offered() -> bool:
    """VAE_PATHS=1 says that they may, and VAE_PATHS=0 that they may not.

    Unset, they may where the server listens on this machine only and answers to no other name: then whoever
    visits it sits at the machine.
    """
    named = os.environ.get("VAE_PATHS", "").strip()
    if named:
        return named == "1"
    names = [st.get_option("server.address"), *(st.get_option("server.allowedHosts") or [""])]
    return all(_is_here(str(name or "")) for name in names)


def _is_here(name: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
