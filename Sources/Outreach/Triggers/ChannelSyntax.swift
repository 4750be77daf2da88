/// What trigger files have to know of a channel: how its line of `send` is read. A channel's other half, how it writes
/// and delivers, is `ChannelKind` of Delivery, which has this as one of its values.
public struct ChannelSyntax: Sendable {
    public var name: ChannelName
    /// How a line of it looks, for those who wrote another one: `webhook: NAME`.
    public var example: String
    /// Reads a line that names the channel; nil where it has a fault, which is noted.
    public var read: @Sendable (inout SendLineReading) -> SendLine?

    /// A channel whose line is read like that.
    public init(
        _ name: ChannelName, example: String, read: @escaping @Sendable (inout SendLineReading) -> SendLine?
    ) {
        self.name = name
        self.example = example
        self.read = read
    }

    /// `email`, and to whom.
    public static let email = ChannelSyntax(.email, example: "email") { $0.email() }
    /// `webhook: NAME`.
    public static let webhook = ChannelSyntax(.webhook, example: "webhook: NAME") { $0.webhook() }
    /// What is read where nobody says otherwise.
    public static let standard = [email, webhook]
}

/// One line of `send` while it is read.
public struct SendLineReading {
    /// The name of the trigger, which is that of its template as well unless it names another.
    public let trigger: String
    let tree: YAMLTree
    let surroundings: TriggerReader.Surroundings
    var faults: FaultList

    /// The texts under these keys, of which the first is the channel's. Other keys are faults, and so is anything but a
    /// text. A line that is the channel's bare name has none.
    public mutating func texts(_ keys: [String]) -> [String: String] {
        guard tree.text == nil else { return [:] }
        let fields = Fields(tree, known: keys, what: "a line of 'send'", &faults)
        var texts: [String: String] = [:]
        for key in keys { texts[key] = fields.text(key, &faults)?.text }
        return texts
    }

    /// Notes that the line is wrong, and how to write it.
    public mutating func fault(_ what: String, hint: String) { faults.add(at: tree.position, what, hint: hint) }
}

extension SendLineReading {
    /// The line `tree`, by the channel that it names.
    mutating func line() -> SendLine? {
        let channels = surroundings.channels
        let names = channels.map(\.name.rawValue)
        let examples = alternatives(channels.map(\.example))
        if let text = tree.text?.trimmingSpaces {
            if let channel = channels.first(where: { $0.name.rawValue == text }) { return channel.read(&self) }
            let meant = nearest(to: text, in: names).map { "did you mean '\($0)'?" }
            faults.add(at: tree.position, "'\(text)' cannot be sent", hint: meant ?? "write \(examples)")
            return nil
        }
        guard case .map(let entries) = tree.content, let first = entries.first else {
            faults.add(at: tree.position, "'\(tree.kind)' cannot be sent", hint: "write \(examples)")
            return nil
        }
        // The last in the table goes first: a webhook's line may say `email` of something else, and never the other way
        // round.
        if let channel = channels.last(where: { channel in entries.contains { $0.key == channel.name.rawValue } }) {
            return channel.read(&self)
        }
        let meant = nearest(to: first.key, in: names).map { "did you mean '\($0)'?" }
        faults.add(at: first.keyPosition, "'\(first.key)' cannot be sent", hint: meant ?? "write \(examples)")
        return nil
    }

    fileprivate mutating func email() -> SendLine? {
        let keys = surroundings.keys.emailNames
        guard case .map(let entries) = tree.content, let email = entries.first(where: { $0.key == "email" }) else {
            return self.email(nil, options: nil, at: tree.position)
        }
        // `email: merchant` says it as well as `email: { to: merchant }`; and people leave out the second step of
        // indentation.
        let fields = Fields(tree, known: ["email"] + keys, what: "a line of 'send'", &faults)
        if let to = email.value.text {
            return self.email((to.trimmingSpaces, email.value.position), options: fields, at: tree.position)
        }
        if case .nothing = email.value.content { return self.email(nil, options: fields, at: tree.position) }
        let inner = Fields(email.value, known: keys, what: "'email'", &faults)
        for entry in entries where keys.contains(entry.key) {
            faults.add(
                at: entry.keyPosition, "'\(entry.key)' belongs under 'email'", hint: "indent it by two more spaces")
        }
        return self.email(nil, options: inner, at: tree.position)
    }

    private mutating func email(
        _ to: (String, Position)?, options: Fields?, at position: Position
    ) -> SendLine? {
        var line = SendLine(to: .customer, template: trigger)
        if let (text, place) = to ?? options?.text("to", &faults) {
            switch text {
            case "customer": break
            case "merchant":
                line.destination = .merchant
                if let settings = surroundings.settings, settings.notify == nil {
                    faults.add(
                        at: place, "'merchant' is 'notify' of shop.yaml, which is not set",
                        hint: "write 'notify: you@your-shop.example' there")
                }
            default:
                if let address = MailAddress(parsing: text) {
                    line.destination = .address(address)
                } else {
                    let meant = nearest(to: text, in: ["customer", "merchant"]).map { "did you mean '\($0)'?" }
                    faults.add(
                        at: place, "'\(text)' is nobody to write to",
                        hint: meant ?? "write 'customer', 'merchant' or an e-mail address")
                }
            }
        }
        var place = position
        if let (text, position) = options?.text("template", &faults) {
            line.template = text
            place = position
        }
        if !surroundings.templates.contains(line.template) {
            let meant = nearest(to: line.template, in: surroundings.templates.sorted())
            faults.add(
                at: place, "there is no template 'templates/\(line.template).md'",
                hint: meant.map { "did you mean '\($0)'?" } ?? "make the file, or name another with 'template:'")
        }
        line.replyTo = options?.address("reply_to", &faults)
        if let (text, place) = options?.text("attach", &faults) {
            if text == "none" {
                line.attachesLabel = false
            } else {
                faults.add(
                    at: place, "'attach' cannot be '\(text)'",
                    hint: "write 'none' to keep a label a link, or leave it out")
            }
        }
        return line
    }

    fileprivate mutating func webhook() -> SendLine? {
        if tree.text != nil {
            faults.add(at: tree.position, "which webhook?", hint: "write 'webhook: NAME', as the operator named it")
            return nil
        }
        let fields = Fields(tree, known: ["webhook", "template"], what: "a line of 'send'", &faults)
        guard let (name, position) = fields.text("webhook", &faults) else {
            faults.add(at: tree.position, "which webhook?", hint: "write 'webhook: NAME', as the operator named it")
            return nil
        }
        if let known = surroundings.webhooks, !known.contains(name) {
            let meant = nearest(to: name, in: known.sorted()).map { "did you mean '\($0)'?" }
            faults.add(
                at: position, "no webhook is named '\(name)'",
                hint: meant ?? "ask the operator to add it under 'webhooks:' in bookbag.yaml")
        }
        var template = ""
        if let (text, position) = fields.text("template", &faults) {
            template = text
            if !surroundings.jsonTemplates.contains(text) {
                let meant = nearest(to: text, in: surroundings.jsonTemplates.sorted())
                faults.add(
                    at: position, "there is no template 'templates/\(text).json'",
                    hint: meant.map { "did you mean '\($0)'?" }
                        ?? "make the file, or take 'template' out to send Bookbag's own JSON")
            }
        }
        return SendLine(to: .webhook(name), template: template)
    }
}
