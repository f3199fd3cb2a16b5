/** Visits, conversations, qualified leads, payments and the feeds themselves, each event once, on their way to their series. */
import { merge } from 'rxjs'
import { pipeline } from '../operators/core/keyed.ts'
import { countVisits } from '../operators/metric/count-visits.ts'
import { measureFeed } from '../operators/metric/measure-feed.ts'
import { measureSignals } from '../operators/metric/measure-signals.ts'
import { signalPayments } from '../operators/metric/signal-payments.ts'

export default pipeline({
  name: 'metric-signals',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const touch = from('touchpoints', 'anonymous_id', 'interaction', 'channel')
    const event = from('conversations', 'conversation_id')
    const payment = from('payments', 'type', 'method')
    const signals = merge(touch.pipe(countVisits()), payment.pipe(signalPayments()))
    const feeds = merge(
      touch.pipe(measureFeed('feed_touchpoints')),
      event.pipe(measureFeed('feed_conversations')),
      payment.pipe(measureFeed('feed_payments')),
    )
    to('measures', merge(signals.pipe(measureSignals()), feeds))
  },
})
