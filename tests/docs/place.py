# SPDX-License-Identifier: Apache-2.0
"""Where documents are tried: a folder, ports and processes that are gone afterwards, however that ends."""
import ctypes
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PR_SET_CHILD_SUBREAPER = 36
RESERVED = []  # as tests/support/free_port.cc does: a name that is taken for as long as we live


def free_port():
    while True:
        port = random.randrange(20_000, 32_000)
        name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            name.bind(f"\0outbox-relay-test-port-{port}")
            with socket.create_server(("", port)):
                RESERVED.append(name)
                return port
        except OSError:
            name.close()


def descendants():
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue  # it has just ended
        parents[int(stat.parent.name)] = (int(rest.split()[1]), name.partition("(")[2])
    found, generation = {}, {os.getpid()}
    while generation:
        generation = {child for child, (parent, _) in parents.items() if parent in generation}
        found |= {child: parents[child][1] for child in generation}
    return found


def kill_descendants():
    deadline = time.monotonic() + 10
    asked = set()
    while running := descendants():
        for process, name in running.items():
            # PostgreSQL's answer to SIGQUIT is to go at once, and to leave no shared memory behind.
            patient = name == "postgres" and time.monotonic() < deadline
            if not patient or process not in asked:
                asked.add(process)
                try:
                    os.kill(process, signal.SIGQUIT if patient else signal.SIGKILL)
                except ProcessLookupError:
                    pass
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass
        time.sleep(0.02)


def kafka_cache():
    """As in scripts/prelude.sh."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    return os.environ.get("OUTBOX_RELAY_CACHE", cache / "outbox-relay")


class Place:
    def __init__(self, relay):
        # What a document leaves running in the background becomes our child, so it can be found.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="outbox-docs."))
        self.path.chmod(0o755)  # PostgreSQL runs as a user of its own
        postgres, kafka = free_port(), free_port()
        # What stands in the documents, and what takes its place here.
        self.addresses = {
            "15432": postgres, "19092": kafka, "19093": free_port(), "7432": free_port(),
            "localhost:9092": f"127.0.0.1:{kafka}", "/etc/outbox-relay": self.folder("etc")}
        self.repository = self.folder("repository")
        for part in ("docs/tutorial", "scripts"):
            self._copy(part)
        (self.folder("home") / ".cache").mkdir()
        (self.path / "home/.cache/outbox-relay").symlink_to(kafka_cache())
        (self.folder("bin") / "outbox-relay").symlink_to(relay)
        self.environment = {
            "PATH": f"{self.path}/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": f"{self.path}/home",
            "TMPDIR": str(self.folder("tmp")), "LANG": "C.UTF-8", "PGPORT": str(postgres),
            "OUTBOX_RELAY_CONFIG_DIR": f"{self.path}/etc",
            "OUTBOX_RELAY_HTTP__LISTEN": f"127.0.0.1:{self.addresses['7432']}"}

    def folder(self, name):
        (self.path / name).mkdir(exist_ok=True)
        return self.path / name

    def _copy(self, part):
        for source in (ROOT / part).iterdir():
            target = self.repository / part / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.own_addresses(source.read_text()))
            shutil.copymode(source, target)

    def own_addresses(self, text):
        known = "|".join(rf"(?<!\w){re.escape(address)}\b" for address in self.addresses)
        return re.sub(known, lambda found: str(self.addresses[found[0]]), text)

    def run(self, command, seconds):
        """Until it ends, or the time is over. Meanwhile we bury what it leaves behind: nobody else will."""
        process = subprocess.Popen(command, cwd=self.repository, env=self.environment)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if ended == process.pid:
                break
            if ended == 0:
                time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        kill_descendants()
        shutil.rmtree(self.path)
