import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What the command line says. */
export interface Options {
  readonly quick: boolean;
  readonly simulated: boolean;
  readonly workers: number;
  /** Only cases whose name contains this. */
  readonly only: string;
  readonly peers: boolean;
  /** Every variant of a matrix product, not only the one that is chosen. */
  readonly variants: boolean;
  readonly json: string | undefined;
  readonly html: string | undefined;
  /** An older report to compare with. */
  readonly compare: string | undefined;
  /** A report to be shown again: nothing is measured. */
  readonly from: string | undefined;
}

export function readOptions(args?: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      simulated: { type: 'boolean', default: false },
      workers: { type: 'string', default: String(availableParallelism()) },
      only: { type: 'string', default: '' },
      'no-peers': { type: 'boolean', default: false },
      variants: { type: 'boolean', default: false },
      json: { type: 'string' },
      html: { type: 'string' },
      compare: { type: 'string' },
      from: { type: 'string' },
    },
  });
  const { quick, simulated, only, variants, json, html, compare, from } = values;
  const workers = Number(values.workers);
  const peers = !values['no-peers'];
  return { quick, simulated, workers, only, peers, variants, json, html, compare, from };
}
