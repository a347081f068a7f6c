import type { EventBus, News } from './bus.ts'

/** Creates a bus within this process: lossless, in order, and synchronous. */
export function localBus (): EventBus {
  const listeners = new Map<string, Set<(news: News) => void>>()

  function unsubscribe (taskId: string, listener: (news: News) => void): void {
    const set = listeners.get(taskId)
    set?.delete(listener)
    if (set?.size === 0) listeners.delete(taskId)
  }

  return {
    async publish (news) {
      for (const listener of listeners.get(news.taskId) ?? []) listener(news)
    },

    async subscribe (taskId, listener) {
      let set = listeners.get(taskId)
      if (!set) listeners.set(taskId, set = new Set())
      set.add(listener)
      return () => { unsubscribe(taskId, listener) }
    },

    // A call in this process loses nothing.
    onMissed () {},

    async close () { listeners.clear() }
  }
}
