"""``.env`` is filled once, with secrets that nobody else has."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from deploy import environment
from deploy.environment import filled

EXAMPLE = "# A comment=\n\nPASSWORD=\nKEY=\nVERSION=9.5.3\n"


def test_what_is_empty_gets_a_value_of_its_own() -> None:
    """The rest stays as it is."""
    text = filled(EXAMPLE)
    values = re.findall(r"^(?:PASSWORD|KEY)=([0-9a-f]{48})$", text, re.MULTILINE)
    assert len(set(values)) == 2
    assert text.startswith("# A comment=\n\n")
    assert text.endswith("VERSION=9.5.3\n")
    assert filled(EXAMPLE) != text


def test_a_file_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its passwords are those of the volumes."""
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / ".env.example").write_text(EXAMPLE)
    environment.main()
    written = tmp_path / ".env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    before = written.read_text()
    with pytest.raises(SystemExit, match="is there already"):
        environment.main()
    assert written.read_text() == before
