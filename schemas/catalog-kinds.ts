/** Bodies of catalog entries by kind. */
export interface Catalog {
  /** A tenant's settings; id is the tenant. */
  readonly tenants: { readonly name?: string; readonly zone?: string }
  /** A product; id is the product. */
  readonly products: { readonly name: string; readonly price_minor?: number; readonly currency?: string }
  /** History being loaded: no tick moves stream time while one is open. Renewed while it runs, else it lapses. */
  readonly imports: { readonly state: 'open' | 'closed'; readonly topic: string; readonly renewed_at: number }
}
