import { waitForPhrase, watchTask } from 'phrase-relay/client'

const [relay, taskId] = ['http://127.0.0.1:3000', 'demo']
const { data } = await waitForPhrase(relay, taskId)
console.log(data.validateInfo, 'received at', data.receivedAt)

for await (const { id, event } of watchTask(relay, taskId, { replay: 'all' })) {
  console.log(id, event)
  if (event === 'voice-ready') break
}
