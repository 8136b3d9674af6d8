import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { downloadFileToCacheDir, scanCacheDir, snapshotDownload } from '@huggingface/hub';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type DownloadProgress, downloadModel } from '../../../../src/disk/hub/index.ts';
import { resolveSettings } from '../../../../src/disk/hub/settings.ts';
import { openSafetensorsFolder } from '../../../../src/disk/safetensors.ts';
import { etagOf, gitSha1, isLarge, sha256 } from '../../../support/fake-hub.ts';
import { commit, gpt2Files, name, sentenceOf, shardedFiles, useFakeHub } from '../../../support/hub-setup.ts';

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return { ...actual, symlink: vi.fn(actual.symlink) };
});

const fake = useFakeHub();
const repository = () => join(fake.cache, 'models--openai-community--gpt2');
const filesIn = (folder: string) => readdirSync(folder, { recursive: true }).map(String).sort();
const wanted = [
  'config.json',
  'generation_config.json',
  'merges.txt',
  'model.safetensors',
  'tokenizer.json',
  'vocab.json',
];
const newCommit = 'a'.repeat(40);

describe('hashes of the test server', () => {
  it("are git's and those of sha256sum", () => {
    // printf hello | git hash-object --stdin; printf hello | sha256sum
    expect(gitSha1(Buffer.from('hello'))).toBe('b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0');
    expect(sha256(Buffer.from('hello'))).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  });
});

