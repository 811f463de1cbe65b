"""Write ``.env`` with secrets of your own: ``python3 deploy/environment.py``.

Takes ``.env.example``, fills what is empty, and leaves a ``.env`` that is there alone. Needs
nothing but Python.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def filled(example: str) -> str:
    """Return the lines of an example with a random value where there is none."""
    lines = [
        f"{line}{secrets.token_hex(24)}" if line.endswith("=") and line[0] != "#" else line
        for line in example.splitlines()
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file, for its owner's eyes only."""
    target = ROOT / ".env"
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.exit(".env is there already: remove it first, and the volumes that know its passwords")
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(filled((ROOT / ".env.example").read_text(encoding="utf-8")))
    print("wrote .env: ELASTIC_PASSWORD in it is the password of the user elastic")


if __name__ == "__main__":
    main()
