const events = new EventSource('http://127.0.0.1:3000/events/demo')

events.addEventListener('phrase-ready', ({ data }) => {
  console.log('Please read aloud:', JSON.parse(data).validateInfo)
  events.close()
})
