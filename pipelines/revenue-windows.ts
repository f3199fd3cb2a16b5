/** The second stage: money per tenant, channel and product in tumbling windows. */
import { pipeline } from '../operators/core/keyed.ts'
import { sumWindows } from '../operators/revenue/sum-windows.ts'

export default pipeline({
  name: 'revenue-windows',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => {
    const movements = from('movements', 'type', 'channel', 'product_id', 'currency', 'amount_minor')
    to('revenue_windows', movements.pipe(sumWindows()))
  },
})
