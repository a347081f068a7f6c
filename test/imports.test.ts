import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Which files make up a room; the first that fits counts. */
const ROOMS = {
  schemas: /^schemas\//,
  errors: /^src\/errors\.ts$/,
  contract: /^src\/(event|store\/(store|quarantine)|bus\/bus)\.ts$/,
  store: /^src\/store\//,
  bus: /^src\/bus\//,
  suno: /^src\/suno\//,
  hub: /^src\/hub\//,
  tickets: /^src\/ticket\.ts$/,
  http: /^src\/http\//,
  conformance: /^src\/conformance\//,
  client: /^src\/client\//,
  web: /^src\/web\//,
  app: /^src\/((app|config|index|main)\.ts|bin\.js|cli\/.+)$/
} as const

type Room = keyof typeof ROOMS
const EVERYTHING = Object.keys(ROOMS) as Room[]

/** Who may import whom: rooms, then packages (`node:` is all of Node). */
const MAY: Readonly<Record<Room, { rooms: readonly Room[], packages: readonly string[] }>> = {
  schemas: { rooms: ['schemas'], packages: ['@sinclair/typebox'] },
  errors: { rooms: [], packages: [] },
  contract: { rooms: ['schemas', 'errors', 'contract'], packages: [] },
  store: { rooms: ['schemas', 'errors', 'contract', 'store'], packages: ['node:', 'redis'] },
  bus: { rooms: ['schemas', 'errors', 'contract', 'bus'], packages: ['node:', 'redis'] },
  suno: { rooms: ['schemas', 'errors', 'suno'], packages: ['node:', '@sinclair/typebox'] },
  hub: { rooms: ['schemas', 'errors', 'contract', 'hub'], packages: [] },
  tickets: { rooms: ['schemas', 'errors'], packages: ['node:', '@sinclair/typebox', 'jose'] },
  http: { rooms: ['schemas', 'errors', 'suno', 'hub', 'tickets', 'http'], packages: ['node:', '@sinclair/typebox', 'fastify', '@fastify/', 'better-sse', 'negotiator', 'prom-client'] },
  conformance: { rooms: ['schemas', 'errors', 'contract', 'conformance'], packages: ['node:'] },
  client: { rooms: ['schemas', 'client'], packages: ['eventsource-parser'] },
  web: { rooms: ['schemas', 'client', 'web'], packages: [] },
  app: { rooms: EVERYTHING, packages: ['node:', '@sinclair/typebox', 'fastify', '@fastify/'] }
}

function roomOf (file: string): Room | undefined {
  return EVERYTHING.find((room) => ROOMS[room].test(file))
}

/** Whether what `from` imports is allowed: `specifier` is a path from it, or a package. */
function mayImport (from: Room, file: string, specifier: string): boolean {
  if (!specifier.startsWith('.')) return MAY[from].packages.some((name) => specifier === name || specifier.startsWith(name.endsWith(':') || name.endsWith('/') ? name : `${name}/`))
  const room = roomOf(posix.join(posix.dirname(file), specifier))
  return room !== undefined && MAY[from].rooms.includes(room)
}

/** What a file imports that it may not, in words. */
function breaches (file: string, source: string): string[] {
  const room = roomOf(file)
  if (!room) return [`${file} is in no room, expected it to be in the table`]
  const specifiers = [...source.matchAll(/\b(?:from|import)[ (]+'([^']+)'/g)].map(([, specifier]) => specifier as string)
  return specifiers.filter((specifier) => !mayImport(room, file, specifier)).map((specifier) => `${file} imports ${specifier}, which ${room} may not`)
}

t.test('imports: every file of every room keeps to the table', async t => {
  const files = globSync('{src,schemas}/**/*.{ts,js}', { cwd: ROOT })
  t.ok(files.length > 30)
  t.strictSame(files.flatMap((file) => breaches(file.replaceAll('\\', '/'), readFileSync(`${ROOT}/${file}`, 'utf8'))), [])
})

const BREACHES: Array<[string, string]> = [
  ['schemas/x.ts', "import { x } from '../src/errors.ts'"],
  ['schemas/x.ts', "import { x } from 'fastify'"],
  ['src/errors.ts', "import { x } from '../schemas/event.ts'"],
  ['src/store/store.ts', "import type { x } from './memory/store.ts'"],
  ['src/store/x.ts', "import { x } from '../bus/local.ts'"],
  ['src/store/x.ts', "import { x } from '../suno/callback.ts'"],
  ['src/store/x.ts', "export { x } from '../hub/hub.ts'"],
  ['src/bus/x.ts', "import type { x } from '../store/memory/store.ts'"],
  ['src/bus/x.ts', "const x = await import('../http/streams/frames.ts')"],
  ['src/suno/x.ts', "import { x } from 'fastify'"],
  ['src/suno/x.ts', "import { x } from '../store/store.ts'"],
  ['src/hub/hub.ts', "import { x } from '../store/memory/store.ts'"],
  ['src/hub/follower.ts', "import 'better-sse'"],
  ['src/hub/cursor.ts', "import { x } from '../http/streams/frames.ts'"],
  ['src/http/x.ts', "import { x } from '../store/store.ts'"],
  ['src/http/x.ts', "import type {\n  x\n} from '../bus/bus.ts'"],
  ['src/http/x.ts', "import { x } from '../app.ts'"],
  ['src/http/x.ts', "import { x } from '../config.ts'"],
  ['src/conformance/x.ts', "import { x } from 'tap'"],
  ['src/client/x.ts', "import { x } from '../hub/hub.ts'"],
  ['src/client/x.ts', "import { x } from 'node:fs'"],
  ['src/web/x.js', "import { x } from '../errors.ts'"],
  ['src/app.ts', "import { x } from 'express'"],
  ['src/attic.ts', '']
]

for (const [file, source] of BREACHES) {
  t.test(`imports: ${file} with ${JSON.stringify(source)} is caught`, async t => {
    t.equal(breaches(file, source).length, 1)
  })
}
