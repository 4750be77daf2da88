extension Migration {
    /// Asking carriers: who is asked about which parcel and when, and what is left of each carrier's quota.
    ///
    /// A parcel is a number of a shop, however many shipments have it. It stands here while there is something to ask, or while nobody can be asked (`source` is empty);
    /// what carriers said stands with the orders, as scans.
    static let asking = Migration(
        number: 2, name: "parcels to ask about, carriers, quotas",
        sql: """
            CREATE TABLE parcels (
                id INTEGER NOT NULL PRIMARY KEY,
                shop INTEGER NOT NULL REFERENCES shops (id),
                number TEXT NOT NULL CHECK (number <> ''),
                source TEXT NOT NULL,
                urgency INTEGER NOT NULL CHECK (urgency BETWEEN 0 AND 9),
                ask_at INTEGER,
                asked_at INTEGER,
                tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
                misses INTEGER NOT NULL DEFAULT 0 CHECK (misses >= 0),
                refused TEXT,
                home TEXT,
                UNIQUE (shop, number),
                CHECK ((source = '') = (ask_at IS NULL))
            ) STRICT;
            CREATE INDEX parcels_next ON parcels (source, urgency, ask_at) WHERE ask_at IS NOT NULL;

            CREATE TABLE parcel_orders (
                parcel INTEGER NOT NULL REFERENCES parcels (id),
                order_id INTEGER NOT NULL REFERENCES orders (id),
                PRIMARY KEY (parcel, order_id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX parcels_by_order ON parcel_orders (order_id, parcel);

            -- One row for each carrier that was ever asked: whether it may be asked now, and what came of it so far.
            CREATE TABLE carriers (
                carrier TEXT NOT NULL PRIMARY KEY,
                closed_until INTEGER,
                reason TEXT,
                detail TEXT,
                failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
                calls INTEGER NOT NULL DEFAULT 0,
                asked INTEGER NOT NULL DEFAULT 0,
                answers INTEGER NOT NULL DEFAULT 0,
                faults INTEGER NOT NULL DEFAULT 0,
                answered_at INTEGER,
                last_fault TEXT,
                CHECK (closed_until IS NULL OR reason IS NOT NULL)
            ) STRICT, WITHOUT ROWID;

            -- What of a quota is spent. A window of a day or more counts calls on a day; a shorter one has the moment at which its next call is free.
            CREATE TABLE carrier_windows (
                carrier TEXT NOT NULL,
                seconds INTEGER NOT NULL CHECK (seconds > 0),
                calls INTEGER NOT NULL CHECK (calls > 0),
                day INTEGER NOT NULL,
                spent INTEGER NOT NULL CHECK (spent >= 0),
                free_at INTEGER NOT NULL,
                PRIMARY KEY (carrier, seconds)
            ) STRICT, WITHOUT ROWID;

            -- Codes that no table of ours has.
            CREATE TABLE unknown_codes (
                carrier TEXT NOT NULL,
                code TEXT NOT NULL CHECK (length(code) <= 200),
                first_seen_at INTEGER NOT NULL,
                last_seen_at INTEGER NOT NULL,
                seen INTEGER NOT NULL CHECK (seen > 0),
                PRIMARY KEY (carrier, code)
            ) STRICT, WITHOUT ROWID;

            """)
}
