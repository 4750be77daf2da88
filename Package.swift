// swift-tools-version: 6.2
import PackageDescription

// Every target of ours is built under the same strict rules. `docs/architecture.md` has the reason for each dependency.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
// And quick in debug builds, with its assertions.
let optimised = strict + [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let lifecycleTesting = Target.Dependency.product(
    name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "bookbag",
    products: [
        .executable(name: "bookbag", targets: ["bookbag"]),
        .executable(name: "bookbag-sandbox", targets: ["bookbag-sandbox"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CGMime", pkgConfig: "gmime-3.0", providers: [.apt(["libgmime-3.0-dev"])]),
        .systemLibrary(name: "CMark", pkgConfig: "libcmark", providers: [.apt(["libcmark-dev"])]),

        .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng16", providers: [.apt(["libpng-dev"])]),

        // Liquid and Outreach are optimised in debug builds, too: thousands of tests read and judge trigger files,
        // which takes several times as long without.
        .target(name: "Liquid", swiftSettings: optimised),
        // What shoppers' messages say. Its weights are trained by TrainUnderstanding, which is not installed. Optimised
        // in debug builds, too, for a test trains it again.
        .target(
            name: "Understanding", exclude: ["Phrasings"],
            swiftSettings: optimised),
        .executableTarget(name: "TrainUnderstanding", dependencies: ["Understanding"], swiftSettings: strict),
        .target(name: "Platform", dependencies: ["CCurl", "CSystemd", lifecycle, logging], swiftSettings: strict),
        // Thumbnails, in a process of their own. Optimised in debug builds, too: it goes through millions of points.
        .target(
            name: "Pictures", dependencies: ["CTurboJPEG", "CPNG"],
            swiftSettings: optimised),
        // Apart from Platform, for c-ares declares the socket types of its own headers.
        .target(name: "DNS", dependencies: ["CAres", "Platform"], swiftSettings: strict),
        .target(
            name: "Outreach", dependencies: ["Liquid", "Understanding", yams, crypto, collections],
            resources: [.embedInCode("Time/Data")], swiftSettings: optimised),
        .target(
            name: "Shopify", dependencies: ["Platform", crypto], resources: [.embedInCode("Documents")],
            swiftSettings: strict),
        .target(
            name: "Intake", dependencies: ["Outreach", "Platform", "Shopify", logging],
            resources: [.embedInCode("Carriers/Data")], swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["CPostgres", "Outreach", "Platform", grdb, sqlite, crypto],
            swiftSettings: strict),
        .target(
            name: "Delivery", dependencies: ["Outreach", "Platform", "Shopify", "CGMime", "CMark", crypto, logging],
            swiftSettings: strict),
        .target(
            name: "Sandbox",
            dependencies: [
                hummingbird, .product(name: "HummingbirdCore", package: "hummingbird"), crypto, logging, lifecycle,
            ] + nio, resources: [.embedInCode("Web/Page")], swiftSettings: strict),
        .target(
            name: "Daemon",
            dependencies: [
                "Outreach", "DNS", "Intake", "Shopify", "Store", "Delivery", "Platform", hummingbird, lifecycle,
                logging,
                signals,
                .product(name: "HummingbirdCore", package: "hummingbird"),
            ] + nio,
            swiftSettings: strict),
        .target(
            name: "Web",
            dependencies: [
                "Daemon", "Outreach", "Store", "Liquid", "Platform", hummingbird, lifecycle, logging, crypto,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            resources: [.embedInCode("Templates"), .embedInCode("Static")], swiftSettings: strict),
        .executableTarget(
            name: "bookbag",
            dependencies: [
                "Web", "Daemon", "Outreach", "Liquid", "Intake", "Shopify", "Store", "Delivery", "Platform",
                "Understanding", "Pictures",
                argumentParser,
                logging, yams, crypto,
            ],
            swiftSettings: strict),
        // `bookbag sandbox`: to try Bookbag with, so the daemon's executable does not carry it.
        .executableTarget(
            name: "bookbag-sandbox", dependencies: ["Sandbox", argumentParser], swiftSettings: strict),
        // Measures what docs/performance.md says; it is not installed.
        .executableTarget(
            name: "Bench", dependencies: ["Liquid", "Intake", "Outreach", "Store", "Delivery", "Platform", grdb],
            swiftSettings: strict),

        // What stands in for the network in the tests of several targets.
        .target(name: "Doubles", dependencies: ["Platform"], path: "Tests/Doubles", swiftSettings: strict),
        .testTarget(name: "LiquidTests", dependencies: ["Liquid"], swiftSettings: strict),
        .testTarget(name: "UnderstandingTests", dependencies: ["Understanding"], swiftSettings: strict),
        // What tests of loops bring instead of the clock on the wall.
        .target(name: "LoopTesting", dependencies: ["Platform"], path: "Tests/LoopTesting", swiftSettings: strict),
        // The machine of the simulation: everything that happens in it goes through its list.
        .target(
            name: "Simulating", dependencies: ["Outreach", "Platform", deque], path: "Tests/Simulating",
            swiftSettings: optimised),
        .testTarget(
            name: "PlatformTests", dependencies: ["Platform", "LoopTesting", "Doubles", lifecycleTesting, logging],
            swiftSettings: strict),
        .testTarget(name: "PicturesTests", dependencies: ["Pictures"], swiftSettings: strict),
        .testTarget(name: "DNSTests", dependencies: ["DNS", "Platform"], swiftSettings: strict),
        .testTarget(
            name: "OutreachTests", dependencies: ["Outreach", "Liquid", "Understanding"], swiftSettings: strict),
        .testTarget(
            name: "ShopifyTests", dependencies: ["Shopify", "Platform", "Doubles"], swiftSettings: strict),
        .testTarget(
            name: "IntakeTests", dependencies: ["Intake", "Shopify", "Outreach", "Platform", "Sandbox", "Doubles"],
            swiftSettings: strict),
        .testTarget(
            name: "StoreTests", dependencies: ["Store", "Outreach", "Platform", "Doubles", grdb],
            swiftSettings: strict),
        .testTarget(
            name: "DeliveryTests", dependencies: ["Delivery", "Doubles", "Outreach", "Platform", "Shopify"],
            swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "DNS", "Intake", "Outreach", "Store", "Delivery", "Platform", "LoopTesting", "Sandbox",
                "Doubles", "Simulating",
                grdb, lifecycle, lifecycleTesting, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WebTests",
            dependencies: ["Web", "Daemon", "Outreach", "Store", "Platform", "Delivery", "Intake", logging],
            swiftSettings: strict),
        .testTarget(
            name: "BookbagTests",
            dependencies: [
                "bookbag", "Daemon", "Delivery", "Intake", "Outreach", "Store", "Platform", "Doubles", "Understanding",
                argumentParser,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SandboxTests", dependencies: ["Sandbox"] + nio, exclude: ["check_answers.py"],
            swiftSettings: strict),
    ]
)
