import Foundation
import Outreach

/// The drafts that golden files are made of, and what is needed to make others.
enum Drafts {
    static let brand: Brand = {
        var brand = Brand(
            name: "Juniper & Fig",
            from: MailAddress(name: "Juniper & Fig", address: "orders@juniperfig.example")!,
            address: "12 Fig Lane, Bristol BS1 4DJ", color: "#2f5d50", url: "https://juniperfig.example")
        brand.replyTo = MailAddress(address: "help@juniperfig.example")
        return brand
    }()

    static func draft(
        subject: String = "Your order #1001 is running late", to name: String? = "Ada Lovelace",
        address: String = "ada@shopper.example", body: MailDraft.Body = .markdown(delay), language: String = "en",
        preview: String? = "We are sorry, and here is what we know.", headers: [MailDraft.Header] = [],
        brand: Brand = brand
    ) -> MailDraft {
        MailDraft(
            from: brand.from, to: MailAddress(name: name, address: address)!, replyTo: brand.replyTo,
            sender: "bounces@juniperfig.example", subject: subject, preview: preview, body: body, language: language,
            messageID: "e1c9f2@juniperfig.example",
            references: ["root-1001@juniperfig.example", "b2@juniperfig.example"],
            date: Moment(iso8601: "2026-11-21T10:00:00Z")!, headers: headers, brand: brand)
    }

    static let delay = """
        Hi Ada,

        Your parcel should have been with you **2 days ago**, and it isn't. We are sorry: we know that you were waiting
        for it. The carrier now says *Tuesday, 24 November*.

        [Track your parcel](https://track.example/p?id=1Z999AA10123456784&lang=en)

        ## What is in it

        - 2 × Fig & ginger jam
        - 1 × Juniper candle, large

        > "Delayed at the sorting centre."

        Your tracking number is `1Z999AA10123456784`. If it is not with you by then, just answer this mail or look at
        [our help pages](https://juniperfig.example/help).
        """

    static let japanese = """
        エイダ様

        ご注文の商品は、お届けが予定より2日遅れております。ご迷惑をおかけして申し訳ございません。配送業者によると、11月24日（火）にお届けの予定です。

        [お荷物を追跡する](https://track.example/p?id=1Z999)

        - フィグジャム × 2
        - ジュニパーキャンドル × 1
        """

    static let arabic = """
        مرحبًا آدا،

        طردك متأخر يومين، ونحن نعتذر عن ذلك. تقول شركة الشحن إنه سيصل يوم **الثلاثاء 24 نوفمبر**.

        [تتبّع طردك](https://track.example/p?id=1Z999)

        - مربى التين × 2
        """

    static let pdf = Array("%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n".utf8)

    /// Every draft that has a golden file, by the file's name.
    static let golden: [(String, MailDraft)] = {
        var label = draft(
            subject: "Your return label for order #1001",
            body: .markdown("Hi Ada,\n\nyour label is attached.\n\n[Open the label](https://labels.example/l/1)"))
        label.attachments = [
            .init(name: "Return label 1001.pdf", type: "application/pdf", bytes: pdf),
            .init(name: "Rücksendeetikett 東京.pdf", type: "application/pdf", bytes: pdf),
        ]
        var orange = brand
        orange.color = "#ff7a1a"
        orange.logo = "https://juniperfig.example/logo.png"
        return [
            ("delay", draft()),
            (
                "german",
                draft(
                    subject:
                        "Deine Bestellung Nr. 1001 verspätet sich leider – wir bitten um Entschuldigung für die Wartezeit",
                    to: "Jürgen Müller-Lüdenscheidt, Dr.",
                    body: .markdown(
                        "Hallo Jürgen,\n\nschöne Grüße aus dem Süden!  \nDein Team\n\nFrom hier an läuft's."),
                    language: "de")
            ),
            (
                "japanese",
                draft(
                    subject:
                        "ご注文番号1001の商品のお届けが予定より遅れております。ご迷惑をおかけして誠に申し訳ございません。新しいお届け予定日をお知らせいたします。",
                    to: "愛田 レイ", body: .markdown(japanese), language: "ja", preview: nil)
            ),
            ("arabic", draft(subject: "طلبك رقم 1001 متأخر", to: "آدا", body: .markdown(arabic), language: "ar")),
            ("emoji", draft(subject: "🎉 It's here! 👩‍👩‍👧‍👦 Your order #1001", to: "Zoë 🦊 \"Fox\" O'Hara")),
            (
                "attack",
                draft(
                    subject: "Hello\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>",
                    to: "Eve\r\nBcc: x@y.example")
            ),
            ("label", label),
            (
                "marketing",
                draft(
                    subject: "How is the jam?",
                    body: .markdown("# How is it?\n\nTell us!\n\n[Write a review](https://juniperfig.example/r)"),
                    headers: [
                        .init("List-Unsubscribe", "<https://juniperfig.example/u/0123456789abcdef0123456789abcdef>"),
                        .init("X-Bookbag-Trigger", "check-in"),
                    ], brand: orange)
            ),
            (
                "own-design",
                draft(
                    body: .html(
                        "<html><head><style>p{color:red}</style></head><body><h1>Late</h1><p>Hi &amp; sorry,<br>it is <b>late</b>.</p>"
                            + "<ul><li>Jam</li><li>Candle</li></ul><table><tr><td><a href=\"https://track.example/p?a=1&amp;b=2\">Track</a></td></tr></table></body></html>"
                    ))
            ),
        ]
    }()
}

/// The bytes of a composed mail.
func bytes(of message: Message) -> [UInt8] { message.bytes }

/// What a program printed, run with `input`; nil where it is not installed or failed.
func run(_ program: String, _ arguments: [String], input: Data = Data()) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try input.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let output = Pipe()
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}

/// Whether Python has a module. Says so where it has not: the test that asks is then left out.
func python(has module: String) -> Bool {
    if let (status, _) = try? run("python3", ["-c", "import \(module)"]), status == 0 { return true }
    print("left out: Python's \(module) is not installed")
    return false
}

/// The package's own folder.
let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
