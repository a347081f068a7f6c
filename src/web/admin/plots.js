import { byId, element } from '../dom.js'
import { get } from './api.js'
import { formatMs } from './words.js'
/** @import { Sample } from '../../../schemas/admin.ts' */

/** @typedef {{ name: string, color: string, dash?: number[], value: (sample: Sample) => number | null }} Line */
/** @typedef {{ title: string, unit: string, points?: boolean, format: (y: number) => string, lines: Line[] }} Plot */

const SPAN_S = 900
const SAMPLE_S = 2
const HEIGHT = 150
const AXIS_WIDTH = 56
const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const { format: formatNumber } = new Intl.NumberFormat('en', { maximumFractionDigits: 1, notation: 'compact' })

/**
 * Returns a line of callbacks in a second.
 *
 * @param {'kept' | 'repeated' | 'quarantined' | 'refused' | 'failed'} name
 * @param {string} color
 * @param {number[]} [dash]
 * @returns {Line}
 */
function rate (name, color, dash = []) {
  return { name, color, dash, value: (sample) => sample[name] / SAMPLE_S }
}

/**
 * @param {string} title
 * @param {'commitP50' | 'writeP50'} median
 * @param {'commitP99' | 'writeP99'} high
 * @returns {Plot}
 */
function duration (title, median, high) {
  const lines = [
    { name: 'median', color: '--accent', value: (/** @type {Sample} */ sample) => sample[median] },
    { name: '99 %', color: '--warn', value: (/** @type {Sample} */ sample) => sample[high] }
  ]
  return { title, unit: 'time', points: true, format: formatMs, lines }
}

/** @type {Plot[]} */
const PLOTS = [{
  title: 'Callbacks',
  unit: 'per second',
  format: formatNumber,
  lines: [
    rate('kept', '--accent'), rate('repeated', '--soft', [2, 3]), rate('quarantined', '--warn', [6, 3]),
    rate('refused', '--warn'), rate('failed', '--bad')
  ]
}, duration('Accept to commit', 'commitP50', 'commitP99'), duration('Accept to first write', 'writeP50', 'writeP99'), {
  title: 'Event loop',
  unit: 'longest delay',
  format: formatMs,
  lines: [{ name: 'delay', color: '--accent', value: ({ loopMax }) => loopMax }]
}, {
  title: 'Streams',
  unit: 'open',
  format: formatNumber,
  lines: [{ name: 'open', color: '--accent', value: ({ streams }) => streams }]
}]

/** @param {string} name name of a color in the style sheet, whatever the color scheme is now */
function colorOf (name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name)
}

/** Draws the measurements of the last fifteen minutes. Returns a function that adds the new ones. */
export function createPlots () {
  /** @type {Sample[]} */
  let samples = []
  const draw = PLOTS.map((plot) => createPlot(plot))
  const redraw = () => { for (const one of draw) one(samples) }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  new ResizeObserver(redraw).observe(byId('plots'))

  return async () => {
    const { samples: news } = await get(`samples?after=${samples.at(-1)?.at ?? 0}`)
    samples = [...samples, ...news].slice(-SPAN_S / SAMPLE_S)
    redraw()
  }
}

/**
 * Adds a plot to the page. Returns a function that draws it. The values are text too, below the title: those under the
 * pointer, else the last ones.
 *
 * @param {Plot} plot
 * @returns {(samples: Sample[]) => void}
 */
function createPlot ({ title, unit, points = false, format, lines }) {
  const values = lines.map(() => element('span', {}, '–'))
  const legend = element('p', { class: 'legend' })
  for (const [i, { name, color, dash = [] }] of lines.entries()) {
    const key = element('i', { 'data-color': color.slice(2), ...dash.length > 0 && { 'data-dash': 'yes' } })
    legend.append(element('span', {}, key, ` ${name} `, /** @type {Node} */ (values[i])), ' ')
  }
  const target = element('div', { 'aria-hidden': 'true' })
  const caption = element('figcaption', {}, element('strong', {}, title), ' ', element('small', {}, unit), legend)
  byId('plots').append(element('figure', {}, caption, target))

  /** @type {typeof import('uplot')} */
  const UPlot = Reflect.get(window, 'uPlot')
  const axis = { stroke: () => colorOf('--soft'), font: '11px system-ui', ticks: { show: false } }
  const grid = { stroke: () => colorOf('--line'), width: 1 }
  const chart = new UPlot({
    width: target.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'time' }, drag: { x: false, y: false }, y: false },
    scales: {
      x: { range: () => [Date.now() / 1000 - SPAN_S, Date.now() / 1000] },
      y: { range: (_chart, _min, max) => [0, Math.max(1, (max ?? 0) * 1.15)] }
    },
    axes: [
      { ...axis, grid, size: 24, space: 70, values: (_chart, ticks) => ticks.map((tick) => clock.format(tick * 1000)) },
      { ...axis, grid, size: AXIS_WIDTH, values: (_chart, ticks) => ticks.map((tick) => format(tick)) }
    ],
    series: [{}, ...lines.map(({ name, color, dash = [] }) => ({
      label: name, stroke: () => colorOf(color), width: 1.5, dash, points: { show: points, size: 4 }
    }))],
    hooks: { setCursor: [showValues], setData: [showValues] }
  }, [[], ...lines.map(() => [])], target)

  /** @param {import('uplot')} chart */
  function showValues ({ data, cursor }) {
    const at = cursor.idx ?? data[0].length - 1
    for (const [i, text] of values.entries()) {
      const value = data[i + 1]?.[at]
      text.textContent = value === null || value === undefined ? '–' : format(value)
    }
  }

  return (samples) => {
    if (target.clientWidth > 0) chart.setSize({ width: target.clientWidth, height: HEIGHT })
    chart.setData([samples.map(({ at }) => at / 1000), ...lines.map(({ value }) => samples.map(value))])
  }
}
