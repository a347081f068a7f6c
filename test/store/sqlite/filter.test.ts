import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createFilter, createFilters, FILTER_TEXTS } from '../../../src/store/sqlite/filter.ts'

const OTHERS = 100_000
const MAX_SHARE = 1 / 500

const range = (length: number, make: (n: number) => string): string[] => Array.from({ length }, (_, n) => make(n))

function filtersOf (...sets: string[][]) {
  const filters = createFilters()
  sets.forEach((texts, number) => { filters.add(number, createFilter(texts)) })
  return filters
}

for (const [kind, make] of Object.entries({
  'random ids': () => randomUUID(),
  'numbered ids': (n: number) => `task-${n}`,
  numbers: String,
  'long ids': (n: number) => `${'x'.repeat(120)}${n}`
})) {
  t.test(`filter: it has each of its texts, and few others: ${kind}`, async t => {
    const texts = range(FILTER_TEXTS, make)
    const filters = filtersOf(texts)
    t.strictSame(texts.filter((text) => filters.mayHave(text).length === 0), [])
    const others = range(OTHERS, (n) => make(n + FILTER_TEXTS)).filter((text) => filters.mayHave(text).length > 0)
    t.ok(others.length < OTHERS * MAX_SHARE, `${others.length} of ${OTHERS} others pass`)
  })
}

t.test('filter: an empty one and none have nothing', async t => {
  t.strictSame(createFilters().mayHave('a'), [])
  t.strictSame(filtersOf([]).mayHave('a'), [])
})

t.test('filters: each text is found in its own filter, the newest first', async t => {
  const sets = range(70, String).map((set) => ['common', ...range(100, (n) => `${set} ${n}`)])
  const filters = filtersOf(...sets)
  t.ok(sets.every((texts, number) => texts.every((text) => filters.mayHave(text).includes(number))))
  t.strictSame(filters.mayHave('common'), range(70, String).map(Number).reverse())
})

t.test('filters: forgotten ones are found no more', async t => {
  const numbers = range(70, String).map(Number)
  const filters = filtersOf(...numbers.map(() => ['common']))
  for (const kept of [numbers.filter((n) => n % 2), numbers.filter((n) => n >= 33), []]) {
    filters.keep(new Set(kept))
    t.strictSame(filters.mayHave('common'), numbers.filter((n) => kept.includes(n)).reverse())
  }
  filters.add(70, createFilter(['common']))
  t.strictSame(filters.mayHave('common'), [70])
})
