import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { type DownloadProgress, downloadModel, type Retry } from '../../../../src/disk/hub/index.ts';
import { cutAfter, gitSha1, sha256 } from '../../../support/fake-hub.ts';
import { commit, gpt2Files, name, sentenceOf, useFakeHub } from '../../../support/hub-setup.ts';

const fake = useFakeHub();
const blobs = () => join(fake.cache, 'models--openai-community--gpt2', 'blobs');
const big = gpt2Files()['model.safetensors']!;
const blob = sha256(big);
const incomplete = `${blob}.incomplete`;
/** Bytes of the weights that are on the disk. */
const arrived = () => (existsSync(join(blobs(), incomplete)) ? statSync(join(blobs(), incomplete)).size : 0);
const blobAddress = /\/blobs\//;
const ranges = () =>
  fake.hub.requestsOf('model.safetensors').flatMap(({ server, range }) => (server === 'cdn' ? [range] : []));

function expectWhole(folder: string): void {
  for (const file of ['config.json', 'merges.txt', 'model.safetensors', 'tokenizer.json', 'vocab.json']) {
    expect(readFileSync(join(folder, file)).equals(gpt2Files()[file]!), file).toBe(true);
  }
  expect(readdirSync(blobs()).filter((file) => file.endsWith('.incomplete'))).toEqual([]);
}

/** What every interrupted download must leave: a part of the file under another name. */
function expectPart(): number {
  expect(existsSync(join(blobs(), blob))).toBe(false);
  const part = readFileSync(join(blobs(), incomplete));
  expect(part.equals(big.subarray(0, part.length))).toBe(true);
  return part.length;
}

