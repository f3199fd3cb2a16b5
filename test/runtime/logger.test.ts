/** The process log blanks secrets wherever they are put. */
import { expect, it } from 'vitest'
import { create_logger } from '../../runtime/logger.ts'

it('writes JSON lines with named levels and without secrets', () => {
  const lines: string[] = []
  const logger = create_logger('info', { write: line => void lines.push(line) })
  logger.info({ password: 'hunter2', cluster: { redis_url: 'redis://u:hunter2@r' }, port: 1 }, 'up')
  logger.warn({ req: { headers: { authorization: 'Bearer hunter2', 'x-api-key': 'hunter2' } } }, 'refused')
  logger.debug('not written')
  expect(lines).toHaveLength(2)
  expect(lines.join()).not.toContain('hunter2')
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', msg: 'up', port: 1, password: '***' })
})
