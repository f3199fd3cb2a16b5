/** How parts of kafkajs are replaced in the module cache: only for kafkajs.ts and the files of its patches. */
import { createRequire } from 'node:module'

export const require = createRequire(import.meta.url)

export const replace = (request: string, exports: unknown): void => {
  require(request)
  const module = require.cache[require.resolve(request)]
  if (!module) throw new Error(`${request} cannot be replaced`)
  module.exports = exports
}
