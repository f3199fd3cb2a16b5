/** What /openapi.json says of the routes of rules. */
import { z } from 'zod'
import { severity_names, TENANT_PARAMETER, USUAL_RESPONSES } from './asked.ts'
import { REVISION_PARAMETER } from './revision.ts'

const severity = z.enum(severity_names)
const ms = z.int().nonnegative()
const ENTRY = z.toJSONSchema(
  z.object({
    name: z.string(),
    title: z.string().optional(),
    metric: z.string(),
    currency: z.string().optional(),
    dimension: z.string().optional().describe('channel=google; *: each part by itself; without: the whole'),
    when: z
      .enum([
        ...(['above', 'below', 'drops_by', 'rises_by'] as const),
        ...(['drop', 'spike', 'level_shift', 'trend', 'recurring', 'unusual'] as const),
      ])
      .describe(
        'above, below: the value; drops_by, rises_by: the share of what the season expects; else a pattern',
      ),
    threshold: z.number(),
    window_ms: ms.optional().describe('points are taken together over so long'),
    least_samples: ms.optional(),
    severity: severity.optional(),
    for_ms: ms.optional(),
    keep_firing_ms: ms.optional(),
    cooldown_ms: ms.optional(),
    enabled: z.boolean().optional(),
    inhibits: z.array(z.string()).optional(),
    escalation: z.array(z.object({ after_ms: ms, severity: severity.optional() })).optional(),
  }),
)
const OVERRIDE = z.toJSONSchema(
  z.object({
    enabled: z.boolean().optional(),
    severity: severity.optional(),
    threshold: z.number().optional(),
    cooldown_ms: ms.optional(),
  }),
)
const BACKTESTED = {
  type: ['object', 'null'],
  description:
    'fired, per_week, firing_ms, longest_ms, firings (from, to, severity, value, expected, right), and verdict ' +
    '(precision_ratio, recall_ratio) where labels are given or people acknowledged alerts of the metric. null of a rule ' +
    'that listens to no metric.',
  additionalProperties: true,
}
const LISTED = { type: 'object', additionalProperties: true }
const STRETCH = {
  from: { description: 'Of the back-test, ISO 8601; 28 days before `to` without, 100 at most.' },
  to: { description: 'Of the back-test, ISO 8601; now without.' },
}
const CONFLICT = 'Somebody has changed it since that revision.'

export const RULES = {
  summary: 'Built-in rules with what the tenant says of them, and its own.',
  parameters: { tenant: TENANT_PARAMETER },
  responses: {
    200: {
      description: '`revision` is that of the own ones; each built-in rule has that of its override.',
      schema: {
        type: 'object',
        required: ['revision', 'rules'],
        properties: { revision: { type: 'integer' }, rules: { type: 'array', items: LISTED } },
      },
    },
    ...USUAL_RESPONSES,
  },
}
export const RULE = {
  summary: 'One rule as it holds for the tenant.',
  parameters: { tenant: TENANT_PARAMETER },
  responses: {
    200: { description: 'The rule.', schema: LISTED },
    404: 'There is no such rule.',
    ...USUAL_RESPONSES,
  },
}
export const PUT_RULE = {
  summary: 'Back-test a rule and keep it: one of the tenant’s own, or of a built-in one what is to differ.',
  parameters: {
    tenant: TENANT_PARAMETER,
    revision: REVISION_PARAMETER,
    dry_run: { description: 'true: back-test only.', enum: ['true', 'false'] },
    backtest: { description: 'skip: keep it untested, as while the warehouse is away.', enum: ['skip'] },
    ...STRETCH,
  },
  body: { schema: { anyOf: [ENTRY, OVERRIDE] } },
  responses: {
    200: {
      description: 'When it would have fired; kept where `saved`. It holds within seconds.',
      schema: {
        type: 'object',
        required: ['rule', 'saved', 'revision', 'backtest'],
        properties: {
          rule: LISTED,
          saved: { type: 'boolean' },
          revision: { type: 'integer' },
          backtest: BACKTESTED,
        },
      },
    },
    409: CONFLICT,
    413: 'Too many windows to test at once.',
    ...USUAL_RESPONSES,
  },
}
export const DELETE_RULE = {
  summary: 'Take back a rule of the tenant’s own, or what it said of a built-in one.',
  parameters: { tenant: TENANT_PARAMETER, revision: REVISION_PARAMETER },
  responses: {
    200: {
      description: 'It is no more.',
      schema: {
        type: 'object',
        required: ['name', 'revision'],
        properties: { name: { type: 'string' }, revision: { type: 'integer' } },
      },
    },
    404: 'There is no such rule.',
    409: CONFLICT,
    ...USUAL_RESPONSES,
  },
}
export const BACKTEST = {
  summary: 'When a rule would have fired, by the windows the warehouse has.',
  body: {
    schema: {
      type: 'object',
      required: ['rule'],
      properties: {
        tenant_id: { type: 'string' },
        rule: { anyOf: [{ type: 'string', description: 'Name of one that holds.' }, ENTRY] },
        from: { type: 'string', format: 'date-time' },
        to: { type: 'string', format: 'date-time' },
        labels: {
          type: 'array',
          description: 'Stretches in which somebody should have been told.',
          items: {
            type: 'object',
            required: ['from', 'to'],
            properties: {
              from: { type: 'string', format: 'date-time' },
              to: { type: 'string', format: 'date-time' },
            },
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: 'The rule and its back-test.',
      schema: {
        type: 'object',
        required: ['rule', 'backtest'],
        properties: { rule: LISTED, backtest: BACKTESTED },
      },
    },
    413: 'Too many windows to test at once.',
    ...USUAL_RESPONSES,
  },
}
