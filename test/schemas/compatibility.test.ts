/** Every body ever written is still read: today's schemas against all published versions (see published/README.md). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { incompatibility } from '../../runtime/avro/compatibility.ts'

const today_dir = join(import.meta.dirname, '../../schemas')
const published_dir = join(import.meta.dirname, 'published')
const avsc_files = (dir: string): string[] => readdirSync(dir).filter(file => file.endsWith('.avsc'))
const schema = (dir: string, file: string): object => JSON.parse(readFileSync(join(dir, file), 'utf8'))

const topics = avsc_files(today_dir).map(file => file.slice(0, -'.avsc'.length))
const published = avsc_files(published_dir)

describe('schemas', () => {
  it.each(topics)('%s has published versions, numbered from 1', topic => {
    const versions = published
      .map(file => /^(\w+)\.v(\d+)\.avsc$/.exec(file))
      .filter(match => match?.[1] === topic)
      .map(match => Number(match?.[2]))
      .sort((a, b) => a - b)
    expect(versions.length, `copy schemas/${topic}.avsc to published/${topic}.v1.avsc`).toBeGreaterThan(0)
    expect(versions).toEqual(versions.map((_, i) => i + 1))
  })
  it.each(published)('of today read %s', file => {
    const topic = file.slice(0, file.indexOf('.'))
    expect(topics).toContain(topic)
    expect(incompatibility(schema(today_dir, `${topic}.avsc`), schema(published_dir, file))).toBeNull()
  })
})
