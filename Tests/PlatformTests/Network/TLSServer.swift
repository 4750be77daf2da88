import Foundation

/// `openssl s_server` with a certificate of its own, valid for `localhost` alone.
final class TLSServer {
    struct Unavailable: Error {}

    let port: Int
    let certificate: String
    private let folder = Fixtures.Folder()
    private let process = Process()
    private let input = Pipe()

    init() throws {
        certificate = folder.path + "/cert.pem"
        let key = folder.path + "/key.pem"
        guard let openssl = Fixtures.find("openssl"), Self.makeCertificate(certificate, key: key) else {
            throw Unavailable()
        }
        process.executableURL = URL(fileURLWithPath: openssl)
        process.arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = input
        try process.run()
        var text = ""
        while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { throw Unavailable() }
            text += String(decoding: data, as: UTF8.self)
        }
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }),
            let number = line.split(separator: ":").last.flatMap({ Int($0) })
        else { throw Unavailable() }
        port = number
    }

    func stop() {
        // A worker thread's children inherit its blocked signals, so asking kindly would go unheard.
        kill(process.processIdentifier, SIGKILL)
    }

    static func makeCertificate(_ certificate: String, key: String) -> Bool {
        guard let openssl = Fixtures.find("openssl") else { return false }
        return Fixtures.run(
            openssl,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                certificate,
            ]) != nil
    }
}
