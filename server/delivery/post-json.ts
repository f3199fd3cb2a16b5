/**
 * One POST, on a connection of its own: a receiver that was restarted is not met on a dead one. Redirects are not followed, and of
 * the answer only its head is read.
 */
import { request as http_request } from 'node:http'
import { request as https_request } from 'node:https'
import { guarded_lookup, host_problem } from './addresses.ts'
import { type Attempted, failed, judge_status, refused } from './attempt.ts'

export interface Post {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly private_allowed: boolean
  readonly signal: AbortSignal
  readonly now: () => number
}

export const post_json = ({ url, body, headers, private_allowed, signal, now }: Post): Promise<Attempted> => {
  if (!URL.canParse(url)) return Promise.resolve(refused('is no URL'))
  const target = new URL(url)
  if (target.protocol !== 'http:' && target.protocol !== 'https:')
    return Promise.resolve(refused('must be http or https'))
  const problem = host_problem(target.hostname, private_allowed)
  if (problem !== null) return Promise.resolve(refused(problem))
  const request = target.protocol === 'https:' ? https_request : http_request
  const bytes = Buffer.from(body)
  return new Promise(resolve => {
    const sent = request(target, {
      method: 'POST',
      agent: false,
      signal,
      lookup: guarded_lookup(private_allowed),
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': bytes.length,
        'user-agent': 'tributary',
      },
    })
    sent.on('response', answer => {
      resolve(judge_status(answer.statusCode ?? 0, answer.headers['retry-after'], now()))
      sent.destroy()
    })
    sent.on('error', error => resolve(failed(signal.aborted ? 'no answer in time' : error.message)))
    sent.end(bytes)
  })
}
