/**
 * The process log, JSON lines on stderr. info: the process and its tasks come and go; warn: something failed
 * and was recovered; error: data is at risk and a person should look. Nothing is written per record.
 */
import { type DestinationStream, type Logger, pino } from 'pino'

const SECRET_FIELDS = [
  'password',
  'authorization',
  'api_key',
  'token',
  'secret',
  'sasl',
  'redis_url',
  'clickhouse_url',
]

/**
 * A logger that blanks secret fields, at the top and one level down, and request headers that carry keys.
 * `level` is a pino level or `silent`; `to` is for tests.
 */
export const create_logger = (level: string, to?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: {
        paths: [
          ...SECRET_FIELDS.flatMap(name => [name, `*.${name}`]),
          'req.headers.authorization',
          'req.headers["x-api-key"]',
        ],
        censor: '***',
      },
    },
    to ?? pino.destination({ dest: 2, sync: true }),
  )
