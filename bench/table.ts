/** Returns a quantile of some numbers. Default: the median; 0.99 for the 99th percentile. */
export function quantile (numbers: readonly number[], share = 0.5): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Formats a number with three significant digits. */
export function short (number: number | undefined): string {
  if (number === undefined || Number.isNaN(number)) return '-'
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString('en')
  return number.toPrecision(3)
}

/** Prints a Markdown table. */
export function printTable (head: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  process.stdout.write(`\n${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`)
}
