import Daemon
import Intake
import Outreach
import Platform
import Testing

@testable import bookbag

@Suite("The mailbox in bookbag.yaml") struct MailboxSettingsTests {
    private func read(_ text: String) throws(ConfigurationFaults) -> Configuration {
        try ConfigurationReader.read(
            text, file: "b.yaml",
            surroundings: ConfigurationReader.Surroundings(
                secrets: SecretSource(credentials: nil, environment: ["TOKEN": "t", "PASSWORD": "hunter2"]),
                stateDirectory: "/tmp", folder: "/etc/bookbag"))
    }

    private func shop(_ name: String, _ lines: String) -> String {
        "  - domain: \(name).myshopify.com\n    token: env:TOKEN\n"
            + lines.split(separator: "\n").map { "    \($0)\n" }.joined()
    }

    private func mailbox(_ lines: String) throws(ConfigurationFaults) -> Configuration.Mailbox? {
        let text =
            "shops:\n" + shop("juniperfig", "mailbox:\n" + lines.split(separator: "\n").map { "  \($0)\n" }.joined())
        return try read(text).shops.first?.mailbox
    }

    private func faults(_ lines: String) -> [String] {
        do throws(ConfigurationFaults) {
            _ = try mailbox(lines)
            return []
        } catch { return error.faults.map(\.description) }
    }

