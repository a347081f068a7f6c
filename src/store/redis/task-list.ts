import type { EventName } from '../../../schemas/event.ts'
import { mergeLists, type ListRow, type TaskPage, type TaskPageOptions } from '../task-list.ts'
import type { Expected } from '../submissions.ts'
import type { StoreParts } from './parts.ts'
import { LIST } from './read-scripts.ts'

/** Place in a list: a time, and an id of that time. */
type Place = readonly [at: string, id: string]

type Row = readonly [id: string, at: string, taskId: string, time: string, event: string, expected: string]
/** Newest submission that is watched. Lua writes an empty array as `{}`. */
type Watched = [id: string, step: Expected['step'], submittedAt: number, stage: string]

const NEWEST: Place = ['+inf', '']

/** Reads a page of the list of tasks. */
export async function readTasks ({ ask }: StoreParts, { before, limit }: TaskPageOptions): Promise<TaskPage> {
  const places = before === undefined ? [NEWEST, NEWEST] : readPlaces(before)
  if (!places) return { tasks: [], next: undefined }
  const [events, submissions] = await ask(LIST, ...places.flat(), limit) as [Row[], Row[]]
  const lists = [events.map((row) => toRow(row, false)), submissions.map((row) => toRow(row, true))] as const
  const { tasks, last, isEnd } = mergeLists(...lists, limit)
  return { tasks, next: isEnd ? undefined : writePlaces(places.map((place, i) => last[i] ?? place)) }
}

function toRow ([id, at, taskId, time, event, watched]: Row, isSubmission: boolean): ListRow<Place> {
  const [newest, expected] = readWatched(watched)
  const isSubmissionLatest = expected !== undefined && (time === '' || Number(time) < expected.submittedAt)
  const isLatest = isSubmission ? isSubmissionLatest && newest === id : !isSubmissionLatest
  const name = event === '' ? undefined : event as EventName
  const task = { taskId, at: Number(at), event: name, ...(expected && { expected }) }
  return { place: [at, id], at: Number(at), task: isLatest ? task : undefined }
}

function readWatched (text: string): [id?: string, expected?: Expected] {
  const watched = JSON.parse(text) as Watched | object
  if (!Array.isArray(watched)) return []
  const [id, step, submittedAt, stage] = watched as Watched
  return [id, { step, submittedAt, isOverdue: stage === 'overdue' }]
}

function writePlaces (places: readonly Place[]): string {
  return places.flatMap(([at, id]) => [at, encodeURIComponent(id)]).join('/')
}

function readPlaces (text: string): readonly Place[] | undefined {
  const [, at, id = '', otherAt, otherId = ''] = /^(\+inf|\d+)\/([^/]*)\/(\+inf|\d+)\/([^/]*)$/.exec(text) ?? []
  if (at === undefined || otherAt === undefined) return undefined
  return [[at, decodeURIComponent(id)], [otherAt, decodeURIComponent(otherId)]]
}
