// tap recognises a V8 call site by its constructor's name. Deno's call sites have none of their own: give them one.
const { prepareStackTrace } = Error
Error.prepareStackTrace = (_error, sites) => sites
const [site] = new Error('to see a call site').stack as unknown as [object]
Error.prepareStackTrace = prepareStackTrace
Object.defineProperty(Object.getPrototypeOf(site), 'constructor', { value: class CallSite {} })
