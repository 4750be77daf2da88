import Delivery
import Foundation
import Intake
import Logging
import Outreach
import Platform
import Store

/// Where providers hand over the texts of shoppers: `POST /sms/SHOP` on the public listener.
///
/// A request is believed by its signature alone. What it brings is committed before it is answered, and judged later; the
/// same text brought twice is one.
package struct TextHooks: Sendable {
    /// One shop's side of it.
    struct Desk: Sendable {
        var settings: SMSSettings
        /// Called when a text came in.
        var wake: Wake
    }

    var desks: [String: Desk] = [:]
    let store: Store
    let logger: Logger
    let now: @Sendable () -> Moment
    /// Scheme and host of the public pages, as the provider was told.
    let url: String

    /// What the caller is answered.
    package struct Answer: Hashable, Sendable {
        package var status: Int
        package var type = "text/plain; charset=utf-8"
        package var body = ""
    }

    /// The path for a shop.
    package static func path(of shop: String) -> String { "/sms/\(shop)" }

    /// Takes one request.
    ///
    /// - Parameters:
    ///   - path: as it was sent, without a query: Twilio signs it, and nobody has a reason to add one.
    ///   - headers: by names in lower case.
    package func receive(path: String, headers: [String: String], body: [UInt8]) async -> Answer {
        guard let shop = desks.keys.first(where: { Self.path(of: $0) == path }), let desk = desks[shop] else {
            return Answer(status: 404, body: "There is nothing here.")
        }
        let format: TextHookFormat
        switch desk.settings.provider {
        case .twilio(let account):
            format = .twilio
            guard let form = FormFields(body),
                TwilioSignature.isValid(
                    headers["x-twilio-signature"] ?? "", url: url + path, form: form, token: account.token)
            else { return refused(shop, "its signature is not Twilio's for this URL and token") }
            // Twilio reports on our own messages the same way; that is not a text of a shopper's.
            if form["Body"] == nil, form["MessageStatus"] != nil { return Self.thanks(format) }
        case .gateway(_, let secrets, _, _):
            format = .gateway
            let isKnown = secrets.contains { secret in
                guard let secret = try? WebhookSecret(secret.reveal()), let verifier = try? WebhookVerifier(secret)
                else { return false }
                return (try? verifier.verify(body, at: now()) { headers[$0] }) != nil
            }
            guard isKnown else { return refused(shop, "its signature is not one of the gateway's secrets'") }
        }
        let text: IncomingText
        do throws(SourceFailure) {
            text = try IncomingText(body, format, receivedAt: now())
        } catch {
            logger.log(Line.textRefused, ["shop": "\(shop)", "reason": "\(error)"])
            return Answer(status: 400, body: "This is no text: \(error).")
        }
        let raw = RawObservation(
            shop: shop, source: TextSource.sourceName, externalID: text.providerID, receivedAt: text.receivedAt,
            kind: format.rawValue, bytes: body, address: text.from?.text)
        do throws(StoreFailure) {
            _ = try await store.keep([raw], now: now())
        } catch {
            return Answer(status: 503, body: "It could not be stored now.")
        }
        desk.wake.call()
        return Self.thanks(format)
    }

    private func refused(_ shop: String, _ reason: String) -> Answer {
        logger.log(Line.textRefused, ["shop": "\(shop)", "reason": "\(reason)"])
        return Answer(status: 403, body: "The signature is wrong.")
    }

    /// Twilio sends whatever it is answered as a text, unless it is empty TwiML.
    private static func thanks(_ format: TextHookFormat) -> Answer {
        format == .twilio
            ? Answer(status: 200, type: "text/xml; charset=utf-8", body: "<Response/>") : Answer(status: 204)
    }
}
