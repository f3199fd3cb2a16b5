/** The shipped money pipelines, with a ledger that throws at the rows a test chooses: a bad deploy that can be mended. */
import { map } from 'rxjs'
import type { Pipeline } from '../../operators/core/keyed.ts'
import revenue_ledger from '../../pipelines/revenue-ledger.ts'
import { type App, tributary } from '../../runtime/app.ts'

/** fails: asked of every row that the ledger reads. more: names of pipelines beside those of money. */
export const app_with_failing_ledger = (
  fails: (row: { readonly amount_minor?: number }) => boolean,
  more: readonly string[] = [],
): App => {
  const ledger: Pipeline = {
    ...revenue_ledger,
    build: wiring =>
      revenue_ledger.build({
        ...wiring,
        from: (topic, ...fields) =>
          wiring.from(topic, ...fields).pipe(
            map(row => {
              if (fails(row as { amount_minor?: number })) throw new TypeError('a bad deploy')
              return row
            }),
          ),
      }),
  }
  const shipped = tributary(2)
  return {
    ...shipped,
    pipelines: shipped.pipelines.flatMap(pipeline => {
      if (pipeline.name === revenue_ledger.name) return [ledger]
      return ['journey-sessions', 'revenue-windows', ...more].includes(pipeline.name) ? [pipeline] : []
    }),
  }
}
