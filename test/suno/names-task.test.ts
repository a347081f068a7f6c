import t from 'tap'
import { namesTask } from '../../src/suno/names-task.ts'

const ROWS: Array<[name: string, body: string, signedTaskId: string | null, isNamed: boolean]> = [
  ['data.taskId', '{"code":"x","data":{"taskId":"a"}}', null, true],
  ['data.task_id', '{"data":{"task_id":"a"}}', null, true],
  ['taskId', '{"taskId":"a"}', null, true],
  ['task_id', '{"task_id":"a"}', null, true],
  ['another case', '{"TaskID":"a"}', null, true],
  ['an object that should not be there', '{"data":[{"deep":{"taskId":"a"}}]}', null, true],
  ['an escaped character', '{"taskId":"\\u0061"}', null, true],
  ['the signature alone', '{"data":{}}', 'a', true],
  ['another task', '{"data":{"taskId":"b"}}', 'b', false],
  ['an id that contains the task\'s', '{"taskId":"aa"}', null, false],
  ['the id in another field', '{"msg":"a","a":"a"}', null, false],
  ['no task', '[]', null, false],
  ['a text', '"a"', null, false],
  ['nesting that no parser walks', `${'['.repeat(30_000)}{"taskId":"a"}${']'.repeat(30_000)}`, null, true],
  ['such nesting of another task', `${'['.repeat(30_000)}{"taskId":"b"}${']'.repeat(30_000)}`, null, false]
]

for (const [name, body, signedTaskId, isNamed] of ROWS) {
  t.test(`namesTask() with ${name} is ${isNamed}`, async t => {
    t.equal(namesTask({ body, signedTaskId }, 'a'), isNamed)
  })
}

t.test('namesTask() finds a number', async t => {
  t.ok(namesTask({ body: '{"data":{"taskId":7}}', signedTaskId: null }, '7'))
})
