import ArgumentParser
import Daemon
import Delivery
import Foundation
import Intake
import Outreach
import Platform
import Shopify
import Store

/// `bookbag doctor`: does everything outside work?
struct DoctorCommand: AsyncParsableCommand {
    private typealias Finding = DoctorReport.Finding

    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check access to the shop and the relay, and say how to fix any problem.",
        discussion: """
            Reads the configuration, the store and the trigger files; asks each shop for its identity, the app's scopes and its \
            API versions; logs in to each relay. It contacts no carrier and no webhook: 'bookbag track' asks a carrier, and \
            only a real message tests a webhook. Nothing is sent or changed. Exits with status 1 if something has to be fixed.

            EXAMPLE
              bookbag doctor --config /etc/bookbag/bookbag.yaml
            """)

    @OptionGroup var options: CommandOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let configuration = try options.configuration()
        let engine = TransferEngine()
        var findings = [storeFinding(configuration)]
        for shop in configuration.shops {
            findings.append(triggers(shop))
            findings += await Self.ask(shop, over: engine)
            findings.append(await Self.logIn(shop, over: engine))
            for name in shop.webhooks.keys.sorted() {
                findings.append(
                    Finding(.fine, "webhook \(name) of \(shop.domain)", "configured; doctor does not call it"))
            }
        }
        for carrier in configuration.carriers {
            findings.append(
                Finding(
                    .fine, "carrier \(carrier.name)",
                    "configured; doctor does not ask it, 'bookbag track NUMBER --carrier \(carrier.name)' asks it"))
        }
        await engine.shutdown(within: .seconds(1))
        let report = DoctorReport(findings)
        print(json ? try report.json() : report.text)
        if report.isBroken { throw ExitStatus.fault }
    }

    // MARK: - Here

    private func storeFinding(_ configuration: Configuration) -> Finding {
        let path = configuration.storePath
        guard FileManager.default.fileExists(atPath: path) else {
            return Finding(.fine, "store", "there is none yet; the daemon creates \(path) when it first starts")
        }
        do throws(StoreFailure) {
            let store = try Store.open(path: path, role: .command, create: false, now: DaemonClock.system())
            try store.close()
            return Finding(.fine, "store", "\(path) can be read and written")
        } catch {
            return Finding(.broken, "store", "\(error)")
        }
    }

    private func triggers(_ shop: Configuration.Shop) -> Finding {
        let what = "triggers of \(shop.domain)"
        guard let folder = try? TriggerFolder(readingFrom: shop.triggers, name: shop.triggers) else {
            return Finding(
                .broken, what, "the folder \(shop.triggers) cannot be read",
                fix: "check 'triggers:' and the folder's permissions")
        }
        let (set, faults) = TriggerSet.load(folder, webhooks: Set(shop.webhooks.keys))
        guard let set else {
            let count = faults.count { $0.severity == .error }
            return Finding(
                .broken, what, "\(count) mistake\(count == 1 ? "" : "s") in \(shop.triggers)",
                fix: "'bookbag check \(shop.triggers)' shows them all")
        }
        let mode =
            set.settings.mode == .live ? "" : "; shop.yaml says '\(set.settings.mode.rawValue)', so nothing goes out"
        return Finding(.fine, what, "\(set.triggers.count) are right\(mode)")
    }

    // MARK: - Out there

    private static func ask(_ shop: Configuration.Shop, over engine: TransferEngine) async -> [Finding] {
        let what = "shop \(shop.domain)"
        let credentials: ShopifyCredentials =
            switch shop.access {
            case .token(let token): .token(token)
            case .clientCredentials(let id, let secret): .client(id: id, secret: secret)
            }
        let client = ShopifyClient(
            endpoint: ShopifyEndpoint(base: shop.endpoint), credentials: credentials, transport: engine,
            clock: .system, bucket: nil)
        let inspection: ShopInspection
        do throws(ShopifyFailure) {
            inspection = try await client.inspect()
        } catch {
            return [Finding(.broken, what, error.what, fix: error.fix)]
        }
        var findings: [Finding] = []
        if inspection.domain.lowercased() != shop.domain.lowercased() {
            findings.append(
                Finding(
                    .broken, what, "the shop at this address is \(inspection.domain)",
                    fix: "write 'domain: \(inspection.domain)', or fix 'endpoint:'"))
        } else {
            findings.append(
                Finding(
                    .fine, what,
                    "it is \"\(inspection.name)\" (\(inspection.timeZone), \(inspection.currency)), and accepts the credentials"
                ))
        }
        if let fault = inspection.versionFault {
            findings.append(Finding(.broken, "version of \(shop.domain)", fault.what, fix: fault.fix))
        }
        let missing = inspection.missingScopes
        for scope in missing {
            findings.append(
                Finding(
                    scope.isRequired ? .broken : .poor, "scopes of \(shop.domain)",
                    "the app lacks \(scope.name): \(scope.purpose)",
                    fix: "grant it to the app in Shopify's Dev Dashboard and install the app again"))
        }
        if inspection.scopes == nil {
            findings.append(Finding(.poor, "scopes of \(shop.domain)", "Shopify does not say what the app may read"))
        } else if missing.isEmpty {
            findings.append(Finding(.fine, "scopes of \(shop.domain)", "the app may read everything it needs"))
        }
        return findings
    }

    private static func logIn(_ shop: Configuration.Shop, over engine: TransferEngine) async -> Finding {
        let what = "relay of \(shop.domain)"
        guard let smtp = shop.smtp else {
            return Finding(.poor, what, "none is configured, so no mail is sent", fix: "add 'smtp:' to bookbag.yaml")
        }
        let reply = await SMTPRelay(smtp, engine: engine).probe()
        if reply.failure == nil, reply.code.map({ $0 / 100 == 2 }) == true {
            let redirect = smtp.redirectTo == nil ? "" : "; everything is redirected to one inbox"
            // We do not report whether it offered TLS, only that TLS is not required.
            if smtp.startTLS == .opportunistic {
                return Finding(
                    .poor, what, "\(smtp.url) accepts us\(redirect), but does not require encryption",
                    fix: "remove 'starttls: opportunistic', or mail and password may be sent unencrypted"
                )
            }
            return Finding(.fine, what, "\(smtp.url) accepts us\(redirect)")
        }
        let said = Verdict.verdict(for: reply).failure
        let code = reply.code.map { " (\($0))" } ?? ""
        return Finding(.broken, what, "\(smtp.url): \(said?.detail ?? "no answer")\(code)", fix: fix(reply, smtp))
    }

    private static func fix(_ reply: SMTPReply, _ smtp: Configuration.SMTP) -> String {
        switch reply.phase {
        case .auth: "check 'username' and 'password', or 'oauth', of 'smtp'"
        case .tls: "check 'starttls' and 'ca' of 'smtp', and the relay's certificate"
        default: "check 'url' of 'smtp', and whether this machine can reach it"
        }
    }
}
