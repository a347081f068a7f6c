import type { TObject } from '@sinclair/typebox'

/** Parameter of an operation. */
export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly description: string | undefined
  readonly required: boolean
  readonly schema: object
}

/** Returns the parameters that a schema describes. A ticket is one of the security schemes. */
export function parameters (place: Parameter['in'], { properties, required = [] }: TObject): Parameter[] {
  return Object.entries(properties).filter(([name]) => name !== 'ticket').map(([name, { description, ...schema }]) => {
    return { name, in: place, description, required: required.includes(name), schema }
  })
}
