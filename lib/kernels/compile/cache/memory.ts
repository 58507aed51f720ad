/**
 * What was compiled, in memory: the least recently used goes when there is too much.
 */

/** Of the entries of one source, how many are compared with what is asked for. */
const MOST_COMPARED = 8;

interface Entry<T, A> {
  /** What `find` compares; undefined: it finds no such entry. */
  readonly asked: A | undefined;
  readonly source: string;
  readonly key: string;
  readonly value: T;
  readonly bytes: number;
}

/**
 * By source and key. Not by one text of both: to look the two up takes no time if the source is the same
 * string as before, whose hash the engine remembers.
 */
export class MemoryCache<T, A = never> {
  readonly #bySource = new Map<string, Map<string, Entry<T, A>>>();
  /** The least recently used first. */
  readonly #order = new Set<Entry<T, A>>();
  #bytes = 0;

  constructor(readonly limitBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  get(source: string, key: string): T | undefined {
    const entry = this.#bySource.get(source)?.get(key);
    return entry && this.#use(entry);
  }

  /** As `get`, without the key, which takes longer to make than to compare what was asked for. */
  find(source: string, isIt: (asked: A) => boolean): T | undefined {
    const entries = this.#bySource.get(source);
    if (entries === undefined || entries.size > MOST_COMPARED) return undefined;
    for (const entry of entries.values()) {
      if (entry.asked !== undefined && isIt(entry.asked)) return this.#use(entry);
    }
    return undefined;
  }

  set(source: string, key: string, value: T, valueBytes: number, asked?: A): void {
    this.#drop(this.#bySource.get(source)?.get(key));
    // A source that several entries share is counted for each.
    const bytes = valueBytes + source.length + key.length;
    if (bytes > this.limitBytes) return;
    const entry = { asked, source, key, value, bytes };
    let ofSource = this.#bySource.get(source);
    if (ofSource === undefined) {
      ofSource = new Map();
      this.#bySource.set(source, ofSource);
    }
    ofSource.set(key, entry);
    this.#order.add(entry);
    this.#bytes += bytes;
    for (const oldest of this.#order) {
      if (this.#bytes <= this.limitBytes) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#bySource.clear();
    this.#order.clear();
    this.#bytes = 0;
  }

  #use(entry: Entry<T, A>): T {
    this.#order.delete(entry);
    this.#order.add(entry);
    return entry.value;
  }

  #drop(entry: Entry<T, A> | undefined): void {
    if (entry === undefined || !this.#order.delete(entry)) return;
    this.#bytes -= entry.bytes;
    const ofSource = this.#bySource.get(entry.source)!;
    ofSource.delete(entry.key);
    if (ofSource.size === 0) this.#bySource.delete(entry.source);
  }
}
