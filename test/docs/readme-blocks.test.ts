/** What counts as "prints what the guide shows": the judge of README's commands is judged. */
import { expect, it } from 'vitest'
import {
  curl_calls,
  request_of,
  run_in_bash,
  type Shown,
  sh_blocks,
  shows,
  told_in,
} from '../services/readme-blocks.ts'

const json = (text: string): Shown => ({ kind: 'json', text })

it('finds shown JSON as a part of the output, by name, value and place', () => {
  const output = '{"a": 1, "b": {"c": [{"d": 1, "e": 2}, {"d": 3}], "f": []}}'
  for (const part of ['{"a": 1}', '{"b": {"c": [{"e": 2}]}}', '{"b": {"f": []}}', '{}'])
    expect(shows(output, json(part)), part).toBe(true)
  for (const part of [
    '{"a": 2}',
    '{"a": "1"}',
    '{"x": null}',
    '{"b": {"c": [{"d": 3}]}}',
    '{"b": {"c": []}}',
  ])
    expect(shows(output, json(part)), part).toBe(false)
  expect(shows('no JSON', json('{}'))).toBe(false)
})

it('finds shown JSON in the data of one event of a stream', () => {
  const output = 'id: 0:1\ndata: {"a": 1}\n\nid: 0:2\ndata: {"a": 2}\n\ndata: {"a":'
  expect(shows(output, json('{"a": 2}'))).toBe(true)
  expect(shows(output, json('{"a": 3}'))).toBe(false)
})

it('wants shown text as it stands', () => {
  const text: Shown = { kind: 'text', text: '  one\ntwo\n' }
  expect(shows('  one\ntwo\n\n', text)).toBe(true)
  expect(shows('one\ntwo\n', text)).toBe(false)
})

it('gives every output of the chapter to the commands before it', () => {
  const told = told_in('README.md', 'One event, all the way')
  expect(told.filter(({ shown }) => shown !== null).length).toBeGreaterThanOrEqual(8)
  expect(() => told_in('README.md', 'Layout')).not.toThrow()
  expect(told_in('README.md', 'Layout')).toEqual([])
})

it('replays the very days that the demo before it has loaded', () => {
  const text = sh_blocks('README.md')
    .filter(({ chapter }) => chapter === 'What if another policy had held?')
    .map(block => block.text)
    .join('')
  const given = (command: string, flag: string): string[] =>
    [...text.matchAll(new RegExp(`npm run ${command} -- .*?--${flag} (\\S+)`, 'g'))].map(match => match[1]!)
  const [until] = given('demo', 'until')
  const from_ms = Date.parse(until!) - Number(given('demo', 'days')[0]) * 86_400_000
  expect(given('replay', 'from').map(day => Date.parse(day))).toEqual([from_ms, from_ms])
  expect(given('replay', 'to').map(day => Date.parse(day))).toEqual([Date.parse(until!), Date.parse(until!)])
  expect(new Set([...given('demo', 'data-dir'), ...given('replay', 'data-dir')]).size).toBe(1)
})

it('reads what curl would send, times included', async () => {
  const text = `curl -X POST http://h:1/x -d '{"at": '"$(( $(date +%s) - 60 ))000"'}'`
  const [call = []] = await curl_calls({ chapter: '', text })
  const { body } = request_of(call)!
  expect(Date.now() - JSON.parse(body).at).toBeGreaterThanOrEqual(60_000)
  expect(Date.now() - JSON.parse(body).at).toBeLessThan(90_000)
})

it('reads the method that curl would use', async () => {
  const text = `curl -X PUT 'http://h:1/x?y=1' -d '{}'\ncurl http://h:1/x -d '{}'`
  const requests = (await curl_calls({ chapter: '', text })).map(call => request_of(call)!)
  expect(requests.map(({ method, url }) => [method, url.search])).toEqual([
    ['PUT', '?y=1'],
    ['POST', ''],
  ])
})

it('ends commands that stream once they have said enough, and says how others ended', async () => {
  const endless = 'curl() { echo one; echo two; read -r < <(tail -f /dev/null); }\ncurl -N x'
  const { output, code } = await run_in_bash(endless, process.env, text => text.includes('two'))
  expect([output, code]).toEqual(['one\ntwo\n', 0])
  const failing = await run_in_bash('echo one; false; echo two', process.env, () => false)
  expect([failing.output, failing.code]).toEqual(['one\n', 1])
})
