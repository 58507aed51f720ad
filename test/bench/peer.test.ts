import { join } from 'node:path';
import type { Case } from '../../bench/measure/case';
import type { Contender } from '../../bench/measure/contenders';
import { measureCase } from '../../bench/measure-case';
import { Peer, PeerSkip } from '../../bench/peers/client';
import type { FoundPeer } from '../../bench/peers/find';
import { failure } from '../support/errors';

const EFFORT = { warmupMs: 0, sampleMs: 0, samples: 3, budgetMs: 1000, leastSamples: 3 };
const ADD = { operation: 'add', options: { dtype: 'float32', length: 8, transposeA: true } };

const started: Peer[] = [];

async function start(mode: string, limits = { startMs: 20_000, answerMs: 20_000 }): Promise<Peer> {
  const args = [join(__dirname, 'fake-peer.cjs'), mode];
  const peer = await Peer.start({ name: 'Fake', command: process.execPath, args, ...limits });
  started.push(peer);
  return peer;
}

afterEach(() => {
  for (const peer of started.splice(0)) peer.close();
});

describe('a peer', () => {
  test('is prepared, run and sampled by lines', async () => {
    const peer = await start('well');
    expect(peer.versions).toEqual({ Fake: '1.2' });
    await peer.prepare(ADD);
    const contender = peer.contender(ADD);
    expect(contender).toMatchObject({ name: 'Fake', clock: 'device' });
    expect(await contender.run(5)).toBe(5000);
    expect(await contender.sample!([0, 3])).toEqual([0, 1.5]);
    await peer.release();
    const seen = await failure(() => peer.prepare({ operation: 'seen', options: {} }));
    expect(seen.message).toBe(
      'prepare add dtype=float32 length=8 transposeA=1|run 5|sample 0,3|release|prepare seen',
    );
  });

  test('says what it cannot do, and what went wrong, and goes on', async () => {
    const peer = await start('well');
    const skip = await failure(() => peer.prepare({ operation: 'matmul', options: {} }));
    expect(skip).toBeInstanceOf(PeerSkip);
    expect(skip.message).toBe('has no matmul');
    const error = await failure(() => peer.prepare({ operation: 'broken', options: {} }));
    expect(error).not.toBeInstanceOf(PeerSkip);
    expect(error.message).toBe('out of memory');
    await peer.prepare(ADD);
  });

  test('that is not there is skipped, with the reason', async () => {
    expect(await failure(() => start('skip'))).toMatchObject({ message: 'there is no GPU' });
    expect((await failure(() => start('crash'))).message).toBe('it ended: Segmentation fault');
    const late = await failure(() => start('silent', { startMs: 200, answerMs: 200 }));
    expect(late.message).toBe('it did not answer within 200 ms');
    const missing = await failure(() => Peer.start({ name: 'x', command: '/no/such/program' }));
    expect(missing).toBeInstanceOf(PeerSkip);
    expect(missing.message).toContain('ENOENT');
  });

  test.each([
    ['dies', 'it ended: without a word'],
    ['hangs', 'it did not answer within 1000 ms'],
    ['garbage', 'it answered "Warning: something"'],
  ])('that %s is not asked again', async (mode, message) => {
    const answerMs = mode === 'hangs' ? 1000 : 20_000;
    const peer = await start(mode, { startMs: 20_000, answerMs });
    await peer.prepare(ADD);
    const contender = peer.contender(ADD);
    expect(await failure(() => contender.run(1))).toMatchObject({ message });
    expect(await failure(() => contender.run(1))).toMatchObject({ message });
    await peer.release();
  });

  test('is told by whose clock it is timed', async () => {
    const peer = await start('well');
    const clockOf = (operation: string, options = {}) =>
      peer.contender({ operation, options }).clock;
    expect(clockOf('add')).toBe('device');
    expect(clockOf('add', { place: 'host' })).toBe('host');
    expect(clockOf('enqueue')).toBe('host');
    expect(clockOf('copy', { direction: 'host-to-device' })).toBe('host');
    expect(clockOf('copy', { direction: 'device-to-device' })).toBe('device');
    const named = peer.contender({ ...ADD, names: { Fake: 'another name' } });
    expect(named.name).toBe('another name');
  });
});

describe('measureCase', () => {
  const own: Contender = {
    name: 'own',
    run: () => 0,
    sample: (indices) => indices.map((i) => i / 2),
  };
  const check = {
    indices: [0, 3],
    expected: [
      { exact: 0, bound: 0 },
      { exact: 1.5, bound: 0 },
    ],
  };
  const benchCase = (contender: Contender, more: Partial<Case> = {}): Case => ({
    name: 'case',
    peerWork: ADD,
    prepare: () => ({ contenders: [contender], check }),
    ...more,
  });

  async function peers(...modes: string[]): Promise<FoundPeer[]> {
    const found = modes.map(async (mode) => ({
      name: 'Fake',
      peer: await start(mode),
      reason: '',
    }));
    return [...(await Promise.all(found)), { name: 'Gone', peer: undefined, reason: 'not there' }];
  }

  test('measures a peer beside nodecuda, by the time that the peer gives', async () => {
    const result = await measureCase(benchCase(own), EFFORT, await peers('well'));
    expect(result).toMatchObject({ leftOut: [], skipped: null, failed: null });
    expect(result.rows).toMatchObject([
      { contender: 'own', clock: 'host', relativeError: 0 },
      { contender: 'Fake', clock: 'device', medianNs: 1000, relativeError: 0 },
    ]);
  });

  test('leaves out a peer whose result is wrong, or that fails meanwhile', async () => {
    const wrong = await measureCase(benchCase(own), EFFORT, await peers('wrong', 'well'));
    expect(wrong.rows.map(({ contender }) => contender)).toEqual(['own', 'Fake']);
    expect(wrong.leftOut).toEqual([
      {
        contender: 'Fake',
        reason: 'the result is wrong: element 0 is NaN instead of 0, give or take 0',
      },
    ]);
    const dead = await measureCase(benchCase(own), EFFORT, await peers('dies'));
    expect(dead.rows).toHaveLength(1);
    expect(dead.leftOut).toEqual([{ contender: 'Fake', reason: 'it ended: without a word' }]);
  });

  test('a wrong result of nodecuda is a failure, and so is any error of it', async () => {
    const wrong = { ...own, sample: () => [0, 1.25] };
    expect((await measureCase(benchCase(wrong), EFFORT, [])).failed).toMatch(
      'own: the result is wrong: element 3 is 1.25 instead of 1.5',
    );
    const second = { ...wrong, name: 'variant' };
    const prepare = () => ({ contenders: [own, second], check });
    const result = await measureCase(benchCase(own, { prepare }), EFFORT, []);
    expect(result.rows.map(({ contender }) => contender)).toEqual(['own']);
    expect(result.failed).toBe('variant: see what was left out');
    const broken = { ...own, run: () => Promise.reject(new Error('no')) };
    expect((await measureCase(benchCase(broken), EFFORT, [])).failed).toBe('no');
  });

  test('frees operands, also after a failure', async () => {
    let disposed = 0;
    const prepare = () => ({
      contenders: [{ ...own, run: () => Promise.reject(new Error('no')) }],
      dispose: () => {
        ++disposed;
      },
    });
    await measureCase(benchCase(own, { prepare }), EFFORT, []);
    expect(disposed).toBe(1);
  });
});
