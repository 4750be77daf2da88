// A real IMAP server for tests: Dovecot on loopback with folders of its own, started for one test and ended with it.
// Mails are put into its Maildirs as files.

internal import Foundation
internal import Glibc

/// A Dovecot on two ports of loopback, one of them with TLS from the first byte.
package final class Dovecot {
    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether it is installed; says so when tests are left out for lack of it, and insists where CI runs.
    package static let isHere: Bool = {
        if find("dovecot") != nil { return true }
        precondition(ProcessInfo.processInfo.environment["CI"] == nil, "Dovecot is missing: run scripts/packages test")
        print("left out: tests that need Dovecot (Debian's dovecot-imapd); run scripts/packages test")
        return false
    }()

    /// Whoever logs in as `user` with `password` sees the one mailbox that there is.
    package static let user = "hello@fig.example"
    package static let password = "hunter2"

    package let port: Int
    package let securePort: Int
    /// Of the authority that signed its certificate.
    package let certificate: String
    package let folder: String
    private let process = Process()
    private let isRoot = getuid() == 0
    private var delivered = 0

    /// Starts it.
    ///
    /// - Parameters:
    ///   - tokens: the URL that it asks about access tokens; without one it knows passwords alone.
    package init(tokens: String? = nil) async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dovecot-\(UUID().uuidString)").path
        certificate = folder + "/cert.pem"
        (port, securePort) = (Self.freePort(), Self.freePort())
        for name in ["run", "mail"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        guard let dovecot = Self.find("dovecot"), let openssl = Self.find("openssl"),
            Self.run(
                openssl,
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                    "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                    "\(folder)/key.pem", "-out", certificate,
                ]) != nil
        else { throw Unavailable(description: "no dovecot or openssl") }
        try makeMaildir("")
        chmod(folder, 0o755)
        try configuration(tokens: tokens).write(
            toFile: "\(folder)/dovecot.conf", atomically: true, encoding: .utf8)
        if let tokens {
            try """
            introspection_mode = auth
            introspection_url = \(tokens)
            username_attribute = username
            active_attribute = active
            active_value = true
            """.write(toFile: "\(folder)/oauth.conf", atomically: true, encoding: .utf8)
        }
        process.executableURL = URL(fileURLWithPath: dovecot)
        process.arguments = ["-F", "-c", "\(folder)/dovecot.conf"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for _ in 0..<5000 {
            if Self.answers(port), Self.answers(securePort) { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(2))
        }
        let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "no log"
        throw Unavailable(description: "dovecot does not start: \(log)")
    }

    deinit { stop() }

    /// Ends it at once, with its children, which go when their master does.
    package func stop() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What it wrote down.
    package var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    /// The Maildir of a folder: "" is INBOX.
    package func maildir(_ name: String) -> String { name.isEmpty ? "\(folder)/mail" : "\(folder)/mail/.\(name)" }

    /// Makes a folder.
    package func makeMaildir(_ name: String) throws {
        for part in ["", "/new", "/cur", "/tmp"] {
            try FileManager.default.createDirectory(
                atPath: maildir(name) + part, withIntermediateDirectories: true)
            give(maildir(name) + part)
        }
    }

    /// Puts a mail into a folder, as a mail server does; line ends become CRLF on the line.
    ///
    /// - Parameters:
    ///   - received: when it came, in seconds since 1970; nil for now.
    ///   - isReadable: false for a mail that the server cannot give.
    package func deliver(_ mail: String, to name: String = "", received: Int? = nil, isReadable: Bool = true) {
        deliver(Array(mail.utf8), to: name, received: received, isReadable: isReadable)
    }

    package func deliver(_ mail: [UInt8], to name: String = "", received: Int? = nil, isReadable: Bool = true) {
        delivered += 1
        let time = received ?? Int(Date().timeIntervalSince1970)
        let file = "\(time).M\(String(format: "%08d", delivered))P1.localhost"
        let path = "\(maildir(name))/tmp/\(file)"
        precondition(FileManager.default.createFile(atPath: path, contents: Data(mail)))
        give(path)
        if !isReadable { chmod(path, 0) }
        var times = [timeval(tv_sec: time, tv_usec: 0), timeval(tv_sec: time, tv_usec: 0)]
        utimes(path, &times)
        rename(path, "\(maildir(name))/new/\(file)")
    }

    /// Forgets which UIDs it gave to the mails of a folder, as after a move to another server.
    package func forgetNumbers(of name: String = "") {
        for file in (try? FileManager.default.contentsOfDirectory(atPath: maildir(name))) ?? []
        where file.hasPrefix("dovecot") {
            try? FileManager.default.removeItem(atPath: "\(maildir(name))/\(file)")
        }
    }

    /// The flags of all mails of INBOX, asked for by another client: Python's imaplib.
    package func flags() -> String? {
        let script = """
            import imaplib
            c = imaplib.IMAP4("127.0.0.1", \(port)); c.login("\(Self.user)", "\(Self.password)")
            c.select("INBOX", readonly=True); print(c.fetch("1:*", "(FLAGS)"))
            """
        return Self.find("python3").flatMap { Self.run($0, ["-c", script]) }
    }

    private func give(_ path: String) {
        if isRoot, let nobody = getpwnam("nobody") { chown(path, nobody.pointee.pw_uid, nobody.pointee.pw_gid) }
    }

    private func configuration(tokens: String?) -> String {
        let me = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        let owner = isRoot ? "uid=nobody gid=nogroup" : "uid=\(getuid()) gid=\(getgid())"
        return """
            base_dir = \(folder)/run
            state_dir = \(folder)/run
            log_path = \(folder)/log
            protocols = imap
            listen = 127.0.0.1
            ssl = yes
            ssl_cert = <\(folder)/cert.pem
            ssl_key = <\(folder)/key.pem
            disable_plaintext_auth = no
            auth_mechanisms = plain login\(tokens == nil ? "" : " xoauth2")
            mail_location = maildir:\(folder)/mail
            maildir_very_dirty_syncs = no
            mailbox_list_index = no
            first_valid_uid = 0
            mail_max_userip_connections = 200
            \(isRoot ? "" : "default_internal_user = \(me)\ndefault_login_user = \(me)")
            default_internal_group = \(isRoot ? "dovecot" : "\(getgid())")
            service imap-login {
              chroot =
              inet_listener imap {
                port = \(port)
              }
              inet_listener imaps {
                port = \(securePort)
                ssl = yes
              }
            }
            service anvil {
              chroot =
            }
            passdb {
              driver = static
              args = password=\(Self.password)
              mechanisms = plain login
            }
            \(tokens == nil ? "" : """
            passdb {
              driver = oauth2
              mechanisms = xoauth2
              args = \(folder)/oauth.conf
            }
            """)
            userdb {
              driver = static
              args = \(owner) home=\(folder)/mail
            }
            namespace inbox {
              inbox = yes
              separator = /
              mailbox Sent {
                auto = create
                special_use = \\Sent
              }
            }
            """
    }

    package static func find(_ name: String) -> String? {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin:/usr/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private static func run(_ path: String, _ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }

    private static func freePort() -> Int {
        let listener = Loopback.listener()
        defer { close(listener) }
        return Loopback.port(of: listener)
    }

    private static func answers(_ port: Int) -> Bool {
        guard let socket = Loopback.connected(to: port) else { return false }
        close(socket)
        return true
    }
}
