import Crypto
import Foundation
import Outreach

/// The style sheet and the script. A name holds the digest of its content, so a browser keeps it for a year and asks
/// for another one once it has changed.
struct StaticFiles: Sendable {
    private struct File: Sendable {
        var bytes: [UInt8]
        var type: String
    }

    private let files: [String: File]
    /// The paths that pages name.
    let style: String
    let script: String

    init() {
        let style = File(bytes: PackageResources.desk_css, type: "text/css; charset=utf-8")
        let script = File(bytes: PackageResources.desk_js, type: "text/javascript; charset=utf-8")
        func name(_ file: File, _ ending: String) -> String {
            "desk-\(SHA256.hash(data: Data(file.bytes)).prefix(8).hexadecimal).\(ending)"
        }
        let names = (name(style, "css"), name(script, "js"))
        files = [names.0: style, names.1: script]
        self.style = "/static/\(names.0)"
        self.script = "/static/\(names.1)"
    }

    /// The file at a path under `/static/`; nil where there is none of that name.
    func file(_ name: String) -> WebResponse? {
        guard let file = files[name] else { return nil }
        return WebResponse(
            200,
            headers: ["content-type": file.type, "cache-control": "public, max-age=31536000, immutable"],
            body: .bytes(file.bytes))
    }
}
