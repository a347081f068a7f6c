import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { isLoopback } from '../../loopback.ts'
import { readAsset, sendAsset, serveFiles, setFlags, toAsset } from '../assets.ts'

const FILES = [
  'clock.js', 'dom.js', 'icon.svg', 'page.js', 'sample.js', 'scenes.js', 'snippets.js', 'stage.js', 'style.css',
  'submit.js', 'task-scene.js', 'theme.css', 'timeline.js', 'watch.js', 'words.js'
]
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
  const html = setFlags(await readAsset('index.html'), { tickets, tokens })
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
    return sendAsset(isOnLoopback(app) ? local : anywhere, request, reply)
  })

  await serveFiles(app, '', FILES)
}

function escapeAttribute (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

/** Whether the server listens, and on loopback addresses only. */
function isOnLoopback (app: FastifyInstance): boolean {
  const addresses = app.addresses().map((bound) => typeof bound === 'string' ? bound : bound.address)
  return addresses.length > 0 && addresses.every(isLoopback)
}
