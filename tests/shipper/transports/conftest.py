"""What tests of transports share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.receivers.certificates import Certificates, make_certificates


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """An authority and what it signs."""
    return make_certificates(tmp_path)
