extension Migration {
    /// The schema as it first shipped.
    ///
    /// One text for both engines: scripts/check-sql replaces the words that PostgreSQL spells differently (INTEGER is
    /// its BIGINT, BLOB its BYTEA) and those it does not have (STRICT, WITHOUT ROWID).
    ///
    /// Every time is an INTEGER of milliseconds since 1970. Every row that belongs to a shop has the shop as the first
    /// column of its key, and a row's `id` is unique only within its shop (`numbers`). Tables with large records have a
    /// rowid, so that reading one row does not read its neighbours; all others are clustered by their key. Addresses,
    /// customers and anything else that may be searched for after an erasure are stored as keyed hashes (`*_key`),
    /// never in plain; only an order's record, a conversation with its messages and answers from before, a message's
    /// bytes and raw observations contain customer data.
    static let first = Migration(
        number: 1, name: "the first schema",
        sql: """
            -- One row, for the whole store. `restored_from` is when the backup was made that the file is; `home` is the
            -- file in which a daemon last worked on it, so that a copy is recognised; `standing` says whether one may.
            CREATE TABLE store (
                one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
                secret BLOB NOT NULL CHECK (length(secret) = 32),
                link_secret BLOB NOT NULL CHECK (length(link_secret) = 32),
                old_link_secret BLOB CHECK (length(old_link_secret) = 32),
                created_at INTEGER NOT NULL,
                last_moment INTEGER NOT NULL,
                next_token INTEGER NOT NULL CHECK (next_token > 0),
                restored_from INTEGER,
                home TEXT,
                standing TEXT NOT NULL DEFAULT 'open' CHECK (standing IN ('open', 'packed', 'moved')),
                moved_to TEXT,
                moved_at INTEGER,
                CHECK (standing <> 'moved' OR (moved_to IS NOT NULL AND moved_at IS NOT NULL))
            ) STRICT;

            -- `backup_at` is when the backup with the shop's rows was made, `restored_at` when it was restored. Both
            -- are cleared once everything since is learned.
            CREATE TABLE shops (
                id INTEGER NOT NULL PRIMARY KEY,
                domain TEXT NOT NULL UNIQUE,
                live_since INTEGER NOT NULL,
                cursor INTEGER,
                next_ticket INTEGER NOT NULL DEFAULT 1,
                backup_at INTEGER,
                restored_at INTEGER,
                CHECK (restored_at IS NULL OR backup_at IS NOT NULL)
            ) STRICT;

            -- The next `id` of each kind of row of a shop. A number is never used twice, whatever was deleted.
            CREATE TABLE numbers (
                shop INTEGER NOT NULL REFERENCES shops (id),
                name TEXT NOT NULL,
                next INTEGER NOT NULL CHECK (next > 0),
                PRIMARY KEY (shop, name)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE sources (
                shop INTEGER NOT NULL REFERENCES shops (id),
                source TEXT NOT NULL,
                live_since INTEGER NOT NULL,
                PRIMARY KEY (shop, source)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE remembered (
                shop INTEGER NOT NULL REFERENCES shops (id),
                name TEXT NOT NULL,
                value TEXT NOT NULL CHECK (length(value) <= 65536),
                noted_at INTEGER NOT NULL,
                PRIMARY KEY (shop, name)
            ) STRICT, WITHOUT ROWID;

            -- Orders whose details are still to be read. The ticket changes whenever there is a new reason to read, so
            -- that a reading that began earlier does not remove the row. `updated_at` is 0 if no scan reported it. A
            -- parked order has its reason and the time of its next try.
            CREATE TABLE to_read (
                shop INTEGER NOT NULL REFERENCES shops (id),
                order_gid TEXT NOT NULL,
                updated_at INTEGER NOT NULL,
                asked_at INTEGER NOT NULL,
                ticket INTEGER NOT NULL,
                tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
                retry_at INTEGER,
                reason TEXT,
                PRIMARY KEY (shop, order_gid),
                CHECK ((retry_at IS NULL) = (reason IS NULL)),
                CHECK (retry_at IS NULL OR tries > 0)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX to_read_next ON to_read (shop, retry_at, updated_at, order_gid);

            -- How each order looked when it was last read.
            CREATE TABLE marks (
                shop INTEGER NOT NULL REFERENCES shops (id),
                order_gid TEXT NOT NULL,
                updated_at INTEGER NOT NULL,
                read_at INTEGER NOT NULL,
                returns TEXT,
                PRIMARY KEY (shop, order_gid)
            ) STRICT, WITHOUT ROWID;

            -- The subjects of events: orders, and anything else with a kind of its own. The version goes up with every
            -- change; results based on an older one are void.
            CREATE TABLE aggregates (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL,
                kind TEXT NOT NULL CHECK (kind <> ''),
                gid TEXT NOT NULL CHECK (gid <> ''),
                name TEXT NOT NULL,
                version INTEGER NOT NULL CHECK (version > 0),
                PRIMARY KEY (shop, id),
                UNIQUE (shop, kind, gid)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX aggregates_by_name ON aggregates (shop, name);

            -- The facts about an order. The record has the facts and the shipments without their scans; scans and
            -- events have their own tables.
            CREATE TABLE orders (
                shop INTEGER NOT NULL,
                id INTEGER NOT NULL,
                placed_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL,
                -- A test, or another order's goods sent again: it counts for nobody.
                test INTEGER NOT NULL CHECK (test IN (0, 1)),
                address_key BLOB CHECK (length(address_key) = 16),
                customer_key BLOB CHECK (length(customer_key) = 16),
                last_problem_at INTEGER,
                next_moment INTEGER,
                format INTEGER NOT NULL,
                record BLOB NOT NULL,
                PRIMARY KEY (shop, id),
                FOREIGN KEY (shop, id) REFERENCES aggregates (shop, id)
            ) STRICT;
            CREATE INDEX orders_by_moment ON orders (shop, next_moment, id) WHERE next_moment IS NOT NULL;
            CREATE INDEX orders_by_customer ON orders (shop, customer_key, placed_at, test)
                WHERE customer_key IS NOT NULL;
            CREATE INDEX orders_by_address ON orders (shop, address_key, placed_at, test)
                WHERE address_key IS NOT NULL;
            CREATE INDEX problems_by_customer ON orders (shop, customer_key, last_problem_at)
                WHERE last_problem_at IS NOT NULL;
            CREATE INDEX problems_by_address ON orders (shop, address_key, last_problem_at)
                WHERE last_problem_at IS NOT NULL;

            -- Scans as reported, kept for ever. The owner is a fulfillment or a shipment of the order; `number` is the
            -- tracking number of a carrier's scan, because a package may have had another one before.
            CREATE TABLE scans (
                shop INTEGER NOT NULL,
                order_id INTEGER NOT NULL,
                owner TEXT NOT NULL,
                scan TEXT NOT NULL,
                position INTEGER NOT NULL,
                source TEXT NOT NULL,
                happened_at INTEGER NOT NULL,
                offset_minutes INTEGER,
                basis TEXT NOT NULL,
                state TEXT,
                delay TEXT NOT NULL,
                reason TEXT,
                estimate_day INTEGER,
                words TEXT,
                place TEXT,
                return_leg INTEGER NOT NULL CHECK (return_leg IN (0, 1)),
                is_summary INTEGER NOT NULL CHECK (is_summary IN (0, 1)),
                retracted_at INTEGER,
                number TEXT,
                PRIMARY KEY (shop, order_id, owner, scan),
                FOREIGN KEY (shop, order_id) REFERENCES orders (shop, id)
            ) STRICT, WITHOUT ROWID;

            -- Objects to read again by id, and when.
            CREATE TABLE rereads (
                shop INTEGER NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('fulfillment', 'return')),
                gid TEXT NOT NULL,
                order_id INTEGER NOT NULL,
                reread_at INTEGER NOT NULL,
                PRIMARY KEY (shop, kind, gid),
                FOREIGN KEY (shop, order_id) REFERENCES orders (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX rereads_next ON rereads (shop, reread_at, kind, gid, order_id);
            CREATE INDEX rereads_by_order ON rereads (shop, order_id);

            -- Observations that reached us once and cannot be asked for again, as they came. Their subject is kept if
            -- the source knows it. `judged_at` is written together with the results. `files_until` is until when the
            -- files in it are kept, if there are any.
            CREATE TABLE observations (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL,
                source TEXT NOT NULL,
                external_id TEXT NOT NULL CHECK (external_id <> ''),
                about_kind TEXT,
                about_gid TEXT,
                address_key BLOB CHECK (length(address_key) = 16),
                received_at INTEGER NOT NULL,
                kind TEXT NOT NULL,
                bytes BLOB NOT NULL,
                judged_at INTEGER,
                files_until INTEGER,
                PRIMARY KEY (shop, id),
                UNIQUE (shop, source, external_id),
                CHECK ((about_kind IS NULL) = (about_gid IS NULL))
            ) STRICT;
            CREATE INDEX observations_unjudged ON observations (shop, source, id) WHERE judged_at IS NULL;
            CREATE INDEX observations_with_files ON observations (shop, files_until, id)
                WHERE files_until IS NOT NULL;
            CREATE INDEX observations_about ON observations (shop, about_kind, about_gid) WHERE about_gid IS NOT NULL;
            CREATE INDEX observations_by_address ON observations (shop, address_key) WHERE address_key IS NOT NULL;

            -- What each incoming mail was judged to be: the number of its observation, its class, the message of ours
            -- that it is about or answers, and what came of it.
            CREATE TABLE incoming (
                shop INTEGER NOT NULL,
                id INTEGER NOT NULL,
                class TEXT NOT NULL CHECK (class <> ''),
                received_at INTEGER NOT NULL,
                judged_at INTEGER NOT NULL,
                address_key BLOB CHECK (length(address_key) = 16),
                effect_id INTEGER,
                aggregate_id INTEGER,
                is_hard INTEGER CHECK (is_hard IN (0, 1)),
                reason TEXT,
                detail TEXT NOT NULL,
                PRIMARY KEY (shop, id),
                FOREIGN KEY (shop, id) REFERENCES observations (shop, id),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX incoming_by_aggregate ON incoming (shop, aggregate_id, id) WHERE aggregate_id IS NOT NULL;
            CREATE INDEX incoming_by_address ON incoming (shop, address_key, received_at) WHERE address_key IS NOT NULL;
            CREATE INDEX incoming_bounces ON incoming (shop, address_key, received_at)
                WHERE is_hard IS NOT NULL AND address_key IS NOT NULL;

            -- `figure` is under which of the shop's figures it is listed: `delay REASON CARRIER`, or `event KIND`.
            CREATE TABLE events (
                shop INTEGER NOT NULL,
                id INTEGER NOT NULL,
                aggregate_id INTEGER NOT NULL,
                kind TEXT NOT NULL,
                happened_at INTEGER NOT NULL,
                recorded_at INTEGER NOT NULL,
                silence TEXT,
                source TEXT NOT NULL,
                days_late INTEGER,
                delay_reason TEXT,
                figure TEXT,
                PRIMARY KEY (shop, id),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX events_by_aggregate ON events (shop, aggregate_id, id);
            CREATE INDEX events_by_figure ON events (shop, figure, happened_at, id) WHERE figure IS NOT NULL;

            -- The n-th occurrence of a kind for a subject: makes one event of a thing reported twice.
            CREATE TABLE occurrences (
                shop INTEGER NOT NULL,
                aggregate_id INTEGER NOT NULL,
                subject TEXT NOT NULL,
                kind TEXT NOT NULL,
                n INTEGER NOT NULL CHECK (n >= 1),
                event_id INTEGER NOT NULL,
                position INTEGER NOT NULL,
                mark TEXT NOT NULL,
                PRIMARY KEY (shop, aggregate_id, subject, kind, n),
                FOREIGN KEY (shop, event_id) REFERENCES events (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX occurrences_by_event ON occurrences (shop, event_id, position);

            -- Events without a plan yet: written with the event, removed with the plan.
            CREATE TABLE pending_events (
                shop INTEGER NOT NULL,
                event_id INTEGER NOT NULL,
                PRIMARY KEY (shop, event_id),
                FOREIGN KEY (shop, event_id) REFERENCES events (shop, id)
            ) STRICT, WITHOUT ROWID;

            -- What a shopper and the shop say to each other about one matter. `id` is that of its aggregate. The words
            -- and addresses stand here in plain: they are shown, and are removed with whoever is erased. `place` is
            -- where it stands in its list: who waits before who does not, the longest first; what nobody waits for by
            -- the last word. `outcome` is how it counts among those that were closed on `outcome_day`, until it is opened
            -- again. `next_at` is when time alone changes it, `quiet_since` since when nothing was said and
            -- nobody waits.
            CREATE TABLE conversations (
                shop INTEGER NOT NULL,
                id INTEGER NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('undecided', 'ours', 'person', 'snoozed', 'closed')),
                holder TEXT CHECK (holder <> ''),
                team TEXT CHECK (team <> ''),
                channel TEXT NOT NULL CHECK (channel <> ''),
                order_id INTEGER,
                address TEXT CHECK (address <> ''),
                address_key BLOB CHECK (length(address_key) = 16),
                name TEXT,
                subject TEXT NOT NULL,
                tags TEXT NOT NULL,
                opened_at INTEGER NOT NULL,
                waits_since INTEGER,
                decide_by INTEGER,
                snoozed_until INTEGER,
                closed_at INTEGER,
                reason TEXT CHECK (reason <> ''),
                hand_overs INTEGER NOT NULL CHECK (hand_overs >= 0),
                take_overs INTEGER NOT NULL CHECK (take_overs >= 0),
                closings INTEGER NOT NULL CHECK (closings >= 0),
                last_at INTEGER NOT NULL,
                last_incoming_at INTEGER,
                message_count INTEGER NOT NULL CHECK (message_count >= 0),
                outcome TEXT CHECK (outcome <> ''),
                outcome_day INTEGER,
                rank INTEGER NOT NULL DEFAULT 0 CHECK (rank >= 0),
                ranked_for TEXT,
                place INTEGER NOT NULL GENERATED ALWAYS AS (
                    CASE WHEN state = 'snoozed' THEN snoozed_until WHEN waits_since IS NOT NULL THEN waits_since
                        ELSE 4611686018427387904 - last_at END) STORED,
                next_at INTEGER GENERATED ALWAYS AS (coalesce(decide_by, snoozed_until)) STORED,
                quiet_since INTEGER GENERATED ALWAYS AS (
                    CASE WHEN state IN ('ours', 'person') AND waits_since IS NULL THEN last_at END) STORED,
                PRIMARY KEY (shop, id),
                FOREIGN KEY (shop, id) REFERENCES aggregates (shop, id),
                FOREIGN KEY (shop, order_id) REFERENCES orders (shop, id),
                CHECK ((address IS NULL) = (address_key IS NULL)),
                CHECK ((state = 'undecided') = (decide_by IS NOT NULL)),
                CHECK ((state = 'snoozed') = (snoozed_until IS NOT NULL)),
                CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
                CHECK ((outcome IS NULL) = (outcome_day IS NULL)),
                CHECK (state <> 'closed' OR waits_since IS NULL),
                CHECK (holder IS NULL OR state IN ('person', 'snoozed'))
            ) STRICT;
            CREATE INDEX conversations_next ON conversations (shop, next_at, id) WHERE next_at IS NOT NULL;
            CREATE INDEX conversations_quiet ON conversations (shop, quiet_since, id) WHERE quiet_since IS NOT NULL;
            CREATE INDEX conversations_unclaimed ON conversations (shop, rank, place, id)
                WHERE state = 'person' AND holder IS NULL;
            CREATE INDEX conversations_held ON conversations (shop, holder, place, id)
                WHERE state = 'person' AND holder IS NOT NULL;
            CREATE INDEX conversations_by_state ON conversations (shop, state, place, id);
            CREATE INDEX conversations_by_time ON conversations (shop, last_at, id);
            CREATE INDEX conversations_by_order ON conversations (shop, order_id, last_at, id)
                WHERE order_id IS NOT NULL;
            CREATE INDEX conversations_by_address ON conversations (shop, address_key, last_at, id)
                WHERE address_key IS NOT NULL;

            -- What was said in them, in the order in which it was stored. `understood` is JSON: what was read out of
            -- her words, and by whom. `mail_id` is a mail's Message-ID, `mail_ids` what it answers.
            CREATE TABLE conversation_messages (
                shop INTEGER NOT NULL,
                id INTEGER NOT NULL,
                conversation_id INTEGER NOT NULL,
                direction TEXT NOT NULL CHECK (direction IN ('in', 'out', 'note')),
                author TEXT NOT NULL CHECK (author IN ('shopper', 'bookbag', 'person')),
                person TEXT CHECK (person <> ''),
                said_at INTEGER NOT NULL,
                text TEXT NOT NULL,
                channel TEXT NOT NULL CHECK (channel <> ''),
                trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 3),
                understood TEXT,
                is_follow_up INTEGER NOT NULL CHECK (is_follow_up IN (0, 1)),
                has_photo INTEGER NOT NULL CHECK (has_photo IN (0, 1)),
                sender TEXT CHECK (sender <> ''),
                sender_key BLOB CHECK (length(sender_key) = 16),
                recipient TEXT,
                mail_id TEXT CHECK (mail_id <> ''),
                mail_ids TEXT NOT NULL,
                subject TEXT NOT NULL,
                observation_id INTEGER,
                effect_id INTEGER,
                files TEXT NOT NULL,
                PRIMARY KEY (shop, id),
                FOREIGN KEY (shop, conversation_id) REFERENCES conversations (shop, id),
                CHECK ((sender IS NULL) = (sender_key IS NULL)),
                CHECK ((author = 'person') = (person IS NOT NULL)),
                CHECK ((author = 'shopper') = (direction = 'in'))
            ) STRICT;
            -- Which of the customer's messages a person of the shop's was told of by mail, and by which effect: that
            -- mail is removed with the conversation.
            CREATE TABLE conversation_alerts (
                shop INTEGER NOT NULL,
                conversation_id INTEGER NOT NULL,
                person TEXT NOT NULL CHECK (person <> ''),
                message_id INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                PRIMARY KEY (shop, conversation_id, person, message_id),
                FOREIGN KEY (shop, conversation_id) REFERENCES conversations (shop, id)
            ) STRICT, WITHOUT ROWID;

            CREATE INDEX conversation_alerts_by_effect ON conversation_alerts (shop, effect_id);
            -- What would have been answered to mail that is read for the story alone, for a person to judge: `because` is
            -- why it would have been a person's. It goes with the message.
            CREATE TABLE past_answers (
                shop INTEGER NOT NULL,
                message_id INTEGER NOT NULL,
                conversation_id INTEGER NOT NULL,
                said_at INTEGER NOT NULL,
                intent TEXT NOT NULL CHECK (intent <> ''),
                language TEXT NOT NULL,
                understood_by TEXT NOT NULL,
                because TEXT CHECK (because <> ''),
                text TEXT NOT NULL,
                verdict TEXT CHECK (verdict IN ('right', 'wrong', 'passed')),
                meant TEXT CHECK (meant <> ''),
                judged_at INTEGER,
                PRIMARY KEY (shop, message_id),
                FOREIGN KEY (shop, conversation_id) REFERENCES conversations (shop, id),
                CHECK ((verdict IS NULL) = (judged_at IS NULL)),
                CHECK (verdict IS NULL OR because IS NULL),
                CHECK (meant IS NULL OR verdict = 'wrong')
            ) STRICT;
            CREATE INDEX past_answers_by_conversation ON past_answers (shop, conversation_id);
            CREATE INDEX past_answers_open ON past_answers (shop, intent, language, message_id)
                WHERE verdict IS NULL AND because IS NULL;
            CREATE INDEX past_answers_by_kind
                ON past_answers (shop, intent, language, because, verdict, said_at);

            -- Who of the shop's people has a conversation open at the desk, or had it a moment ago.
            CREATE TABLE presence (
                shop INTEGER NOT NULL,
                conversation_id INTEGER NOT NULL,
                person TEXT NOT NULL CHECK (person <> ''),
                seen_at INTEGER NOT NULL,
                is_writing INTEGER NOT NULL CHECK (is_writing IN (0, 1)),
                PRIMARY KEY (shop, conversation_id, person),
                FOREIGN KEY (shop, conversation_id) REFERENCES conversations (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX presence_by_time ON presence (shop, seen_at);

            CREATE INDEX conversation_messages_by_conversation ON conversation_messages (shop, conversation_id, id);
            CREATE INDEX conversation_messages_by_sender ON conversation_messages (shop, sender_key, said_at)
                WHERE sender_key IS NOT NULL;
            CREATE INDEX conversation_messages_by_mail ON conversation_messages (shop, mail_id, id)
                WHERE mail_id IS NOT NULL;
            CREATE UNIQUE INDEX conversation_messages_by_observation ON conversation_messages (shop, observation_id)
                WHERE observation_id IS NOT NULL;
            CREATE UNIQUE INDEX conversation_messages_by_effect ON conversation_messages (shop, effect_id)
                WHERE effect_id IS NOT NULL;

            -- Chats of shoppers, each found by the digest of a token that only its browser has. `name` stands where
            -- others have an address. `order_id` is the order that it proved, `proved_key` the address that the code
            -- went to; `claim_id` and `claim_key` are those of a code that was mailed. `seen_at` is up to when its
            -- browser has shown what was said, `mailed_at` up to when what it did not show was mailed.
            CREATE TABLE chats (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL,
                token_digest BLOB NOT NULL CHECK (length(token_digest) = 32),
                name TEXT NOT NULL CHECK (name <> ''),
                name_key BLOB NOT NULL CHECK (length(name_key) = 16),
                language TEXT NOT NULL,
                ends_at INTEGER NOT NULL,
                order_id INTEGER,
                proved_key BLOB CHECK (length(proved_key) = 16),
                claim_id INTEGER,
                claim_key BLOB CHECK (length(claim_key) = 16),
                code_digest BLOB CHECK (length(code_digest) = 32),
                code_ends_at INTEGER,
                tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
                seen_at INTEGER NOT NULL,
                mailed_at INTEGER NOT NULL,
                PRIMARY KEY (shop, id),
                UNIQUE (shop, token_digest),
                UNIQUE (shop, name_key),
                FOREIGN KEY (shop, order_id) REFERENCES orders (shop, id),
                FOREIGN KEY (shop, claim_id) REFERENCES orders (shop, id),
                CHECK ((order_id IS NULL) = (proved_key IS NULL)),
                CHECK ((claim_id IS NULL) = (code_digest IS NULL)),
                CHECK ((claim_id IS NULL) = (claim_key IS NULL)),
                CHECK ((claim_id IS NULL) = (code_ends_at IS NULL))
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX chats_ended ON chats (shop, ends_at);
            CREATE INDEX chats_proved ON chats (shop, ends_at, id) WHERE order_id IS NOT NULL;
            CREATE INDEX chats_by_order ON chats (shop, order_id) WHERE order_id IS NOT NULL;
            CREATE INDEX chats_by_claim ON chats (shop, claim_id) WHERE claim_id IS NOT NULL;

            CREATE TABLE triggers (
                shop INTEGER NOT NULL REFERENCES shops (id),
                name TEXT NOT NULL,
                since INTEGER NOT NULL,
                PRIMARY KEY (shop, name)
            ) STRICT, WITHOUT ROWID;

            -- The last set of trigger files without mistakes.
            CREATE TABLE good_sets (
                shop INTEGER NOT NULL PRIMARY KEY REFERENCES shops (id),
                digest TEXT NOT NULL,
                files BLOB NOT NULL,
                accepted_at INTEGER NOT NULL
            ) STRICT;

            -- Matches without an effect, and why.
            CREATE TABLE match_outcomes (
                shop INTEGER NOT NULL,
                event_id INTEGER NOT NULL,
                trigger_name TEXT NOT NULL,
                reason TEXT NOT NULL,
                detail TEXT,
                decided_at INTEGER NOT NULL,
                PRIMARY KEY (shop, event_id, trigger_name),
                FOREIGN KEY (shop, event_id) REFERENCES events (shop, id)
            ) STRICT, WITHOUT ROWID;

            -- Things to do once in the outside world: mostly one line of `send` for one occurrence. `counted_at` is
            -- when it began to count: when ready, then when sent. A channel serves rank 0 before rank 1.
            -- `domain` is the recipient's, if it has one; while that domain is closed, its ready effects stand in a
            -- `queue` of that name and not in the route's, which has none.
            CREATE TABLE effects (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL,
                origin TEXT NOT NULL CHECK (origin IN ('trigger', 'person', 'system')),
                trigger_name TEXT NOT NULL,
                line TEXT NOT NULL,
                channel TEXT NOT NULL CHECK (channel <> ''),
                target TEXT NOT NULL,
                rank INTEGER NOT NULL CHECK ((rank = 1) = (origin = 'trigger') AND rank IN (0, 1)),
                is_contact INTEGER NOT NULL CHECK (is_contact IN (0, 1)),
                aggregate_id INTEGER,
                event_id INTEGER,
                state TEXT NOT NULL CHECK (state IN
                    ('waiting', 'ready', 'sent', 'bounced', 'shadowed', 'held_out', 'skipped', 'withdrawn', 'replaced',
                     'refused')),
                reason TEXT,
                detail TEXT,
                due_at INTEGER NOT NULL,
                created_at INTEGER NOT NULL,
                decided_at INTEGER,
                sent_at INTEGER,
                counted_at INTEGER,
                recipient_key BLOB CHECK (length(recipient_key) = 16),
                domain TEXT NOT NULL,
                queue TEXT NOT NULL DEFAULT '' CHECK (queue IN ('', domain)),
                attempts INTEGER NOT NULL CHECK (attempts >= 0),
                attempts_in_doubt INTEGER NOT NULL,
                version INTEGER NOT NULL CHECK (version > 0),
                PRIMARY KEY (shop, id),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id),
                FOREIGN KEY (shop, event_id) REFERENCES events (shop, id),
                CHECK (origin <> 'trigger' OR event_id IS NOT NULL),
                CHECK (attempts_in_doubt BETWEEN 0 AND attempts),
                CHECK ((state IN ('sent', 'bounced')) = (sent_at IS NOT NULL)),
                CHECK ((state IN ('ready', 'sent', 'bounced')) = (counted_at IS NOT NULL)),
                CHECK (state = 'waiting' OR decided_at IS NOT NULL),
                CHECK (state <> 'waiting' OR attempts = 0),
                CHECK (state NOT IN ('sent', 'bounced', 'refused') OR attempts > 0),
                CHECK (state NOT IN ('bounced', 'skipped', 'withdrawn', 'replaced', 'refused') OR reason IS NOT NULL)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX effects_waiting ON effects (shop, due_at, id) WHERE state = 'waiting';
            CREATE INDEX effects_ready ON effects (shop, channel, target, queue, rank, due_at, id) WHERE state = 'ready';
            CREATE INDEX effects_by_aggregate ON effects (shop, aggregate_id, id);
            CREATE INDEX effects_by_event ON effects (shop, event_id);
            CREATE INDEX effects_by_state ON effects (shop, state, id);
            CREATE INDEX effects_by_outcome ON effects (shop, state, decided_at, id);
            CREATE INDEX effects_by_trigger ON effects (shop, trigger_name, state, decided_at, id);
            CREATE INDEX effects_by_reason ON effects (shop, reason, decided_at, id)
                WHERE state IN ('shadowed', 'held_out', 'skipped', 'withdrawn', 'replaced');
            CREATE INDEX effects_by_recipient ON effects (shop, recipient_key, counted_at)
                WHERE counted_at IS NOT NULL AND recipient_key IS NOT NULL;
            -- Tried and not accepted, by when it was first due.
            CREATE INDEX effects_tried_again ON effects (shop, counted_at)
                WHERE state = 'ready' AND reason IN ('deferred', 'unavailable');
            -- In doubt, waiting to be repeated.
            CREATE INDEX effects_in_doubt ON effects (shop) WHERE state = 'ready' AND attempts_in_doubt > 0;
            CREATE INDEX effects_of_system ON effects (shop, id) WHERE origin = 'system';
            -- Waiting because the template fails, by trigger.
            CREATE INDEX effects_unwritten ON effects (shop, trigger_name) WHERE state = 'waiting' AND reason = 'template';
            -- Answers that wait for somebody's approval.
            CREATE INDEX effects_drafts ON effects (shop, id, aggregate_id)
                WHERE state = 'waiting' AND reason IN ('draft', 'several');

            -- The further events of an effect, if `combine` made one message of several. The first is
            -- `effects.event_id`.
            CREATE TABLE effect_events (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                position INTEGER NOT NULL CHECK (position >= 1),
                event_id INTEGER NOT NULL,
                PRIMARY KEY (shop, effect_id, position),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                FOREIGN KEY (shop, event_id) REFERENCES events (shop, id)
            ) STRICT, WITHOUT ROWID;

            -- The keys that make a second message impossible, for ever.
            CREATE TABLE effect_keys (
                shop INTEGER NOT NULL,
                origin TEXT NOT NULL,
                trigger_name TEXT NOT NULL,
                line TEXT NOT NULL,
                occurrence TEXT NOT NULL CHECK (occurrence <> ''),
                effect_id INTEGER NOT NULL,
                position INTEGER NOT NULL,
                PRIMARY KEY (shop, origin, trigger_name, line, occurrence),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX effect_keys_by_effect ON effect_keys (shop, effect_id, position);

            -- The answers of triggers, by the number of the effect: those that went out, and the drafts that a person
            -- judged. `message_id` is the customer's message, `understood_by` who understood it. `is_live` says that it
            -- went out by itself, `in_review` that a person is to look at it. A verdict counts once, and a wrong one
            -- stays. With `waits_for` it does not count yet: it waits for that mail to go out. `pressed` is the button
            -- below the answer that was pressed last.
            CREATE TABLE answers (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                conversation_id INTEGER NOT NULL,
                message_id INTEGER NOT NULL,
                intent TEXT NOT NULL CHECK (intent <> ''),
                language TEXT NOT NULL,
                understood_by TEXT NOT NULL,
                is_live INTEGER NOT NULL CHECK (is_live IN (0, 1)),
                in_review INTEGER NOT NULL CHECK (in_review IN (0, 1)),
                noted_at INTEGER NOT NULL,
                verdict TEXT CHECK (verdict IN ('right', 'wrong')),
                judged_by TEXT CHECK (judged_by IN ('draft', 'desk', 'review', 'button', 'rating')),
                judged_at INTEGER,
                waits_for INTEGER,
                pressed TEXT CHECK (pressed IN ('helped', 'person')),
                PRIMARY KEY (shop, effect_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                FOREIGN KEY (shop, conversation_id) REFERENCES conversations (shop, id),
                CHECK ((verdict IS NULL) = (judged_by IS NULL)),
                CHECK ((verdict IS NULL) = (judged_at IS NULL)),
                CHECK (waits_for IS NULL OR verdict IS NOT NULL),
                CHECK (is_live = 1 OR in_review = 0)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX answers_to_review ON answers (shop, effect_id) WHERE in_review = 1 AND verdict IS NULL;
            CREATE INDEX answers_waiting ON answers (shop, waits_for) WHERE waits_for IS NOT NULL;
            CREATE INDEX answers_by_conversation ON answers (shop, conversation_id, effect_id);

            -- `held_until` is the planned end of a hold when it began: an edit of the files can end it sooner.
            CREATE TABLE decisions (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                number INTEGER NOT NULL CHECK (number >= 1),
                decided_at INTEGER NOT NULL,
                state TEXT NOT NULL,
                reason TEXT,
                detail TEXT,
                held_until INTEGER,
                PRIMARY KEY (shop, effect_id, number),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id)
            ) STRICT, WITHOUT ROWID;

            -- Where the shop's helpdesk has a conversation: one ticket each. `number` is the helpdesk's own, `stamp` its
            -- word for the version that was read last. `posted_to` is the last message that was written there,
            -- `hand_over` the hand-over that its last note tells of. While `posting`, what became of the last that was
            -- written (`effect_id`) is not noted yet.
            CREATE TABLE tickets (
                shop INTEGER NOT NULL,
                conversation_id INTEGER NOT NULL,
                number TEXT CHECK (number <> ''),
                url TEXT CHECK (url <> ''),
                state TEXT NOT NULL CHECK (state IN ('opening', 'open', 'solved', 'closed', 'refused')),
                stamp TEXT CHECK (stamp <> ''),
                posted_to INTEGER NOT NULL,
                hand_over INTEGER NOT NULL CHECK (hand_over >= 0),
                effect_id INTEGER NOT NULL,
                posting INTEGER NOT NULL CHECK (posting IN (0, 1)),
                PRIMARY KEY (shop, conversation_id),
                FOREIGN KEY (shop, conversation_id) REFERENCES conversations (shop, id),
                CHECK ((number IS NULL) = (state IN ('opening', 'refused')))
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX tickets_by_number ON tickets (shop, number) WHERE number IS NOT NULL;
            CREATE INDEX tickets_posting ON tickets (shop, conversation_id) WHERE posting = 1;

            -- The results of effects that are more than a message.
            CREATE TABLE results (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                name TEXT NOT NULL CHECK (name <> ''),
                value TEXT NOT NULL,
                noted_at INTEGER NOT NULL,
                PRIMARY KEY (shop, effect_id, name),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX results_by_code ON results (shop, value) WHERE name = 'code';

            -- What was given: booked when it was decided, in the smallest unit of its currency, and counted in its budget
            -- until it is freed. `told_by` is the message that tells of it, `withdrawn_by` the effect that takes it
            -- back; `redeemed_at` is when its code was used. It outlives its effect: when an order is erased, keyed hashes
            -- alone say whose it was, and `told_by` is 0 if nobody can say any more whether she was told.
            CREATE TABLE bookings (
                shop INTEGER NOT NULL REFERENCES shops (id),
                effect_id INTEGER NOT NULL,
                budget TEXT NOT NULL CHECK (budget <> ''),
                gift TEXT NOT NULL CHECK (gift <> ''),
                amount INTEGER NOT NULL CHECK (amount >= 0),
                currency TEXT NOT NULL CHECK (length(currency) = 3),
                customer_key BLOB NOT NULL CHECK (length(customer_key) = 16),
                place_key BLOB CHECK (length(place_key) = 16),
                order_key BLOB NOT NULL CHECK (length(order_key) = 16),
                teller TEXT NOT NULL CHECK (teller <> ''),
                why TEXT NOT NULL,
                booked_at INTEGER NOT NULL,
                told_by INTEGER,
                withdrawn_by INTEGER,
                freed_at INTEGER,
                redeemed_at INTEGER,
                PRIMARY KEY (shop, effect_id),
                CHECK (told_by IS NULL OR withdrawn_by IS NULL)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX bookings_by_time ON bookings (shop, budget, booked_at) WHERE freed_at IS NULL;
            CREATE INDEX bookings_by_customer ON bookings (shop, gift, customer_key, booked_at) WHERE freed_at IS NULL;
            CREATE INDEX bookings_by_place ON bookings (shop, gift, place_key, booked_at)
                WHERE place_key IS NOT NULL AND freed_at IS NULL;
            CREATE INDEX remedies_by_customer ON bookings (shop, customer_key, booked_at)
                WHERE budget = 'remedies' AND freed_at IS NULL;
            CREATE INDEX remedies_by_place ON bookings (shop, place_key, booked_at)
                WHERE budget = 'remedies' AND place_key IS NOT NULL AND freed_at IS NULL;
            CREATE INDEX bookings_by_order ON bookings (shop, gift, order_key, booked_at) WHERE freed_at IS NULL;
            CREATE INDEX bookings_of_order ON bookings (shop, order_key);
            CREATE INDEX bookings_open ON bookings (shop, effect_id)
                WHERE freed_at IS NULL AND told_by IS NULL AND withdrawn_by IS NULL;
            CREATE INDEX bookings_told ON bookings (shop, told_by) WHERE told_by IS NOT NULL;
            CREATE INDEX bookings_withdrawn ON bookings (shop, withdrawn_by) WHERE withdrawn_by IS NOT NULL;

            -- What shoppers are offered when something went wrong, by the number of the effect that decided it. `next_at`
            -- is when the clock has something to do with it: people are told, reminded, or it lapses. `offer` is what was
            -- decided, as JSON; `dearest` is what it costs at most, in the smallest unit of its currency.
            CREATE TABLE offers (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                aggregate_id INTEGER NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('asked', 'open', 'chosen', 'refused', 'lapsed', 'person')),
                version INTEGER NOT NULL CHECK (version >= 1),
                offer TEXT NOT NULL CHECK (offer <> ''),
                dearest INTEGER NOT NULL CHECK (dearest >= 0),
                decided_at INTEGER NOT NULL,
                next_at INTEGER,
                asked_at INTEGER,
                reminded_at INTEGER,
                judged_by TEXT CHECK (judged_by <> ''),
                judged_at INTEGER,
                note TEXT CHECK (note <> ''),
                opened_at INTEGER,
                gift_effect INTEGER,
                told_at INTEGER,
                choice TEXT CHECK (choice <> ''),
                chosen_at INTEGER,
                action_effect INTEGER,
                PRIMARY KEY (shop, effect_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id),
                CHECK ((choice IS NULL) = (chosen_at IS NULL)),
                CHECK ((judged_by IS NULL) = (judged_at IS NULL)),
                CHECK (state <> 'chosen' OR choice IS NOT NULL),
                CHECK (state <> 'open' OR opened_at IS NOT NULL)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX offers_next ON offers (shop, next_at, effect_id) WHERE next_at IS NOT NULL;
            CREATE INDEX offers_by_state ON offers (shop, state, decided_at, effect_id);
            CREATE INDEX offers_by_aggregate ON offers (shop, aggregate_id, effect_id);

            -- What is done in the shop and no event tells of yet, by the number of its effect. `next_at` is when the clock
            -- looks at it: once it has ended, or when it should have.
            CREATE TABLE untold_acts (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                next_at INTEGER NOT NULL,
                PRIMARY KEY (shop, effect_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX untold_acts_next ON untold_acts (shop, next_at, effect_id);

            -- Codes that were mailed so that a shopper can prove on a page of hers that the order is hers: the last one of
            -- each order and page, as its digest. `page` is what it is for: 'address', 'offer 17'. A code that was
            -- entered becomes a pass, a token that only the open page has, as its digest.
            CREATE TABLE page_codes (
                shop INTEGER NOT NULL,
                aggregate_id INTEGER NOT NULL,
                page TEXT NOT NULL CHECK (page <> ''),
                code_digest BLOB CHECK (length(code_digest) = 32),
                code_ends_at INTEGER,
                tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
                pass_digest BLOB CHECK (length(pass_digest) = 32),
                pass_ends_at INTEGER,
                PRIMARY KEY (shop, aggregate_id, page),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id),
                CHECK ((code_digest IS NULL) = (code_ends_at IS NULL)),
                CHECK ((pass_digest IS NULL) = (pass_ends_at IS NULL))
            ) STRICT, WITHOUT ROWID;

            -- The frozen bytes. They and the addresses may be deleted by age; the id stays. `files_until` is until when
            -- the files in them are kept, if there are any that go before. `copy_tries` is how often it was tried to put a
            -- copy into the folder of sent mail, while one is still to be put there.
            CREATE TABLE messages (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                message_id TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind <> ''),
                sender TEXT,
                recipient TEXT,
                target TEXT NOT NULL,
                summary TEXT,
                bytes BLOB,
                frozen_at INTEGER NOT NULL,
                purged_at INTEGER,
                files_until INTEGER,
                copy_tries INTEGER CHECK (copy_tries >= 0),
                PRIMARY KEY (shop, effect_id),
                UNIQUE (shop, message_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                CHECK ((bytes IS NULL) = (purged_at IS NOT NULL)),
                CHECK (purged_at IS NOT NULL OR (sender IS NOT NULL AND recipient IS NOT NULL)),
                CHECK (purged_at IS NULL OR (sender IS NULL AND recipient IS NULL AND summary IS NULL))
            ) STRICT;
            CREATE INDEX messages_to_copy ON messages (shop, effect_id) WHERE copy_tries IS NOT NULL;
            CREATE INDEX messages_with_files ON messages (shop, files_until, effect_id) WHERE files_until IS NOT NULL;

            -- Who is working on an effect. A token is issued once; an old one has no effect.
            CREATE TABLE leases (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                owner TEXT NOT NULL,
                token INTEGER NOT NULL,
                lease_until INTEGER NOT NULL,
                PRIMARY KEY (shop, effect_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id)
            ) STRICT, WITHOUT ROWID;

            -- Written before the first byte to the far end; the verdict is filled in afterwards. `doubted_at` is when
            -- we gave up waiting for one.
            CREATE TABLE attempts (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                number INTEGER NOT NULL CHECK (number >= 1),
                token INTEGER NOT NULL,
                owner TEXT NOT NULL,
                begun_at INTEGER NOT NULL,
                ended_at INTEGER,
                verdict TEXT CHECK (verdict IN ('accepted', 'deferred', 'refused', 'unavailable')),
                reason TEXT,
                code INTEGER,
                enhanced_code TEXT,
                detail TEXT,
                receipt TEXT,
                in_doubt INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt IN (0, 1)),
                doubted_at INTEGER,
                late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
                PRIMARY KEY (shop, effect_id, number),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                CHECK ((verdict IS NULL) = (ended_at IS NULL)),
                CHECK (doubted_at IS NULL OR in_doubt = 1),
                CHECK (verdict <> 'accepted' OR in_doubt = 0 OR late = 1)
            ) STRICT, WITHOUT ROWID;

            -- Whether a route is closed, and until when its own limit last held it up. `suspects` are the messages that
            -- closed it by a reply that may concern only them: `EFFECT:OPENINGS`, separated by spaces.
            CREATE TABLE channels (
                shop INTEGER NOT NULL REFERENCES shops (id),
                channel TEXT NOT NULL CHECK (channel <> ''),
                target TEXT NOT NULL,
                closed_until INTEGER,
                reason TEXT,
                detail TEXT,
                failures INTEGER NOT NULL CHECK (failures >= 0),
                openings INTEGER NOT NULL,
                suspects TEXT NOT NULL,
                limited_until INTEGER,
                limited_by TEXT,
                changed_at INTEGER NOT NULL,
                PRIMARY KEY (shop, channel, target),
                CHECK (closed_until IS NULL OR reason IS NOT NULL),
                CHECK ((limited_until IS NULL) = (limited_by IS NULL))
            ) STRICT, WITHOUT ROWID;

            -- How recipient domains stand that put mail off, or whose limit is reached. Nothing of their queues goes
            -- before `next_at`; one that is open has no `cause`, and stays here until its queue is empty.
            CREATE TABLE domains (
                shop INTEGER NOT NULL REFERENCES shops (id),
                channel TEXT NOT NULL CHECK (channel <> ''),
                target TEXT NOT NULL,
                domain TEXT NOT NULL CHECK (domain <> ''),
                has_queue INTEGER NOT NULL CHECK (has_queue IN (0, 1)),
                next_at INTEGER NOT NULL,
                cause TEXT CHECK (cause IN ('deferred', 'limit')),
                detail TEXT,
                failures INTEGER NOT NULL CHECK (failures >= 0),
                changed_at INTEGER NOT NULL,
                PRIMARY KEY (shop, channel, target, domain)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX domains_next ON domains (shop, channel, target, next_at, domain) WHERE has_queue = 1;

            -- How much went out lately, by slices of time, for the limits of a route (an empty domain) and of recipient
            -- domains. `seconds` is the length that a limit counts over.
            CREATE TABLE spent (
                shop INTEGER NOT NULL REFERENCES shops (id),
                channel TEXT NOT NULL CHECK (channel <> ''),
                target TEXT NOT NULL,
                domain TEXT NOT NULL,
                seconds INTEGER NOT NULL CHECK (seconds > 0),
                slice INTEGER NOT NULL,
                count INTEGER NOT NULL CHECK (count >= 0),
                PRIMARY KEY (shop, channel, target, domain, seconds, slice)
            ) STRICT, WITHOUT ROWID;

            -- Whom we must not write to, about what: 'all', or one stream of mail. An `ends_at` of NULL is for ever.
            CREATE TABLE silences (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL,
                scope TEXT NOT NULL CHECK (scope IN ('address', 'customer', 'order')),
                scope_key BLOB NOT NULL CHECK (length(scope_key) = 16),
                stream TEXT NOT NULL CHECK (stream <> ''),
                reason TEXT NOT NULL,
                note TEXT,
                begun_at INTEGER NOT NULL,
                ends_at INTEGER,
                PRIMARY KEY (shop, id),
                UNIQUE (shop, scope, scope_key, stream, reason)
            ) STRICT, WITHOUT ROWID;

            -- Erased orders, which must not be learned again.
            CREATE TABLE erased (
                shop INTEGER NOT NULL REFERENCES shops (id),
                order_key BLOB NOT NULL CHECK (length(order_key) = 16),
                erased_at INTEGER NOT NULL,
                PRIMARY KEY (shop, order_key)
            ) STRICT, WITHOUT ROWID;

            -- Orders that were removed for their age. What had happened by then is learned in silence, should they come
            -- again.
            CREATE TABLE removed_orders (
                shop INTEGER NOT NULL REFERENCES shops (id),
                order_key BLOB NOT NULL CHECK (length(order_key) = 16),
                removed_at INTEGER NOT NULL,
                PRIMARY KEY (shop, order_key)
            ) STRICT, WITHOUT ROWID;

            -- Running totals, so that nothing has to count over history.
            CREATE TABLE counters (
                shop INTEGER NOT NULL REFERENCES shops (id),
                name TEXT NOT NULL,
                label1 TEXT NOT NULL,
                label2 TEXT NOT NULL,
                label3 TEXT NOT NULL,
                total INTEGER NOT NULL,
                PRIMARY KEY (shop, name, label1, label2, label3)
            ) STRICT, WITHOUT ROWID;

            -- Which parcels to ask about, and when. A parcel is a tracking number of a shop, however many shipments
            -- have it. It is here while there is something to ask, or while no source can be asked (`source` is empty).
            -- `sources` are all that can be asked, best first, separated by spaces, and NULL if there is at most one;
            -- `passed_over` are those that did not know it for a long time, or would not show it, and get another turn
            -- when all the others have had theirs.
            CREATE TABLE parcels (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL,
                number TEXT NOT NULL CHECK (number <> ''),
                source TEXT NOT NULL,
                urgency INTEGER NOT NULL CHECK (urgency BETWEEN 0 AND 9),
                ask_at INTEGER,
                asked_at INTEGER,
                tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
                misses INTEGER NOT NULL DEFAULT 0 CHECK (misses >= 0),
                refused TEXT,
                home TEXT,
                sources TEXT,
                passed_over TEXT,
                PRIMARY KEY (shop, id),
                UNIQUE (shop, number),
                CHECK ((source = '') = (ask_at IS NULL))
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX parcels_next ON parcels (shop, source, urgency, ask_at) WHERE ask_at IS NOT NULL;

            CREATE TABLE parcel_orders (
                shop INTEGER NOT NULL,
                parcel INTEGER NOT NULL,
                order_id INTEGER NOT NULL,
                PRIMARY KEY (shop, parcel, order_id),
                FOREIGN KEY (shop, parcel) REFERENCES parcels (shop, id),
                FOREIGN KEY (shop, order_id) REFERENCES orders (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX parcels_by_order ON parcel_orders (shop, order_id, parcel);

            -- One row for each carrier ever asked, for all shops: whether it may be asked now, and its results so far.
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

            -- The spent part of a quota. A window of a day or more counts the calls of a day; a shorter one has the
            -- time at which its next call is free.
            CREATE TABLE carrier_windows (
                carrier TEXT NOT NULL,
                seconds INTEGER NOT NULL CHECK (seconds > 0),
                calls INTEGER NOT NULL CHECK (calls > 0),
                day INTEGER NOT NULL,
                spent INTEGER NOT NULL CHECK (spent >= 0),
                free_at INTEGER NOT NULL,
                PRIMARY KEY (carrier, seconds)
            ) STRICT, WITHOUT ROWID;

            -- Codes that none of our tables has.
            CREATE TABLE unknown_codes (
                carrier TEXT NOT NULL,
                code TEXT NOT NULL CHECK (length(code) <= 200),
                first_seen_at INTEGER NOT NULL,
                last_seen_at INTEGER NOT NULL,
                seen INTEGER NOT NULL CHECK (seen > 0),
                PRIMARY KEY (carrier, code)
            ) STRICT, WITHOUT ROWID;

            -- How each parcel whose story is news got to the shopper, or is getting there. `day` is the shop's day on
            -- which it was sent and, once it has arrived, the one on which it did.
            CREATE TABLE journeys (
                shop INTEGER NOT NULL,
                order_id INTEGER NOT NULL,
                shipment TEXT NOT NULL CHECK (shipment <> ''),
                carrier TEXT NOT NULL,
                day INTEGER NOT NULL,
                outcome TEXT NOT NULL CHECK (outcome IN ('underway', 'kept', 'late', 'unpromised')),
                days INTEGER CHECK (days >= 0),
                PRIMARY KEY (shop, order_id, shipment),
                FOREIGN KEY (shop, order_id) REFERENCES orders (shop, id),
                CHECK ((outcome = 'underway') = (days IS NULL))
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX journeys_by_outcome ON journeys (shop, outcome, carrier, day, order_id, shipment);

            -- What customers were asked to rate, by the number of the effect that asked, and what they answered. `kind` is
            -- what is rated, and missing where the mail leads elsewhere. `day` is the shop's day of asking; `counts`
            -- says whether it counts in the tallies of that day. The last POST, a machine's included, is kept to
            -- recognise the next as a machine's.
            CREATE TABLE ratings (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                kind TEXT CHECK (kind <> ''),
                aggregate_id INTEGER NOT NULL,
                address_key BLOB NOT NULL CHECK (length(address_key) = 16),
                customer_key BLOB CHECK (length(customer_key) = 16),
                asked_at INTEGER NOT NULL,
                day INTEGER NOT NULL,
                counts INTEGER NOT NULL DEFAULT 0 CHECK (counts IN (0, 1)),
                score INTEGER CHECK (score BETWEEN 1 AND 5),
                words TEXT CHECK (length(words) <= 500),
                given_at INTEGER,
                was_low INTEGER NOT NULL DEFAULT 0 CHECK (was_low IN (0, 1)),
                posted_at INTEGER,
                posted_score INTEGER,
                posted_link INTEGER CHECK (posted_link IN (0, 1)),
                PRIMARY KEY (shop, effect_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id),
                CHECK ((score IS NULL) = (given_at IS NULL)),
                CHECK (score IS NOT NULL OR words IS NULL),
                CHECK (score IS NULL OR kind IS NOT NULL),
                CHECK ((posted_at IS NULL) = (posted_score IS NULL)),
                CHECK ((posted_at IS NULL) = (posted_link IS NULL))
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX ratings_by_address ON ratings (shop, address_key, asked_at);
            CREATE INDEX ratings_by_customer ON ratings (shop, customer_key, asked_at) WHERE customer_key IS NOT NULL;
            CREATE INDEX ratings_by_aggregate ON ratings (shop, aggregate_id);
            CREATE INDEX ratings_by_score ON ratings (shop, kind, score, day, effect_id) WHERE score IS NOT NULL;

            -- What triggers with `hold_out` sent and held out, by the number of the effect. `contacted_at` is when the
            -- customer first wrote to the shop within the time that counts.
            CREATE TABLE trials (
                shop INTEGER NOT NULL,
                effect_id INTEGER NOT NULL,
                trigger_name TEXT NOT NULL,
                is_held INTEGER NOT NULL CHECK (is_held IN (0, 1)),
                aggregate_id INTEGER NOT NULL,
                address_key BLOB NOT NULL CHECK (length(address_key) = 16),
                customer_key BLOB CHECK (length(customer_key) = 16),
                decided_at INTEGER NOT NULL,
                day INTEGER NOT NULL,
                contacted_at INTEGER,
                PRIMARY KEY (shop, effect_id),
                FOREIGN KEY (shop, effect_id) REFERENCES effects (shop, id),
                FOREIGN KEY (shop, aggregate_id) REFERENCES aggregates (shop, id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX trials_by_address ON trials (shop, address_key, decided_at) WHERE contacted_at IS NULL;
            CREATE INDEX trials_by_aggregate ON trials (shop, aggregate_id, decided_at) WHERE contacted_at IS NULL;
            CREATE INDEX trials_by_customer ON trials (shop, customer_key, decided_at)
                WHERE contacted_at IS NULL AND customer_key IS NOT NULL;

            -- How much there was on each day of the shop, so that no page counts over history. Each counts rows that
            -- are there, or were until their customer was erased:
            --   decisions   effects that are settled: `a` the trigger, `b` the state and the reason; `total` has the
            --               milliseconds from the event to the sending
            --   lags        those that were sent: `a` the trigger, `b` a bucket of that time
            --   told        those that were sent: `a` the kind of the event
            --   events      events that are news: `a` the kind
            --   delays      those that are delays: `a` the carrier, `b` the reason
            --   parcels     journeys: `a` the carrier, `b` the outcome; `total` has the days of those that arrived
            --   transit     those that arrived: `a` the carrier, `b` a bucket of the days
            --   ratings     questions by the day of asking: `a` what is rated, `b` 'asked', and the score of those that
            --               were answered
            --   questions   messages of customers: `a` what they ask for
            --   first_answers   conversations by the day of their first answer: `a` who gave it, `b` a bucket of the
            --               time since the message
            --   closings    conversations that were closed: `a` how they ended, `b` 'first' if she had to write once
            --               only; of those that were opened again, `a` is 'reopened'
            --   hand_overs  conversations that were handed to a person: `a` why
            --   verdicts    answers that were judged: `a` what was asked for, `b` 'draft' or 'live' and the verdict
            --   given       bookings that are not freed: `a` the trigger, `b` what, and the currency; `total` has the
            --               amounts
            --   redeemed    codes that were used, on the day of the order: `a` the trigger that gave it, `b` the gift
            --   offers      remedies: `a` which, `b` 'offered' or 'handed_over', and then what was chosen or how it
            --               ended otherwise
            --   trials      draws: `a` the trigger, `b` 'told' or 'held', and 'told contact' or 'held contact' of those
            --               after which the customer wrote
            CREATE TABLE tallies (
                shop INTEGER NOT NULL REFERENCES shops (id),
                name TEXT NOT NULL CHECK (name <> ''),
                day INTEGER NOT NULL,
                a TEXT NOT NULL,
                b TEXT NOT NULL,
                n INTEGER NOT NULL,
                total INTEGER NOT NULL,
                PRIMARY KEY (shop, name, day, a, b)
            ) STRICT, WITHOUT ROWID;

            -- Ways into the desk that were asked for and not used yet. Only digests are stored. A way that was mailed
            -- belongs to the browser that asked; one that a command made belongs to none.
            CREATE TABLE logins (
                link_digest BLOB NOT NULL PRIMARY KEY CHECK (length(link_digest) = 32),
                code_digest BLOB CHECK (length(code_digest) = 32),
                browser_digest BLOB CHECK (length(browser_digest) = 32),
                person TEXT NOT NULL CHECK (person <> ''),
                ends_at INTEGER NOT NULL,
                tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
                CHECK ((code_digest IS NULL) = (browser_digest IS NULL))
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX logins_by_browser ON logins (browser_digest) WHERE browser_digest IS NOT NULL;

            -- Who is logged in at the desk.
            CREATE TABLE sessions (
                token_digest BLOB NOT NULL PRIMARY KEY CHECK (length(token_digest) = 32),
                id INTEGER NOT NULL UNIQUE CHECK (id > 0),
                person TEXT NOT NULL CHECK (person <> ''),
                begun_at INTEGER NOT NULL,
                seen_at INTEGER NOT NULL,
                ends_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            -- How often something limited was done since its window began.
            CREATE TABLE limits (
                name TEXT NOT NULL CHECK (name <> ''),
                subject BLOB NOT NULL CHECK (length(subject) = 16),
                ends_at INTEGER NOT NULL,
                spent INTEGER NOT NULL CHECK (spent > 0),
                PRIMARY KEY (name, subject)
            ) STRICT, WITHOUT ROWID;

            -- What people did at the desk. Rows are only ever added. `shop` is empty where it is about all of them.
            CREATE TABLE audit (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id > 0),
                at INTEGER NOT NULL,
                who TEXT NOT NULL CHECK (who <> ''),
                shop TEXT NOT NULL,
                what TEXT NOT NULL CHECK (what <> ''),
                about TEXT NOT NULL,
                detail TEXT
            ) STRICT;

            -- What a trigger file or letter was before and after it was saved at the desk, so that it can be put back:
            -- the last twenty of each file. `content` is missing where the file was removed. `who` is empty for what
            -- was found on the disk, saved by other means.
            CREATE TABLE file_versions (
                shop INTEGER NOT NULL REFERENCES shops (id),
                id INTEGER NOT NULL CHECK (id > 0),
                path TEXT NOT NULL CHECK (path <> ''),
                saved_at INTEGER NOT NULL,
                who TEXT NOT NULL,
                what TEXT NOT NULL CHECK (what <> ''),
                version TEXT NOT NULL,
                content BLOB,
                PRIMARY KEY (shop, id)
            ) STRICT;
            CREATE INDEX file_versions_by_path ON file_versions (shop, path, id);

            -- The waiting effects that a held edit would send at once. They are looked at by people, and by nobody else.
            CREATE TABLE held_effects (
                shop INTEGER NOT NULL REFERENCES shops (id),
                effect_id INTEGER NOT NULL,
                PRIMARY KEY (shop, effect_id)
            ) STRICT, WITHOUT ROWID;

            """)
}
