package import Logging
package import Platform

/// The kinds of lines in the journal: what `journalctl -u bookbag` shows. Each has a number, which never changes and is
/// never reused, and an entry in `systemd/bookbag.catalog` that says what to do.
///
/// `error`: someone must act; `warning`: we will try again; `info`: a decision; `debug`: how we came to it.
package enum Line: String, LogKind, CaseIterable {
    case started = "0e72ced34f61fb33223701727cbd95f8"
    case stopping = "25b955a2987070bc56998e59ca1d91b8"
    case stopped = "a127532fa516ad9268e2eb166c462938"
    case firstRun = "40ca6a5865c983d3e383f7ecc9db17a0"
    case cycleFailed = "2c1cbae147f49afe8e593a67e6e8a905"
    case shopClosed = "206ea1f254db777c0bbca4d0f7adeb1e"
    case shopOpen = "713200999f085f1b85cb6c9eb8f33f8b"
    case scopesMissing = "07fe8f09c4c46962872b29081ac05871"
    case scopesHelpful = "4a669f421dc9d8689a6aabef8ef363ab"
    case versionUnsupported = "1ff4e188b602255cab0500ea1e519be7"
    case orderParked = "a51571012fc3c12424840fb47cc12f9d"
    case eventRecorded = "aea47ce512abb85e507f8f44f67a7d70"
    case eventsLearned = "fc39b2c659ebf42ae465074fd729f747"
    case decided = "4949c0e063f1ba61ef17e393766e7ba3"
    case delivered = "ce0951656c157dafe8d7551e887e26d3"
    case deferred = "2079846921fd0126e1af03ab4d53dc54"
    case refused = "2fa5fd2871c67f3b6ce1d2833e479cd1"
    case inDoubt = "0edff529c599386ba313bf87963f12d8"
    case channelClosed = "897dc4e9048bfbbc67e2dc7f644fd754"
    case channelOpen = "43e4e153be04ff9cc9db34e36ed13a3a"
    case channelDisabled = "6b1f0d5c9e3a4a7c8d24f7e0b3c15a96"
    case withdrawn = "90cc9bff6b166a40b0049b2699c2b451"
    case labelMissing = "a1a87f21e232225b0b4e056ea09b03f5"
    case budget = "5d1c7b6f0a9e4c0f8f6f3a2b7c9d1e40"
    case templateFailed = "e1161bae9416b753c65070f095804d9f"
    case noRecipient = "b8c6a43cf20d28f9714ee2f09321fd8b"
    case triggersLoaded = "d45984dc81c2c476129015688fe6e63f"
    case triggersRefused = "3e9f215e898357fdf4cfcf212d1b8ff5"
    case reloadHeld = "0e66f8122b6abb8404ba58266a76726f"
    case braked = "5f0c1f6f4be14c1b9a2f6f7c7d3b8e41"
    case clockWrong = "4f01263fbfb5d9c106eafee906d35661"
    case clockRight = "a19b84300f433c12169f955307565d0a"
    case storeFailed = "393d7c5b2c5015aa54ad3fbca14a3f29"
    case loopStuck = "4a1644f2c8228d2a46d09b64df4618ac"
    case configuration = "14d930121175ba9c4d76af1fa0e305ce"
    case listening = "958431d58430f2098786456a627f3d8f"
    case carrierRefused = "b74bdeaa1eab083a2d12d88e81337879"
    case carrierFailing = "83844ce7e94e5e411a2693d8145a37a1"
    case carrierStandsIn = "41be0345b9914aeaae38b5c26aaf2026"
    case carrierOpen = "3de89249e3f1c93f06c2a8fe152cad31"
    case carrierFault = "90ae7cfcb0b1bd89943920ddb452c09d"
    case numberRefused = "3582259ff83576345405fb245694deb5"
    case unknownCode = "ff507bef555b9a73ee97aafb01ab049c"
    case restored = "fd8c0165121c4f518b7e58e07b27790a"
    case caughtUp = "65a8a9907dc2443190b6c42ae8be7b81"
    case cursorPulledBack = "181aebcac4dd411d8c2323cab4f9ff51"
    case storeRight = "6e8f0fbb743e4e9492f8820ac33ace0f"
    case firstRunDone = "2020846ddb1b46b08a43b23da55b470b"
    case noRelay = "e3422a9710b44f0fbd20a88a95d4d3ac"
    case shopNotServed = "0c5a3a1f5c0e4d6f9d3d3b5a6a1f7e21"
    case cycleDone = "b7c2f0a94f7e4a0e8a55c1d9e3f6a882"
    case clockPutBack = "c6f0a1d84b3e4c52a7d95e1b60f3c8d2"
    case waitsOn = "5e1d8c3b7a964f2d9b0f4c6e2a8d7f13"
    case mailRead = "d3b07c1e5a9f4e28b6c4f1a2907e5d84"
    case textRead = "6e2f1b9c4a7d4c03b8f5d1e60a93c274"
    case textRefused = "f48b0d7a5e1c4926a3d79c0e2b6f8153"
    case mailBounced = "71c5e0a94d3b4f6e8a2c9b0d6f1e3a57"
    case sourceFailed = "b3f2d9a61c7e4f08957a0d4e8c21f6b5"
    case sourceRead = "4c8e07f5d1a94b63b2e6f90a7d35c81e"
    case mailParked = "0a9e4c7d2f8b4d13a5e6c1b07d9f2e48"
    case desk = "b1e64c0d9a3f4f27a8d5c2e7f0916b3d"
    case pageFailed = "6c2f8a1b7e9d4b50b3f4d8e1a7c5902e"
    case designFailed = "3d7a9c1e5b8f4a62b0c4e7d2f1a6938b"
    case noDesk = "e8d7a5f3c1b94e62905d3b7f6a2c8e14"

    case paused = "a7c1e3d95b0f4826b4d8f6a2e9c07315"
    case pauseOver = "d2f86b0e4c7a49d1935e1a8c6f4b7d20"

    case conversationOpened = "5b7e2c90d14f4a83b6c8e1f2a7903d64"
    case conversationHandedOver = "f04d8a6b3c9e4e17a2b5d7c1906e8f32"
    case conversationTakenOver = "2e91c7f5a08b4d3c9f6a4b1e8d7c5a03"
    case conversationClosed = "8ac36e1f7d254b90b1f8e2d4c6a7395b"
    case alerted = "c5d92f7a1e6b4830a7f4b2d8e13c6095"

    package var id: LogKindID { LogKindID(rawValue)! }

    package var message: StaticString {
        switch self {
        case .started: "Started"
        case .stopping: "Stopping"
        case .stopped: "Stopped"
        case .firstRun: "First run: learning existing orders silently"
        case .cycleFailed: "Could not read the shop"
        case .shopClosed: "Shopify refuses access"
        case .shopOpen: "The shop answers again"
        case .scopesMissing: "The app lacks access scopes"
        case .scopesHelpful: "Some of the shop's data is out of reach"
        case .versionUnsupported: "Shopify will soon drop this API version"
        case .orderParked: "An order cannot be read"
        case .eventRecorded: "Recorded an event"
        case .eventsLearned: "Learned without telling anybody"
        case .decided: "Decided"
        case .delivered: "Delivered"
        case .deferred: "Will retry"
        case .refused: "Refused permanently"
        case .inDoubt: "In doubt"
        case .channelClosed: "The channel is closed"
        case .channelOpen: "The channel is open again"
        case .channelDisabled: "The endpoint wants nothing more"
        case .withdrawn: "Withdrawn"
        case .labelMissing: "A return label could not be fetched"
        case .budget: "A budget nears its end"
        case .templateFailed: "A template could not be rendered"
        case .noRecipient: "No address to write to"
        case .triggersLoaded: "Trigger files are in force"
        case .triggersRefused: "Trigger files refused"
        case .reloadHeld: "An edit is held"
        case .braked: "Mail to shoppers is held"
        case .clockWrong: "The clock cannot be trusted"
        case .clockRight: "The clock is right again"
        case .storeFailed: "The store failed"
        case .loopStuck: "Part of the daemon is stuck"
        case .configuration: "The configuration is wrong"
        case .listening: "Listening"
        case .carrierRefused: "A carrier refuses access"
        case .carrierFailing: "A carrier does not answer"
        case .carrierStandsIn: "Another source takes over for a carrier"
        case .carrierOpen: "A carrier answers again"
        case .carrierFault: "A carrier's answer is unusable"
        case .numberRefused: "A carrier rejects a tracking number"
        case .unknownCode: "A carrier sent an unknown code"
        case .restored: "A backup was restored"
        case .caughtUp: "Caught up with what happened since the backup"
        case .cursorPulledBack: "The position in the list of changes was in the future"
        case .storeRight: "The store is writable again"
        case .firstRunDone: "First run done"
        case .noRelay: "No relay is configured for mail"
        case .shopNotServed: "A shop is not in the configuration"
        case .cycleDone: "Read the shop"
        case .waitsOn: "Still waiting"
        case .clockPutBack: "The last written moment was set back"
        case .mailRead: "Read a mail"
        case .textRead: "Read a text"
        case .textRefused: "Refused what claimed to be a text"
        case .mailBounced: "A message came back"
        case .sourceFailed: "A source cannot be read"
        case .sourceRead: "A source can be read again"
        case .mailParked: "A mail cannot be read"
        case .desk: "Somebody did something at the desk"
        case .pageFailed: "A page could not be shown"
        case .designFailed: "A page is shown in Bookbag's own design, because the shop's fails"
        case .noDesk: "No desk is served"
        case .paused: "News is held by a pause"
        case .pauseOver: "A pause is over"
        case .conversationOpened: "A conversation began"
        case .conversationHandedOver: "A conversation waits for a person"
        case .conversationTakenOver: "A person took a conversation"
        case .conversationClosed: "A conversation is over"
        case .alerted: "People were told who waits"
        }
    }

    package var level: Logger.Level {
        switch self {
        case .carrierRefused, .shopClosed, .scopesMissing, .channelClosed, .channelDisabled, .templateFailed,
            .triggersRefused,
            .reloadHeld, .braked, .clockWrong, .storeFailed, .loopStuck, .configuration, .noRelay:
            .error
        case .carrierFailing, .carrierFault, .numberRefused, .unknownCode, .cycleFailed, .versionUnsupported,
            .orderParked, .deferred, .refused, .inDoubt, .labelMissing, .noRecipient, .restored,
            .cursorPulledBack, .shopNotServed, .clockPutBack, .mailBounced, .mailParked, .textRefused, .sourceFailed,
            .pageFailed,
            .noDesk, .designFailed, .paused, .budget:
            .warning
        case .cycleDone, .waitsOn: .debug
        default: .info
        }
    }
}
