import { readFile } from 'node:fs/promises'

/** Reads a file of the program. Deno runs a module of JSR from its URL: its files are elsewhere on the web. */
export async function readAsset (url: URL): Promise<string> {
  return url.protocol === 'file:' ? readFile(url, 'utf8') : (await fetch(url)).text()
}
