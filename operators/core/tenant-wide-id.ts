/**
 * The id that a customer's event has among all of its tenant's: event ids are unique per customer only. A bar within the
 * customer's id is escaped, so that no two events of a tenant share one. Whoever waits for such a row asks by the same function.
 */
export const tenant_wide_id = (customer_id: string, event_id: string): string =>
  `${customer_id.replaceAll(/[%|]/g, encodeURIComponent)}|${event_id}`
