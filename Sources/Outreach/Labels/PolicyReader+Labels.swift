// `labels`: which return labels may be bought.

extension PolicyReader {
    static let labelKeys = ["at_most", "parcel", "return_to", "services"]
    static let returnToKeys = [
        "name", "company", "street", "street_2", "city", "state", "zip", "country", "phone",
    ]
    private static let otherLabelWords = [
        "max": "at_most", "maximum": "at_most", "limit": "at_most", "up_to": "at_most", "size": "parcel",
        "weight": "parcel", "package": "parcel", "to": "return_to", "address": "return_to",
        "return_address": "return_to", "service": "services", "carriers": "services", "only": "services",
    ]
    private static let otherAddressWords = [
        "address": "street", "address1": "street", "street1": "street", "line1": "street", "address2": "street_2",
        "street2": "street_2", "line2": "street_2", "town": "city", "province": "state", "county": "state",
        "postcode": "zip", "postal_code": "zip", "country_code": "country", "tel": "phone",
    ]
    private static let example = "'labels: { at_most: 8.00, parcel: 1 kg in 30 x 20 x 10 cm, return_to: { … } }'"

    mutating func labels(_ policy: Fields, currency: String?) -> LabelPolicy? {
        guard let entry = policy.entry("labels") else { return nil }
        guard let tree = policy.value("labels") else {
            faults.add(at: entry.keyPosition, "nothing is written under 'labels'", hint: "write \(Self.example)")
            return nil
        }
        let fields = Fields(tree, known: Self.labelKeys, otherWords: Self.otherLabelWords, what: "'labels'", &faults)
        guard case .map = tree.content else { return nil }
        let atMost = amount("at_most", fields, currency: currency)
        if fields.value("at_most") == nil {
            faults.add(
                at: entry.keyPosition, "'labels' has no 'at_most': what may one cost?",
                hint: "write a sum, such as 'at_most: 8.00'; a dearer one is not bought")
        }
        var parcel: LabelParcel?
        if let (text, place) = fields.text("parcel", &faults) {
            switch LabelParcel.read(text) {
            case .success(let read): parcel = read
            case .failure(let misread): faults.add(at: place, misread.message, hint: misread.hint)
            }
        } else if fields.value("parcel") == nil {
            faults.add(
                at: entry.keyPosition, "'labels' has no 'parcel': carriers price by weight and size",
                hint: "write the largest that usually comes back: 'parcel: 1 kg in 30 x 20 x 10 cm'")
        }
        var home: AddressFacts?
        if let value = fields.value("return_to") {
            home = address(value)
        } else {
            faults.add(
                at: fields.entry("return_to")?.keyPosition ?? entry.keyPosition,
                "'labels' has no 'return_to': where do returns go?",
                hint: "write 'return_to:' with 'name', 'street', 'city', 'zip' and 'country' below it")
        }
        let services = services(fields)
        guard let atMost, let parcel, let home else { return nil }
        return LabelPolicy(
            atMost: atMost, parcel: parcel, returnTo: home, services: services, line: entry.keyPosition.line)
    }

    private mutating func services(_ fields: Fields) -> [String] {
        var services: [String] = []
        for element in fields.value("services")?.listed ?? [] {
            guard let text = element.text?.trimmingSpaces, !text.isEmpty else {
                faults.add(
                    at: element.position, "a service is a text, and this is \(element.kind)",
                    hint: "write a carrier, or a carrier and its service: 'USPS', 'USPS Ground Advantage'")
                continue
            }
            guard text.count <= 80 else {
                faults.add(at: element.position, "a service has at most 80 characters, and this has \(text.count)")
                continue
            }
            services.append(text)
        }
        if fields.value("services") == nil, let place = fields.entry("services")?.keyPosition {
            faults.add(
                at: place, "nothing is written under 'services', so nothing could be bought",
                hint: "write '[USPS, UPS]', or take 'services' out: then any service may be bought")
        } else if services.isEmpty, let value = fields.value("services"), value.listed.isEmpty {
            faults.add(
                at: value.position, "'services' is empty, so nothing could be bought",
                hint: "write '[USPS, UPS]', or take 'services' out: then any service may be bought")
        }
        return services
    }

    private mutating func address(_ tree: YAMLTree) -> AddressFacts? {
        let fields = Fields(
            tree, known: Self.returnToKeys, otherWords: Self.otherAddressWords, what: "'return_to'", &faults)
        guard case .map = tree.content else { return nil }
        var texts: [String: String] = [:]
        for key in Self.returnToKeys {
            guard let (text, place) = fields.text(key, &faults) else { continue }
            guard text.count <= 100, !text.contains(where: \.isNewline) else {
                faults.add(at: place, "'\(key)' has at most 100 characters, on one line")
                continue
            }
            texts[key] = text
        }
        if fields.value("name") == nil, fields.value("company") == nil {
            faults.add(
                at: tree.position, "'return_to' says neither 'name' nor 'company'", hint: "write who receives returns")
        }
        for key in ["street", "city", "country"] where fields.value(key) == nil {
            faults.add(at: tree.position, "'return_to' has no '\(key)'", hint: "add '\(key):'")
        }
        if let country = texts["country"], country.wholeMatch(of: /[A-Z]{2}/) == nil {
            let upper = country.uppercased()
            faults.add(
                at: fields.value("country")?.position ?? tree.position, "'\(country)' is no country's code",
                hint: upper.wholeMatch(of: /[A-Z]{2}/) != nil
                    ? "write '\(upper)'" : "write its two letters, such as 'GB' or 'US'")
            return nil
        }
        guard texts["street"] != nil, texts["city"] != nil, texts["country"] != nil,
            texts["name"] != nil || texts["company"] != nil
        else { return nil }
        var address = AddressFacts()
        address.name = texts["name"]
        address.company = texts["company"]
        address.address1 = texts["street"]
        address.address2 = texts["street_2"]
        address.city = texts["city"]
        address.provinceCode = texts["state"]
        address.zip = texts["zip"]
        address.countryCode = texts["country"]
        address.phone = texts["phone"]
        return address
    }
}
