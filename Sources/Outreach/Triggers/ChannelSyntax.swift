/// What trigger files need to know about a channel: how its line under `send` is read. The channel's other half, how it
/// composes and delivers, is `ChannelKind` in Delivery, which holds one of these.
public struct ChannelSyntax: Sendable {
    public var name: ChannelName
    /// An example of its line, for the hint to someone who wrote another: `webhook: NAME`.
    public var example: String
    /// True if its line acts and sends no message: what holds the message that tells of it holds it, too.
    public var isAction = false
    /// Reads a line that names the channel; nil if the line has a fault, which is then recorded.
    public var read: @Sendable (inout SendLineReading) -> SendLine?

    public init(
        _ name: ChannelName, example: String, read: @escaping @Sendable (inout SendLineReading) -> SendLine?
    ) {
        self.name = name
        self.example = example
        self.read = read
    }

    /// `email`, and whom it goes to.
    public static let email = ChannelSyntax(.email, example: "email") { $0.email() }
    /// `answer`: a reply to what she wrote, where she wrote it.
    public static let answer = ChannelSyntax(.answer, example: "answer") { $0.answer() }
    /// `webhook: NAME`.
    public static let webhook = ChannelSyntax(.webhook, example: "webhook: NAME") { $0.webhook() }
    /// `sms`, to the shopper's phone.
    public static let sms = ChannelSyntax(.sms, example: "sms") { $0.sms() }
    /// The chat, in which a trigger only ever answers: no line of `send` names it.
    public static let chat = ChannelSyntax(.chat, example: "answer") { reading in
        reading.fault("'chat' is nothing to send", hint: "write 'send: answer'; it goes where the customer wrote")
        return nil
    }
    /// The channels used unless others are given.
    public static let standard = [email, answer, sms, webhook]
}

/// One line of `send` while it is being read.
public struct SendLineReading {
    /// The trigger's name, which is also that of its template unless the line names another.
    public let trigger: String
    let tree: YAMLTree
    let surroundings: TriggerReader.Surroundings
    var faults: FaultList

    /// The texts under these keys, of which the first is the channel's. Any other key is a fault, and so is a value
    /// that is not a text. A line that is just the channel's name has none.
    public mutating func texts(_ keys: [String]) -> [String: String] {
        guard tree.text == nil else { return [:] }
        let fields = Fields(tree, known: keys, what: "a line of 'send'", &faults)
        var texts: [String: String] = [:]
        for key in keys { texts[key] = fields.text(key, &faults)?.text }
        return texts
    }

    /// Records that the line is wrong, and how to write it.
    public mutating func fault(_ what: String, hint: String) { faults.add(at: tree.position, what, hint: hint) }
}

extension SendLineReading {
    /// Reads the line `tree` with the channel that it names.
    mutating func line() -> SendLine? {
        let channels = surroundings.channels
        let names = channels.map(\.name.rawValue)
        let examples = alternatives(channels.map(\.example))
        if let text = tree.text?.trimmingSpaces {
            if let channel = channels.first(where: { $0.name.rawValue == text }) { return line(of: channel) }
            let meant = nearest(to: text, in: names).map { "did you mean '\($0)'?" }
            faults.add(at: tree.position, "'\(text)' cannot be sent", hint: meant ?? "write \(examples)")
            return nil
        }
        guard case .map(let entries) = tree.content, let first = entries.first else {
            faults.add(at: tree.position, "'\(tree.kind)' cannot be sent", hint: "write \(examples)")
            return nil
        }
        // The last channel in the table takes precedence: a webhook's line may use `email` as one of its own keys, but
        // never the other way round.
        if let channel = channels.last(where: { channel in entries.contains { $0.key == channel.name.rawValue } }) {
            return line(of: channel)
        }
        let meant = nearest(to: first.key, in: names).map { "did you mean '\($0)'?" }
        faults.add(at: first.keyPosition, "'\(first.key)' cannot be sent", hint: meant ?? "write \(examples)")
        return nil
    }

    private mutating func line(of channel: ChannelSyntax) -> SendLine? {
        var line = channel.read(&self)
        line?.isChannelsAction = channel.isAction
        return line
    }

    fileprivate mutating func email() -> SendLine? {
        let keys = surroundings.keys.emailNames
        guard case .map(let entries) = tree.content, let email = entries.first(where: { $0.key == "email" }) else {
            return self.email(nil, options: nil, at: tree.position)
        }
        // `email: merchant` means the same as `email: { to: merchant }`; and people forget the second level of
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
                        at: place, "'\(text)' is not somebody to write to",
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

    fileprivate mutating func sms() -> SendLine? {
        var line = SendLine(to: .phone, template: trigger)
        var place = tree.position
        if case .map(let entries) = tree.content, let sms = entries.first(where: { $0.key == "sms" }) {
            // As with a mail, people forget the second level of indentation.
            let beside = Fields(tree, known: ["sms", "template"], what: "a line of 'send'", &faults)
            var options = beside
            if case .nothing = sms.value.content {
            } else if let text = sms.value.text {
                faults.add(
                    at: sms.value.position, "'\(text)' is not somebody to text",
                    hint: "write 'sms' alone; it goes to the customer's phone")
            } else {
                options = Fields(sms.value, known: ["template"], what: "'sms'", &faults)
            }
            if let (text, position) = options.text("template", &faults) {
                line.template = text
                place = position
            }
        }
        if !surroundings.templates.contains(line.template) {
            let meant = nearest(to: line.template, in: surroundings.templates.sorted())
            faults.add(
                at: place, "there is no template 'templates/\(line.template).sms.md'",
                hint: meant.map { "did you mean '\($0)'?" } ?? "make the file, or name another with 'template:'")
        }
        return line
    }

    /// `answer`, or `answer: { template: NAME }`.
    fileprivate mutating func answer() -> SendLine? {
        var line = SendLine(to: .answer, template: trigger)
        var place = tree.position
        if case .map(let entries) = tree.content, let own = entries.first(where: { $0.key == "answer" }) {
            let beside = Fields(tree, known: ["answer", "template"], what: "a line of 'send'", &faults)
            var named = beside.text("template", &faults)
            if case .map = own.value.content {
                named = Fields(own.value, known: ["template"], what: "'answer'", &faults).text("template", &faults)
            } else if let text = own.value.text {
                named = (text.trimmingSpaces, own.value.position)
            }
            if let (name, position) = named { (line.template, place) = (name, position) }
        }
        if !surroundings.templates.contains(line.template) {
            let meant = nearest(to: line.template, in: surroundings.templates.sorted())
            faults.add(
                at: place, "there is no template 'templates/\(line.template).md'",
                hint: meant.map { "did you mean '\($0)'?" } ?? "make the file, or name another with 'template:'")
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
