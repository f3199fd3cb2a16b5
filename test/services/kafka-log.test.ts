/** The Log contract on a real broker. */
import { randomBytes } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { Output } from '../../runtime/ports.ts'
import { log_contract } from '../runtime/contracts/log-contract.ts'
import { stack } from './stack.ts'

const silent = { debug() {}, warn() {} }

/** A transaction of a writer that is not ours: kafkajs as it comes. */
const foreign_transaction = async (brokers: string[], outputs: readonly Output[]) => {
  const client = new Kafka({ brokers, clientId: 'foreign', logLevel: logLevel.NOTHING })
  const producer = client.producer({
    transactionalId: `foreign-${randomBytes(5).toString('hex')}`,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: 30_000,
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  for (const { topic, partition, key, value } of outputs)
    await transaction.send({ topic, messages: [{ partition, key, value }] })
  return {
    commit: async () => {
      await transaction.commit()
      await producer.disconnect()
    },
    abort: async () => {
      await transaction.abort()
      await producer.disconnect()
    },
  }
}

log_contract(
  'kafka',
  async () => {
    const services = await stack('kafka')
    const brokers = services.address('kafka').split(',')
    const open = () => kafka_log({ brokers, client_id: 'contract', logger: silent })
    const log = open()
    return {
      log,
      second: async () => open(),
      transaction: outputs => foreign_transaction(brokers, outputs),
      close: async () => {
        await log.close()
        await services.stop()
      },
    }
  },
  { second: true, transaction: true },
)
