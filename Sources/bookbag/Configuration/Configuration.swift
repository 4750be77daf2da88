import Outreach
import Platform

/// What the operator set in `bookbag.yaml`: where things are, whom to ask, and how to send.
struct Configuration: Sendable {
    /// One shop and how to reach it.
    struct Shop: Sendable {
        /// How the daemon proves who it is.
        enum Access: Sendable {
            /// The token of an older, admin-made app.
            case token(SecretString)
            /// An app of Shopify's Dev Dashboard: its id and secret are exchanged for tokens that live a day.
            case clientCredentials(id: String, secret: SecretString)
        }

        /// The permanent domain, `NAME.myshopify.com`: what every row of the shop bears.
        var domain: String
        /// Scheme, host and port that the Admin API is asked at.
        var endpoint: String
        var access: Access
        var pollEvery: Duration
        /// The folder of its trigger files.
        var triggers: String
        var smtp: SMTP?
        var webhooks: [String: Webhook]
    }

    /// The relay that takes our mail.
    struct SMTP: Sendable {
        enum StartTLS: String, Sendable, CaseIterable {
            case required, opportunistic, off
        }

        var url: String
        var username: String?
        var password: SecretString?
        var connections: Int
        /// How many mails a second at most; nil for as many as go.
        var perSecond: Int?
        /// Everything goes to this address, while trying.
        var redirectTo: MailAddress?
        /// The envelope sender, where bounces go; nil for the brand's own address.
        var sender: MailAddress?
        var startTLS: StartTLS
        var authority: String?
        var certificate: String?
        var key: String?
    }

    /// An endpoint that hears of effects.
    struct Webhook: Sendable {
        var url: String
        /// The newest first; more than one while a secret is being changed.
        var secrets: [SecretString]
        var allowPrivate: Bool
    }

    /// The file it was read from.
    var file: String
    /// The folder of the store.
    var state: String
    var shops: [Shop]
    /// Who may be asked about parcels, in the operator's order of preference.
    var carriers: [Carrier]
    /// Where health and metrics are told, `HOST:PORT`; nil for nowhere.
    var listen: Listen?

    /// A host and a port to listen at.
    struct Listen: Sendable {
        var host: String
        var port: Int
    }

    /// The store's file.
    var storePath: String { "\(state)/bookbag.db" }
}
