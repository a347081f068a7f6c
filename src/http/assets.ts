import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const FOLDER = new URL('../web/', import.meta.url)
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
  // The URL of the live page contains the task id, which is a capability.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff'
}

/** File for browsers. */
export interface Asset {
  readonly type: string | undefined
  readonly body: string
  readonly etag: string
}

/**
 * Reads a file of `src/web`, or the file of a URL, as text. Deno runs a module of JSR from its URL: its files are
 * elsewhere on the web.
 */
export async function readAsset (name: string | URL): Promise<string> {
  const url = new URL(name, FOLDER)
  return url.protocol === 'file:' ? readFile(url, 'utf8') : (await fetch(url)).text()
}

/** Returns a file for browsers; the end of its name gives its media type. */
export function toAsset (name: string, body: string): Asset {
  return { type: TYPES[name.slice(name.lastIndexOf('.') + 1)], body, etag: `"${hash('sha256', body, 'base64url')}"` }
}

/** Turns attributes of a page from `data-NAME="no"` to `yes`. */
export function setFlags (html: string, flags: Readonly<Record<string, boolean>>): string {
  return Object.entries(flags).filter(([, on]) => on)
    .reduce((text, [name]) => text.replace(`data-${name}="no"`, `data-${name}="yes"`), html)
}

/** Answers a request with a file, or with 304 to a client that has it. */
export function sendAsset (asset: Asset, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { type, body, etag } = asset
  reply.headers({ ...HEADERS, etag })
  // A proxy that compresses weakens the tag, and a client may send several tags.
  if (headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  return reply.header('content-type', type).send(body)
}

/**
 * Serves files of a folder of `src/web`, which are read now, below `/web/`. They share a route: one for each, with its
 * refusals of other methods, takes a millisecond of the start.
 */
export async function serveFiles (app: FastifyInstance, folder: string, names: readonly string[]): Promise<void> {
  const files = await Promise.all(names.map(async (name) => toAsset(name, await readAsset(`${folder}${name}`))))
  const pattern = names.join('|').replaceAll('.', '\\.')
  app.get<{ Params: { name: string } }>(`/web/${folder}:name(^(?:${pattern})$)`, async (request, reply) => {
    return sendAsset(files[names.indexOf(request.params.name)] as Asset, request, reply)
  })
}
