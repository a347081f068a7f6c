import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Step } from '../../../schemas/callback.ts'
import { CALLBACK_FIELD, FIELDS } from '../../../schemas/suno.ts'
import type { Courier } from './courier.ts'
import { phraseCourse, voiceCourse } from './course.ts'
import { createFates } from './fate.ts'
import type { SandboxOptions, Schedule } from './options.ts'
import { pickPhrase } from './phrases.ts'
import { createTasks, type Tasks } from './tasks.ts'

/** Body of every answer. */
export interface Reply {
  readonly code: number
  readonly msg: string
  readonly data: object | null
}

/** Parameters of a call: its query or its body. */
export type Params = Readonly<Record<string, unknown>>

type Call = (params: Params) => Reply
type Refuse = (msg: string) => Reply

/** The six calls, by method and name. */
export type Calls = ReadonlyMap<string, Call>

/** Starts the task of a valid submission: returns its id, or a refusal. */
type Run = (callbackUrl: string | undefined, params: Params) => string | Reply

// How each vendor numbers a refusal, and an account without credits.
const CODES = { sunoapi: { refused: 400, noCredits: 429 }, kie: { refused: 422, noCredits: 402 } } as const

const fields = {
  validate: TypeCompiler.Compile(FIELDS.validate),
  regenerate: TypeCompiler.Compile(FIELDS.regenerate),
  generate: TypeCompiler.Compile(FIELDS.generate)
}

/** Creates the six calls over tasks of their own. */
export function createCalls (options: SandboxOptions, courier: Courier, later: Schedule): Calls {
  const codes = CODES[options.vendor]
  const phrases = createTasks(courier, later)
  const voices = createTasks(courier, later)
  const nextFate = createFates(options)
  let { credits } = options
  const refuse: Refuse = (msg) => ({ code: codes.refused, msg, data: null })

  /** Submits a step that its documented fields allow. */
  function submit (step: Step, params: Params, run: Run): Reply {
    const mistake = findMistake(step, params)
    if (mistake) return refuse(mistake)
    if (credits < 1) return { code: codes.noCredits, msg: 'The current credits are insufficient', data: null }
    const taskId = run(params[CALLBACK_FIELD[step]] as string | undefined, params)
    if (typeof taskId !== 'string') return taskId
    credits--
    return succeed({ taskId })
  }

  function validate (callbackUrl: string | undefined, { language = 'en' }: Params): string {
    const fate = nextFate()
    const phrase = pickPhrase(language as string, fate.position, '')
    const course = phraseCourse(fate.id, { phrase, former: '', regenerates: 'no' }, { fate, options })
    phrases.start(course, { fate, callbackUrl, language: language as string })
    return fate.id
  }

  function regenerate (callbackUrl: string | undefined, params: Params): string | Reply {
    const task = phrases.get(params['taskId'] as string)
    if (!task) return refuse('record not found or needs no rebuild')
    const fate = nextFate()
    const { language, view: { taskId, validateInfo: former = '' } } = task
    const id = options.sameId ? taskId : fate.id
    const phrase = pickPhrase(language, fate.position, former)
    const regenerates = options.sameId ? 'same-task' : 'other-task'
    phrases.start(phraseCourse(id, { phrase, former, regenerates }, { fate, options }), { fate, callbackUrl, language })
    return id
  }

  function generate (callbackUrl: string | undefined, params: Params): string | Reply {
    const task = phrases.get(params['taskId'] as string)
    if (!task?.usable) return refuse('verification phrase expired or not found')
    const fate = nextFate()
    const id = options.sameId ? task.view.taskId : fate.id
    voices.start(voiceCourse(id, { fate, options }), { fate, callbackUrl, language: task.language })
    return id
  }

  return new Map([
    ['POST validate', (params) => submit('validate', params, validate)],
    ['POST regenerate', (params) => submit('regenerate', params, regenerate)],
    ['POST generate', (params) => submit('generate', params, generate)],
    ['POST check-voice', checkVoice(voices, refuse)],
    ['GET validate-info', show(phrases, refuse)],
    ['GET record-info', show(voices, refuse)]
  ])
}

function show (tasks: Tasks, refuse: Refuse): Call {
  return ({ taskId }) => {
    const task = tasks.get(String(taskId))
    return task ? succeed(task.view) : refuse('record not found')
  }
}

function checkVoice (voices: Tasks, refuse: Refuse): Call {
  return ({ task_id: taskId }) => {
    if (typeof taskId !== 'string') return refuse('task_id is required')
    const { status, voiceId } = voices.get(taskId)?.view ?? {}
    return succeed({ isAvailable: status === 'success' && voiceId !== 'fail' })
  }
}

function succeed (data: object): Reply {
  return { code: 200, msg: 'success', data }
}

/** Returns the first thing that is wrong with the fields of a submission, the callback URL included. */
function findMistake (step: Step, params: Params): string | undefined {
  const error = fields[step].Errors(params).First()
  if (error) return `${error.path.slice(1)}: ${error.message}`
  const { vocalStartS, vocalEndS } = params
  const isEmpty = step === 'validate' && (vocalEndS as number) <= (vocalStartS as number)
  if (isEmpty) return 'vocalEndS has to be greater than vocalStartS'
  const name = CALLBACK_FIELD[step]
  const url = params[name]
  if (url === undefined) return step === 'regenerate' ? `${name} is required` : undefined
  const isUrl = typeof url === 'string' && /^https?:$/.test(URL.parse(url)?.protocol ?? '')
  return isUrl ? undefined : `${name} has to be a URL of http or https`
}
