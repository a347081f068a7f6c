import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SHARED = ['schemas/', 'src/event.ts', 'src/errors.ts', 'src/secrets.ts']

/**
 * Permissions of each room: rooms and packages. A room is a folder, or a file next to the folders; a file belongs
 * to the longest name that fits, and may always import its own room.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'schemas/': ['@sinclair/typebox'],
  'src/errors.ts': [],
  'src/secrets.ts': ['node:crypto'],
  'src/runtime.ts': [],
  'src/event.ts': ['schemas/'],
  'src/meaning.ts': ['schemas/', 'node:crypto'],
  'src/loopback.ts': ['node:net'],
  'src/config.ts': ['schemas/', 'src/loopback.ts', 'src/redis/', '@sinclair/typebox', 'node:net'],
  'src/near-misses.ts': ['schemas/'],
  'src/recovery.ts': ['src/errors.ts', 'src/hub/'],
  'src/ticket.ts': ['schemas/', 'src/errors.ts', 'src/secrets.ts', '@sinclair/typebox', 'jose', 'node:crypto'],
  'src/version.ts': [],
  'src/metrics.ts': ['schemas/', 'src/version.ts', 'prom-client'],
  'src/description/': ['schemas/', 'src/errors.ts', 'src/version.ts', '@sinclair/typebox', 'node:http'],
  'src/admin/': ['schemas/', 'src/errors.ts', 'src/hub/', 'prom-client'],
  'src/log.ts': ['schemas/', 'src/http/', 'fastify', 'pino', 'pino-pretty'],
  'src/store/': ['schemas/', 'src/event.ts', 'src/errors.ts', 'src/store/memory/', 'src/store/sqlite/', 'node:fs'],
  'src/store/memory/': ['src/event.ts', 'src/errors.ts', 'src/store/', 'node:'],
  'src/store/sqlite/': ['schemas/', 'src/event.ts', 'src/errors.ts', 'src/meaning.ts', 'src/store/', 'node:'],
  'src/store/redis/': [
    'schemas/', 'src/event.ts', 'src/errors.ts', 'src/redis/', 'src/store/', 'src/store/memory/', 'node:'
  ],
  'src/redis/': ['src/errors.ts', 'ioredis', 'node:'],
  'src/redis-report.ts': ['src/redis/', 'prom-client'],
  'src/storage.ts': [
    'schemas/', 'src/redis/', 'src/store/', 'src/store/redis/', 'src/bus/', 'src/bus/redis.ts'
  ],
  'src/bus/': ['src/event.ts'],
  'src/bus/redis.ts': ['src/bus/', 'src/redis/', 'node:'],
  'src/suno/': [...SHARED, 'src/meaning.ts', '@sinclair/typebox', 'node:'],
  'src/hub/': ['schemas/', 'src/event.ts', 'src/errors.ts', 'src/store/', 'src/bus/'],
  'src/http/': ['schemas/', 'src/errors.ts', 'src/http/guards/', '@fastify/', '@sinclair/typebox', 'fastify', 'node:'],
  'src/http/streams/': ['schemas/', 'src/event.ts', 'better-sse', 'fastify', 'node:'],
  'src/http/guards/': [
    'schemas/', 'src/event.ts', 'src/errors.ts', 'src/secrets.ts', 'src/loopback.ts', 'src/suno/',
    'src/http/streams/', 'fastify'
  ],
  'src/http/routes/': [
    ...SHARED, 'src/loopback.ts', 'src/ticket.ts', 'src/metrics.ts', 'src/version.ts', 'src/admin/', 'src/asking/',
    'src/description/', 'src/suno/', 'src/hub/',
    'src/http/', 'src/http/streams/', 'src/http/guards/', '@fastify/', '@sinclair/typebox', 'fastify', 'prom-client',
    'node:'
  ],
  'src/client/': ['schemas/', 'eventsource-parser'],
  'src/client/react/': ['schemas/', 'src/client/', 'react'],
  'src/backend/': ['schemas/'],
  'src/web/': ['schemas/', 'uplot'],
  'src/cli/': [
    'schemas/', 'src/config.ts', 'src/secrets.ts', 'src/ticket.ts', 'src/version.ts', 'src/storage.ts', 'src/admin/',
    'src/store/', 'src/hub/', 'src/suno/', '@sinclair/typebox', 'node:'
  ],
  'src/conformance/': ['src/event.ts', 'src/store/', 'src/bus/', 'node:'],
  'src/housekeeping.ts': ['schemas/', 'src/hub/', 'src/suno/'],
  'src/asking/': ['schemas/', 'src/errors.ts', 'src/metrics.ts', 'src/hub/', 'src/suno/', 'jose', 'node:crypto'],
  'src/plugin.ts': [
    'schemas/', 'src/admin/', 'src/asking/', 'src/config.ts', 'src/recovery.ts', 'src/ticket.ts', 'src/metrics.ts',
    'src/housekeeping.ts', 'src/hub/', 'src/suno/', 'src/http/', 'src/http/streams/', 'src/http/guards/',
    'src/http/routes/', '@fastify/', 'fastify'
  ],
  'src/app.ts': [
    'schemas/', 'src/plugin.ts', 'src/config.ts', 'src/log.ts', 'src/metrics.ts', 'src/redis-report.ts',
    'src/storage.ts', 'src/hub/', 'src/http/', 'src/http/guards/', 'src/http/routes/', 'fastify'
  ],
  'src/main.ts': ['schemas/', 'src/app.ts', 'src/cli/', 'src/config.ts', 'src/near-misses.ts', 'src/version.ts'],
  'src/bin.js': ['src/main.ts', 'node:url'],
  'src/index.ts': [
    ...SHARED, 'src/runtime.ts', 'src/app.ts', 'src/plugin.ts', 'src/metrics.ts', 'src/ticket.ts', 'src/bus/',
    'src/hub/', 'src/store/', 'src/store/memory/', 'src/store/sqlite/', 'src/suno/'
  ].filter((room) => room !== 'src/secrets.ts')
}

/** Files and packages that a room never reaches, not even through others. Imports of types count too. */
const ADAPTERS = [
  'src/store/memory/', 'src/store/sqlite/', 'src/store/redis/', 'src/bus/local.ts', 'src/bus/redis.ts', 'src/redis/'
]
const NEVER: Readonly<Record<string, readonly string[]>> = {
  'src/store/store.ts': ADAPTERS,
  'src/bus/bus.ts': ADAPTERS,
  'src/hub/': [...ADAPTERS, 'src/http/', 'src/suno/', 'fastify', 'better-sse'],
  'src/http/': [...ADAPTERS, 'src/app.ts', 'src/plugin.ts'],
  'src/cli/': ['src/app.ts', 'src/plugin.ts', 'src/http/', 'fastify'],
  'src/backend/': ['src/hub/', 'src/http/', 'fastify', 'node:'],
  'src/client/': ['src/hub/', 'src/http/', 'node:']
}

