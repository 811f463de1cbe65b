"""What stands in a list, a mapping or a tuple is a value, and so is how much of it there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.errors.literals import mask_literals
from analyzers.errors.merging import merge_lists
from analyzers.errors.templates import find_templates


def texts(*messages: str) -> list[str]:
    """Return the distinct templates of some messages."""
    return sorted({template.text for template in find_templates(messages)})


@pytest.mark.parametrize(
    ("messages", "template"),
    [
        (
            ("columns are missing: {'a'}", "columns are missing: {'b', 'c', 'd'}"),
            "columns are missing: {<*>}",
        ),
        (
            (
                'request {"user": 17, "plan": "gold"} was refused',
                'request {"user": 18, "items": [1, {"a": null}]} was refused',
                "request {} was refused",
            ),
            "request {<*>} was refused",
        ),
        (
            ("shape (3,4) into (4,)", "shape (3,) into (4, 5, 6)", "shape () into (2,)"),
            "shape (<*>) into (<*>)",
        ),
        (
            ("features age are missing", "features age, income, plan are missing"),
            "features <*> are missing",
        ),
        (
            ("no such columns: age", "no such columns: age, income and plan"),
            "no such columns: <*>",
        ),
    ],
)
def test_one_fault_is_one_template(messages: tuple[str, ...], template: str) -> None:
    """Whatever the literal holds."""
    assert texts(*messages) == [template]


@pytest.mark.parametrize(
    "messages",
    [
        ("Stopping service, please wait", "Stopping service now"),
        ("loaded alpha, beta", "saved alpha, beta"),
        ("cache is full", "queue is full"),
        ("call to load() failed", "call to load(strict) failed"),
        ("state [idle] of worker", "state [busy] of worker"),
    ],
)
def test_two_faults_stay_two(messages: tuple[str, ...]) -> None:
    """A comma alone makes no list, and brackets alone no literal."""
    assert len(texts(*messages)) == len(messages)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc ", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner),
    max_leaves=6,
)


@given(
    st.lists(VALUES, min_size=1, max_size=4) | st.dictionaries(st.text("ab"), VALUES, min_size=1)
)
def test_every_literal_of_python_is_one_value(value: object) -> None:
    """Lists and mappings, however deep."""
    text = f"got {value!r} instead"
    assert mask_literals(text) in ("got [<*>] instead", "got {<*>} instead")


@given(st.lists(st.text("ab ,<*>[](){}'\"1", max_size=30), max_size=8))
def test_hostile_texts_keep_a_template_each(messages: list[str]) -> None:
    """Merging answers for every text it was given, and twice is as good as once."""
    merged = merge_lists({text: text for text in messages})
    assert set(merged) == set(messages)
    for text in messages:
        once = mask_literals(text)
        assert mask_literals(once).count("<*>") <= max(1, len(text))
