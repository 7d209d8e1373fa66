import pytest

from tests.vae_core.runs.zips import unpacked
from vae_core.runs.archive import export_zip


@pytest.fixture
def members(finished) -> dict[str, bytes]:
    """The members of an exported run, to be tampered with; the library is empty again."""
    content = unpacked(export_zip(finished))
    finished.delete()
    return content
