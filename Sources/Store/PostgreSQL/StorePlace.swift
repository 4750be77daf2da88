internal import CPostgres
internal import Outreach
public import Platform

/// Where a store is: in a file, or at a PostgreSQL server.
public struct StorePlace: Hashable, Sendable, CustomStringConvertible {
    /// The file; or `postgresql://USER@HOST,HOST/DATABASE?sslmode=…`, as libpq takes it, without a password.
    public var path: String
    /// What the server is told.
    public var password: SecretString?

    public init(path: String, password: SecretString? = nil) {
        self.path = path
        self.password = password
    }

    /// Whether it is at a server.
    public var isServer: Bool { Self.isServer(path) }

    /// Whether a place of that name is at a server.
    public static func isServer(_ path: String) -> Bool {
        path.hasPrefix("postgresql://") || path.hasPrefix("postgres://")
    }

    /// For people: the file, or the server and its database.
    public var description: String { isServer ? PostgresSettings.name(of: path) : path }

    /// What is wrong with the address of a server, and how to fix it; nil if nothing is.
    public static func fault(in address: String) -> (message: String, hint: String)? {
        let form = "write postgresql://USER@HOST/DATABASE?sslmode=verify-full&sslrootcert=FILE"
        guard isServer(address), let words = PostgresSettings.words(of: address) else {
            return ("this is not the address of a PostgreSQL database", form)
        }
        if words["password"] != nil {
            return (
                "a secret must not be written into this file",
                "take the password out of the address and write 'store_password: credential:NAME'"
            )
        }
        guard words["dbname"]?.isEmpty == false else { return ("the address names no database", form) }
        let hosts = (words["host"] ?? words["hostaddr"] ?? "").split(separator: ",")
        let isNear = hosts.allSatisfy {
            $0.hasPrefix("/") || $0 == "localhost" || $0 == "::1" || $0.hasPrefix("127.")
        }
        if !isNear, !["require", "verify-ca", "verify-full"].contains(words["sslmode"] ?? "") {
            return (
                "the address lets the connection go unencrypted",
                "add sslmode=verify-full and sslrootcert=FILE, or at least sslmode=require"
            )
        }
        return nil
    }
}

/// How the server is connected to, as words of libpq.
struct PostgresSettings: Sendable {
    var words: [String: String]
    /// For people: the server and its database.
    let name: String

    init(_ place: StorePlace) throws(StoreFailure) {
        name = place.description
        guard let written = Self.words(of: place.path) else {
            throw StoreFailure(.missing, "'store:' in bookbag.yaml is not the address of a PostgreSQL database.")
        }
        words = [
            // Of several hosts, the one that takes writes.
            "target_session_attrs": "read-write", "application_name": "bookbag", "connect_timeout": "10",
            // A host that vanished is noticed within half a minute, whether we wait for it or talk to it.
            "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000",
        ]
        words.merge(written) { _, written in written }
        words["client_encoding"] = "UTF8"
        if let password = place.password, !password.isEmpty { words["password"] = password.reveal() }
    }

    /// The words of an address; nil if it is none.
    static func words(of address: String) -> [String: String]? {
        guard let options = PQconninfoParse(address, nil) else { return nil }
        defer { PQconninfoFree(options) }
        var words: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { words[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return words
    }

    static func name(of address: String) -> String {
        let words = words(of: address) ?? [:]
        let hosts = (words["host"] ?? words["hostaddr"] ?? "localhost").split(separator: ",").map(String.init)
        return "the store '\(words["dbname"] ?? "")' at PostgreSQL on \(hosts.joined(separator: ", "))"
    }
}
