"""``elkhound.toml`` is checked when it is read, and arguments win over it."""

from __future__ import annotations

import importlib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from analyzers.cli import COMMANDS, main
from analyzers.configuration import default_map, find_file, read_file
from analyzers.configuration_keys import KEYS, ConfigurationFileError
from analyzers.stores.locations import completed, options_of
from tests.receivers.answers import answering
from tests.receivers.beats import BeatsServer
from tests.receivers.certificates import make_certificates


def write(folder: Path, text: str) -> Path:
    """Write a file."""
    path = folder / "elkhound.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'store = "a"\n\n[ship]\ncolour = "red"\n',
            r"line 4: 'ship\.colour' is no key; known: ship",
        ),
        ("store = 5\n", 'line 1: store must be a text: store = "https'),
        ('store = ""\n', "line 1: store must be a text"),
        ('[ship]\nspool = "a"\nto = [1]\n', r"line 3: ship\.to must be a list of texts"),
        ("store = \n", "Invalid value"),
        ('[setup]\nreplicas = "1"\n', r"line 2: setup\.replicas must be a whole number"),
        ("[ship]\nto = []\n", r"line 2: ship\.to must be a list"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, sentence: str, tmp_path: Path) -> None:
    """And with what would be right."""
    with pytest.raises(ConfigurationFileError, match=sentence):
        read_file(write(tmp_path, text))


def test_the_file_is_found_here_or_where_a_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A named file that is not there is a mistake, a missing one here is none."""
    monkeypatch.chdir(tmp_path)
    assert find_file({}) is None
    write(tmp_path, "")
    assert find_file({}) == Path("elkhound.toml")
    with pytest.raises(ConfigurationFileError, match="names 'nowhere', which is no file"):
        find_file({"ELKHOUND_CONFIG": "nowhere"})


def test_arguments_win_over_variables_and_these_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says no such folder, and names the one it looked for."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, 'store = "from-file"\n')

    def looked_for(*arguments: str) -> str:
        return CliRunner().invoke(main, ["errors", *arguments]).output

    assert "no folder from-file" in looked_for()
    monkeypatch.setenv("ELKHOUND_STORE", "from-variable")
    assert "no folder from-variable" in looked_for()
    assert "no folder from-argument" in looked_for("--store", "from-argument")


def test_destinations_come_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For ``ship`` and ``doctor``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spool").mkdir()
    with BeatsServer() as server:
        write(tmp_path, f'[ship]\nto = "{server.url}"\nspool = "spool"\n')
        assert CliRunner().invoke(main, ["doctor"]).exit_code == 0
        assert CliRunner().invoke(main, ["ship", "spool"]).exit_code == 0
    assert server.index.received == 1


def test_connections_come_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Authority, time-out and the file of a key; the key itself is never there."""
    monkeypatch.chdir(tmp_path)
    certificates = make_certificates(tmp_path)
    (tmp_path / "key").write_text("k3y\n")
    body = {"hits": {"total": {"value": 0}, "hits": []}}
    with answering(200, body, context=certificates.server()) as (url, seen):
        write(
            tmp_path,
            f"""store = "{url}"
            [elasticsearch]
            ca = "{certificates.ca}"
            timeout = "5"
            api_key_file = "key"
            """,
        )
        assert CliRunner().invoke(main, ["errors"]).exit_code == 0
        assert {request["authorization"] for request in seen} == {"ApiKey k3y"}
        seen.clear()
        monkeypatch.setenv("ELKHOUND_API_KEY", "other")
        CliRunner().invoke(main, ["errors"])
        assert {request["authorization"] for request in seen} == {"ApiKey other"}


def test_what_stands_in_the_url_wins() -> None:
    """Then variables, then the file; credentials are taken together."""
    file = {"ca": "f.pem", "timeout": "1", "username": "me", "password_file": "p"}
    assert completed("https://h?ca=u.pem", file, {"ELKHOUND_TIMEOUT": "9"}) == (
        "https://h?ca=u.pem&username=me&password_file=p"
    )
    assert completed("https://a,https://b", {"ca": "f.pem"}, {}) == "https://a,https://b?ca=f.pem"
    assert completed("https://h?api_key_file=k", file, {"ELKHOUND_CA": "v"}) == (
        "https://h?api_key_file=k&timeout=1"
    )
    assert completed("cloud:x:y", {"timeout": "3"}, {}) == "cloud:x:y?timeout=3"
    assert options_of("https://h?ca=u.pem", {"ELKHOUND_CA": "v", "ELKHOUND_TIMEOUT": "9"}) == {
        "ca": "u.pem",
        "timeout": "9",
    }


def test_a_wrong_file_stops_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With exit code 2, before anything is done."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "stroe = 'x'\n")
    result = CliRunner().invoke(main, ["errors"])
    assert result.exit_code == 2
    assert "'stroe' is no key" in result.output


def test_every_key_stands_for_options_that_exist() -> None:
    """A renamed option cannot be forgotten here."""
    for key in KEYS:
        for option in key.options:
            command, *verbs, parameter = option.split(".")
            module, _, name = COMMANDS[command].partition(":")
            found: click.Command = getattr(importlib.import_module(module), name)
            for verb in verbs:
                assert isinstance(found, click.Group)
                found = found.commands[verb]
            assert parameter in {known.name for known in found.params}, option


def test_examples_are_right(tmp_path: Path) -> None:
    """What the documentation shows can be copied."""
    text = Path(__file__).parents[2].joinpath("docs/configuration.md").read_text()
    values = read_file(write(tmp_path, text.split("```toml\n")[1].split("```")[0]))
    assert set(values) == {key.name for key in KEYS}
    assert default_map(values)["setup"]["retention"] == ["error=180d", "service=14d"]
