import type { FastifyCorsOptions } from '@fastify/cors'

const PREFLIGHT_SECONDS = 600

/** Returns the options of CORS for pages of some origins; `*` is any origin. */
export function corsOptions (origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: [...origins],
    // Pages of other origins may send the ticket cookie. Browsers refuse credentials together with `*`.
    credentials: !origins.includes('*'),
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['Accept', 'Authorization', 'Cache-Control', 'Content-Type', 'Last-Event-ID', 'X-Requested-With'],
    exposedHeaders: ['Retry-After'],
    maxAge: PREFLIGHT_SECONDS,
    // An OPTIONS request without preflight headers gets an empty answer.
    strictPreflight: false
  }
}
