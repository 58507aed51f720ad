/**
 * A variable of the environment. Deno refuses to read those that it was not allowed to: they count
 * as not set.
 */
export function environment(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}