describe('a connection that breaks in the middle of a file', () => {
  it('is taken up again where it broke', async () => {
    for (const bytes of [50_000, 70_000]) fake.hub.failOnce(blobAddress, cutAfter(big, bytes, arrived));
    const retries: Retry[] = [];
    expectWhole(await downloadModel(name, fake.options({ onRetry: (retry) => retries.push(retry) })));
    expect(ranges()).toEqual([undefined, 'bytes=50000-', 'bytes=120000-']);
    expect(retries.map(({ problem }) => problem)).toEqual(
      Array(2).fill(
        'the connection to HOST broke while model.safetensors was being downloaded; check the network and try again; the download then continues where it stopped'.replace(
          'HOST',
          new URL(fake.hub.endpoint).host,
        ),
      ),
    );
  });

  it('is taken up again as long as something arrives each time', async () => {
    for (let i = 0; i < 12; i++) fake.hub.failOnce(blobAddress, cutAfter(big, 10_000, arrived));
    expectWhole(await downloadModel(name, fake.options({ retries: { attempts: 2 } })));
    expect(ranges()).toHaveLength(13);
  });

  it('is given up when nothing arrives any more; the next call goes on', async () => {
    fake.hub.failOnce(blobAddress, cutAfter(big, 60_000, arrived));
    for (let i = 0; i < 5; i++) fake.hub.failOnce(blobAddress, cutAfter(big, 0, arrived));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain(
      'broke while model.safetensors was being downloaded',
    );
    expect(fake.hub.faults).toHaveLength(1);
    expect(expectPart()).toBe(60_000);
    fake.hub.faults.length = 0;
    fake.hub.log.length = 0;
    const reports: DownloadProgress[] = [];
    expectWhole(await downloadModel(name, fake.options({ onProgress: (report) => reports.push(report) })));
    expect(ranges()).toEqual(['bytes=60000-']);
    expect(fake.hub.bytesSent).toBe(big.length - 60_000);
    expect(reports[0]!.bytes).toBeGreaterThan(60_000);
  });

  it('starts anew where the server knows no ranges, and ends when it always breaks there', async () => {
    fake.hub.ranges = false;
    fake.hub.failOnce(blobAddress, cutAfter(big, 60_000, arrived, false));
    expectWhole(await downloadModel(name, fake.options()));
    rmSync(blobs(), { recursive: true });
    for (let i = 0; i < 99; i++) fake.hub.failOnce(blobAddress, cutAfter(big, 60_000, arrived, false));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain('broke while');
    expect(fake.hub.faults.length).toBeGreaterThan(90);
    expect(expectPart()).toBe(60_000);
  });

  it('is noticed when the server ends the answer early but in order', async () => {
    fake.hub.failOnce(blobAddress, (response) => response.writeHead(200).end(big.subarray(0, 1000)));
    expectWhole(await downloadModel(name, fake.options()));
    expect(ranges()).toEqual([undefined, 'bytes=1000-']);
  });

  it('does no harm when another process removes a file just as it has arrived', async () => {
    let isRemoved = false;
    const onProgress = () => {
      if (isRemoved || arrived() !== big.length) return;
      rmSync(join(blobs(), incomplete));
      isRemoved = true;
    };
    expectWhole(await downloadModel(name, fake.options({ onProgress })));
    expect(isRemoved).toBe(true);
  });

  it('is noticed when it stays open and silent', async () => {
    fake.hub.failOnce(blobAddress, (response) => void response.writeHead(200).write(big.subarray(0, 2000)));
    fake.hub.failOnce(blobAddress, () => {}); // not even a status
    const retries: string[] = [];
    const onRetry = ({ problem }: Retry) => void retries.push(problem);
    expectWhole(await downloadModel(name, fake.options({ retries: { firstDelay: 0.001, timeout: 0.3 }, onRetry })));
    expect(ranges()).toEqual([undefined, 'bytes=2000-', 'bytes=2000-']);
    expect(retries).toHaveLength(2);
    expect(retries[0]).toContain('has sent nothing for 0.3 seconds');
  });

  it('does not matter in the list of files either', async () => {
    fake.hub.failOnce(/\/tree\//, cutAfter(Buffer.from('[{"type": "file"'), 5));
    fake.hub.failOnce(/\/revision\//, (response) => response.destroy());
    expectWhole(await downloadModel(name, fake.options()));
  });
});

describe('a download that is stopped', () => {
  it('by a signal keeps what has arrived, and the next call goes on from there', async () => {
    fake.hub.failOnce(blobAddress, (response) => void response.writeHead(200).write(big.subarray(0, 50_000)));
    const stop = new AbortController();
    const reason = new Error('stopped by the user');
    const onProgress = () => {
      if (arrived() === 50_000) stop.abort(reason);
    };
    await expect(downloadModel(name, fake.options({ signal: stop.signal, onProgress }))).rejects.toBe(reason);
    expect(expectPart()).toBe(50_000);
    expectWhole(await downloadModel(name, fake.options()));
    expect(ranges()).toEqual([undefined, 'bytes=50000-']);
  });

  it('by a signal ends at once during a pause, before an answer, and before it begins', async () => {
    for (const fault of [
      () => {}, // no answer
      (response: ServerResponse) => void response.writeHead(429, { 'retry-after': '200' }).end(),
    ]) {
      fake.hub.failOnce(/revision/, fault);
      const signal = AbortSignal.timeout(100);
      const start = performance.now();
      await expect(downloadModel(name, fake.options({ signal }))).rejects.toThrow(/timeout/);
      expect(performance.now() - start).toBeLessThan(2000);
    }
    fake.hub.log.length = 0;
    await expect(downloadModel(name, fake.options({ signal: AbortSignal.abort() }))).rejects.toThrow(/abort/);
    expect(fake.hub.log).toEqual([]);
  });

  it('by a kill leaves no file that looks complete, and the next call goes on from there', async () => {
    fake.hub.failOnce(blobAddress, (response) => void response.writeHead(200).write(big.subarray(0, 90_000)));
    const script = join(fake.cache, 'download.mts');
    const source = pathToFileURL(resolve('src/disk/hub/index.ts')).href;
    const settings = JSON.stringify({ endpoint: fake.hub.endpoint, cacheFolder: fake.cache });
    writeFileSync(
      script,
      `import { downloadModel } from ${JSON.stringify(source)};
       const onProgress = ({ bytes, total }) => { if (bytes === total - ${big.length - 90_000}) console.log('now'); };
       await downloadModel(${JSON.stringify(name)}, { ...${settings}, onProgress });`,
    );
    const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(expectPart()).toBe(90_000);
    expect(existsSync(join(blobs(), '..', 'refs'))).toBe(false);
    expect(await sentenceOf(downloadModel(name, fake.options({ offline: true })))).toContain('is not in the cache');
    expectWhole(await downloadModel(name, fake.options()));
    expect(ranges()).toEqual([undefined, 'bytes=90000-']);
  });
});

describe('bytes with the wrong hash', () => {
  const wrong = Buffer.from(big);
  wrong[777]! ^= 1;

  it('are refused when they come twice, and leave no file', async () => {
    for (let i = 0; i < 2; i++) fake.hub.failOnce(blobAddress, (response) => response.end(wrong));
    const sentence = await sentenceOf(downloadModel(name, fake.options()));
    expect(sentence).toContain('sends a wrong model.safetensors (its hash differs)');
    expect(readdirSync(blobs()).filter((file) => file.startsWith(blob))).toEqual([]);
  });

  it('are refused in small files, too', async () => {
    const address = /\/resolve\/.*\/config\.json/;
    for (let i = 0; i < 2; i++) fake.hub.failOnce(address, (response) => response.end('{"model_type": "gpt3"}'));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain('sends a wrong config.json');
  });

  it('that were left by an earlier download are thrown away', async () => {
    mkdirSync(blobs(), { recursive: true });
    for (const part of [wrong.subarray(0, 100_000), wrong, Buffer.alloc(big.length + 5)]) {
      rmSync(join(blobs(), blob), { force: true });
      writeFileSync(join(blobs(), incomplete), part);
      const retries: Retry[] = [];
      const folder = await downloadModel(name, fake.options({ onRetry: (retry) => retries.push(retry) }));
      expectWhole(folder);
      const told = part.length > big.length ? 0 : 1; // a file that is too long is not even looked at
      expect(retries.map(({ problem }) => problem)).toEqual(
        Array(told).fill('model.safetensors arrived damaged; downloading it again'),
      );
    }
  });

  it('are refused when there are too many of them', async () => {
    fake.hub.failOnce(blobAddress, (response) => response.end(Buffer.concat([big, big])));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain(
      'sends more of model.safetensors than it has',
    );
    expect(existsSync(join(blobs(), blob))).toBe(false);
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full'))('is one sentence when it fills up during the download', async () => {
    mkdirSync(blobs(), { recursive: true });
    symlinkSync('/dev/full', join(blobs(), incomplete));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toBe(
      `cannot write ${join(blobs(), incomplete)}: the disk is full; free some space, or choose another cache folder (HF_HUB_CACHE), and try again; the files that have arrived are kept`,
    );
  });

  /** Mounting a file system of one megabyte needs Linux and root. */
  const tinyDisk = (() => {
    const path = mkdtempSync(join(tmpdir(), 'tsgpt-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
      return path;
    } catch {
      rmSync(path, { recursive: true });
      return undefined;
    }
  })();

  it.skipIf(!tinyDisk)('is foreseen', async () => {
    const disk = tinyDisk as string;
    try {
      fake.hub.models.set(name, { commit, files: { ...gpt2Files(), 'model.safetensors': Buffer.alloc(2_500_000) } });
      const sentence = await sentenceOf(downloadModel(name, fake.options({ cacheFolder: disk })));
      expect(sentence).toMatch(/needs 3 MB more in .*, but only 2 MB are free; free some space/);
      expect(fake.hub.bytesSent).toBe(0);
    } finally {
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    }
  });

  it('or a folder that cannot be written to is one sentence', async () => {
    writeFileSync(join(fake.cache, 'file'), '');
    const sentence = await sentenceOf(downloadModel(name, fake.options({ cacheFolder: join(fake.cache, 'file') })));
    expect(sentence).toContain(`cannot write ${join(fake.cache, 'file')}`);
  });
});

describe('a bad day', () => {
  it('ends with every file whole, or with a sentence and nothing that looks complete', async () => {
    const address = fc.constantFrom(/\/revision\//, /\/tree\//, /config\.json/, blobAddress, blobAddress, blobAddress);
    const fault = fc.oneof(
      fc.record({ kind: fc.constant('cut' as const), bytes: fc.nat(big.length), ranges: fc.boolean() }),
      fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom(429, 500, 503, 504) }),
      fc.record({ kind: fc.constantFrom('garbage', 'empty', 'reset') }),
    );
    const outcomes = { whole: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(address, fault), { minLength: 1, maxLength: 8 }), async (day) => {
        rmSync(join(blobs(), '..'), { recursive: true, force: true });
        fake.hub.faults.length = 0;
        for (const [address, fault] of day) {
          fake.hub.failOnce(address, (response, request) => {
            const file = blobAddress.test(request.url ?? '');
            if (fault.kind === 'cut')
              cutAfter(
                file ? big : Buffer.from('[]'),
                file ? fault.bytes : 1,
                undefined,
                fault.ranges,
              )(response, request);
            else if (fault.kind === 'status') response.writeHead(fault.status).end();
            else if (fault.kind === 'garbage') response.end(Buffer.alloc(1000, 7));
            else if (fault.kind === 'empty') response.end();
            else response.socket?.resetAndDestroy();
          });
        }
        for (let call = 0; ; call++) {
          expect(call).toBeLessThan(10);
          const folder = await downloadModel(name, fake.options({ retries: { attempts: 2 } })).catch((error) => error);
          const present = existsSync(blobs())
            ? readdirSync(blobs()).filter((file) => !file.endsWith('.incomplete'))
            : [];
          for (const file of present) {
            const data = readFileSync(join(blobs(), file));
            expect(file).toBe(file.length === 64 ? sha256(data) : gitSha1(data));
          }
          if (typeof folder === 'string') {
            expectWhole(folder);
            outcomes.whole++;
            return;
          }
          if (!(folder instanceof TsgptError)) throw folder;
          outcomes.failed++;
        }
      }),
      { numRuns: Math.min(200, Number(process.env.TSGPT_MUTATIONS ?? 500) / 20) },
    );
    expect(outcomes.failed).toBeGreaterThan(5); // else the faults do not reach what is checked
  }, 300_000);
});
