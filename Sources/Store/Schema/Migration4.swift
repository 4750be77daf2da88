extension Migration {
    /// What is due is asked for by shop: a shop that is not served any more keeps what it has, and nobody walks past it.
    static let fourth = Migration(
        number: 4, name: "what is due, by shop",
        sql: """
            DROP INDEX effects_waiting;
            CREATE INDEX effects_waiting ON effects (shop, due_at, id) WHERE state = 'waiting';
            DROP INDEX orders_by_moment;
            CREATE INDEX orders_by_moment ON orders (shop, next_moment) WHERE next_moment IS NOT NULL;

            """)
}
