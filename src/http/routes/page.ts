import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../../loopback.ts'

const FOLDER = new URL('../../web/', import.meta.url)
const FILES = [
  'clock.js', 'dom.js', 'icon.svg', 'page.js', 'sample.js', 'scenes.js', 'snippets.js', 'stage.js', 'style.css',
  'submit.js', 'task-scene.js', 'timeline.js', 'watch.js', 'words.js'
]
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml'
}

/**
 * Allows only files and requests of this server. Text never becomes markup or script.
 *
 * @see https://www.w3.org/TR/CSP3/
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  "require-trusted-types-for 'script'", "trusted-types 'none'"
].join('; ')

const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // The page's URL contains the task id, which is a capability.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
}

/** Options of the live page. */
export interface PageOptions {
  /** true: callbacks need no proof. The page then offers to post a sample, if the server listens on loopback only. */
  readonly openCallbacks: boolean
  /** true: submissions need no API token. The page then offers to submit, if it is requested by a loopback name too. */
  readonly openSubmissions: boolean
  /** true: streams need a ticket. The page then has a field for one. */
  readonly tickets: boolean
  /** true: callbacks may carry a token. The URLs on the page then have a placeholder, never a token. */
  readonly tokens: boolean
  /** Public URL of the relay, for the callback URLs on a page that a loopback name shows; empty if it is not set. */
  readonly publicUrl: string
}

/** `GET /`, the live page, and `GET /web/*`, its files. Works below any prefix, because its URLs are relative. */
export const page: FastifyPluginAsync<PageOptions> = async (app, options) => {
  const { openCallbacks, openSubmissions, tickets, tokens, publicUrl } = options
  const html = setFlags(await readFile(new URL('index.html', FOLDER), 'utf8'), { tickets, tokens })
  // Pages of other names do not show it: it may have a prefix that nobody else knows.
  const withUrl = html.replace('data-public=""', () => `data-public="${escapeAttribute(publicUrl)}"`)
  const variant = (flags: Record<string, boolean>, text = html) => toAsset('index.html', setFlags(text, flags))
  const anywhere = variant({})
  const onLoopback = variant({ sample: openCallbacks })
  const byLoopbackName = variant({ sample: openCallbacks, submit: openSubmissions }, withUrl)

  app.get('/', async (request, reply) => {
    const [path, query] = request.url.split('?', 2) as [string, string?]
    // Without the slash, the page's relative URLs would miss the prefix.
    if (!path.endsWith('/')) {
      return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/${query ? `?${query}` : ''}`)
    }
    const local = isLoopback(request.hostname) ? byLoopbackName : onLoopback
    return send(isOnLoopback(app) ? local : anywhere, request, reply)
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

function escapeAttribute (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

function setFlags (html: string, flags: Record<string, boolean>): string {
  return Object.entries(flags).filter(([, on]) => on)
    .reduce((text, [name]) => text.replace(`data-${name}="no"`, `data-${name}="yes"`), html)
}

function send ({ type, body, etag }: Asset, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ ...HEADERS, etag })
  // A proxy that compresses weakens the tag, and a client may send several tags.
  if (headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  return reply.header('content-type', type).send(body)
}

/** Whether the server listens, and on loopback addresses only. */
function isOnLoopback (app: FastifyInstance): boolean {
  const addresses = app.addresses().map((bound) => typeof bound === 'string' ? bound : bound.address)
  return addresses.length > 0 && addresses.every(isLoopback)
}
