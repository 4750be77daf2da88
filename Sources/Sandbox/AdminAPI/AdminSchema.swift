// The part of Shopify's Admin GraphQL API that the sandbox supports, as type definitions: names, arguments, types and
// enum values as Shopify publishes them for 2026-04 (https://shopify.dev/docs/api/admin-graphql;
// `Shopify/Shopify-AI-Toolkit`, MIT). A test compares every line with the published schema. Fields here are checked,
// charged and answered; a query for anything else is refused as Shopify refuses a nonexistent field.

enum AdminSchema {
    /// Parsed once; a mistake in the text below is a bug, which the first test finds.
    static let schema: GraphQLSchema = {
        do throws(GraphQLSyntaxError) {
            return try GraphQLSchema(text)
        } catch {
            preconditionFailure("the Admin schema does not parse: \(error)")
        }
    }()

    static let text = """
        scalar DateTime
        scalar Decimal
        scalar FormattedString
        scalar Money
        scalar URL
        scalar UnsignedInt64
        type QueryRoot {
          node(id: ID!): Node
          nodes(ids: [ID!]!): [Node]!
          order(id: ID!): Order
          orders(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey: OrderSortKeys,
            query: String): OrderConnection!
          ordersCount(query: String, limit: Int): Count
          fulfillment(id: ID!): Fulfillment
          fulfillmentOrder(id: ID!): FulfillmentOrder
          return(id: ID!): Return
          returnReasonDefinitions(ids: [ID!], handles: [String!], first: Int, after: String, last: Int, before:
            String, reverse: Boolean, query: String): ReturnReasonDefinitionConnection!
          returnableFulfillments(orderId: ID!, first: Int, after: String, last: Int, before: String, reverse:
            Boolean): ReturnableFulfillmentConnection!
          reverseDelivery(id: ID!): ReverseDelivery
          reverseFulfillmentOrder(id: ID!): ReverseFulfillmentOrder
          refund(id: ID!): Refund
          customer(id: ID!): Customer
          codeDiscountNodeByCode(code: String!): DiscountCodeNode
          draftOrder(id: ID!): DraftOrder
          draftOrders(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey:
            DraftOrderSortKeys, query: String): DraftOrderConnection!
          job(id: ID!): Job
          shop: Shop!
          currentAppInstallation: AppInstallation!
          publicApiVersions: [ApiVersion!]!
          events(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey: EventSortKeys,
            query: String): EventConnection
          locations(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey:
            LocationSortKeys, query: String): LocationConnection!
        }
        type Mutation {
          discountCodeBasicCreate(basicCodeDiscount: DiscountCodeBasicInput!): DiscountCodeBasicCreatePayload
          discountCodeDeactivate(id: ID!): DiscountCodeDeactivatePayload
          discountCodeFreeShippingCreate(freeShippingCodeDiscount: DiscountCodeFreeShippingInput!):
            DiscountCodeFreeShippingCreatePayload
          draftOrderComplete(id: ID!, sourceName: String): DraftOrderCompletePayload
          draftOrderCreate(input: DraftOrderInput!): DraftOrderCreatePayload
          fulfillmentOrderHold(id: ID!, fulfillmentHold: FulfillmentOrderHoldInput!): FulfillmentOrderHoldPayload
          fulfillmentOrderReleaseHold(id: ID!, holdIds: [ID!]): FulfillmentOrderReleaseHoldPayload
          orderCancel(orderId: ID!, refundMethod: OrderCancelRefundMethodInput, restock: Boolean!, reason:
            OrderCancelReason!, notifyCustomer: Boolean, staffNote: String): OrderCancelPayload
          refundCreate(input: RefundInput!): RefundCreatePayload
          returnApproveRequest(input: ReturnApproveRequestInput!): ReturnApproveRequestPayload
          returnClose(id: ID!): ReturnClosePayload
          returnDeclineRequest(input: ReturnDeclineRequestInput!): ReturnDeclineRequestPayload
          returnProcess(input: ReturnProcessInput!): ReturnProcessPayload
          returnRequest(input: ReturnRequestInput!): ReturnRequestPayload
          storeCreditAccountCredit(id: ID!, creditInput: StoreCreditAccountCreditInput!):
            StoreCreditAccountCreditPayload
          fulfillmentEventCreate(fulfillmentEvent: FulfillmentEventInput!): FulfillmentEventCreatePayload
          tagsAdd(id: ID!, tags: [String!]!): TagsAddPayload
          tagsRemove(id: ID!, tags: [String!]!): TagsRemovePayload
          orderUpdate(input: OrderInput!): OrderUpdatePayload
          reverseDeliveryCreateWithShipping(reverseFulfillmentOrderId: ID!, reverseDeliveryLineItems:
            [ReverseDeliveryLineItemInput!]!, trackingInput: ReverseDeliveryTrackingInput, labelInput:
            ReverseDeliveryLabelInput, notifyCustomer: Boolean): ReverseDeliveryCreateWithShippingPayload
          reverseDeliveryShippingUpdate(reverseDeliveryId: ID!, trackingInput: ReverseDeliveryTrackingInput,
            labelInput: ReverseDeliveryLabelInput, notifyCustomer: Boolean): ReverseDeliveryShippingUpdatePayload
        }
        type Order implements Node {
          id: ID!
          legacyResourceId: UnsignedInt64!
          name: String!
          number: Int!
          createdAt: DateTime!
          updatedAt: DateTime!
          processedAt: DateTime!
          cancelledAt: DateTime
          cancelReason: OrderCancelReason
          cancellation: OrderCancellation
          closedAt: DateTime
          closed: Boolean!
          confirmed: Boolean!
          test: Boolean!
          tags: [String!]!
          note: String
          email: String
          phone: String
          customerLocale: String
          statusPageUrl(audience: Audience, notificationUsage: NotificationUsage): URL!
          currencyCode: CurrencyCode!
          presentmentCurrencyCode: CurrencyCode!
          displayFinancialStatus: OrderDisplayFinancialStatus
          displayFulfillmentStatus: OrderDisplayFulfillmentStatus!
          returnStatus: OrderReturnStatus!
          fullyPaid: Boolean!
          unpaid: Boolean!
          edited: Boolean!
          requiresShipping: Boolean!
          sourceName: String
          discountCodes: [String!]!
          paymentGatewayNames: [String!]!
          taxesIncluded: Boolean!
          currentTotalPriceSet: MoneyBag!
          totalPriceSet: MoneyBag!
          originalTotalPriceSet: MoneyBag!
          currentSubtotalPriceSet: MoneyBag!
          subtotalPriceSet: MoneyBag
          totalShippingPriceSet: MoneyBag!
          currentShippingPriceSet: MoneyBag!
          number: Int!
          poNumber: String
          confirmationNumber: String
          currentTotalTaxSet: MoneyBag!
          currentTotalDiscountsSet: MoneyBag!
          currentTotalDutiesSet: MoneyBag
          totalTipReceivedSet: MoneyBag!
          currentTaxLines: [TaxLine!]!
          customAttributes: [Attribute!]!
          discountApplications(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            DiscountApplicationConnection!
          transactions(first: Int, capturable: Boolean, manuallyResolvable: Boolean): [OrderTransaction!]!
          totalRefundedSet: MoneyBag!
          totalOutstandingSet: MoneyBag!
          totalReceivedSet: MoneyBag!
          currentSubtotalLineItemsQuantity: Int!
          subtotalLineItemsQuantity: Int!
          customer: Customer
          shippingAddress: MailingAddress
          billingAddress: MailingAddress
          displayAddress: MailingAddress
          shippingLine: ShippingLine
          lineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean): LineItemConnection!
          fulfillments(first: Int, query: String): [Fulfillment!]!
          fulfillmentsCount: Count
          fulfillmentOrders(first: Int, after: String, last: Int, before: String, reverse: Boolean, query:
            String): FulfillmentOrderConnection!
          returns(first: Int, after: String, last: Int, before: String, reverse: Boolean, query: String):
            ReturnConnection!
          refunds(first: Int): [Refund!]!
          refundable: Boolean!
          netPaymentSet: MoneyBag!
          disputes: [OrderDisputeSummary!]!
          suggestedRefund(refundShipping: Boolean, suggestFullRefund: Boolean): SuggestedRefund
          events(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey: EventSortKeys,
            query: String): EventConnection!
          totalWeight: UnsignedInt64
        }
        type Fulfillment implements Node {
          id: ID!
          legacyResourceId: UnsignedInt64!
          name: String!
          status: FulfillmentStatus!
          displayStatus: FulfillmentDisplayStatus
          createdAt: DateTime!
          updatedAt: DateTime!
          inTransitAt: DateTime
          estimatedDeliveryAt: DateTime
          deliveredAt: DateTime
          requiresShipping: Boolean!
          totalQuantity: Int!
          trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
          events(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey:
            FulfillmentEventSortKeys): FulfillmentEventConnection!
          order: Order!
          location: Location
          service: FulfillmentService
          originAddress: FulfillmentOriginAddress
          fulfillmentLineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            FulfillmentLineItemConnection!
          fulfillmentOrders(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            FulfillmentOrderConnection!
        }
        type FulfillmentTrackingInfo {
          company: String
          number: String
          url: URL
        }
        type FulfillmentEvent implements Node {
          id: ID!
          status: FulfillmentEventStatus!
          happenedAt: DateTime!
          createdAt: DateTime!
          message: String
          estimatedDeliveryAt: DateTime
          city: String
          province: String
          country: String
          zip: String
          address1: String
          latitude: Float
          longitude: Float
        }
        type FulfillmentLineItem implements Node {
          id: ID!
          quantity: Int
          lineItem: LineItem!
          originalTotalSet: MoneyBag!
          discountedTotalSet: MoneyBag!
        }
        type FulfillmentService {
          id: ID!
          handle: String!
          serviceName: String!
          trackingSupport: Boolean!
          type: FulfillmentServiceType!
          location: Location
          inventoryManagement: Boolean!
          requiresShippingMethod: Boolean!
          callbackUrl: URL
        }
        type FulfillmentOriginAddress {
          address1: String
          address2: String
          city: String
          countryCode: String!
          provinceCode: String
          zip: String
        }
        type FulfillmentOrder implements Node {
          id: ID!
          status: FulfillmentOrderStatus!
          requestStatus: FulfillmentOrderRequestStatus!
          createdAt: DateTime!
          updatedAt: DateTime!
          fulfillAt: DateTime
          fulfillBy: DateTime
          order: Order!
          orderId: ID!
          orderName: String!
          orderProcessedAt: DateTime!
          fulfillmentHolds: [FulfillmentHold!]!
          deliveryMethod: DeliveryMethod
          destination: FulfillmentOrderDestination
          assignedLocation: FulfillmentOrderAssignedLocation!
          lineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            FulfillmentOrderLineItemConnection!
        }
        type FulfillmentHold implements Node {
          id: ID!
          displayReason: String!
          handle: String
          heldByRequestingApp: Boolean!
          reason: FulfillmentHoldReason!
          reasonNotes: String
        }
        type FulfillmentOrderDestination implements Node {
          id: ID!
          firstName: String
          lastName: String
          company: String
          address1: String
          address2: String
          city: String
          province: String
          zip: String
          countryCode: CountryCode
          email: String
          phone: String
        }
        type FulfillmentOrderAssignedLocation {
          name: String!
          address1: String
          address2: String
          city: String
          province: String
          zip: String
          countryCode: CountryCode!
          phone: String
          location: Location
        }
        type FulfillmentOrderLineItem implements Node {
          id: ID!
          lineItem: LineItem!
          productTitle: String!
          remainingQuantity: Int!
          totalQuantity: Int!
          requiresShipping: Boolean!
          sku: String
          variantTitle: String
          vendor: String
        }
        type DeliveryMethod implements Node {
          id: ID!
          methodType: DeliveryMethodType!
          presentedName: String
          serviceCode: String
          minDeliveryDateTime: DateTime
          maxDeliveryDateTime: DateTime
        }
        type LineItem implements Node {
          id: ID!
          title: String!
          name: String!
          quantity: Int!
          currentQuantity: Int!
          unfulfilledQuantity: Int!
          refundableQuantity: Int!
          nonFulfillableQuantity: Int!
          sku: String
          vendor: String
          variantTitle: String
          requiresShipping: Boolean!
          isGiftCard: Boolean!
          customAttributes: [Attribute!]!
          discountAllocations: [DiscountAllocation!]!
          sellingPlan: LineItemSellingPlan
          taxable: Boolean!
          product: Product
          variant: ProductVariant
          originalUnitPriceSet: MoneyBag!
          discountedUnitPriceSet: MoneyBag!
          originalTotalSet: MoneyBag!
          discountedTotalSet(withCodeDiscounts: Boolean): MoneyBag!
          image: Image
        }
        type Product implements Node {
          id: ID!
          title: String!
          handle: String!
          productType: String!
          vendor: String!
          tags: [String!]!
          status: ProductStatus!
        }
        type ProductVariant implements Node {
          id: ID!
          title: String!
          sku: String
          barcode: String
          price: Money!
        }
        type Image {
          id: ID
          altText: String
          url(transform: ImageTransformInput): URL!
          width: Int
          height: Int
        }
        type Attribute { key: String! value: String }
        type TaxLine { title: String! rate: Float priceSet: MoneyBag! }
        type LineItemSellingPlan { name: String! sellingPlanId: ID }
        type DiscountAllocation { allocatedAmountSet: MoneyBag! discountApplication: DiscountApplication! }
        interface DiscountApplication {
          index: Int!
          targetSelection: DiscountApplicationTargetSelection!
          targetType: DiscountApplicationTargetType!
        }
        type DiscountCodeApplication implements DiscountApplication {
          index: Int!
          targetSelection: DiscountApplicationTargetSelection!
          targetType: DiscountApplicationTargetType!
          code: String!
        }
        type AutomaticDiscountApplication implements DiscountApplication {
          index: Int!
          targetSelection: DiscountApplicationTargetSelection!
          targetType: DiscountApplicationTargetType!
          title: String!
        }
        type ManualDiscountApplication implements DiscountApplication {
          index: Int!
          targetSelection: DiscountApplicationTargetSelection!
          targetType: DiscountApplicationTargetType!
          title: String!
          description: String
        }
        type ScriptDiscountApplication implements DiscountApplication {
          index: Int!
          targetSelection: DiscountApplicationTargetSelection!
          targetType: DiscountApplicationTargetType!
          title: String!
        }
        type DiscountApplicationConnection { edges: [DiscountApplicationEdge!]! nodes: [DiscountApplication!]!
            pageInfo: PageInfo! }
        type DiscountApplicationEdge { cursor: String! node: DiscountApplication! }
        enum DiscountApplicationTargetSelection { ALL ENTITLED EXPLICIT }
        enum DiscountApplicationTargetType { LINE_ITEM SHIPPING_LINE }
        type ShippingLine {
          id: ID
          title: String!
          code: String
          carrierIdentifier: String
          source: String
          custom: Boolean!
          isRemoved: Boolean!
          originalPriceSet: MoneyBag!
          discountedPriceSet: MoneyBag!
          deliveryCategory: String
        }
        type MailingAddress implements Node {
          id: ID!
          name: String
          firstName: String
          lastName: String
          company: String
          address1: String
          address2: String
          city: String
          province: String
          provinceCode: String
          country: String
          countryCodeV2: CountryCode
          zip: String
          phone: String
          timeZone: String
          latitude: Float
          longitude: Float
          coordinatesValidated: Boolean!
          formatted(withName: Boolean, withCompany: Boolean): [String!]!
          formattedArea: String
        }
        type MoneyBag {
          shopMoney: MoneyV2!
          presentmentMoney: MoneyV2!
        }
        type MoneyV2 {
          amount: Decimal!
          currencyCode: CurrencyCode!
        }
        type Count {
          count: Int!
          precision: CountPrecision!
        }
        type Customer implements Node {
          id: ID!
          legacyResourceId: UnsignedInt64!
          displayName: String!
          firstName: String
          lastName: String
          locale: String!
          tags: [String!]!
          note: String
          state: CustomerState!
          verifiedEmail: Boolean!
          numberOfOrders: UnsignedInt64!
          amountSpent: MoneyV2!
          createdAt: DateTime!
          updatedAt: DateTime!
          lastOrder: Order
          defaultEmailAddress: CustomerEmailAddress
          defaultPhoneNumber: CustomerPhoneNumber
          defaultAddress: MailingAddress
          orders(first: Int, after: String, last: Int, before: String, reverse: Boolean, sortKey: OrderSortKeys,
            query: String): OrderConnection!
          lifetimeDuration: String!
          storeCreditAccounts(first: Int, after: String, last: Int, before: String):
            StoreCreditAccountConnection!
        }
        type CustomerEmailAddress {
          emailAddress: String!
          marketingState: CustomerEmailAddressMarketingState!
          marketingOptInLevel: CustomerMarketingOptInLevel
          marketingUpdatedAt: DateTime
          marketingUnsubscribeUrl: URL!
          validFormat: Boolean!
          openTrackingLevel: CustomerEmailAddressOpenTrackingLevel!
          openTrackingUrl: URL!
        }
        type CustomerPhoneNumber {
          phoneNumber: String!
          marketingState: CustomerSmsMarketingState!
        }
        type Return implements Node {
          id: ID!
          name: String!
          status: ReturnStatus!
          createdAt: DateTime!
          requestApprovedAt: DateTime
          closedAt: DateTime
          totalQuantity: Int!
          order: Order!
          decline: ReturnDecline
          returnLineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            ReturnLineItemTypeConnection!
          reverseFulfillmentOrders(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            ReverseFulfillmentOrderConnection!
          refunds(first: Int, after: String, last: Int, before: String, reverse: Boolean): RefundConnection!
          suggestedFinancialOutcome(returnLineItems: [SuggestedOutcomeReturnLineItemInput!]!, exchangeLineItems:
            [SuggestedOutcomeExchangeLineItemInput!]!): SuggestedReturnFinancialOutcome
        }
        type SuggestedReturnFinancialOutcome {
          financialTransfer: ReturnOutcomeFinancialTransfer
          maximumRefundable: MoneyBag!
        }
        union ReturnOutcomeFinancialTransfer = InvoiceReturnOutcome | RefundReturnOutcome
        type InvoiceReturnOutcome { amount: MoneyBag! }
        type RefundReturnOutcome {
          amount: MoneyBag!
          suggestedTransactions: [SuggestedOrderTransaction!]!
        }
        input SuggestedOutcomeReturnLineItemInput { id: ID! quantity: Int! }
        input SuggestedOutcomeExchangeLineItemInput { id: ID! quantity: Int! }
        type ReturnReasonDefinition implements Node {
          id: ID!
          handle: String!
          name: String!
          deleted: Boolean!
        }
        type ReturnableFulfillment implements Node {
          id: ID!
          fulfillment: Fulfillment!
          returnableFulfillmentLineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            ReturnableFulfillmentLineItemConnection!
        }
        type ReturnableFulfillmentLineItem {
          fulfillmentLineItem: FulfillmentLineItem!
          quantity: Int!
        }
        type ReturnReasonDefinitionConnection { edges: [ReturnReasonDefinitionEdge!]! nodes:
            [ReturnReasonDefinition!]! pageInfo: PageInfo! }
        type ReturnReasonDefinitionEdge { cursor: String! node: ReturnReasonDefinition! }
        type ReturnableFulfillmentConnection { edges: [ReturnableFulfillmentEdge!]! nodes:
            [ReturnableFulfillment!]! pageInfo: PageInfo! }
        type ReturnableFulfillmentEdge { cursor: String! node: ReturnableFulfillment! }
        type ReturnableFulfillmentLineItemConnection { edges: [ReturnableFulfillmentLineItemEdge!]! nodes:
            [ReturnableFulfillmentLineItem!]! pageInfo: PageInfo! }
        type ReturnableFulfillmentLineItemEdge { cursor: String! node: ReturnableFulfillmentLineItem! }
        input ReturnRequestInput {
          orderId: ID!
          returnLineItems: [ReturnRequestLineItemInput!]!
        }
        input ReturnRequestLineItemInput {
          fulfillmentLineItemId: ID!
          quantity: Int!
          returnReasonDefinitionId: ID
          customerNote: String
        }
        type ReturnRequestPayload {
          return: Return
          userErrors: [ReturnUserError!]!
        }
        input ReturnApproveRequestInput {
          id: ID!
          notifyCustomer: Boolean
        }
        type ReturnApproveRequestPayload {
          return: Return
          userErrors: [ReturnUserError!]!
        }
        input ReturnDeclineRequestInput {
          id: ID!
          declineReason: ReturnDeclineReason!
          notifyCustomer: Boolean
          declineNote: String
        }
        type ReturnDeclineRequestPayload {
          return: Return
          userErrors: [ReturnUserError!]!
        }
        type ReturnClosePayload {
          return: Return
          userErrors: [ReturnUserError!]!
        }
        input ReturnProcessInput {
          returnId: ID!
          returnLineItems: [ReturnProcessReturnLineItemInput!]
          note: String
          notifyCustomer: Boolean
          financialTransfer: ReturnProcessFinancialTransferInput
        }
        input ReturnProcessReturnLineItemInput { id: ID! quantity: Int! }
        input ReturnProcessFinancialTransferInput { issueRefund: ReturnProcessRefundInput }
        input ReturnProcessRefundInput {
          allowOverRefunding: Boolean
          orderTransactions: [ReturnRefundOrderTransactionInput!]!
          refundMethods: [RefundMethodInput!]
        }
        input ReturnRefundOrderTransactionInput {
          transactionAmount: MoneyInput!
          parentId: ID!
        }
        input RefundMethodInput { storeCreditRefund: StoreCreditRefundInput }
        input StoreCreditRefundInput {
          amount: MoneyInput!
          expiresAt: DateTime
        }
        type ReturnProcessPayload {
          return: Return
          userErrors: [ReturnUserError!]!
        }
        type ReturnDecline {
          reason: ReturnDeclineReason!
          note: String
        }
        interface ReturnLineItemType {
          id: ID!
          quantity: Int!
          processedQuantity: Int!
          unprocessedQuantity: Int!
          processableQuantity: Int!
          refundableQuantity: Int!
          refundedQuantity: Int!
          returnReasonNote: String!
          customerNote: String
        }
        type ReturnLineItem implements Node & ReturnLineItemType {
          id: ID!
          quantity: Int!
          processedQuantity: Int!
          unprocessedQuantity: Int!
          processableQuantity: Int!
          refundableQuantity: Int!
          refundedQuantity: Int!
          returnReasonNote: String!
          customerNote: String
          fulfillmentLineItem: FulfillmentLineItem!
        }
        type ReverseFulfillmentOrder implements Node {
          id: ID!
          status: ReverseFulfillmentOrderStatus!
          order: Order
          lineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            ReverseFulfillmentOrderLineItemConnection!
          reverseDeliveries(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            ReverseDeliveryConnection!
        }
        type ReverseFulfillmentOrderLineItem implements Node {
          id: ID!
          totalQuantity: Int!
          dispositions: [ReverseFulfillmentOrderDisposition!]!
          fulfillmentLineItem: FulfillmentLineItem
        }
        type ReverseFulfillmentOrderDisposition implements Node {
          id: ID!
          type: ReverseFulfillmentOrderDispositionType!
          quantity: Int!
          createdAt: DateTime!
          location: Location
        }
        type ReverseDelivery implements Node {
          id: ID!
          deliverable: ReverseDeliveryDeliverable
          reverseFulfillmentOrder: ReverseFulfillmentOrder!
          reverseDeliveryLineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            ReverseDeliveryLineItemConnection!
        }
        type ReverseDeliveryLineItem implements Node {
          id: ID!
          quantity: Int!
          dispositions: [ReverseFulfillmentOrderDisposition!]!
          reverseFulfillmentOrderLineItem: ReverseFulfillmentOrderLineItem!
        }
        union ReverseDeliveryDeliverable = ReverseDeliveryShippingDeliverable
        type ReverseDeliveryShippingDeliverable {
          tracking: ReverseDeliveryTrackingV2
          label: ReverseDeliveryLabelV2
        }
        type ReverseDeliveryTrackingV2 {
          carrierName: String
          number: String
          url: URL
        }
        type ReverseDeliveryLabelV2 {
          publicFileUrl: URL
          createdAt: DateTime!
          updatedAt: DateTime!
        }
        type Refund implements Node {
          id: ID!
          legacyResourceId: UnsignedInt64!
          createdAt: DateTime
          processedAt: DateTime!
          updatedAt: DateTime!
          note: String
          totalRefundedSet: MoneyBag!
          order: Order!
          return: Return
          refundLineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            RefundLineItemConnection!
          transactions(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            OrderTransactionConnection!
        }
        type RefundLineItem {
          id: ID
          lineItem: LineItem!
          quantity: Int!
          priceSet: MoneyBag!
          subtotalSet: MoneyBag!
          totalTaxSet: MoneyBag!
          restockType: RefundLineItemRestockType!
          restocked: Boolean!
          location: Location
        }
        interface Event {
          id: ID!
          action: String!
          message: FormattedString!
          createdAt: DateTime!
          appTitle: String
          attributeToApp: Boolean!
          attributeToUser: Boolean!
          criticalAlert: Boolean!
        }
        type BasicEvent implements Event & Node {
          id: ID!
          action: String!
          message: FormattedString!
          createdAt: DateTime!
          appTitle: String
          attributeToApp: Boolean!
          attributeToUser: Boolean!
          criticalAlert: Boolean!
          subjectId: ID!
          subjectType: EventSubjectType!
          secondaryMessage: FormattedString
          hasAdditionalContent: Boolean!
          author: String
        }
        interface Node {
          id: ID!
        }
        type PageInfo {
          hasNextPage: Boolean!
          hasPreviousPage: Boolean!
          startCursor: String
          endCursor: String
        }
        type Shop implements Node {
          id: ID!
          name: String!
          myshopifyDomain: String!
          email: String!
          contactEmail: String!
          ianaTimezone: String!
          timezoneOffset: String!
          timezoneOffsetMinutes: Int!
          timezoneAbbreviation: String!
          currencyCode: CurrencyCode!
          currencyFormats: CurrencyFormats!
          url: URL!
          primaryDomain: Domain!
          shopAddress: ShopAddress!
          plan: ShopPlan!
        }
        type CurrencyFormats {
          moneyFormat: FormattedString!
          moneyInEmailsFormat: String!
          moneyWithCurrencyFormat: FormattedString!
          moneyWithCurrencyInEmailsFormat: String!
        }
        type ShopAddress implements Node {
          id: ID!
          country: String
          countryCodeV2: CountryCode
        }
        type ShopPlan {
          publicDisplayName: String!
          shopifyPlus: Boolean!
          partnerDevelopment: Boolean!
        }
        type Domain implements Node {
          id: ID!
          host: String!
          url: URL!
          sslEnabled: Boolean!
        }
        type AppInstallation implements Node {
          id: ID!
          accessScopes: [AccessScope!]!
          launchUrl: URL!
        }
        type AccessScope {
          handle: String!
          description: String!
        }
        type ApiVersion {
          handle: String!
          displayName: String!
          supported: Boolean!
        }
        type Location implements Node {
          id: ID!
          legacyResourceId: UnsignedInt64!
          name: String!
          isActive: Boolean!
          address: LocationAddress!
          fulfillsOnlineOrders: Boolean!
          shipsInventory: Boolean!
          createdAt: DateTime!
          updatedAt: DateTime!
        }
        type LocationAddress {
          address1: String
          address2: String
          city: String
          province: String
          provinceCode: String
          country: String
          countryCode: String
          zip: String
          phone: String
          formatted: [String!]!
          latitude: Float
          longitude: Float
        }
        type UserError {
          field: [String!]
          message: String!
        }
        type ReturnUserError {
          code: ReturnErrorCode
          field: [String!]
          message: String!
        }
        type FulfillmentEventCreatePayload {
          fulfillmentEvent: FulfillmentEvent
          userErrors: [UserError!]!
        }
        type TagsAddPayload {
          node: Node
          userErrors: [UserError!]!
        }
        type TagsRemovePayload {
          node: Node
          userErrors: [UserError!]!
        }
        type OrderUpdatePayload {
          order: Order
          userErrors: [UserError!]!
        }
        type ReverseDeliveryCreateWithShippingPayload {
          reverseDelivery: ReverseDelivery
          userErrors: [ReturnUserError!]!
        }
        type ReverseDeliveryShippingUpdatePayload {
          reverseDelivery: ReverseDelivery
          userErrors: [ReturnUserError!]!
        }
        type EventConnection { edges: [EventEdge!]! nodes: [Event!]! pageInfo: PageInfo! }
        type EventEdge { cursor: String! node: Event! }
        type FulfillmentEventConnection { edges: [FulfillmentEventEdge!]! nodes: [FulfillmentEvent!]! pageInfo:
            PageInfo! }
        type FulfillmentEventEdge { cursor: String! node: FulfillmentEvent! }
        type FulfillmentLineItemConnection { edges: [FulfillmentLineItemEdge!]! nodes: [FulfillmentLineItem!]!
            pageInfo: PageInfo! }
        type FulfillmentLineItemEdge { cursor: String! node: FulfillmentLineItem! }
        type FulfillmentOrderConnection { edges: [FulfillmentOrderEdge!]! nodes: [FulfillmentOrder!]! pageInfo:
            PageInfo! }
        type FulfillmentOrderEdge { cursor: String! node: FulfillmentOrder! }
        type FulfillmentOrderLineItemConnection { edges: [FulfillmentOrderLineItemEdge!]! nodes:
            [FulfillmentOrderLineItem!]! pageInfo: PageInfo! }
        type FulfillmentOrderLineItemEdge { cursor: String! node: FulfillmentOrderLineItem! }
        type LineItemConnection { edges: [LineItemEdge!]! nodes: [LineItem!]! pageInfo: PageInfo! }
        type LineItemEdge { cursor: String! node: LineItem! }
        type LocationConnection { edges: [LocationEdge!]! nodes: [Location!]! pageInfo: PageInfo! }
        type LocationEdge { cursor: String! node: Location! }
        type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! }
        type OrderEdge { cursor: String! node: Order! }
        type RefundConnection { edges: [RefundEdge!]! nodes: [Refund!]! pageInfo: PageInfo! }
        type RefundEdge { cursor: String! node: Refund! }
        type RefundLineItemConnection { edges: [RefundLineItemEdge!]! nodes: [RefundLineItem!]! pageInfo:
            PageInfo! }
        type RefundLineItemEdge { cursor: String! node: RefundLineItem! }
        type ReturnConnection { edges: [ReturnEdge!]! nodes: [Return!]! pageInfo: PageInfo! }
        type ReturnEdge { cursor: String! node: Return! }
        type ReturnLineItemTypeConnection { edges: [ReturnLineItemTypeEdge!]! nodes: [ReturnLineItemType!]!
            pageInfo: PageInfo! }
        type ReturnLineItemTypeEdge { cursor: String! node: ReturnLineItemType! }
        type ReverseDeliveryConnection { edges: [ReverseDeliveryEdge!]! nodes: [ReverseDelivery!]! pageInfo:
            PageInfo! }
        type ReverseDeliveryEdge { cursor: String! node: ReverseDelivery! }
        type ReverseDeliveryLineItemConnection { edges: [ReverseDeliveryLineItemEdge!]! nodes:
            [ReverseDeliveryLineItem!]! pageInfo: PageInfo! }
        type ReverseDeliveryLineItemEdge { cursor: String! node: ReverseDeliveryLineItem! }
        type ReverseFulfillmentOrderConnection { edges: [ReverseFulfillmentOrderEdge!]! nodes:
            [ReverseFulfillmentOrder!]! pageInfo: PageInfo! }
        type ReverseFulfillmentOrderEdge { cursor: String! node: ReverseFulfillmentOrder! }
        type ReverseFulfillmentOrderLineItemConnection { edges: [ReverseFulfillmentOrderLineItemEdge!]! nodes:
            [ReverseFulfillmentOrderLineItem!]! pageInfo: PageInfo! }
        type ReverseFulfillmentOrderLineItemEdge { cursor: String! node: ReverseFulfillmentOrderLineItem! }
        type OrderTransaction implements Node {
          id: ID!
          kind: OrderTransactionKind!
          status: OrderTransactionStatus!
          createdAt: DateTime!
          processedAt: DateTime
          gateway: String
          formattedGateway: String
          amountSet: MoneyBag!
          paymentDetails: PaymentDetails
        }
        union PaymentDetails = CardPaymentDetails | LocalPaymentMethodsPaymentDetails | PaypalWalletPaymentDetails |
            ShopPayInstallmentsPaymentDetails
        type LocalPaymentMethodsPaymentDetails { paymentMethodName: String }
        type PaypalWalletPaymentDetails { paymentMethodName: String }
        type ShopPayInstallmentsPaymentDetails { paymentMethodName: String }
        type CardPaymentDetails {
          company: String
          number: String
        }
        enum OrderTransactionKind {
          SALE CAPTURE AUTHORIZATION VOID REFUND CHANGE EMV_AUTHORIZATION SUGGESTED_REFUND
        }
        enum OrderTransactionStatus { SUCCESS FAILURE PENDING ERROR AWAITING_RESPONSE UNKNOWN }
        enum ImageContentType { PNG JPG WEBP }
        enum CropRegion { CENTER TOP BOTTOM LEFT RIGHT }
        input ImageTransformInput {
          crop: CropRegion
          maxWidth: Int
          maxHeight: Int
          scale: Int
          preferredContentType: ImageContentType
        }
        type OrderTransactionConnection { edges: [OrderTransactionEdge!]! nodes: [OrderTransaction!]! pageInfo:
            PageInfo! }
        type OrderTransactionEdge { cursor: String! node: OrderTransaction! }
        type OrderDisputeSummary implements Node {
          id: ID!
          initiatedAs: DisputeType!
          status: DisputeStatus!
        }
        enum DisputeType { CHARGEBACK INQUIRY }
        enum DisputeStatus { ACCEPTED LOST NEEDS_RESPONSE PREVENTED UNDER_REVIEW WON }
        type SuggestedRefund {
          amountSet: MoneyBag!
          maximumRefundableSet: MoneyBag!
          suggestedTransactions: [SuggestedOrderTransaction!]!
        }
        type SuggestedOrderTransaction {
          amountSet: MoneyBag!
          gateway: String
          kind: SuggestedOrderTransactionKind!
          maximumRefundableSet: MoneyBag
          parentTransaction: OrderTransaction
        }
        enum SuggestedOrderTransactionKind { SUGGESTED_REFUND }
        type RefundCreatePayload {
          refund: Refund
          userErrors: [UserError!]!
        }
        input RefundInput {
          currency: CurrencyCode
          orderId: ID!
          note: String
          notify: Boolean
          transactions: [OrderTransactionInput!]
        }
        input OrderTransactionInput {
          amount: Money!
          gateway: String!
          kind: OrderTransactionKind!
          orderId: ID!
          parentId: ID
        }
        type StoreCreditAccount implements Node {
          id: ID!
          balance: MoneyV2!
          transactions(first: Int, after: String, last: Int, before: String, reverse: Boolean):
            StoreCreditAccountTransactionConnection!
        }
        interface StoreCreditAccountTransaction {
          amount: MoneyV2!
          balanceAfterTransaction: MoneyV2!
          createdAt: DateTime!
        }
        type StoreCreditAccountCreditTransaction implements Node & StoreCreditAccountTransaction {
          id: ID!
          amount: MoneyV2!
          balanceAfterTransaction: MoneyV2!
          createdAt: DateTime!
          expiresAt: DateTime
        }
        type StoreCreditAccountConnection { edges: [StoreCreditAccountEdge!]! nodes: [StoreCreditAccount!]! pageInfo:
            PageInfo! }
        type StoreCreditAccountEdge { cursor: String! node: StoreCreditAccount! }
        type StoreCreditAccountTransactionConnection { edges: [StoreCreditAccountTransactionEdge!]! nodes:
            [StoreCreditAccountTransaction!]! pageInfo: PageInfo! }
        type StoreCreditAccountTransactionEdge { cursor: String! node: StoreCreditAccountTransaction! }
        type StoreCreditAccountCreditPayload {
          storeCreditAccountTransaction: StoreCreditAccountCreditTransaction
          userErrors: [StoreCreditAccountCreditUserError!]!
        }
        type StoreCreditAccountCreditUserError {
          code: StoreCreditAccountCreditUserErrorCode
          field: [String!]
          message: String!
        }
        enum StoreCreditAccountCreditUserErrorCode { ACCOUNT_NOT_FOUND OWNER_NOT_FOUND NEGATIVE_OR_ZERO_AMOUNT
          MISMATCHING_CURRENCY EXPIRES_AT_IN_PAST CREDIT_LIMIT_EXCEEDED UNSUPPORTED_CURRENCY }
        input StoreCreditAccountCreditInput {
          creditAmount: MoneyInput!
          expiresAt: DateTime
          notify: Boolean
        }
        input MoneyInput { amount: Decimal! currencyCode: CurrencyCode! }
        type DraftOrder implements Node {
          id: ID!
          name: String!
          status: DraftOrderStatus!
          ready: Boolean!
          tags: [String!]!
          createdAt: DateTime!
          order: Order
        }
        enum DraftOrderStatus { COMPLETED INVOICE_SENT OPEN }
        enum DraftOrderSortKeys { CUSTOMER_NAME ID NUMBER RELEVANCE STATUS TOTAL_PRICE UPDATED_AT }
        type DraftOrderConnection { edges: [DraftOrderEdge!]! nodes: [DraftOrder!]! pageInfo: PageInfo! }
        type DraftOrderEdge { cursor: String! node: DraftOrder! }
        type DraftOrderCreatePayload {
          draftOrder: DraftOrder
          userErrors: [UserError!]!
        }
        type DraftOrderCompletePayload {
          draftOrder: DraftOrder
          userErrors: [UserError!]!
        }
        input DraftOrderInput {
          appliedDiscount: DraftOrderAppliedDiscountInput
          customAttributes: [AttributeInput!]
          email: String
          lineItems: [DraftOrderLineItemInput!]
          note: String
          shippingAddress: MailingAddressInput
          shippingLine: ShippingLineInput
          tags: [String!]
          purchasingEntity: PurchasingEntityInput
        }
        input DraftOrderLineItemInput { quantity: Int! variantId: ID }
        input DraftOrderAppliedDiscountInput {
          title: String
          value: Float!
          valueType: DraftOrderAppliedDiscountType!
        }
        enum DraftOrderAppliedDiscountType { FIXED_AMOUNT PERCENTAGE }
        input AttributeInput { key: String! value: String! }
        input ShippingLineInput { priceWithCurrency: MoneyInput title: String }
        input PurchasingEntityInput { customerId: ID }
        input MailingAddressInput {
          address1: String
          address2: String
          city: String
          company: String
          countryCode: CountryCode
          firstName: String
          lastName: String
          phone: String
          provinceCode: String
          zip: String
        }
        type OrderCancellation { staffNote: String }
        type OrderCancelPayload {
          job: Job
          orderCancelUserErrors: [OrderCancelUserError!]!
        }
        type OrderCancelUserError {
          code: OrderCancelUserErrorCode
          field: [String!]
          message: String!
        }
        enum OrderCancelUserErrorCode { NO_REFUND_PERMISSION NO_REFUND_TO_STORE_CREDIT_PERMISSION
          STORE_CREDIT_REFUND_EXPIRATION_IN_PAST STORE_CREDIT_REFUND_MISSING_CUSTOMER
          STORE_CREDIT_REFUND_B2B_NOT_SUPPORTED NOT_FOUND INVALID INTERNAL_ERROR }
        input OrderCancelRefundMethodInput { originalPaymentMethodsRefund: Boolean }
        type Job { id: ID! done: Boolean! }
        type FulfillmentOrderHoldPayload {
          fulfillmentHold: FulfillmentHold
          userErrors: [FulfillmentOrderHoldUserError!]!
        }
        type FulfillmentOrderHoldUserError {
          code: FulfillmentOrderHoldUserErrorCode
          field: [String!]
          message: String!
        }
        enum FulfillmentOrderHoldUserErrorCode { FULFILLMENT_ORDER_NOT_FOUND TAKEN GREATER_THAN_ZERO
          FULFILLMENT_ORDER_HOLD_LIMIT_REACHED DUPLICATE_FULFILLMENT_HOLD_HANDLE INVALID_LINE_ITEM_QUANTITY
          FULFILLMENT_ORDER_NOT_SPLITTABLE DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS }
        input FulfillmentOrderHoldInput {
          reason: FulfillmentHoldReason!
          reasonNotes: String
          notifyMerchant: Boolean
          handle: String
        }
        type FulfillmentOrderReleaseHoldPayload {
          userErrors: [FulfillmentOrderReleaseHoldUserError!]!
        }
        type FulfillmentOrderReleaseHoldUserError {
          code: FulfillmentOrderReleaseHoldUserErrorCode
          field: [String!]
          message: String!
        }
        enum FulfillmentOrderReleaseHoldUserErrorCode { FULFILLMENT_ORDER_NOT_FOUND INVALID_ACCESS }
        type DiscountCodeNode implements Node {
          id: ID!
          codeDiscount: DiscountCode!
        }
        union DiscountCode = DiscountCodeBasic | DiscountCodeFreeShipping
        type DiscountCodeBasic {
          title: String!
          status: DiscountStatus!
          startsAt: DateTime!
          endsAt: DateTime
          createdAt: DateTime!
          asyncUsageCount: Int!
          usageLimit: Int
          appliesOncePerCustomer: Boolean!
          context: DiscountContext!
        }
        type DiscountCodeFreeShipping {
          title: String!
          status: DiscountStatus!
          startsAt: DateTime!
          endsAt: DateTime
          createdAt: DateTime!
          asyncUsageCount: Int!
          usageLimit: Int
          appliesOncePerCustomer: Boolean!
          context: DiscountContext!
        }
        union DiscountContext = DiscountCustomers
        type DiscountCustomers {
          customers: [Customer!]!
        }
        enum DiscountStatus { ACTIVE EXPIRED SCHEDULED }
        type DiscountUserError {
          field: [String!]
          message: String!
          code: DiscountErrorCode
          extraInfo: String
        }
        enum DiscountErrorCode { BLANK PRESENT EQUAL_TO GREATER_THAN GREATER_THAN_OR_EQUAL_TO INVALID
          LESS_THAN_OR_EQUAL_TO LESS_THAN TAKEN TOO_LONG TOO_SHORT INTERNAL_ERROR END_DATE_BEFORE_START_DATE
          EXCEEDED_MAX VALUE_OUTSIDE_RANGE }
        type DiscountCodeBasicCreatePayload {
          codeDiscountNode: DiscountCodeNode
          userErrors: [DiscountUserError!]!
        }
        type DiscountCodeFreeShippingCreatePayload {
          codeDiscountNode: DiscountCodeNode
          userErrors: [DiscountUserError!]!
        }
        type DiscountCodeDeactivatePayload {
          codeDiscountNode: DiscountCodeNode
          userErrors: [DiscountUserError!]!
        }
        input DiscountCodeBasicInput {
          combinesWith: DiscountCombinesWithInput
          title: String
          startsAt: DateTime
          endsAt: DateTime
          appliesOncePerCustomer: Boolean
          code: String
          usageLimit: Int
          context: DiscountContextInput
          customerGets: DiscountCustomerGetsInput
        }
        input DiscountCodeFreeShippingInput {
          combinesWith: DiscountCombinesWithInput
          title: String
          startsAt: DateTime
          endsAt: DateTime
          appliesOncePerCustomer: Boolean
          code: String
          usageLimit: Int
          context: DiscountContextInput
          destination: DiscountShippingDestinationSelectionInput
        }
        input DiscountCombinesWithInput {
          productDiscounts: Boolean
          orderDiscounts: Boolean
          shippingDiscounts: Boolean
        }
        input DiscountContextInput {
          customers: DiscountCustomersInput
        }
        input DiscountCustomersInput {
          add: [ID!]
          remove: [ID!]
        }
        input DiscountCustomerGetsInput {
          value: DiscountCustomerGetsValueInput
          items: DiscountItemsInput
        }
        input DiscountCustomerGetsValueInput {
          percentage: Float
          discountAmount: DiscountAmountInput
        }
        input DiscountAmountInput {
          amount: Decimal
          appliesOnEachItem: Boolean
        }
        input DiscountItemsInput {
          all: Boolean
        }
        input DiscountShippingDestinationSelectionInput {
          all: Boolean
        }
        input FulfillmentEventInput {
          address1: String
          city: String
          country: String
          estimatedDeliveryAt: DateTime
          happenedAt: DateTime
          fulfillmentId: ID!
          latitude: Float
          longitude: Float
          message: String
          province: String
          status: FulfillmentEventStatus!
          zip: String
        }
        input ReverseDeliveryLineItemInput {
          reverseFulfillmentOrderLineItemId: ID!
          quantity: Int!
        }
        input ReverseDeliveryTrackingInput {
          number: String
          url: URL
        }
        input ReverseDeliveryLabelInput {
          fileUrl: URL!
        }
        input OrderInput {
          id: ID!
          email: String
          phone: String
          note: String
          tags: [String!]
          shippingAddress: MailingAddressInput
        }
        enum Audience { CUSTOMERVIEW MERCHANTVIEW }
        enum CountPrecision { EXACT AT_LEAST }
        enum CurrencyCode { USD EUR GBP CAD AFN ALL DZD AOA ARS AMD AWG AUD BBD AZN BDT BSD BHD BIF BYN BZD BMD
            BTN BAM BRL BOB BWP BND BGN MMK KHR CVE KYD XAF CLP CNY COP KMF CDF CRC HRK CZK DKK DJF DOP XCD EGP
            ERN ETB FKP XPF FJD GIP GMD GHS GTQ GYD GEL GNF HTG HNL HKD HUF ISK INR IDR ILS IRR IQD JMD JPY JEP
            JOD KZT KES KID KWD KGS LAK LVL LBP LSL LRD LYD LTL MGA MKD MOP MWK MVR MRU MXN MYR MUR MDL MAD MNT
            MZN NAD NPR ANG NZD NIO NGN NOK OMR PAB PKR PGK PYG PEN PHP PLN QAR RON RUB RWF WST SHP SAR RSD SCR
            SLL SGD SDG SOS SYP ZAR KRW SSP SBD LKR SRD SZL SEK CHF TWD THB TJS TZS TOP TTD TND TRY TMT UGX UAH
            AED UYU UZS VUV VES VND XOF YER ZMW USDC BYR STD STN VED VEF XXX }
        enum CustomerEmailAddressMarketingState { INVALID NOT_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED }
        enum CustomerEmailAddressOpenTrackingLevel { UNKNOWN OPTED_IN OPTED_OUT }
        enum CustomerSmsMarketingState { NOT_SUBSCRIBED PENDING SUBSCRIBED UNSUBSCRIBED REDACTED }
        enum CustomerMarketingOptInLevel { SINGLE_OPT_IN CONFIRMED_OPT_IN UNKNOWN }
        enum CustomerState { DECLINED DISABLED ENABLED INVITED }
        enum DeliveryMethodType { SHIPPING PICK_UP NONE RETAIL LOCAL PICKUP_POINT }
        enum EventSortKeys { CREATED_AT ID }
        enum EventSubjectType { COMPANY_LOCATION COMPANY CUSTOMER DRAFT_ORDER INVENTORY_TRANSFER COLLECTION
            PRODUCT PRODUCT_VARIANT ARTICLE BLOG COMMENT PAGE DISCOUNT_AUTOMATIC_BXGY DISCOUNT_AUTOMATIC_NODE
            DISCOUNT_CODE_NODE DISCOUNT_NODE PRICE_RULE ORDER UNKNOWN }
        enum FulfillmentDisplayStatus { ATTEMPTED_DELIVERY CANCELED CONFIRMED DELAYED DELIVERED FAILURE
            FULFILLED CARRIER_PICKED_UP IN_TRANSIT LABEL_PRINTED LABEL_PURCHASED LABEL_VOIDED
            MARKED_AS_FULFILLED NOT_DELIVERED OUT_FOR_DELIVERY READY_FOR_PICKUP PICKED_UP SUBMITTED }
        enum FulfillmentEventSortKeys { HAPPENED_AT ID }
        enum FulfillmentEventStatus { LABEL_PURCHASED LABEL_PRINTED READY_FOR_PICKUP CONFIRMED IN_TRANSIT
            OUT_FOR_DELIVERY ATTEMPTED_DELIVERY DELAYED DELIVERED FAILURE CARRIER_PICKED_UP }
        enum FulfillmentHoldReason { AWAITING_PAYMENT HIGH_RISK_OF_FRAUD INCORRECT_ADDRESS
            INVENTORY_OUT_OF_STOCK UNKNOWN_DELIVERY_DATE ONLINE_STORE_POST_PURCHASE_CROSS_SELL
            AWAITING_RETURN_ITEMS OTHER }
        enum FulfillmentOrderRequestStatus { UNSUBMITTED SUBMITTED ACCEPTED REJECTED CANCELLATION_REQUESTED
            CANCELLATION_ACCEPTED CANCELLATION_REJECTED CLOSED }
        enum FulfillmentOrderStatus { OPEN IN_PROGRESS CANCELLED INCOMPLETE CLOSED SCHEDULED ON_HOLD }
        enum FulfillmentServiceType { GIFT_CARD MANUAL THIRD_PARTY }
        enum FulfillmentStatus { PENDING OPEN SUCCESS CANCELLED ERROR FAILURE }
        enum LocationSortKeys { ID NAME RELEVANCE }
        enum NotificationUsage { WEB SMS }
        enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY STAFF OTHER }
        enum OrderDisplayFinancialStatus { PENDING AUTHORIZED PARTIALLY_PAID PARTIALLY_REFUNDED VOIDED PAID
            REFUNDED EXPIRED }
        enum OrderDisplayFulfillmentStatus { UNFULFILLED PARTIALLY_FULFILLED FULFILLED RESTOCKED
            PENDING_FULFILLMENT OPEN IN_PROGRESS ON_HOLD SCHEDULED REQUEST_DECLINED }
        enum OrderReturnStatus { IN_PROGRESS INSPECTION_COMPLETE NO_RETURN RETURNED RETURN_FAILED RETURN_REQUESTED }
        enum OrderSortKeys { CREATED_AT CURRENT_TOTAL_PRICE CUSTOMER_NAME DESTINATION FINANCIAL_STATUS
            FULFILLMENT_STATUS ID ORDER_NUMBER PO_NUMBER PROCESSED_AT RELEVANCE TOTAL_ITEMS_QUANTITY TOTAL_PRICE
            UPDATED_AT }
        enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
        enum RefundLineItemRestockType { RETURN CANCEL LEGACY_RESTOCK NO_RESTOCK }
        enum ReturnDeclineReason { RETURN_PERIOD_ENDED FINAL_SALE OTHER }
        enum ReturnErrorCode { INTERNAL_ERROR TOO_MANY_ARGUMENTS BLANK EQUAL_TO GREATER_THAN
            GREATER_THAN_OR_EQUAL_TO INCLUSION INVALID LESS_THAN LESS_THAN_OR_EQUAL_TO NOT_A_NUMBER PRESENT
            TAKEN TOO_BIG TOO_LONG TOO_SHORT WRONG_LENGTH ALREADY_EXISTS CREATION_FAILED FEATURE_NOT_ENABLED
            INVALID_STATE MISSING_PERMISSION NOTIFICATION_FAILED NOT_EDITABLE NOT_FOUND }
        enum ReturnStatus { CANCELED CLOSED OPEN REQUESTED DECLINED }
        enum ReverseFulfillmentOrderDispositionType { RESTOCKED PROCESSING_REQUIRED NOT_RESTOCKED MISSING }
        enum ReverseFulfillmentOrderStatus { CANCELED CLOSED OPEN }
        enum CountryCode { AF AX AL DZ AD AO AI AG AR AM AW AC AU AT AZ BS BH BD BB BY BE BZ BJ BM BT BO BA BW
            BV BR IO BN BG BF BI KH CA CV BQ KY CF TD CL CN CX CC CO KM CG CD CK CR HR CU CW CY CZ CI DK DJ DM
            DO EC EG SV GQ ER EE SZ ET FK FO FJ FI FR GF PF TF GA GM GE DE GH GI GR GL GD GP GT GG GN GW GY HT
            HM VA HN HK HU IS IN ID IR IQ IE IM IL IT JM JP JE JO KZ KE KI KP XK KW KG LA LV LB LS LR LY LI LT
            LU MO MG MW MY MV ML MT MQ MR MU YT MX MD MC MN ME MS MA MZ MM NA NR NP NL AN NC NZ NI NE NG NU NF
            MK NO OM PK PS PA PG PY PE PH PN PL PT QA CM RE RO RU RW BL SH KN LC MF PM WS SM ST SA SN RS SC SL
            SG SX SK SI SB SO ZA GS KR SS ES LK VC SD SR SJ SE CH SY TW TJ TZ TH TL TG TK TO TT TA TN TR TM TC
            TV UG UA AE GB US UM UY UZ VU VE VN VG WF EH YE ZM ZW ZZ }
        """
}
