import ArgumentParser
import Foundation
import Outreach

/// `bookbag schema`: completion and error marking in the merchant's own editor.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of trigger files, shop.yaml or policy.yaml, for editors.",
        discussion: """
            An editor with a YAML language server completes keys and events, explains them and marks mistakes in a file that begins with

              # yaml-language-server: $schema=./schema/trigger.json

            The schemas are draft-07. 'bookbag check' finds mistakes that they cannot, such as names in conditions.

            EXAMPLES
              bookbag schema trigger
              bookbag schema --out triggers/schema
            """)

    /// The schemas, by name.
    enum Which: String, ExpressibleByArgument, CaseIterable {
        case trigger, shop, policy

        var schema: FileSchema {
            switch self {
            case .trigger: .trigger
            case .shop: .shop
            case .policy: .policy
            }
        }
    }

    @Argument(help: "Which one: trigger, shop or policy.") var which: Which?
    @Option(help: "Write trigger.json, shop.json and policy.json to this folder.", completion: .directory) var out:
        String?

    func validate() throws {
        if which == nil, out == nil {
            throw ValidationError("say 'trigger', 'shop' or 'policy', or --out FOLDER for all")
        }
    }

    func run() throws {
        guard let out else {
            if let which { FileHandle.standardOutput.write(Data(which.schema.json.utf8)) }
            return
        }
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            for schema in which.map({ [$0.schema] }) ?? FileSchema.allCases {
                let path = "\(out)/\(schema.rawValue).json"
                try schema.json.write(toFile: path, atomically: true, encoding: .utf8)
                print("wrote \(path)")
            }
        } catch {
            complain("\(out): cannot be written; name another folder with --out")
            throw ExitStatus.fault
        }
    }
}
