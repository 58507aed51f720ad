/**
 * A test that cannot run here, and why: said on the terminal too, because Jest shows neither the
 * names nor the output of a file whose tests are all skipped.
 */
export function skipTest(name: string, reason: string): void {
  process.stderr.write(`SKIPPED: ${name} (${reason})\n`);
  test.skip(`${name} (${reason})`, () => {});
}
