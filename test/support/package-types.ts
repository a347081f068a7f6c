import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FILE = 'strict-consumer.ts'

/** A module that imports the package, as an editor sees it. */
export interface ConsumerTypes {
  /** Error messages of the module and of all declarations that it imports. */
  readonly errors: string[]
  /** Returns the documentation that an editor shows on hover over an expression at the end of a line. */
  hover (expression: string): string
  /** Returns the names that an imported module exports. */
  exportsOf (specifier: string): string[]
  /** Returns the names in the signatures of the first module that none of the modules exports. */
  hiddenNames (specifier: string, ...others: string[]): string[]
}

/** Checks a strict module in a folder that has the package installed. */
export function checkConsumer (folder: string, code: string): ConsumerTypes {
  const path = join(folder, FILE)
  const service = ts.createLanguageService(createHost(folder, path, code))
  const program = service.getProgram() as ts.Program
  const diagnostics = ts.getPreEmitDiagnostics(program)

  return {
    errors: diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    hover (expression) {
      const position = code.indexOf(`${expression}\n`) + expression.length - 1
      const { documentation = [], tags = [] } = service.getQuickInfoAtPosition(path, position) ?? {}
      const lines = tags.map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`)
      return [ts.displayPartsToString(documentation), ...lines].join('\n')
    },
    exportsOf: (specifier) => exportsOf(program, path, specifier).map(({ name }) => name),
    hiddenNames (specifier, ...others) {
      const rest = others.flatMap((name) => exportsOf(program, path, name))
      return hiddenNames(program.getTypeChecker(), exportsOf(program, path, specifier), rest)
    }
  }
}

function createHost (folder: string, path: string, code: string): ts.LanguageServiceHost {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    noEmit: true
  }
  return {
    getCompilationSettings: () => options,
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getScriptFileNames: () => [path],
    getScriptVersion: () => '1',
    getScriptSnapshot (file) {
      const text = file === path ? code : ts.sys.readFile(file)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    fileExists: (file) => file === path || ts.sys.fileExists(file),
    readFile: (file) => file === path ? code : ts.sys.readFile(file),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    realpath: ts.sys.realpath as (path: string) => string
  }
}

/** Returns the exported symbols of a module that the consumer imports. */
function exportsOf (program: ts.Program, path: string, specifier: string): ts.Symbol[] {
  const checker = program.getTypeChecker()
  const imports = program.getSourceFile(path)?.statements.filter(ts.isImportDeclaration) ?? []
  const name = imports.map(({ moduleSpecifier }) => moduleSpecifier).find((node) => node.getText() === `'${specifier}'`)
  const module = name && checker.getSymbolAtLocation(name)
  return module ? checker.getExportsOfModule(module) : []
}

function hiddenNames (checker: ts.TypeChecker, symbols: ts.Symbol[], others: ts.Symbol[]): string[] {
  const hidden = new Set<string>()
  const resolve = (symbol: ts.Symbol): ts.Symbol => {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  }
  const exported = new Set([...symbols, ...others].map(resolve))

  function visit (node: ts.Node): void {
    const symbol = isTypeName(node) ? checker.getSymbolAtLocation(node) : undefined
    const target = symbol && resolve(symbol)
    if (target && isOurs(target) && !exported.has(target)) hidden.add(target.name)
    ts.forEachChild(node, visit)
  }
  for (const symbol of symbols) resolve(symbol).declarations?.forEach(visit)
  return [...hidden].sort()
}

/** Whether a node is the name of a type, or of a value whose type is meant. */
function isTypeName (node: ts.Node): boolean {
  const { parent } = node
  return (ts.isTypeReferenceNode(parent) && parent.typeName === node) ||
    (ts.isExpressionWithTypeArguments(parent) && parent.expression === node) ||
    (ts.isTypeQueryNode(parent) && parent.exprName === node)
}

/** Whether the package declares a name at the top level of a module. */
function isOurs ({ declarations = [], flags }: ts.Symbol): boolean {
  const file = declarations[0]?.getSourceFile().fileName ?? ''
  return !(flags & ts.SymbolFlags.TypeParameter) && file.includes('/phrase-relay/dist/')
}