    @Test("is one URL and a password for most")
    func short() throws {
        let read = try #require(try mailbox("url: imaps://hello@fig.example@imap.fig.example/\npassword: env:PASSWORD"))
        let imap = try #require(read.imap)
        #expect(imap.host == "imap.fig.example" && imap.port == nil && imap.security == .tls)
        #expect(imap.username == "hello@fig.example" && read.onlyTo == ["hello@fig.example"] && read.lmtp == nil)
        #expect(imap.folders == ["INBOX"] && imap.sent == nil && imap.password == SecretString("hunter2"))
        let other = try #require(
            try mailbox(
                """
                url: imap://hello%40fig.example@127.0.0.1:1143
                password: env:PASSWORD
                starttls: off
                folders: [INBOX, Anfragen]
                sent: Gesendet
                only_to: [hello@fig.example, "@shop.example"]
                authserv_id: mx.fig.example
                """))
        let server = try #require(other.imap)
        #expect(server.username == "hello@fig.example" && server.port == 1143 && server.security == .off)
        #expect(server.folders == ["INBOX", "Anfragen"] && server.sent == "Gesendet")
        #expect(!read.keepsSent)
        let keeps = "url: imaps://a@b.example@h.example/\npassword: env:PASSWORD\nkeep_sent: true"
        #expect(try mailbox(keeps)?.keepsSent == true)
        #expect(faults(keeps + "\nsent: none").joined().contains("needs the folder of sent mail"))
        #expect(
            faults(keeps.replacing("true", with: "maybe")).joined().contains("keep_sent")
                || !faults(keeps.replacing("true", with: "maybe")).isEmpty)
        #expect(other.onlyTo == ["hello@fig.example", "@shop.example"] && other.authservID == "mx.fig.example")
    }

    @Test("a team gets conversations by mail where its answers can be proved, and nowhere else")
    func team() throws {
        let mailbox = """
            mailbox:
              only_to: [hello@fig.example]
              authserv_id: mx.fig.example
            """
        func read(_ mailbox: String, _ more: String, top: String = "") throws -> Configuration.Shop? {
            try self.read(
                "smtp: { url: \"smtp://relay.fig.example\" }\n\(top)shops:\n"
                    + shop("juniperfig", mailbox + "\n" + more)
            ).shops.first
        }
        let one = try #require(try read(mailbox, "hand_over_to: Team <team@people.example>"))
        #expect(one.handOverTo?.address == "team@people.example" && one.handOverTo?.name == "Team")
        #expect(one.mailbox?.answers?.address("t") == "hello+t@fig.example")
        #expect(
            try read(mailbox, "", top: "hand_over_to: a@people.example\n")?.handOverTo?.address == "a@people.example")
        #expect(
            try read(mailbox, "hand_over_to: b@people.example", top: "hand_over_to: a@people.example\n")?.handOverTo?
                .address == "b@people.example")
        let domain = mailbox.replacing("hello@fig.example", with: "\"@fig.example\"")
        #expect(
            try read(domain, "hand_over_to: a@people.example")?.mailbox?.answers?.address("t") == "reply+t@fig.example")
        let wrong: [(String, String, String)] = [
            (mailbox, "hand_over_to: team", "is not a mail address"),
            (mailbox, "hand_over_to: hello+x@fig.example", "that customers write to"),
            (domain, "hand_over_to: team@fig.example", "that customers write to"),
            (
                mailbox.replacing("authserv_id: mx.fig.example", with: ""), "hand_over_to: a@people.example",
                "authserv_id"
            ),
            ("", "hand_over_to: a@people.example", "needs a relay and a mailbox"),
            (
                mailbox.replacing("hello@", with: "a-name-with-very-many-letters-in-it@"),
                "hand_over_to: a@people.example", "has room"
            ),
        ]
        for (mailbox, line, words) in wrong {
            do throws(ConfigurationFaults) {
                _ = try self.read(
                    "smtp: { url: \"smtp://relay.fig.example\" }\nshops:\n" + shop("juniperfig", mailbox + "\n" + line))
                Issue.record("\(line) was taken")
            } catch {
                let said = error.faults.map(\.description).joined(separator: "\n")
                #expect(said.contains(words), "\(said)")
            }
        }
    }

    @Test("buys access tokens from Google, Microsoft or another")
    func oauth() throws {
        func oauth(_ lines: String) throws -> OAuthSettings? {
            try mailbox(
                "url: imaps://hello@fig.example@imap.fig.example/\noauth:\n"
                    + lines.split(separator: "\n").map { "  \($0)\n" }.joined())?.imap?.oauth
        }
        let google = try oauth("provider: google\nclient_id: a\nclient_secret: env:TOKEN\nrefresh_token: env:TOKEN")
        #expect(google?.endpoint == "https://oauth2.googleapis.com/token" && google?.scope == nil)
        let microsoft = try oauth("provider: microsoft\ntenant: fig.example\nclient_id: a\nclient_secret: env:TOKEN")
        #expect(microsoft?.endpoint == "https://login.microsoftonline.com/fig.example/oauth2/v2.0/token")
        #expect(microsoft?.scope == "https://outlook.office365.com/.default" && microsoft?.refreshToken == nil)
        let own = try oauth("endpoint: http://127.0.0.1:99/token\nclient_id: a\nclient_secret: env:TOKEN\nscope: mail")
        #expect(own?.endpoint == "http://127.0.0.1:99/token" && own?.scope == "mail")
    }

    @Test(
        "says what is wrong, and never repeats a password",
        arguments: [
            ("url: imap.fig.example\npassword: env:PASSWORD", "imaps://USER@HOST/"),
            ("url: imaps://me:hunter2@imap.fig.example/\npassword: env:PASSWORD", "credential:NAME"),
            ("url: imaps://me@imap.fig.example/INBOX\npassword: env:PASSWORD", "'folders'"),
            ("url: https://me@imap.fig.example/\npassword: env:PASSWORD", "imaps://"),
            ("url: imaps://imap.fig.example/\npassword: env:PASSWORD", "no user"),
            ("url: imaps://me@imap.fig.example/\npassword: env:PASSWORD", "only_to"),
            ("url: imaps://me@imap.fig.example/\nonly_to: [me]\npassword: env:PASSWORD", "not a mail address"),
            ("url: imaps://a@b.example@imap.fig.example/", "no way to log in"),
            ("url: imaps://a@b.example@imap.fig.example/\npassword: hunter2", "must not be written"),
            ("url: imap://a@b.example@imap.fig.example/\npassword: env:PASSWORD\nstarttls: off", "in the clear"),
            ("url: imaps://a@b.example@h.example/\npassword: env:PASSWORD\nfolder: x", "unknown key"),
            ("url: imaps://a@b.example@h.example/\npassword: env:PASSWORD\ncertificate: /x", "belong together"),
            ("url: imaps://a@b.example@h.example/\noauth: { client_id: a, client_secret: env:TOKEN }", "provider"),
            (
                "url: imaps://a@b.example@h.example/\noauth: { provider: yahoo, client_id: a, client_secret: env:TOKEN }",
                "google"
            ),
            (
                "url: imaps://a@b.example@h.example/\noauth: { provider: google, client_id: a, client_secret: env:TOKEN }",
                "refresh_token"
            ),
            (
                "url: imaps://a@b.example@h.example/\noauth: { provider: microsoft, client_id: a, client_secret: env:TOKEN }",
                "tenant"
            ),
            (
                "url: imaps://a@b.example@h.example/\noauth: { provider: microsoft, tenant: a/b, client_id: a, client_secret: env:TOKEN }",
                "tenant"
            ),
            (
                "url: imaps://a@b.example@h.example/\noauth: { endpoint: \"http://l.example/t\", client_id: a, client_secret: env:TOKEN }",
                "in the clear"
            ),
        ])
    func wrong(_ lines: String, _ words: String) {
        let found = faults(lines)
        #expect(found.contains { $0.contains(words) }, "\(found)")
        #expect(!found.contains { $0.contains("hunter2") })
    }

    @Test("is a socket, with IMAP or without, or only addresses for a pipe")
    func brought() throws {
        let socket = try #require(try mailbox("lmtp: /run/bookbag/lmtp.sock\nonly_to: [hello@fig.example]"))
        #expect(socket.lmtp == "/run/bookbag/lmtp.sock" && socket.imap == nil && socket.onlyTo == ["hello@fig.example"])
        let both = try #require(
            try mailbox("url: imaps://a@b.example@h.example/\npassword: env:PASSWORD\nlmtp: /run/l.sock"))
        #expect(both.lmtp == "/run/l.sock" && both.imap?.host == "h.example" && both.onlyTo == ["a@b.example"])
        let pipe = try #require(try mailbox("only_to: [hello@fig.example]"))
        #expect(pipe.lmtp == nil && pipe.imap == nil)
        #expect(faults("lmtp: lmtp.sock\nonly_to: [a@b.example]").contains { $0.contains("not the path of a socket") })
        #expect(faults("lmtp: /run/l.sock").contains { $0.contains("no 'url'") && $0.contains("only_to") })
        #expect(faults("only_to: [a@b.example]\nfolders: [INBOX]").contains { $0.contains("no 'url'") })
    }

    @Test("a socket is everybody's, or a group's, or as its mode says, and the same for all shops that name it")
    func access() throws {
        func access(_ lines: String) throws -> Configuration.SocketAccess? {
            try mailbox("lmtp: /run/l.sock\nonly_to: [a@b.example]\n" + lines)?.lmtpAccess
        }
        #expect(try access("") == Configuration.SocketAccess(group: nil, mode: 0o666))
        #expect(try access("lmtp_group: postfix") == Configuration.SocketAccess(group: "postfix", mode: 0o660))
        #expect(try access("lmtp_mode: 0600") == Configuration.SocketAccess(group: nil, mode: 0o600))
        #expect(
            try access("lmtp_group: mail\nlmtp_mode: \"0666\"")
                == Configuration.SocketAccess(group: "mail", mode: 0o666))
        for wrong in ["0999", "66", "01660", "0066", "rw"] {
            let found = faults("lmtp: /run/l.sock\nonly_to: [a@b.example]\nlmtp_mode: \(wrong)")
            #expect(found.contains { $0.contains("not a socket's mode") }, "\(wrong): \(found)")
        }
        #expect(faults("only_to: [a@b.example]\nlmtp_group: postfix").contains { $0.contains("goes with 'lmtp'") })
        func box(_ address: String, _ more: String) -> String {
            "mailbox: { lmtp: /run/l.sock, only_to: [\(address)]\(more) }"
        }
        #expect(throws: ConfigurationFaults.self) {
            try read(
                "shops:\n" + shop("one", box("a@b.example", ", lmtp_group: postfix"))
                    + shop("two", box("c@d.example", "")))
        }
    }

    @Test(
        "one socket serves several shops, while no address is two shops'",
        arguments: [
            ("a@fig.example", "b@fig.example", true), ("a@fig.example", "a@fig.example", false),
            ("'@fig.example'", "a@fig.example", false), ("a@fig.example", "'@fig.example'", false),
            ("'@fig.example'", "'@fig.example'", false), ("a@fig.example", "a+b@fig.example", false),
        ])
    func sockets(_ one: String, _ two: String, _ isRight: Bool) {
        func box(_ address: String) -> String { "mailbox: { lmtp: /run/l.sock, only_to: [\(address)] }" }
        var found: [String] = []
        do throws(ConfigurationFaults) {
            _ = try read("shops:\n" + shop("one", box(one)) + shop("two", box(two)))
        } catch { found = error.faults.map(\.description) }
        #expect(found.isEmpty == isRight, "\(found)")
    }

    @Test("is not shared by two shops, but for folders of their own")
    func shared() throws {
        func faults(_ first: String, _ second: String) -> [String] {
            func box(_ folder: String) -> String {
                "mailbox: { url: \"imaps://a@b.example@H.example/\", password: env:PASSWORD, folders: [\(folder)] }"
            }
            do throws(ConfigurationFaults) {
                _ = try read("shops:\n" + shop("one", box(first)) + shop("two", box(second)))
                return []
            } catch { return error.faults.map(\.description) }
        }
        #expect(faults("INBOX", "Two").isEmpty)
        #expect(
            faults("INBOX", "INBOX").contains { $0.contains("one.myshopify.com") && $0.contains("two.myshopify.com") })
    }

    @Test("a relay takes access tokens too, with a user")
    func relay() throws {
        let text = """
            shops:
            \(shop("one", ""))
            smtp:
              url: smtp://smtp.office365.com:587
              username: hello@fig.example
              oauth: { provider: microsoft, client_id: a, refresh_token: env:TOKEN }
            """
        let smtp = try #require(try read(text).shops.first?.smtp)
        #expect(smtp.oauth?.scope == "https://outlook.office.com/SMTP.Send offline_access" && smtp.password == nil)
    }
}
