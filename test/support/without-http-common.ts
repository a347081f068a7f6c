// Preloaded, it hides the part of node:http that frees a parser, as on a runtime that has none.
const { getBuiltinModule } = process
process.getBuiltinModule = ((id: string) => id === '_http_common' ? undefined : getBuiltinModule(id)) as
  typeof getBuiltinModule
