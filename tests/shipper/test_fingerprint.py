"""Fingerprints join what is one fault and part what is not."""

from __future__ import annotations

from shipper.fingerprint import (
    ExceptionSummary,
    culprit,
    exception_fingerprint,
    frame_of,
    meaningful_places,
    message_fingerprint,
)

LIBRARY = "/usr/lib/python3.11/site-packages/sklearn/base.py"


def one(
    message: str, line: int = 10, file: str = "/srv/app/model.py", extra: bool = False
) -> list[ExceptionSummary]:
    """Return a chain of one exception."""
    frames = [frame_of(file, "predict", line), frame_of(LIBRARY, "check", 99)]
    if extra:
        frames.insert(1, frame_of(LIBRARY, "new_in_this_release", 5))
    return [ExceptionSummary("ValueError", message, "raised", tuple(frames))]


def test_lines_folders_numbers_and_library_frames_do_not_matter() -> None:
    """An edit, a deployment folder, a number and a library upgrade leave the fingerprint alone."""
    base = exception_fingerprint(one("row 1 is bad"))
    assert exception_fingerprint(one("row 2 is bad")) == base
    assert exception_fingerprint(one("row 1 is bad", line=99)) == base
    assert exception_fingerprint(one("row 1 is bad", file="/srv/release-7/model.py")) == base
    assert exception_fingerprint(one("row 1 is bad", extra=True)) == base


def test_message_place_and_type_matter() -> None:
    """Another message, function or class is another fault."""
    base = exception_fingerprint(one("row 1 is bad"))
    other = [ExceptionSummary("KeyError", "row 1 is bad", "raised", one("")[0].frames)]
    assert exception_fingerprint(one("column 1 is bad")) != base
    assert exception_fingerprint(one("row 1 is bad", file="/srv/app/other.py")) != base
    assert exception_fingerprint(other) != base


def test_recursion_depth_does_not_matter() -> None:
    """Ten calls of one function count as one place."""
    frame = frame_of("/srv/app/tree.py", "walk", 3)
    assert meaningful_places([frame] * 10) == ("tree:walk",)


def test_without_own_code_the_innermost_library_frame_stands_in() -> None:
    """A fault wholly inside a library still has a place."""
    frames = (frame_of(LIBRARY, "outer", 1), frame_of(LIBRARY, "inner", 2))
    assert meaningful_places(frames) == ("base:inner",)
    assert culprit([ExceptionSummary("E", "", "raised", frames)]) == "base:inner"


def test_the_culprit_is_own_code_of_the_deepest_cause() -> None:
    """The root cause's own frame is named, not the frame that wrapped it."""
    outer = ExceptionSummary("A", "", "raised", (frame_of("/srv/api.py", "handle", 1),))
    root = ExceptionSummary("B", "", "cause", (frame_of("/srv/db.py", "load", 1),))
    assert culprit([outer, root]) == "db:load"
    assert culprit([]) == ""


def test_a_package_is_named_by_its_folder() -> None:
    """``churn/__init__.py`` is the module churn."""
    assert frame_of("/srv/churn/__init__.py", "load", 1).place() == "churn:load"


def test_fingerprints_are_the_same_in_every_process() -> None:
    """A fingerprint is a constant of its input: this one never changes."""
    assert message_fingerprint("app", "user 12 not found") == message_fingerprint(
        "app", "user 7 not found"
    )
    assert exception_fingerprint(one("row 1 is bad")) == "1147be67e75d9909"
