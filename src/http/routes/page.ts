import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'

const FOLDER = new URL('../../web/', import.meta.url)
const FILES = ['dom.js', 'icon.svg', 'page.js', 'sample.js', 'stage.js', 'style.css', 'timeline.js', 'watch.js', 'words.js']
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml'
}

/**
 * The page's own files and its own server, and nothing else; no text becomes markup or script.
 *
 * @see https://www.w3.org/TR/CSP3/
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"
].join('; ')

const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // The task id in the page's URL is what lets its bearer watch.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
}

export interface PageOptions {
  /** Whether anyone may post a callback: the page then offers to send a sample, as long as the server is on loopback only. */
  readonly openCallbacks: boolean
  /** Whether watching needs a ticket: the page then has a field for it. */
  readonly tickets: boolean
}

/** `GET /`, the live page, and `GET /web/*`, what it is made of. Works below any prefix: its URLs are relative. */
export const page: FastifyPluginAsync<PageOptions> = async (app, { openCallbacks, tickets }) => {
  const html = await readFile(new URL('index.html', FOLDER), 'utf8')
  const [plain, withSample] = [false, true].map((sample) => toAsset('index.html', setFlags(html, { sample, tickets }))) as [Asset, Asset]

  app.get('/', async (request, reply) => {
    const [path, query] = request.url.split('?', 2) as [string, string?]
    // Without the slash the page's relative URLs would miss the prefix.
    if (!path.endsWith('/')) return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/${query ? `?${query}` : ''}`)
    const sample = openCallbacks && onLoopback(app)
    return send(sample ? withSample : plain, request, reply)
  })

  for (const name of FILES) {
    const asset = toAsset(name, await readFile(new URL(name, FOLDER), 'utf8'))
    app.get(`/web/${name}`, async (request, reply) => send(asset, request, reply))
  }
}

interface Asset {
  readonly type: string | undefined
  readonly body: string
  readonly etag: string
}

function toAsset (name: string, body: string): Asset {
  return { type: TYPES[name.slice(name.lastIndexOf('.') + 1)], body, etag: `"${hash('sha256', body, 'base64url')}"` }
}

function setFlags (html: string, flags: Record<string, boolean>): string {
  return Object.entries(flags).reduce((text, [name, on]) => text.replace(`data-${name}="no"`, `data-${name}="${on ? 'yes' : 'no'}"`), html)
}

function send ({ type, body, etag }: Asset, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ ...HEADERS, etag })
  // A proxy that compresses makes the tag weak, and a client may send several.
  if (headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  return reply.header('content-type', type).send(body)
}

/** Whether nothing but loopback is listened on; false while nothing is. */
function onLoopback (app: FastifyInstance): boolean {
  const addresses = app.addresses().map((bound) => typeof bound === 'string' ? bound : bound.address)
  return addresses.length > 0 && addresses.every((address) => address === '::1' || address.startsWith('127.'))
}
