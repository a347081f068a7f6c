const UNITS = [['d', 86_400], ['h', 3600], ['m', 60], ['s', 1]] as const
const MAX_UNITS = 2

/** Returns lines of aligned columns. Control characters, which a terminal would execute, are escaped. */
export function columns (rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  const cells = rows.map((row) => row.map((cell) => escapeControls(String(cell))))
  const widths = cells.reduce<number[]>((widths, row) => {
    return row.map((cell, i) => Math.max(cell.length, widths[i] ?? 0))
  }, [])
  return cells.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()}\n`).join('')
}

function escapeControls (text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Formats the time since an ISO time with its two largest units: `4s`, `2m5s`, `3d4h`. */
export function formatAge (since: string, now = Date.now()): string {
  let rest = Math.max(0, Math.floor((now - Date.parse(since)) / 1000))
  const parts = UNITS.map(([unit, seconds]) => {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    return { count, text: `${count}${unit}` }
  })
  const first = parts.findIndex(({ count }) => count > 0)
  if (first < 0) return '0s'
  return parts.slice(first, first + MAX_UNITS).filter(({ count }) => count > 0).map(({ text }) => text).join('')
}
