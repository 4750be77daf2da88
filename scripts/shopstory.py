"""A real daemon against the sandbox's Shopify and mailbox, killed and started again while answers are lost: what gifts-test, actions-test, returns-test and labels-test share."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent
SHOP = "juniperfig.myshopify.com"


def binary():
    return os.environ.get("BOOKBAG") or subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=TOP, capture_output=True, text=True, check=True).stdout.strip() + "/bookbag"


def arguments(parser):
    """The options of a story; how many orders and kills there are by default, its parser says by `set_defaults`."""
    parser.add_argument("--orders", type=int, default=parser.get_default("orders") or 60)
    parser.add_argument("--kills", type=int, default=parser.get_default("kills") or 8)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time; it is printed")
    parser.add_argument("--keep", action="store_true", help="keep the folder with journal, store and mails")
    options = parser.parse_args()
    options.seed = options.seed or random.SystemRandom().randrange(1, 1 << 30)
    return options


def expect(what, holds):
    if not holds:
        sys.exit("wrong: " + what)


class Story:
    """Use it as a context: it begins the sandbox and ends everything."""

    def __init__(self, name, options):
        self.options, self.seed = options, options.seed
        self.chance = random.Random(options.seed)
        self.binary = binary()
        self.place = pathlib.Path(tempfile.mkdtemp(prefix=f"bookbag-{name}-"))
        self.place.chmod(0o755)
        self.triggers = self.place / "triggers"
        self.daemon = None
        self.environment = {"STORY_TOKEN": "shpat_sandbox"}
        self.journal = open(self.place / "journal", "a")
        self.began = time.monotonic()
        self.is_good = False
        self.sandbox = subprocess.Popen(
            [self.binary, "sandbox", "--mails", str(self.place / "mails"), "--restore-rate", "10000", "--ports-file",
             str(self.place / "ports")],
            stdout=open(self.place / "story", "w"), stderr=subprocess.STDOUT)

    def __enter__(self):
        try:
            while not (self.place / "ports").exists():
                if self.sandbox.poll() is not None:
                    sys.exit("the sandbox did not start:\n" + (self.place / "story").read_text())
                time.sleep(0.05)
            time.sleep(0.1)
            self.ports = json.loads((self.place / "ports").read_text())
            self.url = f"http://127.0.0.1:{self.ports['http']}"
            (self.triggers / "templates").mkdir(parents=True)
            self.write("shop.yaml", "mode: live\nbrand: { name: Juniper & Fig, from: orders@juniperfig.example }\n")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *_):
        for process in (self.daemon, self.sandbox):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if not self.is_good:
            print(f"seed {self.seed}; the journal's last lines:")
            print("".join(open(self.place / "journal").readlines()[-25:]))
        if self.options.keep or not self.is_good:
            print(f"kept in {self.place}")
        else:
            shutil.rmtree(self.place, ignore_errors=True)

    def write(self, name, text):
        (self.triggers / name).write_text(text)

    def configure(self, shop="", more=""):
        (self.place / "bookbag.yaml").write_text(f"""
state: {self.place}/state
triggers: {self.triggers}
shops:
  - domain: {SHOP}
    token: env:STORY_TOKEN
    endpoint: {self.url}
    poll_every: 1 second
{shop}smtp:
  url: smtp://127.0.0.1:{self.ports['smtp']}
  starttls: off
{more}""")

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path} {body}: {error.code} {error.read().decode()}") from error

    def faults(self, **chances):
        self.ask("/api/faults", {"shop": {"clear": True, "chances": chances}, "index_lag_ms": 3000 if chances else 0})

    def start(self):
        self.daemon = subprocess.Popen(
            [self.binary, "run", "--config", str(self.place / "bookbag.yaml")],
            env=dict(os.environ, **self.environment), stderr=self.journal)

    def alive(self):
        if self.daemon.poll() is not None:
            sys.exit(f"the daemon ended by itself with status {self.daemon.returncode}")

    def kill(self):
        self.alive()
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.start()

    def until(self, what, check, within):
        deadline = time.monotonic() + within
        while not check():
            self.alive()
            if time.monotonic() > deadline:
                sys.exit(f"did not come: {what}")
            time.sleep(0.25)

    def play(self, place):
        """Places all orders, a few at a time, and kills the daemon in between."""
        placed, kills = 0, 0
        while placed < self.options.orders or kills < self.options.kills:
            few = 1 + self.chance.randrange(max(1, self.options.orders // 10))
            for _ in range(min(self.options.orders - placed, few)):
                placed += 1
                place(placed)
            time.sleep(self.chance.uniform(0.4, 2.4))
            if kills < self.options.kills:
                self.kill()
                kills += 1

    def end(self, text):
        print(f"seed {self.seed}, {time.monotonic() - self.began:.0f} s: {text}")
        self.daemon.terminate()
        self.daemon.wait(timeout=30)
        self.is_good = True
