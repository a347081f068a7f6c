/** The few methods of a test that the suites use; tap's `t` has them all. */
export interface Tester {
  /** Runs a subtest. */
  test (name: string, run: (t: Tester) => Promise<void>): unknown
  /** Runs `clean` when the test has ended; the last one given runs first. */
  teardown (clean: () => unknown): unknown
  equal (found: unknown, wanted: unknown): unknown
  /** Deep and strict equality. */
  strictSame (found: unknown, wanted: unknown): unknown
  /** Passes when `promise` rejects with an error that has the code of `wanted`. */
  rejects (promise: Promise<unknown>, wanted: { code: string }): Promise<unknown>
}