describe('downloadModel', () => {
  it('downloads what opening the model needs, and nothing else', async () => {
    const folder = await downloadModel(name, fake.options());
    expect(folder).toBe(join(repository(), 'snapshots', commit));
    expect(filesIn(folder)).toEqual(wanted);
    for (const file of wanted) expect(readFileSync(join(folder, file)).equals(gpt2Files()[file]!), file).toBe(true);
    await using model = await openSafetensorsFolder(folder);
    expect((await model.readFloats('wte.weight')).data[1]).toBe(Math.fround(Math.sin(2)));
  });

  it('downloads an index and all its shards', async () => {
    fake.hub.models.set('org/llama', { commit, files: shardedFiles() });
    fake.hub.pageSize = 1;
    const folder = await downloadModel('org/llama', fake.options());
    expect(filesIn(folder)).toEqual(
      Object.keys(shardedFiles())
        .filter((file) => file !== 'original.safetensors')
        .sort(),
    );
    await using model = await openSafetensorsFolder(folder);
    expect((await model.readFloats('b')).data[0]).toBe(Math.fround(Math.sin(7)));
  });

  it('downloads shards that lie in folders', async () => {
    const { 'model-00002-of-00002.safetensors': second, ...files } = shardedFiles();
    const map = { a: 'model-00001-of-00002.safetensors', b: 'more/model-00002.safetensors' };
    const index = Buffer.from(JSON.stringify({ weight_map: map }));
    const moved = { 'more/model-00002.safetensors': second!, 'model.safetensors.index.json': index };
    fake.hub.models.set('org/llama', { commit, files: { ...files, ...moved } });
    const folder = await downloadModel('org/llama', fake.options());
    expect(readFileSync(join(folder, 'more', 'model-00002.safetensors'))).toEqual(second);
    expect(await downloadModel('org/llama', fake.options({ offline: true }))).toBe(folder);
  });

  it('prefers a single file of weights to shards', async () => {
    fake.hub.models.set(name, { commit, files: { ...shardedFiles(), ...gpt2Files() } });
    expect(filesIn(await downloadModel(name, fake.options()))).toEqual(wanted);
  });

  it('downloads exactly the files asked for, in folders too', async () => {
    const files = ['README.md', 'onnx/decoder_model.onnx'];
    const folder = await downloadModel(name, fake.options({ files }));
    expect(filesIn(folder)).toEqual(['README.md', 'onnx', 'onnx/decoder_model.onnx']);
    expect(readFileSync(join(folder, 'onnx/decoder_model.onnx'))).toEqual(Buffer.alloc(2000, 3));
    expect(await downloadModel(name, fake.options({ files, offline: true }))).toBe(folder);
  });

  it('tells how far it is, up to the very last byte', async () => {
    const reports: DownloadProgress[] = [];
    await downloadModel(name, fake.options({ onProgress: (report) => reports.push(report) }));
    const total = wanted.reduce((sum, file) => sum + gpt2Files()[file]!.length, 0);
    expect(new Set(reports.map((report) => report.total))).toEqual(new Set([total]));
    expect(reports.at(-1)).toEqual({ file: 'model.safetensors', bytes: total, total });
    for (const [i, { bytes }] of reports.entries()) expect(bytes).toBeGreaterThanOrEqual(reports[i - 1]?.bytes ?? 0);
    expect(fake.hub.bytesSent).toBe(total);
  });

  it("passes on what the caller's own function throws, and makes no second attempt for it", async () => {
    const mistake = new RangeError('a mistake of the caller');
    const onProgress = () => {
      throw mistake;
    };
    await expect(downloadModel(name, fake.options({ onProgress }))).rejects.toBe(mistake);
    expect(fake.hub.log.filter(({ path }) => path.includes('/resolve/'))).toHaveLength(1);
  });

  it('follows a model that has a new name', async () => {
    fake.hub.renamed.set('gpt2', name);
    const folder = await downloadModel('gpt2', fake.options());
    expect(folder).toBe(join(fake.cache, 'models--gpt2', 'snapshots', commit));
    expect(filesIn(folder)).toEqual(wanted);
  });

  it('downloads no file a second time', async () => {
    const folder = await downloadModel(name, fake.options());
    fake.hub.log.length = 0;
    expect(await downloadModel(name, fake.options())).toBe(folder);
    expect(fake.hub.log.every(({ path }) => path.startsWith('/api/'))).toBe(true);
    expect(fake.hub.log).toHaveLength(4); // the revision, and three pages of files
  });

  it('downloads what has changed in a new commit', async () => {
    const old = await downloadModel(name, fake.options());
    fake.hub.models.set(name, {
      commit: newCommit,
      files: { ...gpt2Files(), 'config.json': Buffer.from('{"new": 1}') },
    });
    fake.hub.log.length = 0;
    const folder = await downloadModel(name, fake.options());
    expect(fake.hub.bytesSent).toBe('{"new": 1}'.length);
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe('{"new": 1}');
    expect(readFileSync(join(old, 'config.json'), 'utf8')).toBe('{"model_type": "gpt2"}');
    expect(filesIn(folder)).toEqual(wanted);
  });

  it('leaves a whole model to be found when only a file of a newer one is asked for', async () => {
    const files = ['config.json'];
    const first = await downloadModel(name, fake.options({ files }));
    expect(filesIn(first)).toEqual(files);
    const whole = await downloadModel(name, fake.options());
    fake.hub.models.set(name, {
      commit: newCommit,
      files: { ...gpt2Files(), 'config.json': Buffer.from('{"new": 1}') },
    });
    const part = await downloadModel(name, fake.options({ files }));
    expect(part).toBe(join(repository(), 'snapshots', newCommit));
    expect(await downloadModel(name, fake.options({ offline: true }))).toBe(whole);
  });

  it('downloads a commit by its hash', async () => {
    const folder = await downloadModel(name, fake.options({ revision: commit }));
    expect(folder).toBe(join(repository(), 'snapshots', commit));
    expect(filesIn(repository())).not.toContain('refs');
    expect(await downloadModel(name, fake.options({ revision: commit, offline: true }))).toBe(folder);
  });

  it('repairs a file of another size', async () => {
    const folder = await downloadModel(name, fake.options());
    writeFileSync(join(folder, 'model.safetensors'), 'damaged'); // through the link
    await downloadModel(name, fake.options());
    expect(readFileSync(join(folder, 'model.safetensors')).equals(gpt2Files()['model.safetensors']!)).toBe(true);
  });

  it('serves two callers at once', async () => {
    const folders = await Promise.all([1, 2, 3].map(() => downloadModel(name, fake.options())));
    expect(new Set(folders).size).toBe(1);
    for (const file of wanted) {
      expect(readFileSync(join(folders[0]!, file)).equals(gpt2Files()[file]!), file).toBe(true);
    }
    expect(filesIn(join(repository(), 'blobs')).filter((file) => file.includes('incomplete'))).toEqual([]);
  });
});

