"""Data views and dashboards are imported in one go, and removed again."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzers.cli import main
from analyzers.setup.kibana import Kibana
from analyzers.stores.base import StoreError
from kibana.build import all_objects
from tests.receivers.kibana import KibanaDouble, serving

OBJECTS = len(all_objects())


def test_setup_imports_everything(elasticsearch_url: str, tmp_path: Path) -> None:
    """Beside the cluster's templates; a second time in place of the first."""
    double = KibanaDouble()
    with serving(double) as url:
        arguments = ["setup", "--store", elasticsearch_url, "--kibana", url]
        planned = CliRunner().invoke(main, [*arguments, "--dry-run"])
        assert "create  dashboard Elkhound: errors" in planned.stdout
        assert not double.objects
        first = CliRunner().invoke(main, arguments)
        assert first.exit_code == 0, first.output
        assert "create  data view Elkhound: Predictions" in first.stdout
        assert len(double.objects) == OBJECTS
        second = CliRunner().invoke(main, arguments)
        assert "change  dashboard Elkhound: errors" in second.stdout
        assert len(double.objects) == OBJECTS


def test_objects_go_and_copies_stay() -> None:
    """A copy that a user made has an id of its own."""
    double = KibanaDouble()
    with serving(double) as url:
        kibana = Kibana(url, space="ml")
        assert len(list(kibana.apply())) == OBJECTS
        assert {space for space, _, _ in double.objects} == {"ml"}
        double.objects["ml", "dashboard", "mine"] = {}
        assert len(list(kibana.remove())) == OBJECTS
        assert list(kibana.remove()) == []
        assert list(double.objects) == [("ml", "dashboard", "mine")]
        kibana.close()


def test_what_kibana_refuses_is_named() -> None:
    """With its reason."""
    double = KibanaDouble()
    double.refuse = {"elkhound-errors"}
    with serving(double) as url, pytest.raises(StoreError, match="elkhound-errors: unsupported"):
        list(Kibana(url).apply())


def test_an_old_kibana_is_refused() -> None:
    """With its version."""
    with serving(KibanaDouble("8.19.1")) as url, pytest.raises(StoreError, match=r"8\.19\.1: 9\.0"):
        Kibana(url)


def test_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment; a refusal says which variables."""
    with serving(KibanaDouble(password="ApiKey k3y")) as url:
        with pytest.raises(StoreError, match="set ELKHOUND_API_KEY"):
            Kibana(url)
        monkeypatch.setenv("ELKHOUND_API_KEY", "k3y")
        Kibana(url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("localhost:5601", "--kibana must be https://HOST:5601"),
        ("http://me:pw@localhost:5601", "without a password"),
        ("http://127.0.0.1:1", "cannot be reached"),
    ],
)
def test_wrong_places(url: str, sentence: str) -> None:
    """One sentence."""
    with pytest.raises(StoreError, match=sentence):
        Kibana(url)


def test_an_elasticsearch_is_no_kibana(elasticsearch_url: str) -> None:
    """An easy mistake."""
    with pytest.raises(StoreError, match=r"is no Kibana|refused"):
        Kibana(elasticsearch_url)


def test_pipelines_are_written(elasticsearch_url: str, tmp_path: Path) -> None:
    """All that Logstash needs, from an installed package too."""
    folder = tmp_path / "logstash"
    arguments = ["setup", "--store", elasticsearch_url, "--pipelines", str(folder)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert (folder / "pipelines.yml").is_file()
    assert (folder / "pipeline" / "guard.rb").is_file()
