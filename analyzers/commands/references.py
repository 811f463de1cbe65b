"""Read references from files, for the commands that compare with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzers.commands.options import BadInput

if TYPE_CHECKING:
    from analyzers.monitors.references.reference import Reference


def read_reference_file(path: Path) -> Reference:
    """Return a stored reference.

    Raises:
        BadInput: If the file is none.
    """
    import orjson

    from analyzers.monitors.references.reference import ReferenceFileError, read_reference

    try:
        return read_reference(orjson.loads(path.read_bytes()))
    except (orjson.JSONDecodeError, ReferenceFileError) as error:
        raise BadInput(f"{path} cannot be used: {error}") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def reference_of_file(path: Path) -> Reference:
    """Return a stored reference, or that which a table file is.

    Raises:
        BadInput: If the file is neither.
        TableError: If it is a table that cannot be read.
    """
    from analyzers.monitors.references.tables import read_table, reference_of

    if path.suffix.lower() != ".json":
        return reference_of(read_table(path), path.name)
    return read_reference_file(path)
