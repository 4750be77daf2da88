package import Delivery
package import Intake
package import Outreach
package import Platform
package import Store

/// The operator's settings in `bookbag.yaml`: where things are, whom to ask, and how to send.
package struct Configuration: Sendable {
    /// One shop and how to reach it.
    package struct Shop: Sendable {
        /// How the daemon authenticates itself.
        package enum Access: Sendable {
            /// The token of an older, admin-made app.
            case token(SecretString)
            /// An app of Shopify's Dev Dashboard: its id and secret are exchanged for tokens that are valid for a day.
            case clientCredentials(id: String, secret: SecretString)
        }

        /// The permanent domain, `NAME.myshopify.com`, which every row of the shop contains.
        package var domain: String
        /// Scheme, host and port of the Admin API.
        package var endpoint: String
        package var access: Access
        package var pollEvery: Duration
        /// What Shopify signs webhooks with that were made in its admin; the app's own are signed with its secret.
        package var hookSecrets: [SecretString] = []
        /// The folder with its trigger files.
        package var triggers: String
        package var smtp: SMTP?
        /// Where shoppers' replies arrive; nil if no mailbox is read.
        package var mailbox: Mailbox?
        /// The model that gives a second opinion on what shoppers write; nil for none.
        package var understanding: Model?
        package var webhooks: [String: Webhook]
        /// Who gets conversations by mail, and answers them so; nil for nobody.
        package var handOverTo: MailAddress?
        /// Whether conversations are handed over to the helpdesk.
        package var handsOverToHelpdesk = false
        /// Whether customers' mail arrives in the helpdesk, and no mailbox is read.
        package var mailboxBelongsToHelpdesk = false
        /// The targets of channels that define their own configuration.
        package var farEnds: [ChannelName: [FarEnd]]
        /// What all gifts may cost at most, whatever policy.yaml says.
        package var giftCeilings: [Allowance] = []
        /// The same for what else is done in the shop, by `ShopVerb.ceiling`.
        package var actionCeilings: [String: ActionCeiling] = [:]
        /// What all remedies may cost at most, whatever policy.yaml says.
        package var remedyCeilings: [Allowance] = []

        package init(
            domain: String, endpoint: String, access: Access, pollEvery: Duration, triggers: String, smtp: SMTP?,
            mailbox: Mailbox? = nil, webhooks: [String: Webhook], farEnds: [ChannelName: [FarEnd]] = [:]
        ) {
            self.domain = domain
            self.endpoint = endpoint
            self.access = access
            self.pollEvery = pollEvery
            self.triggers = triggers
            self.smtp = smtp
            self.mailbox = mailbox
            self.webhooks = webhooks
            self.farEnds = farEnds
        }
    }

    /// The relay for our mail.
    package struct SMTP: Sendable {
        package enum StartTLS: String, Sendable, CaseIterable {
            case required, opportunistic, off
        }

        package var url: String
        package var username: String?
        package var password: SecretString?
        /// How access tokens are obtained, instead of a password.
        package var oauth: OAuthSettings?
        package var connections: Int
        /// The maximum number of mails, in total and per recipient domain.
        package var limits: SendLimits
        /// Everything goes to this address, while trying things out.
        package var redirectTo: MailAddress?
        /// The envelope sender, where bounces go; nil for the brand's own address.
        package var sender: MailAddress?
        /// A mailbox that accepts `NAME+ANYTHING@DOMAIN` as well as `NAME@DOMAIN`: each mail's bounces then come back
        /// to an address of its own. Used instead of `sender`.
        package var bouncesTo: MailAddress?
        package var startTLS: StartTLS
        package var authority: String?
        package var certificate: String?
        package var key: String?
        /// The DKIM selectors that the relay signs the shop's mail with, for `doctor`; none where nobody said.
        package var dkimSelectors: [String] = []

        package init(
            url: String, username: String?, password: SecretString?, oauth: OAuthSettings? = nil, connections: Int,
            perSecond: Int?, redirectTo: MailAddress?, sender: MailAddress?, bouncesTo: MailAddress? = nil,
            startTLS: StartTLS, authority: String?, certificate: String?, key: String?,
            limits: SendLimits = SendLimits()
        ) {
            self.url = url
            self.username = username
            self.password = password
            self.oauth = oauth
            self.connections = connections
            self.limits = limits
            if let perSecond { self.limits.whole.append(SendLimit(perSecond, .second)) }
            self.bouncesTo = bouncesTo
            self.redirectTo = redirectTo
            self.sender = sender
            self.startTLS = startTLS
            self.authority = authority
            self.certificate = certificate
            self.key = key
        }
    }

    /// A language model, and where it is asked.
    package typealias Model = ModelEndpoint

    /// An endpoint that effects are sent to.
    package struct Webhook: Sendable {
        package var url: String
        /// The newest first; more than one while a secret is being replaced.
        package var secrets: [SecretString]
        package var allowPrivate: Bool

        package init(url: String, secrets: [SecretString], allowPrivate: Bool) {
            self.url = url
            self.secrets = secrets
            self.allowPrivate = allowPrivate
        }
    }

    /// The file it was read from.
    package var file: String
    /// The folder that holds the store, and other things of this machine.
    package var state: String
    /// The database that holds the store instead of a file in `state`; nil for the file.
    package var server: StorePlace?
    package var shops: [Shop]
    /// The carriers that may be asked about parcels, in the operator's order of preference.
    package var carriers: [Carrier]
    /// Where health and metrics are served, `HOST:PORT`; nil for nowhere.
    package var listen: Listen?

    /// A host and a port to listen on.
    package struct Listen: Sendable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// How long things are kept.
    package var retention = Retention()
    /// Where the desk is served; nil for nowhere.
    package var desk: Site?
    /// Where the shopper's own pages are served; nil for nowhere.
    package var pages: Site?
    /// Who may use the desk, and the file that lists them.
    package var people = People()
    package var peopleFile: String?

    package init(file: String, state: String, shops: [Shop], carriers: [Carrier], listen: Listen?) {
        self.file = file
        self.state = state
        self.shops = shops
        self.carriers = carriers
        self.listen = listen
    }

    /// Where the store is.
    package var store: StorePlace { server ?? StorePlace(path: "\(state)/bookbag.db") }
}

extension Configuration {
    /// A carrier or aggregator that may be asked, and how.
    package struct Carrier: Sendable {
        /// The adapter's name: `ups`, `dhl_unified`, `easypost`.
        package var name: String
        package var access: CarrierAccess
        /// Calls per day, if the operator knows better than the published default.
        package var perDay: Int?
        /// A parcel in transit is asked about at least this often; nil if only the schedule counts.
        package var askEvery: Duration?

        package init(name: String, access: CarrierAccess, perDay: Int?, askEvery: Duration?) {
            self.name = name
            self.access = access
            self.perDay = perDay
            self.askEvery = askEvery
        }
    }
}

extension Configuration.Shop {
    /// Whatever Shopify's webhooks may be signed with.
    var allHookSecrets: [SecretString] {
        guard case .clientCredentials(_, let secret) = access, !secret.isEmpty else { return hookSecrets }
        return hookSecrets + [secret]
    }
}