describe('the cache', () => {
  it("has the layout of Hugging Face's libraries", async () => {
    await downloadModel(name, fake.options());
    expect(readFileSync(join(repository(), 'refs', 'main'), 'utf8')).toBe(commit);
    const files = gpt2Files();
    for (const file of wanted) {
      const link = join(repository(), 'snapshots', commit, file);
      expect(readlinkSync(link)).toBe(join('..', '..', 'blobs', etagOf(file, files[file]!)));
    }
    expect(filesIn(join(repository(), 'blobs'))).toEqual(wanted.map((file) => etagOf(file, files[file]!)).sort());
  });

  it("is understood by the hub's own library", async () => {
    await downloadModel(name, fake.options());
    const { repos, warnings } = await scanCacheDir(fake.cache);
    expect(warnings).toEqual([]);
    expect(repos.map(({ id }) => id)).toEqual([{ name, type: 'model' }]);
    const [revision] = repos[0]!.revisions;
    expect(revision).toMatchObject({ commitOid: commit, refs: ['main'] });
    expect(revision!.files.map(({ path }) => path.split('/').pop()).sort()).toEqual(wanted);
    fake.hub.log.length = 0;
    for (const path of wanted) {
      const repo = { type: 'model', name } as const;
      const found = await downloadFileToCacheDir({ repo, path, revision: commit, cacheDir: fake.cache });
      expect(found).toBe(join(repository(), 'snapshots', commit, path));
    }
    expect(fake.hub.log).toEqual([]);
  });

  it("is used when the hub's own library has filled it", async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    const { 'vocab.json': _, ...files } = gpt2Files(); // it cannot download empty files
    fake.hub.models.set(name, { commit, files });
    const pathsInfo = (url: string, body: string) => {
      const paths = JSON.parse(body).paths as string[];
      return paths.map((path) => ({
        type: 'file',
        path,
        size: files[path]!.length,
        oid: gitSha1(files[path]!),
        ...(isLarge(path) && { lfs: { oid: sha256(files[path]!), size: files[path]!.length } }),
        url,
      }));
    };
    // Its list of a file's properties is the one request that the test server does not know.
    const viaHub: typeof fetch = async (input, init) =>
      String(input).includes('/paths-info/')
        ? Response.json(pathsInfo(String(input), String(init?.body)))
        : fetch(input, init);
    const hubUrl = fake.hub.endpoint;
    const theirs = await snapshotDownload({ repo: name, cacheDir: fake.cache, hubUrl, fetch: viaHub });
    expect(filesIn(theirs)).toContain('pytorch_model.bin');
    expect(await downloadModel(name, fake.options({ offline: true }))).toBe(theirs);
    fake.hub.log.length = 0;
    expect(await downloadModel(name, fake.options())).toBe(theirs);
    expect(fake.hub.bytesSent).toBe(0);
  });

  it('does without links where the system forbids them', async () => {
    vi.mocked(symlink).mockImplementation(async () => {
      throw Object.assign(new Error('EPERM: operation not permitted, symlink'), { code: 'EPERM' });
    });
    const folder = await downloadModel(name, fake.options());
    for (const file of wanted) {
      expect(readFileSync(join(folder, file)).equals(gpt2Files()[file]!), file).toBe(true);
      expect(statSync(join(folder, file)).isFile()).toBe(true);
    }
    expect(filesIn(join(repository(), 'blobs'))).toEqual([]); // nothing is there twice
    fake.hub.log.length = 0;
    await downloadModel(name, fake.options());
    expect(fake.hub.bytesSent).toBe(0);
    expect(await downloadModel(name, fake.options({ offline: true }))).toBe(folder);
  });
  afterEach(async () => {
    const { symlink: real } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
    vi.mocked(symlink).mockImplementation(real);
  });
});

