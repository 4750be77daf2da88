extension Migration {
    /// What an operator needs: a backup that is put back tells nobody twice, a channel remembers whom it suspects over a restart, and the age of what is tried
    /// again is known.
    static let seventh = Migration(
        number: 7, name: "backups put back, suspects, ages",
        sql: """
            -- When the backup was made that the shop's rows are of, and when it was put to use. Both go once all that happened since is learned.
            ALTER TABLE shops ADD COLUMN backup_at INTEGER;
            ALTER TABLE shops ADD COLUMN restored_at INTEGER;

            -- How often a way out was opened again, and the messages that closed it by an answer that may be meant for them alone: `EFFECT:OPENINGS`, with
            -- a space between two.
            ALTER TABLE channels ADD COLUMN openings INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE channels ADD COLUMN suspects TEXT NOT NULL DEFAULT '';

            -- What was tried and not taken, by the moment at which it was first due.
            CREATE INDEX effects_tried_again ON effects (shop, counted_at)
                WHERE state = 'ready' AND reason IN ('deferred', 'unavailable');

            -- The tracking number that a carrier's scan speaks of; a package may have had another before.
            ALTER TABLE scans ADD COLUMN number TEXT;

            -- What waits to be told again, for nobody knows whether it arrived.
            CREATE INDEX effects_in_doubt ON effects (shop) WHERE state = 'ready' AND attempts_in_doubt > 0;

            """)
}
