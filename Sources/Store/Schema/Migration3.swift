extension Migration {
    /// One message of several events, and mail to the shop itself.
    static let third = Migration(
        number: 3, name: "combined messages, notices",
        sql: """
            -- The further events that an effect tells, where `combine` made one message of several. Its first is `effects.event_id`.
            CREATE TABLE effect_events (
                effect_id INTEGER NOT NULL REFERENCES effects (id),
                position INTEGER NOT NULL CHECK (position >= 1),
                event_id INTEGER NOT NULL REFERENCES events (id),
                PRIMARY KEY (effect_id, position)
            ) STRICT, WITHOUT ROWID;

            -- Mails to the shop itself: refused edits, held reloads, changes in force. The bytes are frozen when they are written.
            CREATE TABLE notices (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                shop INTEGER NOT NULL REFERENCES shops (id),
                kind TEXT NOT NULL,
                message_id TEXT NOT NULL UNIQUE,
                sender TEXT NOT NULL,
                recipient TEXT NOT NULL,
                summary TEXT NOT NULL,
                bytes BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                due_at INTEGER NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                sent_at INTEGER,
                CHECK (sent_at IS NULL OR attempts > 0)
            ) STRICT;
            CREATE INDEX notices_due ON notices (shop, due_at) WHERE sent_at IS NULL;
            CREATE INDEX notices_sent ON notices (shop, sent_at) WHERE sent_at IS NOT NULL;

            """)
}