/** Files by their path, with what each imports: paths from the root, or packages. */
type Graph = ReadonlyMap<string, readonly string[]>

function importsOf (file: string, source: string): string[] {
  return [...source.matchAll(/\b(?:from|import)[ (]+'([^']+)'/g)].map(([, specifier]) => {
    return specifier?.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier as string
  })
}

function readGraph (): Graph {
  const files = globSync('{src,schemas}/**/*.{ts,js}', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'))
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(`${ROOT}/${file}`, 'utf8'))]))
}

function roomOf (file: string): string | undefined {
  return Object.keys(ROOMS).filter((room) => isIn(file, room)).sort((a, b) => b.length - a.length)[0]
}

/** Whether a path is in a folder or is a file, or a package is one of a scope or of Node. */
function isIn (path: string, room: string): boolean {
  return path === room || path.startsWith(/[/:]$/.test(room) ? room : `${room}/`)
}

/** The permission that an import uses: a room, or a package. */
function permissionFor (imported: string, allowed: readonly string[]): string | undefined {
  const room = roomOf(imported)
  return allowed.find((name) => room ? name === room : isIn(imported, name))
}

/** Imports that a room's list does not permit, in words. */
function breaches (graph: Graph): string[] {
  return [...graph].flatMap(([file, imports]) => {
    const room = roomOf(file)
    if (!room) return [`${file} is in no room`]
    return imports.filter((imported) => roomOf(imported) !== room && !permissionFor(imported, ROOMS[room] as string[]))
      .map((imported) => `${file} imports ${imported}, which ${room} may not`)
  })
}

/** Permissions that no file uses. */
function unused (graph: Graph): string[] {
  return Object.entries(ROOMS).flatMap(([room, allowed]) => {
    const imports = [...graph].filter(([file]) => roomOf(file) === room).flatMap(([, imported]) => imported)
    const used = new Set(imports.map((imported) => permissionFor(imported, allowed)))
    return allowed.filter((name) => !used.has(name)).map((name) => `${room} does not import ${name}`)
  })
}

/** All that a file imports, directly or through others. */
function reach (graph: Graph, file: string, seen = new Set<string>()): Set<string> {
  for (const imported of graph.get(file) ?? []) {
    if (seen.has(imported)) continue
    seen.add(imported)
    reach(graph, imported, seen)
  }
  return seen
}

function forbiddenReach (graph: Graph): string[] {
  return Object.entries(NEVER).flatMap(([room, never]) => {
    const files = [...graph.keys()].filter((file) => isIn(file, room))
    return files.flatMap((file) => [...reach(graph, file)]
      .filter((one) => !isIn(one, room) && never.some((name) => isIn(one, name)))
      .map((one) => `${file} reaches ${one}`))
  })
}

t.test('imports: every file keeps to the permissions of its room', async t => {
  const graph = readGraph()
  t.ok(graph.size > 30)
  t.strictSame(breaches(graph), [])
})

