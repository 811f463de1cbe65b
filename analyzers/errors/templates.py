"""Find the templates of log messages: what a program wrote, and where the parameters are.

Works on distinct messages after masking. Messages of the same length in words are split column by
column, the most telling column first, until what still varies looks like a parameter: that keeps
the words of the program's own sentences apart and joins what differs only in values. The idea of
splitting by columns is IPLoM's (Makanju, Zincir-Heywood, Milios: Clustering Event Logs Using
Iterative Partitioning, KDD 2009); the decision what a parameter is uses the token statistics of
the whole batch, as Brain does (Yu et al., IEEE Transactions on Services Computing, 2023).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.errors.literals import mask_literals
from analyzers.errors.merging import merge_lists
from shipper.fingerprint import digest
from shipper.masking import PARAMETER, mask_unquoted, parameter_type

MINIMUM_CONSTANT_SHARE = 0.5
"""Share of columns that must agree before the rest may be parameters."""

MINIMUM_WORDS_OF_PARAMETER = 4
"""Distinct words from which a column of plain words may be a parameter."""

MINIMUM_NAMES_OF_PARAMETER = 10
"""The same for capitalised words (states, methods, types) and for the first word of a message."""

MINIMUM_SPREAD = 0.5
"""Distinct words for each distinct message from which such a column is one."""

_WORD = re.compile(r"[(\[\"'<]*[A-Za-z](?:[A-Za-z_'/-]*|[A-Z_]*\d?)[.,:;!?)\]\"'>]*|[^A-Za-z0-9*]+")
# user=root and LOGIN(uid=<*>) are made of words, too
_KEYED = re.compile(r"(?=[^<]*[=(])(?=[^<]*[A-Za-z])(?:[A-Za-z_'/.:=()\[\],;-]|<\*>)+")
# A message often begins with the name of what it speaks of: tickTime, rpc.statd, mapRequest:<...
_FIRST_WORD = re.compile(r"[(\[\"'<]*[A-Za-z][\w.$-]*(?:[:=(<,\[].*)?[.,:;!?)\]\"'>]*")
_NAME_OF_STATE = re.compile(r"[(\[\"'<]*[A-Z]")
_EDGES = re.compile(r"[=:,;()\[\]{}<>\"'/|@#&]")
# What a program may leave out: the same amount again in brackets, "less than", the unit of a time
_OPTIONAL = re.compile(
    r" \(<\*>\)|(?<=\s)[<>](?=<\*>)|"
    r"(?<=<\*>) (?:[mun\u00b5]?s|m?secs?|seconds?|milliseconds?|mins?|minutes?|hours?)(?![\w.])"
)
_REPEATED = re.compile(r"<\*>(?:[-_./+#]{0,2}<\*>)+")
_LIST = re.compile(r"<\*>(?:[,;]? <\*>)+")


@dataclass(frozen=True, slots=True)
class Template:
    """A template and its stable id.

    Attributes:
        id: Hash of the template's text.
        text: The template, parameters written ``<*>``.
        types: Type of each parameter, as an example has it; empty where it could not be told.
    """

    id: str
    text: str
    types: tuple[str, ...] = ()


def template_id(text: str) -> str:
    """Return the id of a template: the same in every run and on every machine."""
    return digest(("template", text))


def find_templates(messages: Iterable[str]) -> list[Template]:
    """Return the template of each message, in order.

    Args:
        messages: Log messages; only their first line counts.
    """
    masked: list[str] = []
    examples: dict[str, str] = {}
    for message in messages:
        line = first_line(message)
        text = mask_line(line)
        masked.append(text)
        if text not in examples:
            examples[text] = line
    templates = mine(examples)
    ids = {text: template_id(text) for text in set(templates.values())}
    known = {
        text: Template(ids[template], template, parameter_types(examples[text], template))
        for text, template in templates.items()
    }
    return [known[text] for text in masked]


def first_line(message: str) -> str:
    """Return the first line of a message: the others explain it."""
    return message.partition("\n")[0] if "\n" in message else message


def mask_line(line: str) -> str:
    """Return a line masked, as ``mine`` takes it."""
    masked = mask_literals(mask_unquoted(line))
    return _REPEATED.sub(PARAMETER, masked) if "*>" in masked else masked


def mine(masked: Iterable[str]) -> dict[str, str]:
    """Return the template of each distinct masked message.

    Args:
        masked: Messages as ``mask_line`` gives them.
    """
    by_shape: dict[str, list[str]] = {}
    for text in sorted(set(masked)):
        by_shape.setdefault(_OPTIONAL.sub("", text), []).append(text)
    by_length: dict[int, list[Row]] = {}
    for shape in by_shape:
        words = shape.split()
        by_length.setdefault(len(words), []).append([*words, shape])
    splits: dict[int, list[Values]] = {length: [] for length in by_length}
    found = {
        length: _partition(rows, length, set(), splits[length])
        for length, rows in by_length.items()
    }
    # what is a value in one sentence is one in the others, too
    values = _values(found)
    for length, rows in by_length.items():
        if any(pairs <= values for pairs in splits[length]):
            found[length] = _partition(rows, length, values, [])
    clusters = [(length, cluster) for length, some in found.items() for cluster in some]
    result: dict[str, str] = {}
    for length, cluster in clusters:
        texts = [text for row in cluster for text in by_shape[row[length]]]
        template = _template_of(texts, cluster, length)
        result |= dict.fromkeys(texts, template)
    return merge_lists(_join_lists(result))


def _template_of(texts: Sequence[str], cluster: Sequence[Row], length: int) -> str:
    """Return a cluster's template: with the optional parts where every message has them."""
    layouts = {tuple(_parts_left_out(text)) for text in texts}
    if layouts == {()}:
        return _template(cluster, length)
    if len(layouts) == 1:
        rows = [text.split() for text in texts]
        if len({len(row) for row in rows}) == 1:
            return _template(rows, len(rows[0]))
    return _template(cluster, length)


