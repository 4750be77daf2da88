/// All carriers that Bookbag can ask or only read.
public enum Carriers {
    /// In list order: carriers with their own API, then the aggregators.
    public static let all: [any Carrier] =
        [
            UPS(), FedEx(), USPS(), DHLUnified(), MyDHL(), RoyalMail(), CanadaPost(), AustraliaPost(), GLS(), LaPoste(),
            Hermes(), DPD(),
            AmazonShipping(), Sendle(), EasyPost(), Shippo(), AfterShip(), SeventeenTrack(), ShipEngine(),
        ] + Readers.all

    /// The carrier with that name, ignoring case.
    public static func named(_ name: String) -> (any Carrier)? {
        let wanted = name.lowercased()
        return all.first { $0.name == wanted }
    }
}