t.test('imports: every permission is used', async t => {
  t.strictSame(unused(readGraph()), [])
})

t.test('imports: no file reaches what its room must not depend on', async t => {
  t.strictSame(forbiddenReach(readGraph()), [])
})

t.test('imports: no file imports itself through others', async t => {
  const graph = readGraph()
  t.strictSame([...graph.keys()].filter((file) => reach(graph, file).has(file)), [])
})

/** Modules that a file loads at once: neither types nor those that it loads when it needs them. */
function loadedBy (file: string, source: string): string[] {
  const statements = source.match(/^(?:import|export) (?!type\b)[^;]*? from '[^']+'/gm) ?? []
  return statements.flatMap((statement) => importsOf(file, statement))
}

function readLoaded (): Graph {
  return new Map([...readGraph().keys()].map((file) => {
    return [file, loadedBy(file, readFileSync(`${ROOT}/${file}`, 'utf8'))]
  }))
}

t.test('imports: the client of Redis is loaded only when it is needed', async t => {
  const graph = readLoaded()
  t.ok(reach(graph, 'src/redis/connections.ts').has('ioredis'))
  for (const entry of ['src/main.ts', 'src/index.ts', 'src/conformance/index.ts']) {
    t.ok(reach(graph, entry).size > 5, entry)
    t.notOk(reach(graph, entry).has('ioredis'), entry)
  }
})

t.test('imports: the server starts without jose, and the commands without the server', async t => {
  const graph = readLoaded()
  t.notOk(reach(graph, 'src/app.ts').has('jose'))
  t.ok(reach(graph, 'src/app.ts').has('fastify'))
  t.notOk(reach(graph, 'src/main.ts').has('fastify'))
})

const BREACHES: Array<[string, string]> = [
  ['schemas/x.ts', "import { x } from '../src/errors.ts'"],
  ['schemas/x.ts', "import { x } from 'fastify'"],
  ['src/errors.ts', "import { x } from '../schemas/event.ts'"],
  ['src/store/memory/x.ts', "import { x } from '../sqlite/store.ts'"],
  ['src/store/x.ts', "import { x } from '../bus/local.ts'"],
  ['src/store/redis/x.ts', "import { x } from 'ioredis'"],
  ['src/redis/x.ts', "import { x } from '../event.ts'"],
  ['src/store/x.ts', "import { x } from '../suno/callback.ts'"],
  ['src/store/sqlite/x.ts', "export { x } from '../../hub/hub.ts'"],
  ['src/bus/x.ts', "import type { x } from '../store/memory/store.ts'"],
  ['src/bus/x.ts', "const x = await import('../http/streams/frames.ts')"],
  ['src/suno/x.ts', "import { x } from 'fastify'"],
  ['src/suno/x.ts', "import { x } from '../store/store.ts'"],
  ['src/hub/x.ts', "import { x } from '../store/memory/store.ts'"],
  ['src/hub/x.ts', "import { x } from '../redis/link.ts'"],
  ['src/bus/x.ts', "import { x } from '../redis/link.ts'"],
  ['src/http/routes/x.ts', "import { x } from 'ioredis'"],
  ['src/hub/x.ts', "import 'better-sse'"],
  ['src/hub/x.ts', "import { x } from '../http/streams/frames.ts'"],
  ['src/http/routes/x.ts', "import { x } from '../../store/store.ts'"],
  ['src/http/routes/x.ts', "import type {\n  x\n} from '../../bus/bus.ts'"],
  ['src/http/routes/x.ts', "import { x } from '../../app.ts'"],
  ['src/http/streams/x.ts', "import { x } from '../../hub/hub.ts'"],
  ['src/http/x.ts', "import { x } from '../config.ts'"],
  ['src/conformance/x.ts', "import { x } from 'tap'"],
  ['src/client/x.ts', "import { x } from '../hub/hub.ts'"],
  ['src/client/x.ts', "import { x } from 'node:fs'"],
  ['src/web/x.js', "import { x } from '../errors.ts'"],
  ['src/cli/x.ts', "import { x } from '../app.ts'"],
  ['src/app.ts', "import { x } from 'express'"],
  ['src/attic.ts', '']
]

for (const [file, source] of BREACHES) {
  t.test(`imports: ${file} with ${JSON.stringify(source)} is caught`, async t => {
    t.equal(breaches(new Map([[file, importsOf(file, source)]])).length, 1)
  })
}

t.test('imports: a detour and a circle are caught', async t => {
  const detour = new Map([
    ['src/hub/a.ts', ['src/store/open.ts']],
    ['src/store/open.ts', ['src/store/sqlite/store.ts']]
  ])
  t.strictSame(forbiddenReach(detour), ['src/hub/a.ts reaches src/store/sqlite/store.ts'])
  t.ok(reach(new Map([['a', ['b']], ['b', ['a']]]), 'a').has('a'))
})
