"""What scripts share that let mail go both ways: the rest of the internet, which keeps the mail that it gets, and a Dovecot over Maildirs. `mailbox-test` puts a Postfix before it."""
import email, email.policy, email.utils, json, os, re, shutil, socket, socketserver, sqlite3, subprocess, threading, time, urllib.request

patience = float(os.environ.get("MAILBOX_PATIENCE", "40"))
nobody, nogroup = 65534, 65534
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHOP, PEOPLE = "juniperfig.myshopify.com", "owner@people.example"


class Failed(Exception):
    pass


def binary():
    """The program under test: BOOKBAG, else the debug build."""
    if os.environ.get("BOOKBAG"):
        return os.environ["BOOKBAG"]
    where = subprocess.run(["swift", "build", "--show-bin-path"], cwd=TOP, capture_output=True, text=True, check=True)
    return where.stdout.strip() + "/bookbag"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, check, within=None, every=0.02):
    """Asks again and again until `check` gives something, which is returned."""
    deadline = time.monotonic() + (within or patience)
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"did not come: {what}")
        time.sleep(every)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def expect(what, holds):
    if not holds:
        raise Failed(what)


# MARK: - The world outside

class World:
    """The rest of the internet: where shoppers and the shop's people have their mail. It keeps what it gets, with the moment."""

    def __init__(self):
        self.mails = []
        world = self

        class Mail(socketserver.StreamRequestHandler):
            def handle(self):
                def say(line):
                    self.wfile.write(line.encode() + b"\r\n")
                say("220 world.example")
                sender, recipients = "", []
                while raw := self.rfile.readline():
                    line = raw.decode("latin-1").rstrip("\r\n")
                    verb = line.upper()
                    if verb.startswith("EHLO"):
                        self.wfile.write(b"250-world.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME\r\n")
                    elif verb.startswith("MAIL FROM"):
                        sender, recipients = re.search("<(.*?)>", line).group(1), []
                        say("250 2.1.0 ok")
                    elif verb.startswith("RCPT TO"):
                        recipients.append(re.search("<(.*?)>", line).group(1))
                        say("250 2.1.5 ok")
                    elif verb == "DATA":
                        say("354 go on")
                        text = b""
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            text += part[1:] if part.startswith(b".") else part
                        if not part:
                            # Whoever sent it died on the way: that is no mail.
                            return
                        world.mails.append({"at": time.monotonic(), "said": time.time(), "from": sender, "to": recipients, "bytes": text, "mail": email.message_from_bytes(text, policy=email.policy.default)})
                        say("250 2.0.0 taken")
                    elif verb == "QUIT":
                        say("221 bye")
                        return
                    else:
                        say("250 2.0.0 ok")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request, address):
                pass

        self.server = Server(("127.0.0.1", 0), Mail)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def to(self, address):
        return [one for one in self.mails if address in one["to"]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Dovecot:
    """A mailbox for each of these domains, on loopback. It needs root, for mails belong to nobody."""

    def __init__(self, place, domains):
        self.place, self.domains, self.imap = place, domains, free_port()
        self.dovecot = None
        for domain in domains:
            for part in ("new", "cur", "tmp"):
                os.makedirs(self.maildir(domain) + "/" + part)
        for root, folders, files in os.walk(place + "/mail"):
            os.chown(root, nobody, nogroup)

    def maildir(self, domain=None):
        return f"{self.place}/mail/{domain or self.domains[0]}"

    def start_dovecot(self, password="hunter2"):
        folder = self.place + "/dovecot"
        os.makedirs(folder + "/run", exist_ok=True)
        open(folder + "/dovecot.conf", "w").write(f"""base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{self.place}/mail/%u
mailbox_list_index = no
first_valid_uid = 0
mail_max_userip_connections = 200
default_internal_group = dovecot
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={self.place}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
""")
        self.dovecot = subprocess.Popen(["dovecot", "-F", "-c", folder + "/dovecot.conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("Dovecot", lambda: answers(self.imap), within=20)

    def stop_dovecot(self):
        self.dovecot.terminate()
        self.dovecot.wait(20)
        until("Dovecot's end", lambda: not answers(self.imap))

    count = 0

    def put(self, text, domain=None, folder=""):
        """Into the Maildir itself, or into a folder of it such as `.Sent`, at this moment, which is returned."""
        Dovecot.count += 1
        name = f"{int(time.time())}.M{Dovecot.count:08d}P{os.getpid()}.test"
        place = os.path.join(self.maildir(domain), folder)
        path = f"{place}/tmp/{name}"
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chown(path, nobody, nogroup)
        os.rename(path, f"{place}/new/{name}")
        return time.monotonic()

    def close_dovecot(self):
        end(self.dovecot)


def end(process):
    """Ends a process that may have ended, or was never there."""
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def letter(sender, text, to, subject="A question", headers=""):
    identity = email.utils.make_msgid(domain=sender.split("@")[1])
    return f"From: {sender}\nTo: {to}\nSubject: {subject}\nDate: {email.utils.formatdate()}\nMessage-ID: {identity}\n{headers}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"


# MARK: - An installation

class Installation:
    """The sandbox, a Dovecot with the mailbox of a domain, the rest of the internet as relay, and a daemon over all of
    it. Who makes one writes its files (`put`), from `shop_file` and `configuration`, before it starts."""

    def __init__(self, place, program, domain):
        self.place, self.binary, self.domain = place, program, domain
        self.journal, self.triggers = place + "/journal", place + "/triggers"
        self.daemon = None
        self.secrets = {"BOOKBAG_TOKEN": "shpat_sandbox", "BOOKBAG_MAILBOX": "hunter2"}
        ports = place + "/ports"
        self.sandbox = subprocess.Popen(
            [program, "sandbox", "--ports-file", ports, "--restore-rate", "10000"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.world = World()
        self.mailbox = Dovecot(place, [domain])
        self.mailbox.start_dovecot()
        until("the sandbox's ports", lambda: os.path.exists(ports) and open(ports).read().strip().endswith("}"), 20)
        self.url = f"http://127.0.0.1:{json.load(open(ports))['http']}"

    @property
    def shop_file(self):
        return f"""mode: live
notify: {PEOPLE}
brand:
  name: The shop
  from: The shop <orders@{self.domain}>
  reply_to: help@{self.domain}
answers: {{ others: live }}
"""

    @property
    def configuration(self):
        return f"""state: {self.place}/state
triggers: {self.triggers}
shops:
  - {{ domain: {SHOP}, token: "env:BOOKBAG_TOKEN", endpoint: "{self.url}", poll_every: 1 second }}
smtp: {{ url: "smtp://127.0.0.1:{self.world.port}", starttls: off }}
mailbox:
  url: imap://127.0.0.1:{self.mailbox.imap}/
  username: {self.domain}
  password: env:BOOKBAG_MAILBOX
  starttls: off
  only_to: ["@{self.domain}"]
  authserv_id: mx.{self.domain}
"""

    def answering(self):
        """With the shipped answers."""
        shutil.copytree(TOP + "/triggers/answers", self.triggers + "/answers")
        for part in ("answers", "partials"):
            shutil.copytree(f"{TOP}/triggers/templates/{part}", f"{self.triggers}/templates/{part}")

    def put(self, files):
        for name, text in files.items():
            with open(f"{self.place}/{name}", "w") as file:
                file.write(text)

    # The daemon.

    @property
    def environment(self):
        return dict(os.environ, **self.secrets)

    def start(self, kill_at=""):
        """Starts it and waits until it serves, or has killed itself at a point on the way."""
        begun = os.path.getsize(self.journal) if os.path.exists(self.journal) else 0
        with open(self.journal, "a") as journal:
            self.daemon = subprocess.Popen(
                [self.binary, "run", "--config", self.place + "/bookbag.yaml"],
                env=dict(self.environment, BOOKBAG_KILL_AT=kill_at), stdout=subprocess.DEVNULL, stderr=journal)

        def is_there():
            with open(self.journal) as journal:
                journal.seek(begun)
                return "Started" in journal.read() or self.daemon.poll() is not None
        until("the daemon's start", is_there, 60)

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def command(self, *words):
        done = subprocess.run([self.binary, *words, "--config", self.place + "/bookbag.yaml"], env=self.environment,
                              capture_output=True, text=True, timeout=60)
        return done.stdout if done.returncode == 0 else ""

    def watches(self):
        """Whether it has seen shop and mailbox for the first time."""
        try:
            seen = json.loads(self.command("status", "--json"))["shops"][0]["last_good_cycle"]
        except (ValueError, KeyError, IndexError):
            return False
        return seen and self.rows("SELECT 1 FROM remembered WHERE name LIKE '%mailbox%'")

    def rows(self, query, *arguments):
        try:
            db = sqlite3.connect(f"file:{self.place}/state/bookbag.db?mode=ro", uri=True, timeout=30)
        except sqlite3.OperationalError:
            return []
        try:
            return db.execute(query, arguments).fetchall()
        except sqlite3.OperationalError as fault:
            # For a moment after a kill nobody has it open, and its log may only be read by who may write it.
            if not any(words in str(fault) for words in ("no such table", "unable to open", "readonly")):
                raise
            return []
        finally:
            db.close()

    # The world.

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"} if data else {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def shop(self, verb, **body):
        return self.ask(f"/api/shop/{verb}", body)

    def close(self):
        for process in (self.daemon, self.sandbox):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.mailbox.close_dovecot()
        self.world.close()
