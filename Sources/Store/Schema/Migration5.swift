extension Migration {
    /// Who else can be asked about a parcel, so that another source stands in while its own is down.
    static let standingIn = Migration(
        number: 5, name: "the further sources of a parcel",
        sql: """
            -- All that can be asked, the best first, with a space between; NULL where there is one at most.
            ALTER TABLE parcels ADD COLUMN sources TEXT;
            -- Those of them that did not know it for long, or would not tell. They have another turn when all the others had theirs.
            ALTER TABLE parcels ADD COLUMN passed_over TEXT;

            """)
}