def _parts_left_out(text: str) -> Iterator[tuple[int, str]]:
    """Yield place, in words, and text of each optional part."""
    for found in _OPTIONAL.finditer(text):
        yield len(text[: found.start()].split()), found[0]


def _join_lists(templates: dict[str, str]) -> dict[str, str]:
    """Join templates that differ only in how many values stand in a row: those are lists."""
    shapes = {template: _LIST.sub(PARAMETER, template) for template in set(templates.values())}
    uses = Counter(shapes.values())
    return {
        text: shapes[template] if uses[shapes[template]] > 1 else template
        for text, template in templates.items()
    }


def parameters(message: str, template: str) -> list[tuple[str, str]]:
    """Return the values that a message has at the template's ``<*>``, each with its type.

    A message that does not match its template, which a widened one may not, gives none.
    """
    text = " ".join(first_line(message).split())
    first, *rest = template.split(PARAMETER)
    if not text.startswith(first):
        return []
    values: list[str] = []
    begin = len(first)
    for place, part in enumerate(rest, 1):
        is_last = place == len(rest)
        end = len(text) - len(part) if is_last else text.find(part, begin + 1)
        if end <= begin or not text.startswith(part, end):
            return []
        values.append(text[begin:end])
        begin = end + len(part)
    return [(value, parameter_type(value)) for value in values]


def parameter_types(message: str, template: str) -> tuple[str, ...]:
    """Return the type of each of a message's parameters."""
    return tuple(kind for _, kind in parameters(message, template))


Row = list[str]
"""The words of a shape, and behind them the shape itself."""
Values = set[tuple[str, str]]
"""Words that are values, each with the word before it."""


