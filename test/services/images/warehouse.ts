/**
 * The embedded warehouse alone, as a container: beyond loopback, with passwords, its data in /var/lib/clickhouse.
 * Ends on SIGTERM.
 */
import { start_embedded_warehouse } from '../../../runtime/embedded/warehouse.ts'

const { CLICKHOUSE_PASSWORD: password = '', CLICKHOUSE_ANALYST_PASSWORD: analyst_password = '' } = process.env
const warehouse = await start_embedded_warehouse({
  dir: '/var/lib/clickhouse',
  host: '0.0.0.0',
  port: 8123,
  password,
  analyst_password,
  on_exit: reason => {
    console.error(reason)
    process.exit(1)
  },
})
const stop = () => void warehouse.stop().then(() => process.exit(0))
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
console.log(`the warehouse listens on ${warehouse.port}`)
