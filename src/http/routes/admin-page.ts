import type { FastifyPluginAsync } from 'fastify'
import { readAsset, sendAsset, serveFiles, setFlags, toAsset, type Asset } from '../assets.ts'
import type { AdminCheck } from '../guards/admin.ts'

const FILES = [
  'api.js', 'dialog.js', 'lists.js', 'main.js', 'nodes.js', 'plots.js', 'quarantine.js', 'refusals.js', 'status.js',
  'style.css', 'tasks.js', 'timeline.js', 'words.js'
]
/** The library for plots, as its package has it. It runs under the policy of the pages as it is. */
const PLOTS = { 'plot.js': 'uplot/dist/uPlot.iife.min.js', 'plot.css': 'uplot/dist/uPlot.min.css' }

/** `GET /admin`, the page of the operator, and its files. */
export const adminPage: FastifyPluginAsync<{ readonly check: AdminCheck }> = async (app, { check }) => {
  const html = toAsset('index.html', setFlags(await readAsset('admin/index.html'), { token: check.needsToken }))

  app.get('/admin', async (request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    // With the slash, the page's relative URLs would lead nowhere.
    if (path.endsWith('/')) return reply.redirect('../admin')
    check.requirePage(request)
    return sendAsset(html, request, reply)
  })

  await serveFiles(app, 'admin/', FILES)
  for (const [name, file] of Object.entries(PLOTS)) {
    // Read when it is asked for: a relay without an operator needs no permission to read the package.
    let asset: Asset | undefined
    app.get(`/web/admin/${name}`, async (request, reply) => {
      asset ??= toAsset(name, await readAsset(new URL(import.meta.resolve(file))))
      return sendAsset(asset, request, reply)
    })
  }
}
