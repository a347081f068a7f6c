import { localBus } from '../../src/bus/local.ts'
import type { EventBus, News } from '../../src/bus/bus.ts'

/** Creates a bus that loses, doubles and reorders news by a plan, which it repeats. */
export function lossyBus (plan: ReadonlyArray<'told' | 'lost' | 'doubled' | 'late'>): EventBus {
  const bus = localBus()
  let turn = 0
  let late: News | undefined

  return {
    ...bus,
    async publish (news) {
      const fate = plan[turn++ % plan.length]
      if (fate === 'lost') return
      if (fate === 'late') {
        late = news
        return
      }
      await bus.publish(news)
      if (fate === 'doubled') await bus.publish(news)
      if (late) await bus.publish(late)
      late = undefined
    }
  }
}