def _values(found: Mapping[int, Sequence[Sequence[Row]]]) -> Values:
    """Return the words in the columns that vary within clusters."""
    return {
        (row[column - 1], row[column])
        for length, clusters in found.items()
        for cluster in clusters
        if len(cluster) > 1
        for column in range(1, length)
        if any(row[column] != cluster[0][column] for row in cluster)
        for row in cluster
    }


def _partition(
    rows: list[Row], length: int, known: Values, splits: list[Values]
) -> list[list[Row]]:
    """Return the clusters of rows of one length, and note the words that they were split by."""
    waiting = [rows]
    finished: list[list[Row]] = []
    while waiting:
        cluster = waiting.pop()
        column = _splitting_column(cluster, length, known) if len(cluster) > 1 else None
        if column is None:
            finished.append(cluster)
            continue
        if column > 0:
            splits.append({(row[column - 1], row[column]) for row in cluster})
        parts: dict[str, list[Row]] = {}
        for row in cluster:
            parts.setdefault(row[column], []).append(row)
        waiting.extend(parts.values())
    return finished


def _splitting_column(cluster: Sequence[Row], length: int, known: Values) -> int | None:
    """Return the column to split by, or None where all that varies looks like a parameter."""
    constant = 0
    neutral = 0
    varying: list[tuple[int, Counter[str]]] = []
    for column in range(length):
        values = Counter(row[column] for row in cluster)
        if len(values) > 1:
            varying.append((column, values))
        elif cluster[0][column] == PARAMETER:
            neutral += 1
        else:
            constant += 1
    if not varying:
        return None
    agreeing = constant / max(1, length - neutral)
    certain = [
        (len(values), column)
        for column, values in varying
        if not _is_parameter(values, len(cluster), column)
        and not (column and all((row[column - 1], row[column]) in known for row in cluster))
    ]
    if certain:
        return min(certain)[1]
    if agreeing >= MINIMUM_CONSTANT_SHARE:
        return None
    wordy = [(len(values), column) for column, values in varying if _is_wordy(values)]
    if wordy:
        return min(wordy)[1]
    return None


def _is_parameter(values: Counter[str], rows: int, column: int) -> bool:
    word = _FIRST_WORD if column == 0 else _WORD
    words = [value for value in values if word.fullmatch(value) or _KEYED.fullmatch(value)]
    if len(words) < len(values):
        return True
    named = column == 0 or all(_NAME_OF_STATE.match(word) for word in words)
    enough = MINIMUM_NAMES_OF_PARAMETER if named else MINIMUM_WORDS_OF_PARAMETER
    return len(values) >= enough and len(values) / rows >= MINIMUM_SPREAD


def _is_wordy(values: Counter[str]) -> bool:
    return any(_WORD.fullmatch(value) for value in values)


def _template(cluster: Sequence[Row], length: int) -> str:
    words: list[str] = []
    for column in range(length):
        values = {row[column] for row in cluster}
        words.append(next(iter(values)) if len(values) == 1 else _generalise(sorted(values)))
    return _REPEATED.sub(PARAMETER, " ".join(words))


def _generalise(values: Sequence[str]) -> str:
    """Return ``<*>`` with the beginning and end that all values share, cut at a delimiter."""
    shortest = min(values, key=len)
    start = 0
    while start < len(shortest) and all(value[start] == shortest[start] for value in values):
        start += 1
    end = 0
    while end < len(shortest) - start and all(
        value[-1 - end] == shortest[-1 - end] for value in values
    ):
        end += 1
    prefix = shortest[:start]
    suffix = shortest[len(shortest) - end :] if end else ""
    last = max((found.end() for found in _EDGES.finditer(prefix)), default=0)
    first = next((found.start() for found in _EDGES.finditer(suffix)), len(suffix))
    trailing = re.search(r"[.,;:!?]+$", suffix)
    if first == len(suffix) and trailing:
        first = trailing.start()
    return prefix[:last] + PARAMETER + suffix[first:]
