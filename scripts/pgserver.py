"""PostgreSQL servers for the tests of a store at one: what cluster-test and server-test share."""
import os
import pathlib
import signal
import subprocess
import time

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


def fail(words):
    raise SystemExit("wrong: " + words)


def until(what, found, within=60):
    deadline = time.monotonic() + within
    while True:
        result = found()
        if result:
            return result
        if time.monotonic() > deadline:
            fail(f"{what}: not within {within} s")
        # How often is looked, not how long is waited.
        time.sleep(0.2)


class Server:
    """A PostgreSQL server with a folder and a port of its own, reached by a socket."""

    def __init__(self, name, port, place, data=None):
        self.name, self.port, self.place = name, port, place
        self.data = data or place / name
        self.process = None

    def as_user(self, *words, **more):
        # The server refuses to be root's.
        prefix = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        return subprocess.run([*prefix, *map(str, words)], capture_output=True, text=True, cwd="/", **more)

    def must(self, *words):
        done = self.as_user(*words)
        if done.returncode:
            fail(f"{' '.join(map(str, words))}: {done.stderr}")

    def create(self, *more):
        """A new, empty one in its folder."""
        self.must(PROGRAMS / "initdb", "-D", self.data, "-U", "bookbag", "--locale=C", "--encoding=UTF8", "--no-sync", *more)

    def start(self, *settings):
        prefix = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
        words = ["listen_addresses=", f"unix_socket_directories={self.place}", f"port={self.port}", "max_connections=300", "autovacuum=off",
                 "wal_level=replica", "max_wal_senders=8", "hot_standby=on", "shared_buffers=64MB", *settings]
        command = [*prefix, str(PROGRAMS / "postgres"), "-D", str(self.data)]
        for word in words:
            command += ["-c", word]
        self.process = subprocess.Popen(command, stdout=open(self.place / f"{self.name}.log", "a"), stderr=subprocess.STDOUT, cwd="/")
        until(f"{self.name} answers", lambda: self.as_user(PROGRAMS / "pg_isready", "-q", "-h", self.place, "-p", self.port).returncode == 0)

    def ask(self, sql):
        done = subprocess.run(
            [str(PROGRAMS / "psql"), "-h", str(self.place), "-p", str(self.port), "-U", "bookbag", "-d", "postgres", "-X", "-A", "-t", "-c", sql],
            capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return [line.split("|") for line in done.stdout.splitlines() if line]

    def kill(self):
        """As a machine that loses its power: all its processes at once."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
        for one in [pid, *map(int, children)]:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.as_user(PROGRAMS / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")
            self.process.wait()
