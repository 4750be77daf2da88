import Foundation
import Platform

/// Finds the secrets that the configuration names. A secret is never in the file itself.
struct SecretSource: Sendable {
    /// Why a secret could not be read, and how to fix it. Never the secret.
    struct Problem: Error {
        var message: String
        var hint: String?
    }

    /// `$CREDENTIALS_DIRECTORY`, where systemd puts what the unit loads.
    var credentials: String?
    var environment: [String: String]
    /// False for commands that only check files: then every secret is empty, and none is looked up.
    var isNeeded = true

    /// The secret that `reference` names: `credential:NAME`, `env:NAME` or `file:PATH`.
    func find(_ reference: String, relativeTo folder: String) -> Result<SecretString, Problem> {
        guard let colon = reference.firstIndex(of: ":") else { return .failure(Self.written) }
        let name = String(reference[reference.index(after: colon)...])
        let kind = reference[..<colon]
        if !isNeeded, ["credential", "env", "file"].contains(kind) { return .success(SecretString("")) }
        switch kind {
        case "credential":
            return path(ofCredential: name).flatMap { path in
                // systemd's own copies may be readable by a group, through an access list for the unit's user, but
                // never by everybody.
                var status = stat()
                guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR || status.st_mode & 0o007 == 0 else {
                    return .failure(
                        Problem(message: "the credential '\(name)' can be read by others", hint: "chmod 0600 '\(path)'")
                    )
                }
                return read(path, called: "the credential '\(name)'")
            }
        case "env":
            guard let value = environment[name], !value.isEmpty else {
                return .failure(
                    Problem(message: "the environment has no '\(name)'", hint: "set it in the daemon's environment"))
            }
            return .success(SecretString(value))
        case "file":
            let path = name.hasPrefix("/") ? name : folder + "/" + name
            var status = stat()
            guard stat(path, &status) == 0 else {
                return .failure(Problem(message: "the file '\(path)' cannot be read", hint: "check its name and owner"))
            }
            guard status.st_mode & 0o077 == 0 else {
                return .failure(
                    Problem(message: "the file '\(path)' can be read by others", hint: "chmod 0600 '\(path)'"))
            }
            return read(path, called: "the file '\(path)'")
        default:
            return .failure(Self.written)
        }
    }

    /// The path of a credential. If it came from a folder, systemd names it `bookbag_NAME`, which is found too.
    func path(ofCredential name: String) -> Result<String, Problem> {
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix(".") else {
            return .failure(Problem(message: "'\(name)' is not a credential's name", hint: "write credential:NAME"))
        }
        if !isNeeded { return .success(name) }
        guard let credentials else {
            return .failure(
                Problem(
                    message: "the credential '\(name)' cannot be found: $CREDENTIALS_DIRECTORY is not set",
                    hint: "start Bookbag through its unit, or set CREDENTIALS_DIRECTORY to the folder that has it"))
        }
        for candidate in ["\(credentials)/\(name)", "\(credentials)/bookbag_\(name)"]
        where FileManager.default.isReadableFile(atPath: candidate) {
            return .success(candidate)
        }
        return .failure(
            Problem(
                message: "the credential '\(name)' does not exist",
                hint: "put it into \(Self.origin(of: credentials))/\(name) (root, 0600) and restart"))
    }

    /// Where the files of a credentials folder come from: systemd's is a copy.
    private static func origin(of credentials: String) -> String {
        credentials.hasPrefix("/run/credentials/") ? "/etc/bookbag/credentials" : credentials
    }

    private static let written = Problem(
        message: "a secret must not be written into this file",
        hint: "put it into its own file and write credential:NAME, or env:NAME, or file:PATH")

    private func read(_ path: String, called name: String) -> Result<SecretString, Problem> {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            return .failure(Problem(message: "\(name) is a folder", hint: "put the secret into a file of that name"))
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 65_536,
            let text = String(data: data, encoding: .utf8)
        else {
            return .failure(Problem(message: "\(name) cannot be read", hint: "check its owner, and that it is a text"))
        }
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty else {
            return .failure(Problem(message: "\(name) is empty", hint: "put the secret into it"))
        }
        return .success(SecretString(trimmed))
    }
}
