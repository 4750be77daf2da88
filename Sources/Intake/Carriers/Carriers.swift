/// All carriers that Bookbag can ask or read.
public enum Carriers {
    /// In the order in which lists show them: those with an API of their own, then the aggregators.
    public static let all: [any Carrier] =
        [
            UPS(), FedEx(), USPS(), DHLUnified(), MyDHL(), RoyalMail(), CanadaPost(), AustraliaPost(), GLS(), LaPoste(),
            Hermes(), DPD(),
            AmazonShipping(), Sendle(), EasyPost(), Shippo(), AfterShip(), SeventeenTrack(), ShipEngine(),
        ] + Readers.all

    /// The carrier of that name, whatever its case.
    public static func named(_ name: String) -> (any Carrier)? {
        let wanted = name.lowercased()
        return all.first { $0.name == wanted }
    }
}
