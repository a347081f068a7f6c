/** Reads the `/metrics` of a server. Resolves with a function that returns the value of a metric. */
export async function readMetrics (port: number): Promise<(name: string) => number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await response.text()
  return (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}
