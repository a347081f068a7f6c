import { mergeLists, type ListRow, type TaskPage, type TaskPageOptions } from '../task-list.ts'
import type { Expected } from '../submissions.ts'
import { readItem } from './items.ts'
import type { StoreParts } from './parts.ts'
import { LIST } from './read-scripts.ts'

/** Place in a list: a time, and an id of that time. */
type Place = readonly [at: string, id: string]

type Row = readonly [
  id: string, at: string, taskId: string, expected: string, last?: string, epoch?: string, item?: string
]
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

function toRow ([id, at, taskId, watched, last, epoch = '', item]: Row, isSubmission: boolean): ListRow<Place> {
  const [submission, expected] = readWatched(watched)
  const isSubmissionLatest = expected !== undefined && (item === undefined || parseInt(item) < expected.submittedAt)
  const isLatest = isSubmission ? isSubmissionLatest && submission === id : !isSubmissionLatest
  if (!isLatest) return { place: [at, id], at: Number(at), task: undefined }
  const newest = item === undefined ? undefined : readItem(item, { taskId, seq: Number(last), epoch })
  return { place: [at, id], at: Number(at), task: { taskId, at: Number(at), newest, ...(expected && { expected }) } }
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
