import Testing

@testable import Sandbox

@Suite("GraphQL documents")
struct GraphQLTests {
    @Test("are parsed with operations, variables, aliases, fragments, directives and block strings")
    func parses() throws {
        let document = try GraphQLParser.document(
            #"""
            # a comment
            query Poll($first: Int! = 10, $ids: [ID!]!) @cached {
              mine: orders(first: $first, query: "a \"b\" é", after: null) { ...Page edges { cursor } }
              nodes(ids: $ids) { __typename ... on Order @include(if: true) { id } ... { id } }
            }
            fragment Page on OrderConnection { pageInfo { hasNextPage } }
            mutation Note { orderUpdate(input: {id: "gid://shopify/Order/1", tags: [], note: """
                one
                  two
                """}) { order { id } } }
            """#)
        #expect(document.operations.map(\.title) == ["query Poll", "mutation Note"])
        #expect(document.operations[0].variables.map { "\($0.type)" } == ["Int!", "[ID!]!"])
        #expect(document.operations[0].variables[0].fallback == .int(10))
        #expect(document.fragments["Page"]?.type == "OrderConnection")
        guard case .field(let orders) = document.operations[0].selections[0] else { return #expect(Bool(false)) }
        #expect(orders.key == "mine" && orders.name == "orders")
        #expect(orders.arguments[1].value == .string("a \"b\" é"))
        #expect(orders.location == SourceLocation(line: 3, column: 3))
        guard case .field(let update) = document.operations[1].selections[0],
            case .object(let members) = update.arguments[0].value
        else { return #expect(Bool(false)) }
        #expect(members.last?.value == .string("one\n  two"))
    }

    @Test(
        "that are none are refused with their place",
        arguments: [
            ("{ orders(first: 1) { id }", 1, 26), ("query { }", 1, 9), ("{ a(b: ?) }", 1, 8),
            ("fragment on on A { b }", 1, 10),
            ("{ a(b: \"open) }", 1, 8),
        ])
    func refuses(text: String, line: Int, column: Int) {
        #expect { try GraphQLParser.document(text) } throws: { error in
            (error as? GraphQLSyntaxError)?.location == SourceLocation(line: line, column: column)
        }
    }

    @Test("nested without end are refused and do not end the program")
    func nests() {
        let text = String(repeating: "{a", count: 5000) + String(repeating: "}", count: 5000)
        #expect(throws: GraphQLSyntaxError.self) { try GraphQLParser.document(text) }
        #expect(throws: JSON.Fault.self) { try JSON.parse(Array(String(repeating: "[", count: 100_000).utf8)) }
    }

    @Test(
        "are checked as Shopify checks them",
        arguments: [
            ("{ shop { foo } }", "undefinedField", "Field 'foo' doesn't exist on type 'Shop'"),
            ("{ shop }", "selectionMismatch", nil), ("{ shop { name { x } } }", "selectionMismatch", nil),
            ("{ order { id } }", "missingRequiredArguments", "Field 'order' is missing required arguments: id"),
            ("{ shop(a: 1) { id } }", "argumentNotAccepted", "Field 'shop' doesn't accept argument 'a'"),
            ("{ shop { ...Lost } }", "useAndDefineFragment", "Fragment Lost was used, but not defined"),
            ("query Q($x: Int) { shop { id } }", "variableNotUsed", "Variable $x is declared by Q but not used"),
            ("query Q { order(id: $x) { id } }", "variableNotDefined", "Variable $x is used by Q but not declared"),
            ("query Q($x: Int!) { order(id: $x) { id } }", "variableMismatch", nil),
            ("{ orders(first: 1, sortKey: UPDATED) { nodes { id } } }", "argumentLiteralsIncompatible", nil),
            ("{ shop { ... on Order { id } } }", "cannotSpreadFragment", nil),
            ("{ shop { ...A } } fragment A on Shop { ...A }", "infiniteLoop", nil),
            ("{ shop { id @defer } }", "undefinedDirective", nil),
        ])
    func checks(text: String, code: String, message: String?) throws {
        let document = try GraphQLParser.document(text)
        let errors = GraphQLValidator.errors(in: document.operations[0], of: document, schema: AdminSchema.schema)
        let error = try #require(errors.first { $0.code == code }, "\(errors)")
        if let message { #expect(error.message == message) }
    }

    @Test("in which a field does not exist answer as recorded")
    func undefinedField() {
        let shop = Shop()
        let answer = shop.ask(
            "mutation M($e: FulfillmentEventInput!) {\n  fulfillmentEventCreate(fulfillmentEvent: $e) {\n"
                + "    userErrors {\n      code\n    }\n  }\n}", ["e": [:]])
        #expect(
            answer == [
                "errors": [
                    [
                        "message": "Field 'code' doesn't exist on type 'UserError'",
                        "locations": [["line": 4, "column": 7]],
                        "path": ["mutation M", "fulfillmentEventCreate", "userErrors", "code"],
                        "extensions": ["code": "undefinedField", "typeName": "UserError", "fieldName": "code"],
                    ]
                ]
            ])
    }

    @Test("with a wrong enum variable answer as recorded")
    func invalidVariable() {
        let shop = Shop()
        let answer = shop.ask(
            "\n  mutation V($e: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $e) { userErrors { field } } }",
            ["e": ["fulfillmentId": "gid://shopify/Fulfillment/1", "status": "NOT_A_STATUS"]])
        let error = answer["errors"]?.array?.first
        let explanation =
            "Expected \"NOT_A_STATUS\" to be one of: LABEL_PURCHASED, LABEL_PRINTED, READY_FOR_PICKUP, CONFIRMED, "
            + "IN_TRANSIT, OUT_FOR_DELIVERY, ATTEMPTED_DELIVERY, DELAYED, DELIVERED, FAILURE, CARRIER_PICKED_UP"
        #expect(
            error?["message"]?.string
                == "Variable $e of type FulfillmentEventInput! was provided invalid value for status (\(explanation))")
        #expect(error?["extensions"]?["code"] == "INVALID_VARIABLE")
        #expect(error?["locations"] == [["line": 2, "column": 14]])
        #expect(error?["extensions"]?["problems"] == [["path": ["status"], "explanation": .string(explanation)]])
    }

    @Test("obey @include and @skip, merge fields, and keep the order of the question")
    func executes() {
        let shop = Shop()
        let answer = shop.ask(
            "query Q($no: Boolean = false) { shop { name @include(if: $no) } b: shop { id } shop { email ...F plan @skip(if: true) "
                + "{ shopifyPlus } } } fragment F on Shop { plan { publicDisplayName } currencyCode }")
        #expect(
            answer["data"]?.text
                == #"{"shop":{"email":"owner@juniperfig.example","plan":{"publicDisplayName":"Development"},"currencyCode":"GBP"},"#
                + #""b":{"id":"gid://shopify/Shop/63755419881"}}"#)
    }
}
