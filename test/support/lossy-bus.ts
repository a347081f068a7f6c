import { localBus } from '../../src/bus/local.ts'
import type { EventBus, News } from '../../src/bus/bus.ts'

/** A bus that loses, doubles and reorders news by a plan: how the next news fares, over and over. */
export function lossyBus (plan: ReadonlyArray<'told' | 'lost' | 'doubled' | 'late'>): EventBus {
  const bus = localBus()
  let turn = 0
  let late: News | undefined

  return {
    ...bus,
    lossless: false,
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
