import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { submitTask, SubmitError } from 'phrase-relay/backend'

const { RELAY = 'http://127.0.0.1:3000', API_TOKEN = '', PORT = '8080' } = process.env

createServer(async (request, response) => {
  try {
    const fields = JSON.parse(await text(request)) // First check that this user may spend your credits.
    const { events } = await submitTask(RELAY, API_TOKEN, { ...fields, step: 'validate' })
    response.end(JSON.stringify({ events }))
  } catch (error) {
    response.writeHead(error instanceof SubmitError ? error.status : 500).end(String(error))
  }
}).listen(Number(PORT))
