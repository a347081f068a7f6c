const [WIDTH, HEIGHT, MARGIN] = [640, 320, 56]
const COLORS = ['#2563eb', '#d97706', '#059669']

const colorOf = (line: number): string => COLORS[line % COLORS.length] as string

/** Line of a picture: points of x and y. */
export interface Line {
  readonly name: string
  readonly points: ReadonlyArray<readonly [number, number]>
}

/** Axes of a picture. `x` is logarithmic, with a tick at each point; `y` starts at 0. */
export interface Axes {
  readonly title: string
  readonly x: string
  readonly y: string
}

/** Draws lines as an SVG image. */
export function drawLines ({ title, x, y }: Axes, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points)
  const ticksX = [...new Set(points.map(([value]) => value))].sort((a, b) => a - b)
  const [first, last] = [Math.log10(ticksX[0] as number), Math.log10(ticksX.at(-1) as number)]
  const step = roundUp(Math.max(...points.map(([, value]) => value)) / 5)
  const top = step * 5
  const left = (value: number): number => MARGIN + (Math.log10(value) - first) / (last - first) * (WIDTH - 2 * MARGIN)
  const up = (value: number): number => HEIGHT - MARGIN - value / top * (HEIGHT - 2 * MARGIN)
  const ticksY = Array.from({ length: 6 }, (_, i) => Number((i * step).toPrecision(3)))
  const names = lines.map(({ name }, i) => `<tspan fill="${colorOf(i)}">${name}</tspan>`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title><rect width="100%" height="100%" fill="#fff"/>`,
    text(WIDTH / 2, 20, title, 'middle'),
    text(WIDTH / 2, HEIGHT - 12, x, 'middle'),
    text(8, 40, y, 'start'),
    text(WIDTH - MARGIN, 40, names.join(' \u2003'), 'end'),
    ...ticksY.map((value) => line([[MARGIN, up(value)], [WIDTH - MARGIN, up(value)]], '#ddd') +
      text(MARGIN - 6, up(value) + 4, String(value), 'end')),
    ...ticksX.map((value) => text(left(value), HEIGHT - MARGIN + 18, value.toLocaleString('en'), 'middle')),
    ...lines.map(({ points }, i) => line(points.map(([a, b]) => [left(a), up(b)]), colorOf(i))),
    '</svg>\n'
  ].join('\n')
}

function line (points: ReadonlyArray<readonly [number, number]>, color: string): string {
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`
}

function text (x: number, y: number, words: string, anchor: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#222">${words}</text>`
}

/** Returns the next 1, 2 or 5 times a power of ten. */
function roundUp (value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) as number)
}
