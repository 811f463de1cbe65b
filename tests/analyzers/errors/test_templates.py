"""Templates keep the words of the program and find its parameters."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.errors.templates import find_templates, parameters, template_id
from benchmarks.grouping import grouping_scores

LOGHUB = Path(__file__).parents[4] / "shared" / "data" / "loghub"


def texts(messages: list[str]) -> list[str]:
    """Return the template of each message."""
    return [template.text for template in find_templates(messages)]


def test_numbers_do_not_split_a_group() -> None:
    """What masking finds is a parameter even in a single message."""
    assert texts(["took 3 ms", "took 17 ms"]) == ["took <*> ms"] * 2


def test_names_that_vary_are_parameters() -> None:
    """Many different words in one place of one sentence are values."""
    users = ["root", "news", "cyrus", "test", "mail", "guest"]
    assert set(texts([f"session opened for user {user} by service" for user in users])) == {
        "session opened for user <*> by service"
    }


def test_different_sentences_stay_apart() -> None:
    """Opened and closed are two templates although only one word differs."""
    messages = [
        f"session {verb} for user {user} now"
        for verb in ("opened", "closed")
        for user in "abcdefgh"
    ]
    assert set(texts(messages)) == {
        "session opened for user <*> now",
        "session closed for user <*> now",
    }


def test_states_are_no_parameters() -> None:
    """A few capitalised words are what the program says, not values."""
    messages = [f"Task Transitioned to {state}" for state in ("NEW", "RUNNING", "KILLED", "DONE")]
    assert len(set(texts(messages))) == 4


def test_values_keep_the_words_around_them() -> None:
    """A parameter inside a word leaves the key before it."""
    names = ["alpha", "beta", "gamma", "delta", "omega"]
    assert set(texts([f"login user={name}, ok" for name in names])) == {"login user=<*>, ok"}


def test_a_few_words_behind_a_key_are_what_the_program_says() -> None:
    """As they are without one; an address beside them is a value."""
    assert len(set(texts(["login tty=ssh from 10.0.0.1", "login tty=:0 from 10.0.0.2"]))) == 2
    assert set(texts(["opened by (uid=0)", "opened by LOGIN(uid=0)"])) == {
        "opened by (uid=<*>)",
        "opened by LOGIN(uid=<*>)",
    }


def test_what_is_a_value_in_one_sentence_is_one_in_the_others() -> None:
    """Three users who log in are three of the six who log out."""
    users = ["root", "news", "cyrus", "test", "mail", "guest"]
    messages = [f"session closed for user {user}" for user in users]
    messages += [f"session opened for user {user} by (uid=0)" for user in users[:3]]
    assert set(texts(messages)) == {
        "session closed for user <*>",
        "session opened for user <*> by (uid=<*>)",
    }


def test_what_a_program_may_leave_out_does_not_split_a_group() -> None:
    """The amount again in brackets, and "less than" with the unit of a time."""
    messages = [
        "a.example:80 close, 451 bytes sent, 9 bytes received, lifetime <1 sec",
        "a.example:80 close, 1451 bytes (1.41 KB) sent, 9 bytes received, lifetime 00:07",
        "a.example:80 close, 451 bytes sent, 9099 bytes (8.88 KB) received, lifetime 02:07",
    ]
    assert set(texts(messages)) == {
        "<*>:<*> close, <*> bytes sent, <*> bytes received, lifetime <*>"
    }
    assert set(texts(["took 3 ms (17)", "took 9 ms (18)"])) == {"took <*> ms (<*>)"}


def test_lists_of_any_length_are_one_parameter() -> None:
    """One block or five: the same sentence. Two values that are always two stay two."""
    messages = [
        "delete blk_1",
        "delete blk_1 blk_2",
        "delete " + " ".join(f"blk_{n}" for n in range(9)),
    ]
    assert set(texts(messages)) == {"delete <*>"}
    assert texts(["child init 4 5", "child init 7 8"]) == ["child init <*> <*>"] * 2


def test_ids_are_stable_and_depend_on_the_template_only() -> None:
    """The same message has the same id in another batch."""
    (alone,) = find_templates(["took 3 ms"])
    among_others = find_templates(["something else", "took 9 ms"])[1]
    assert alone.id == among_others.id == template_id("took <*> ms")


def test_only_the_first_line_counts() -> None:
    """A long explanation below the message does not split the group."""
    assert texts(["bad row 1\nsee the manual"]) == ["bad row <*>"]


def test_parameters_are_extracted_with_their_types() -> None:
    """Each ``<*>`` gives back its value."""
    (template,) = find_templates(["read /srv/a.csv in 12 ms from 10.0.0.1"])
    assert parameters("read /srv/a.csv in 12 ms from 10.0.0.1", template.text) == [
        ("/srv/a.csv", "path"),
        ("12", "number"),
        ("10.0.0.1", "address"),
    ]
    assert parameters("another message", template.text) == []


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), max_size=30))
def test_any_messages_are_grouped(messages: list[str]) -> None:
    """Every message gets a template, whatever it is."""
    assert len(find_templates(messages)) == len(messages)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["a 1", "b 2", "a 3", "c d e", "c x e", "stop"]), min_size=1, max_size=12
    ),
    st.randoms(),
)
def test_order_does_not_matter(messages: list[str], draw: object) -> None:
    """The same messages in another order have the same templates."""
    shuffled = sorted(messages)
    before = dict(zip(messages, texts(messages), strict=True))
    after = dict(zip(shuffled, texts(shuffled), strict=True))
    assert before == after


@pytest.mark.skipif(
    not LOGHUB.is_dir(),
    reason="the LogHub 2k sets are not beside this project (../shared/data/loghub)",
)
@pytest.mark.parametrize(
    ("name", "accuracy"),
    [
        ("Apache", 1.0),
        ("HDFS", 0.99),
        ("Hadoop", 0.98),
        ("Linux", 0.98),
        ("OpenStack", 0.98),
        ("Proxifier", 0.98),
        ("Spark", 0.98),
        ("Zookeeper", 0.98),
    ],
)
def test_grouping_accuracy_on_labelled_logs(name: str, accuracy: float) -> None:
    """Most lines are in exactly the group that people put them into."""
    with (LOGHUB / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = find_templates([row["content"] for row in rows])
    score = grouping_scores(
        [row["template"] for row in rows], [t.id for t in found], [t.text for t in found]
    )
    assert score[0] >= accuracy
