/** Name and data that an erased event has when its delivery comes again. */
export const ERASED_EVENT = { event: 'task-update', data: '{}' } as const