describe('offline', () => {
  it('gives the folder without a single request', async () => {
    const folder = await downloadModel(name, fake.options());
    fake.hub.log.length = 0;
    expect(await downloadModel(name, fake.options({ offline: true }))).toBe(folder);
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect(await downloadModel(name, fake.options())).toBe(folder);
    expect(fake.hub.log).toEqual([]);
  });

  it('says what is missing', async () => {
    const nothing = await sentenceOf(downloadModel(name, fake.options({ offline: true })));
    expect(nothing).toBe(
      `${name} (main) is not in the cache ${fake.cache}, and the network may not be used (offline); download it once with a network`,
    );
    const folder = await downloadModel(name, fake.options());
    rmSync(join(folder, 'model.safetensors'));
    expect(await sentenceOf(downloadModel(name, fake.options({ offline: true })))).toContain(
      'is incomplete in the cache',
    );
    const other = downloadModel(name, fake.options({ offline: true, revision: 'dev' }));
    expect(await sentenceOf(other)).toContain(`${name} (dev) is not in the cache`);
  });

  it('misses a shard, and one whose link leads nowhere', async () => {
    fake.hub.models.set(name, { commit, files: shardedFiles() });
    const folder = await downloadModel(name, fake.options());
    expect(await downloadModel(name, fake.options({ offline: true }))).toBe(folder);
    const shard = 'model-00002-of-00002.safetensors';
    rmSync(join(repository(), 'blobs', sha256(shardedFiles()[shard]!)));
    expect(await sentenceOf(downloadModel(name, fake.options({ offline: true })))).toContain(`${shard} is missing`);
  });

  it('has the commit before while a new one is only there in part', async () => {
    const old = await downloadModel(name, fake.options());
    const files = {
      ...gpt2Files(),
      'config.json': Buffer.from('{"new": 1}'),
      'model.safetensors': Buffer.alloc(100_000),
    };
    fake.hub.models.set(name, { commit: newCommit, files });
    const stop = new AbortController();
    const enough = new Error('enough');
    const onProgress = ({ file }: DownloadProgress) => {
      if (file === 'model.safetensors') stop.abort(enough);
    };
    await expect(downloadModel(name, fake.options({ signal: stop.signal, onProgress }))).rejects.toBe(enough);
    expect(await downloadModel(name, fake.options({ offline: true }))).toBe(old);
  });
});

describe('the environment', () => {
  it("names cache, hub and token as for Hugging Face's own tools", () => {
    const settings = () => resolveSettings(name);
    vi.stubEnv('HF_HOME', '/data/hf');
    expect(settings()).toMatchObject({
      cacheFolder: '/data/hf/hub',
      endpoint: 'https://huggingface.co',
      host: 'huggingface.co',
      offline: false,
      revision: 'main',
      token: '',
    });
    vi.stubEnv('HF_HUB_CACHE', '~/models');
    vi.stubEnv('HF_ENDPOINT', 'https://mirror.example:8443/hf/');
    vi.stubEnv('HF_TOKEN', ' hf_abc\n');
    vi.stubEnv('HF_HUB_OFFLINE', 'Yes');
    expect(settings()).toMatchObject({
      cacheFolder: join(homedir(), 'models'),
      endpoint: 'https://mirror.example:8443/hf',
      host: 'mirror.example:8443',
      offline: true,
      token: 'hf_abc',
    });
    expect(resolveSettings(name, { offline: false, token: '', cacheFolder: '/x', endpoint: 'http://y' })).toMatchObject(
      {
        offline: false,
        token: '',
        cacheFolder: '/x',
        endpoint: 'http://y',
      },
    );
    vi.stubEnv('HF_HUB_CACHE', undefined);
    vi.stubEnv('HF_HOME', undefined);
    vi.stubEnv('XDG_CACHE_HOME', undefined);
    expect(settings().cacheFolder).toBe(join(homedir(), '.cache/huggingface/hub'));
  });

  it('keeps the token of a login in a file', () => {
    mkdirSync(join(fake.cache, 'home'));
    writeFileSync(join(fake.cache, 'home', 'token'), 'hf_stored\n');
    expect(resolveSettings(name).token).toBe('hf_stored');
    writeFileSync(join(fake.cache, 'elsewhere'), 'hf_elsewhere');
    vi.stubEnv('HF_TOKEN_PATH', join(fake.cache, 'elsewhere'));
    expect(resolveSettings(name).token).toBe('hf_elsewhere');
    vi.stubEnv('HF_TOKEN', 'hf_variable');
    expect(resolveSettings(name).token).toBe('hf_variable');
  });
});
