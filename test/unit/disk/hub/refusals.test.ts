import { readdirSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { downloadModel, type Retry } from '../../../../src/disk/hub/index.ts';
import { commit, gpt2Files, name, sentenceOf, shardedFiles, useFakeHub } from '../../../support/hub-setup.ts';

const fake = useFakeHub();
const host = () => new URL(fake.hub.endpoint).host;
const status = (code: number, headers: Record<string, string> = {}) => {
  return (response: ServerResponse) => {
    response.writeHead(code, headers).end();
  };
};

describe('what the hub refuses', () => {
  it('an unknown model, with and without a token', async () => {
    expect(await sentenceOf(downloadModel('org/unknown', fake.options()))).toBe(
      `${host()} has no public model org/unknown; check the name, and give a token, as HF_TOKEN for example, if it is private`,
    );
    expect(await sentenceOf(downloadModel('org/unknown', fake.options({ token: 'hf_abc' })))).toBe(
      `${host()} has no public model org/unknown; check the name, and give a token, as HF_TOKEN for example, if it is private`,
    );
    fake.hub.failOnce(/revision/, status(401));
    expect(await sentenceOf(downloadModel(name, fake.options({ token: 'hf_expired' })))).toContain(
      `has no model ${name} that the given token may read; check the name and the token`,
    );
    expect(readdirSync(fake.cache)).toEqual([]);
  });

  it('a private model without its token', async () => {
    fake.hub.models.set('me/mine', { commit, files: gpt2Files(), private: 'hf_me' });
    expect(await sentenceOf(downloadModel('me/mine', fake.options()))).toContain('has no public model me/mine');
    await downloadModel('me/mine', fake.options({ token: 'hf_me' }));
  });

  it('a gated model', async () => {
    fake.hub.models.set('meta/llama', { commit, files: gpt2Files(), gated: true });
    const page = `${fake.hub.endpoint}/meta/llama`;
    expect(await sentenceOf(downloadModel('meta/llama', fake.options()))).toBe(
      `meta/llama is only for accounts that accepted its conditions; accept them at ${page} and give that account's token, as HF_TOKEN for example`,
    );
    expect(await sentenceOf(downloadModel('meta/llama', fake.options({ token: 'hf_abc' })))).toBe(
      `meta/llama is only for accounts that accepted its conditions, and the token's account is not one of them; accept them at ${page}, or check the token's permissions`,
    );
  });

  it('a model that is blocked, with the reason and without what a terminal would obey', async () => {
    fake.hub.failOnce(/revision/, status(403, { 'x-error-message': 'Access to this resource is disabled.\u009b2J' }));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain(
      `of ${name}, saying "Access to this resource is disabled.\\u{9b}2J"; see ${fake.hub.endpoint}/${name}`,
    );
  });

  it('an unknown revision', async () => {
    expect(await sentenceOf(downloadModel(name, fake.options({ revision: 'v2' })))).toBe(
      `${name} has no revision v2; give a branch, a tag or a commit listed at ${fake.hub.endpoint}/${name}`,
    );
  });

  it('a file that disappears meanwhile', async () => {
    fake.hub.failOnce(/config\.json/, status(404, { 'x-error-code': 'EntryNotFound' }));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toBe(`${name} no longer has config.json; try again`);
  });
});

describe('what a model lacks', () => {
  const without = (path: string, files = gpt2Files()) => {
    const { [path]: _, ...others } = files;
    fake.hub.models.set(name, { commit, files: others });
    return sentenceOf(downloadModel(name, fake.options()));
  };

  it('weights in the safetensors format', async () => {
    expect(await without('model.safetensors')).toBe(
      `${name} has no weights in the safetensors format, only pytorch_model.bin; choose another model`,
    );
  });

  it('a configuration', async () => {
    expect(await without('config.json')).toContain(`${name} has no config.json, so it is not a model in the form of`);
  });

  it('an adapter, which is no model', async () => {
    const adapter = { 'adapter_config.json': Buffer.from('{}'), 'adapter_model.safetensors': Buffer.alloc(9) };
    fake.hub.models.set('org/lora', { commit, files: adapter });
    expect(await sentenceOf(downloadModel('org/lora', fake.options()))).toContain(
      "org/lora holds an adapter (LoRA) to another model, not a model; merge the two with PEFT's merge_and_unload",
    );
  });

  it('a shard that its index names', async () => {
    const shard = 'model-00002-of-00002.safetensors';
    expect(await without(shard, shardedFiles())).toContain(
      `${name} has no file ${shard}; it has 4, such as config.json`,
    );
  });

  it('a file that is asked for', async () => {
    const asked = downloadModel(name, fake.options({ files: ['config.json', 'model.gguf'] }));
    expect(await sentenceOf(asked)).toContain(`${name} has no file model.gguf; it has 9, such as .gitattributes`);
  });

  it('shards in its own folder', async () => {
    const files: Record<string, Buffer> = { ...shardedFiles(), '../evil.safetensors': Buffer.alloc(10) };
    files['model.safetensors.index.json'] = Buffer.from('{"weight_map": {"a": "../evil.safetensors"}}');
    fake.hub.models.set(name, { commit, files });
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain('a .safetensors file in the same folder');
  });
});

describe('names that cannot be', () => {
  const names = [
    '',
    '/',
    'a/b/c',
    '../x',
    'a/..',
    'org/',
    '/x',
    'a b',
    'org/mod el',
    'a--b/c',
    'x.git',
    '-a',
    'a-',
    'a\nb',
    'é',
  ];
  names.push('https://huggingface.co/openai-community/gpt2', 'x'.repeat(97), './models/gpt2', 'C:\\models', 'a..b');
  for (const name of names) {
    it(`${JSON.stringify(name).slice(0, 60)} of a model`, async () => {
      const sentence = await sentenceOf(downloadModel(name, fake.options()));
      expect(sentence).toContain('is not the name of a model on the Hugging Face hub; give it as organisation/model');
      expect(fake.hub.log).toEqual([]);
    });
  }

  it('revisions, files, addresses and tokens', async () => {
    for (const revision of ['', '..', 'a/../b', '/main', 'main/', '../../x', 'a b', 'a//b', '-x', 'C:\\x']) {
      const sentence = await sentenceOf(downloadModel(name, fake.options({ revision })));
      expect(sentence).toContain('is not a revision of a model');
    }
    for (const file of ['', '../x', '/etc/passwd', 'a/../../x', 'C:x', 'a\\..\\x', '.', './x', 'x\0']) {
      const sentence = await sentenceOf(downloadModel(name, fake.options({ files: [file] })));
      expect(sentence, file).toContain('is not a file of a model; give its path');
    }
    for (const endpoint of ['huggingface.co', 'ftp://huggingface.co', 'nonsense']) {
      const sentence = await sentenceOf(downloadModel(name, fake.options({ endpoint })));
      expect(sentence).toContain('is not the address of a hub; give one such as https://huggingface.co');
    }
    expect(await sentenceOf(downloadModel(name, fake.options({ token: 'hf_a\nb' })))).toContain(
      'contains an invalid character',
    );
    expect(fake.hub.log).toEqual([]);
  });
});

describe('a hub that is busy', () => {
  it('is asked again after the time it names', async () => {
    fake.hub.failOnce(/revision/, status(429, { 'retry-after': '1' }));
    fake.hub.failOnce(/\/tree\//, status(429, { ratelimit: '"api";r=0;t=0' }));
    fake.hub.failOnce(/\/resolve\//, status(429, { 'retry-after': new Date(Date.now() - 5000).toUTCString() }));
    fake.hub.failOnce(/\/blobs\//, status(503, { 'retry-after': '0' }));
    const retries: Retry[] = [];
    const start = performance.now();
    await downloadModel(name, fake.options({ onRetry: (retry) => retries.push(retry) }));
    expect(performance.now() - start).toBeGreaterThan(1000);
    expect(retries.map(({ seconds }) => seconds)).toEqual([1, 0, 0, 0]);
    expect(retries[0]!.problem).toBe(
      `${host()} answers no more requests for 1 seconds because there were too many; try again later, or with a token (HF_TOKEN), which raises the limit`,
    );
  });

  it('is not asked for ever, and not waited for longer than five minutes', async () => {
    for (let i = 0; i < 9; i++) fake.hub.failOnce(/revision/, status(429, { 'retry-after': '0' }));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain('answers no more requests for 0 seconds');
    expect(fake.hub.log).toHaveLength(5);
    fake.hub.faults.length = 0;
    fake.hub.log.length = 0;
    fake.hub.failOnce(/revision/, status(429, { 'retry-after': '301' }));
    expect(await sentenceOf(downloadModel(name, fake.options()))).toContain('answers no more requests for 301 seconds');
    expect(fake.hub.log).toHaveLength(1);
  });

  it('or broken is asked again, with pauses that double', async () => {
    for (const code of [500, 502, 504]) fake.hub.failOnce(/revision/, status(code));
    for (const code of [503, 408]) fake.hub.failOnce(/\/blobs\//, status(code));
    const retries: Retry[] = [];
    await downloadModel(name, fake.options({ onRetry: (retry) => retries.push(retry) }));
    expect(retries.map(({ seconds }) => seconds)).toEqual([0.001, 0.002, 0.004, 0.001, 0.002]);
    for (let i = 0; i < 5; i++) fake.hub.failOnce(/revision/, status(500));
    expect(await sentenceOf(downloadModel(name, fake.options({ cacheFolder: `${fake.cache}/new` })))).toBe(
      `${host()} answers with error 500 when asked for the list of the files of ${name}; try again later`,
    );
  });
});

describe('a hub that cannot be reached', () => {
  /** An address at which nothing listens. */
  async function nowhere(): Promise<string> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${port}`;
  }

  it('is one sentence, at once', async () => {
    const endpoint = await nowhere();
    const retries: Retry[] = [];
    const failed = downloadModel(name, fake.options({ endpoint, onRetry: (retry) => retries.push(retry) }));
    expect(await sentenceOf(failed)).toBe(
      `${new URL(endpoint).host} cannot be reached (ECONNREFUSED); check the network and the address`,
    );
    expect(retries).toEqual([]);
  });

  it('leaves the cache, which the sentence mentions', async () => {
    await downloadModel(name, fake.options());
    const endpoint = await nowhere();
    expect(await sentenceOf(downloadModel(name, fake.options({ endpoint })))).toBe(
      `${new URL(endpoint).host} cannot be reached (ECONNREFUSED); check the network and the address, or use the model in the cache (option offline, or HF_HUB_OFFLINE=1)`,
    );
  });

  it('is asked again once it has answered', async () => {
    const gone = await nowhere();
    fake.hub.failOnce(/\/resolve\//, (response) => response.writeHead(302, { location: gone }).end());
    const retries: Retry[] = [];
    await downloadModel(name, fake.options({ onRetry: (retry) => retries.push(retry) }));
    expect(retries.map(({ problem }) => problem)).toEqual([expect.stringContaining('cannot be reached')]);
  });
});

describe("an address that is not the hub's", () => {
  it('is recognised by its answers', async () => {
    const answers: [RegExp, string][] = [
      [/revision/, '<html>Please log in to this network</html>'],
      [/revision/, '{"id": "x"}'],
      [/revision/, '{"sha": "../../x"}'],
      [/\/tree\//, '{"entries": 1}'],
      [/\/tree\//, '[{"type": "file", "path": "config.json", "size": -1, "oid": "x"}]'],
      [/\/tree\//, `[{"type": "file", "path": "config.json", "size": 1, "oid": "../../../../evil"}]`],
      [/\/tree\//, '[null]'],
    ];
    for (const [address, answer] of answers) {
      fake.hub.failOnce(address, (response) => response.end(answer));
      expect(await sentenceOf(downloadModel(name, fake.options())), answer).toBe(
        `${fake.hub.endpoint} does not answer like the Hugging Face hub; check the address`,
      );
    }
  });
});

describe('the token', () => {
  it('is shown to the hub and to nobody else', async () => {
    const strangers: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      strangers.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json').end('[]');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    // A list of files whose next page is elsewhere.
    fake.hub.pageSize = 99;
    const all = await (await fetch(`${fake.hub.endpoint}/api/models/${name}/tree/${commit}`)).text();
    fake.hub.failOnce(/\/tree\//, (response) => {
      response.setHeader('link', `<http://127.0.0.1:${port}/next>; rel="next"`).end(all);
    });
    fake.hub.log.length = 0;
    await downloadModel(name, fake.options({ token: 'hf_secret' }));
    stranger.close();
    expect(strangers).toEqual([undefined]);
    const tokens = (server: string) =>
      new Set(fake.hub.log.filter((r) => r.server === server).map(({ token }) => token));
    expect(tokens('hub')).toEqual(new Set(['hf_secret']));
    expect(tokens('cdn')).toEqual(new Set([undefined]));
  });

  it('is in no error message', async () => {
    fake.hub.models.set(name, { commit, files: gpt2Files(), gated: true });
    expect(await sentenceOf(downloadModel(name, fake.options({ token: 'hf_secret' })))).not.toContain('hf_secret');
  });
});

describe('a mirror', () => {
  it("may pass on the hub's own address of the next page", async () => {
    fake.hub.faults.push((_, response) => {
      const { setHeader } = response;
      response.setHeader = (header, value) => {
        const text = header === 'link' ? String(value).replace(fake.hub.endpoint, 'https://huggingface.co') : value;
        return setHeader.call(response, header, text);
      };
      return false; // only looks on, at every request
    });
    const folder = await downloadModel(name, fake.options());
    expect(readdirSync(folder)).toContain('vocab.json');
  });
});
