/**
 * News on a channel: `<seq>\n<epoch>\n<event>\n<data>`. Data is one line of JSON, and the other parts have no line end.
 */
export interface Message {
  readonly seq: number
  readonly epoch: string
  readonly event: string
  readonly data: string
}

/** Returns the channel of a task's news. */
export function newsChannel (base: string, taskId: string): string {
  return `${base}n:${taskId}`
}

/** Returns the channel on which a node hears itself. */
export function tickChannel (base: string, node: string): string {
  return `${base}tick:${node}`
}

/** Returns the text of a message. */
export function writeMessage ({ seq, epoch, event, data }: Message): string {
  return `${seq}\n${epoch}\n${event}\n${data}`
}

/** Reads the text of a message. */
export function readMessage (text: string): Message {
  const [seq = '', epoch = '', event = '', data = ''] = text.split('\n')
  return { seq: Number(seq), epoch, event, data }
}
