/**
 * The repository's own style, as tests: every rule holds for the tree, and catches the sample that breaks
 * it.
 */
import { describe, expect, it } from 'vitest'
import { generate } from '../commands/generate.ts'
import { options, start_options } from '../runtime/config.ts'
import { code_samples } from './tidy/code-samples.ts'
import { generated_is_fresh, options_are_documented } from './tidy/repository-rules.ts'
import { repository_samples } from './tidy/repository-samples.ts'
import { type Rule, repository, type Sample, type Tree } from './tidy/tree.ts'

const tree_of = (files: Readonly<Record<string, string>>): Tree => new Map(Object.entries(files))
const samples: Readonly<Record<string, Sample>> = { ...code_samples, ...repository_samples }
const tree = repository()
/** Rules that compare the tree with something computed: samples come with values of their own. */
const with_real_values: Readonly<Record<string, Rule>> = {
  generated_is_fresh: generated_is_fresh(generate()),
  options_are_documented: options_are_documented([...options, ...start_options]),
}

describe('the repository', () => {
  it('was read whole', () => {
    expect(tree.has('schemas/payments.avsc')).toBe(true)
    expect(tree.has('test/tidy.test.ts')).toBe(true)
  })

  it.each(Object.entries(samples))('%s', (name, { rule }: Sample) => {
    expect((with_real_values[name] ?? rule)(tree)).toEqual([])
  })
})

describe('a sample', () => {
  it.each(Object.entries(samples))('breaks %s', (_, { rule, breaks, said }: Sample) => {
    const complaints = rule(tree_of(breaks))
    expect(complaints).toEqual(said.map(text => expect.stringContaining(text)))
  })

  it.each(Object.entries(samples))('passes %s', (_, { rule, passes }: Sample) => {
    expect(rule(tree_of(passes))).toEqual([])
  })
})
