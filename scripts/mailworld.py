"""What scripts share that let mail go both ways: the rest of the internet, which keeps the mail that it gets, and a Dovecot over Maildirs. `mailbox-test` puts a Postfix before it."""
import email, email.policy, email.utils, os, re, socket, socketserver, subprocess, threading, time

patience = float(os.environ.get("MAILBOX_PATIENCE", "40"))
nobody, nogroup = 65534, 65534


class Failed(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, check, within=None):
    """Asks again and again until `check` gives something, which is returned."""
    deadline = time.monotonic() + (within or patience)
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failed(f"did not come: {what}")
        time.sleep(0.02)


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
