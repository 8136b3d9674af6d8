import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../../src/core/errors.ts';
import { GGML_TYPES, type GgmlTypeName, QUANTIZE } from '../../../../src/formats/gguf/tensor-types.ts';
import { toFloat16, widenFloat16 } from '../../../../src/formats/half-floats.ts';

/**
 * What is expected here was computed by llama.cpp itself: the functions of its ggml library (v0.5.0, as in the package
 * node-llama-cpp 3.22.1) were called with the same input. Long results are compared by their SHA-256.
 */
const sha256 = (array: ArrayBufferView) =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');

/** The linear congruential generator of "Numerical Recipes": the same 32-bit integers here and where the results come from. */
function integers(count: number, seed: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  });
}

function dequantize(type: GgmlTypeName, blocks: Uint8Array): Float32Array {
  const { blockBytes, blockElements } = GGML_TYPES[type];
  const target = new Float32Array((blocks.length / blockBytes) * blockElements);
  GGML_TYPES[type].dequantize!(blocks, target);
  return target;
}

describe('dequantizing', () => {
  // 512 blocks of random bits, scales too; only their infinities and NaN are left out (bit 14 cleared).
  const cases = [
    {
      type: 'Q8_0',
      scales: [1],
      blocks: '17d06f3818be72e183469920995941bde63a21de3b1e7ca35a1a1a23b1c6ebba',
      values: '70ccb7a810d483b1ff7952a485676f4e906106c91656b77002615f9fc5948ced',
    },
    {
      type: 'Q4_0',
      scales: [1],
      blocks: 'b81c58f0bf6b91e1ce6ed3f184c27d899e44f9f7a409dc18e69e4daa9a2dd030',
      values: '126c90d866db34686291afea7d7c15720f4e85f2853719ebbc7a3ce006e2c41d',
    },
    {
      type: 'Q5_0',
      scales: [1],
      blocks: 'd13cb68df34739e8ca7e643931167ab401ad6f6f46dd3ef2a3022527d14bf142',
      values: '26ae42ab071b259833da475d31963731f95a3948d17664e99db8226346b4ce55',
    },
    {
      type: 'Q4_K',
      scales: [1, 3],
      blocks: '21a78a2de093657dd25ca1110c29eaa4d1154bc1b6dff2a99995e104a9ddec99',
      values: '68f1ca46a590e5aed9a7658b6002dfd9b189bd867824cc55dfbb6d148e1619a5',
    },
    {
      type: 'Q6_K',
      scales: [209],
      blocks: 'f9de3d64820ad369a7f52922ecdb2a0ca648b1f149fff8eebaf116dc878c30c6',
      values: '42c3d251cbf4ba24e815c653222d69ec3dc7e0d3366f3b5e2633ab4c39ac7e9c',
    },
    {
      type: 'Q4_1',
      scales: [1, 3],
      blocks: 'c5362afe8e72e1c18aeceba57cb923ef3ff380b0aacb76092b9e018e830c1102',
      values: 'd19949efcb12173fbdb36e95027f60dbc4c32c770a8c5ca15457b9f0e992b86e',
    },
    {
      type: 'Q5_1',
      scales: [1, 3],
      blocks: '9d967c4c90091b9132b12afa8f13f8ecb7030a2800fa13ed14caa087befd289d',
      values: '70ac24cb9fe9c5c1dba4bc7c2378657f726598cf7f512d2156121a46ef2d6cfd',
    },
    {
      type: 'Q2_K',
      scales: [81, 83],
      blocks: 'e131d514706860fab2720df62b9c79ea70f65f985ec44127b48d0219b8f6d272',
      values: '63667d1df470344b62e787db3d297994e33918c84c1542af15f231e67743d474',
    },
    {
      type: 'Q3_K',
      scales: [109],
      blocks: '12d61489a9a72174e87242ba9ce09273afe69f92cecd5e3385654afc34f03e4b',
      values: '59e3dad706f70d3a2f185cb4527b4b3c446eb939ebcecc9516c35dc3980e4ae1',
    },
    {
      type: 'Q5_K',
      scales: [1, 3],
      blocks: '4d3fcedf452acb69dd4ac603ed42732d9cf1627d93ca2c3cc2427938da1eb468',
      values: '562addb5630a6b107516c81c573bff44f78a895c0f4566e8d9d59ca97870d100',
    },
  ] as const;

  for (const { type, scales, blocks, values } of cases) {
    it(`${type} gives llama.cpp's numbers bit for bit`, () => {
      const { blockBytes } = GGML_TYPES[type];
      const bytes = Uint8Array.from(integers(512 * blockBytes, 7), (integer) => integer >>> 24);
      for (let at = 0; at < bytes.length; at += blockBytes) {
        for (const scale of scales) bytes[at + scale]! &= 0xbf;
      }
      expect(sha256(bytes)).toBe(blocks);
      expect(sha256(dequantize(type, bytes))).toBe(values);
    });
  }

  // f(i) = sin(0.7 i) * i / 64, i = 0..255, quantized and dequantized by ggml: the first six numbers, the last three, the sum.
  const waves = {
    Q8_0: {
      blocks: '411b0003090b06f8e9e2ea011d302d12e9c6bbd20338574e1dd9a294bb06547f6f27',
      first: [
        0, 0.010625839233398438, 0.03187751770019531, 0.03896141052246094, 0.021251678466796875, -0.0283355712890625,
      ],
      last: [0.4498271942138672, 0.3931560516357422, 0.1381359100341797],
      sum: 0.7119312286376953,
      error: 0.0015015267,
    },
    Q4_0: {
      blocks: '33abc8b88747283869aae9f8c6853507196c',
      first: [-0, -0, 0.056243896484375, 0.056243896484375, -0, -0],
      last: [0.449951171875, 0.393707275390625, 0.11248779296875],
      sum: 0.843658447265625,
      error: 0.02789858,
    },
    Q5_0: {
      blocks: '33a7e3c3870790600f9f5f61c354c3e09cfa5a0e23b7',
      first: [-0, -0, 0.0281219482421875, 0.0281219482421875, 0.0281219482421875, -0.0281219482421875],
      last: [0.449951171875, 0.393707275390625, 0.1406097412109375],
      sum: 0.6749267578125,
      error: 0.012603372,
    },
    Q4_K: {
      blocks:
        '20200a2c87ced7e1868ed4de67d069ff6747375787b6d5c59557392a4a88c5e3d2a4571a1c4c99d4f1e0a2470c0f3e992b2c4b88c4d1c184481b1d4c88c4e1c0' +
        '83481c1e4c98d3e0c083380d0f4d98d32e5c98d4e1c285391d1e5da8d4e1c1853a0e1f5da8e3f0c1753a0e1f5da8e3f06cb7e3f1c2753a1d2e6cb7e3f1c2753a' +
        '0e2e6cb7f3f0c1752a0e2f6cb7f2f0c1',
      first: [0.01611328125, 0.01611328125, 0.01611328125, 0.01611328125, 0.01611328125, -0.040283203125],
      last: [3.6375732421875, 3.6375732421875, 2.1148681640625],
      sum: 6.9609375,
      error: 0.23655224,
    },
    Q6_K: {
      blocks:
        '40b26566335c44004470ff9a781a1401e1ccbf42aabce9bac7fbb19f1b80b406b8b3e6be9e2f97bb09dbd9fba17e0b81c507d5c7e59073059ec827f2e3f18e54' +
        '330bcd216d6bbdb8e731fabd125f6dcdb8e83df5b21e6375c4c9fa3fe6a20d518bdcc7e621ebaf136f8cdcd6f420da9f137d8aebd6e622cc90046f9bfbe5f420' +
        'fafebe6a16010151e5fafebf6f1601006fdac5c18054293e3f6fdbc5c08050397ca8c5c3c353263d3c7c98c5c3c353263e3f7f9bc6c0c050293e3f7f9bc6c0c0' +
        'f90f19e1d931383e49ae5762958f8780c493',
      first: [
        0, 0.013271331787109375, 0.03317832946777344, 0.039813995361328125, 0.019906997680664062, -0.02654266357421875,
      ],
      last: [3.64013671875, 3.761474609375, 2.18408203125],
      sum: 6.098176956176758,
      error: 0.05688417,
    },
    Q4_1: {
      blocks: '172b19b6274777a8c7c695451507297acaf8e593',
      first: [
        0.006622314453125, 0.006622314453125, 0.006622314453125, 0.06201171875, 0.006622314453125, -0.04876708984375,
      ],
      last: [0.449737548828125, 0.39434814453125, 0.117401123046875],
      sum: 0.488861083984375,
      error: 0.025995463,
    },
    Q5_1: {
      blocks: 'dd2619b6083c78f05e8fff60af9d2b9a2b0e52f594f1db37',
      first: [
        -0.005767822265625, 0.0210418701171875, 0.0210418701171875, 0.0478515625, 0.0210418701171875,
        -0.0325775146484375,
      ],
      last: [0.4499969482421875, 0.3963775634765625, 0.1282806396484375],
      sum: 0.726959228515625,
      error: 0.012743026,
    },
    Q2_K: {
      blocks:
        '1111324354657687a8b9aacbccdddeff353572a6dacdcd9d6d353272a6dacdcc9c68353373a7dacdcc9c68363373a7da6397cacd8c582532336397cacd8c5c25' +
        '36336397cacd8c5c2932336397cacd8c11310433',
      first: [-0.0609130859375, -0.0609130859375, 0.097412109375, 0.097412109375, 0.097412109375, -0.0609130859375],
      last: [3.8360595703125, 3.8360595703125, 1.461181640625],
      sum: 0.7279052734375,
      error: 0.83706093,
    },
    Q3_K: {
      blocks:
        '6fef9f97939070606c6fef9f979390707f7b79f898808687677f7b79f8988086e4f8bdd9615b56e59ef4ffbfdb6206402eb5dcd695fa633d7f2fb6d8c190f967' +
        'ec45ecd6933b927b7dec45ecd6933792797eef46ecd6913993797fef46ecd691ffc3354a684a2c0e250a3a39d0a8',
      first: [0, 0, 0.03759765625, 0.03759765625, 0.03759765625, -0.03759765625],
      last: [3.609375, 3.609375, 2.40625],
      sum: 11.9560546875,
      error: 0.60544634,
    },
    Q5_K: {
      blocks:
        '121ce62b878ed6dd868fd5dd87ef87ff54d4b4acaa2a6a5a565495b5adab2a6a5a565495b5adab2a4a5a565495b5adabdd8e7ebf1e8cbaa94acd61539320aae6' +
        'c547be44388721c8f1e0549e180d7b32373a9821a9d3a32881282c9922b8e2b127711a1e8a32c7f0b027720b0f8c42d63da931b9d3840a731b3eaa41b8e2930a' +
        '641c2faa41c7e192fa540d2fab51d6f0c950c7d284eb551c4ec96fd6e183eb551d3ec96fd6e183eb460e3fc97fe5f083',
      first: [
        -0.00852203369140625, 0.0193023681640625, 0.0193023681640625, 0.04712677001953125, 0.0193023681640625,
        -0.036346435546875,
      ],
      last: [3.6250762939453125, 3.8754959106445312, 2.12255859375],
      sum: 5.465904235839844,
      error: 0.11145234,
    },
  };

  for (const [type, { blocks, first, last, sum, error }] of Object.entries(waves)) {
    it(`${type} gives back a wave that llama.cpp quantized`, () => {
      const values = dequantize(type as keyof typeof waves, Uint8Array.from(Buffer.from(blocks, 'hex')));
      expect([...values.subarray(0, 6)]).toEqual(first);
      expect([...values.subarray(-3)]).toEqual(last);
      expect(values.reduce((total, value) => total + value, 0)).toBe(sum);
      const errors = values.map((value, i) => Math.abs(value - Math.fround((Math.sin(i * 0.7) * i) / 64)));
      expect(Math.max(...errors)).toBeCloseTo(error, 8);
    });
  }

  it('keeps infinite and undefined scales', () => {
    const block = new Uint8Array(34).fill(1);
    block.set([0x00, 0xfc], 0);
    expect(dequantize('Q8_0', block)[0]).toBe(-Infinity);
    block.set([0x01, 0x7c], 0);
    expect(dequantize('Q8_0', block)[0]).toBeNaN();
  });
});

describe('quantizing', () => {
  it.each([
    ['Q8_0', 'efa2ceaee98de1e898ecf957e42661eff07605928751227be55dd5680a723846'],
    ['Q4_0', '4825fb402e390cc744959983d7818011c479e0d9b4f5c40a9b1f46ca27ebf7a8'],
  ] as const)("to %s gives llama.cpp's bytes, from the smallest scales to the largest", (type, blocks) => {
    const random = integers(33 * 1024, 11);
    // 1024 blocks; one random power of two, 2^-45 to 2^18, for each.
    const values = Float32Array.from({ length: 32 * 1024 }, (_, i) => {
      const power = ((random[32 * 1024 + Math.floor(i / 32)]! >>> 16) % 64) - 45;
      return ((random[i]! >>> 8) - 2 ** 23) * 2 ** (power - 23);
    });
    expect(sha256(values)).toBe('dd8eb8c3aa50e901cb3108a2fadc8ae1fb7d6df8a8a8042c0bffd9b37a32db61');
    expect(sha256(QUANTIZE[type](values, 'w'))).toBe(blocks);
  });

  it.each([
    ['Q8_0', '11561e71aa0a9f4ca87019158cec8df22ae0abf75b5d4bcd90798e5a9be8fb18'],
    ['Q4_0', '1e1b8e51f610efd11f61549cf2f848ba693fc2f99bf043b6af5fd44f7d998820'],
  ] as const)('to %s rounds every step to float32, as llama.cpp does', (type, blocks) => {
    // Whole numbers up to 1024: their ratios often lie so near to a half that any other rounding would show.
    const values = Float32Array.from(integers(32 * 2048, 13), (integer) => (integer >>> 21) - 1024);
    expect(sha256(values)).toBe('244c93089f899dc17c5449b522cd54856eb5e23281c249888c1de73054f68585');
    expect(sha256(QUANTIZE[type](values, 'w'))).toBe(blocks);
  });
});

describe('quantizing to Q8_0', () => {
  it('rounds halves away from zero, as llama.cpp does', () => {
    const values = new Float32Array(32);
    values.set([127, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, -0.49999997, 126.5, -126.5, -127]);
    const block = QUANTIZE.Q8_0(values, 'w');
    expect([...block.subarray(0, 2)]).toEqual([0x00, 0x3c]); // the scale is 1
    expect([...new Int8Array(block.buffer, 2, 12)]).toEqual([127, 1, -1, 2, -2, 3, -3, 0, 0, 127, -127, -127]);
  });

  it('gives zeros for zeros and for numbers too small for any scale', () => {
    for (const value of [0, -0, 1e-45, -1e-40, 3e-8]) {
      expect([...dequantize('Q8_0', QUANTIZE.Q8_0(new Float32Array(32).fill(value), 'w'))].map(Math.abs)).toEqual(
        new Array(32).fill(0),
      );
    }
  });

  it('refuses what no scale can hold', () => {
    for (const value of [Number.NaN, Infinity, -Infinity, 65_520 * 127]) {
      const values = new Float32Array(64);
      values[40] = value;
      expect(() => QUANTIZE.Q8_0(values, 'blk.0.w')).toThrow(TsgptError);
      expect(() => QUANTIZE.Q8_0(values, 'blk.0.w')).toThrow(
        /^tensor blk\.0\.w cannot be written as Q8_0: .*; write it as F32$/,
      );
    }
    expect(() => QUANTIZE.Q8_0(new Float32Array(32).fill(65_504 * 127), 'w')).not.toThrow();
  });
});

describe('quantizing to Q4_0', () => {
  it('hits the number of the largest magnitude, whatever its sign, and keeps within 15 steps', () => {
    for (const extreme of [8, -8]) {
      const values = new Float32Array(32).fill(extreme / -4);
      values.set([extreme, -extreme, 0]);
      const numbers = dequantize('Q4_0', QUANTIZE.Q4_0(values, 'w'));
      expect([...numbers.subarray(0, 4)].map((x) => x + 0)).toEqual([extreme, (-extreme * 7) / 8, 0, extreme / -4]);
    }
  });

  it('refuses what no scale can hold', () => {
    for (const value of [Number.NaN, Infinity, -Infinity, 65_520 * 8, -65_520 * 8]) {
      const values = new Float32Array(64).fill(1);
      values[40] = value;
      expect(() => QUANTIZE.Q4_0(values, 'blk.0.w')).toThrow(
        /^tensor blk\.0\.w cannot be written as Q4_0: .*; write it as F32$/,
      );
    }
    expect(() => QUANTIZE.Q4_0(new Float32Array(32).fill(65_504 * 8), 'w')).not.toThrow();
  });
});

describe('rounding to half precision', () => {
  const widen = (bits: number) => {
    const value = new Float32Array(1);
    widenFloat16(Uint16Array.of(bits), value);
    return value[0]!;
  };

  it("gives llama.cpp's bits for a million floats of all magnitudes", () => {
    const bits = Uint32Array.from({ length: 1 << 20 }, (_, i) => i * 4093 + 17);
    const values = new Float32Array(bits.buffer).filter((value) => !Number.isNaN(value));
    expect(values.length).toBe(1_045_246);
    expect(sha256(Uint16Array.from(values, toFloat16))).toBe(
      'f16a474b0284dbad06d93519a576ee1c99eb1af6afd3f3e9398ba295ff9f5bf6',
    );
  });

  it('gives back every half', () => {
    const all = Array.from({ length: 1 << 16 }, (_, bits) => bits);
    const isNaNBits = (bits: number) => Number.isNaN(widen(bits));
    expect(
      all.filter((bits) => (isNaNBits(bits) ? !isNaNBits(toFloat16(widen(bits))) : toFloat16(widen(bits)) !== bits)),
    ).toEqual([]);
  });

  it('takes the nearest half, and of two the one with an even last bit', () => {
    const half = fc.integer({ min: 0, max: 0x7bfe });
    fc.assert(
      fc.property(half, fc.constantFrom(1, -1), (bits, sign) => {
        const [below, above] = [widen(bits), widen(bits + 1)];
        const middle = (below + above) / 2;
        const signBit = sign < 0 ? 0x8000 : 0;
        const step = middle * 2 ** -23; // a float32 step, or less
        expect(toFloat16(sign * (middle - step))).toBe(signBit | bits);
        expect(toFloat16(sign * (middle + step))).toBe(signBit | (bits + 1));
        expect(toFloat16(sign * middle)).toBe(signBit | (bits & 1 ? bits + 1 : bits));
      }),
      { numRuns: 1000 },
    );
    expect([65_519.99, 65_520, -1e38].map(toFloat16)).toEqual([0x7bff, 0x7c00, 0xfc00]);
  });

  it('refuses to write a finite number as infinity', () => {
    expect(() => QUANTIZE.F16(Float32Array.of(0, 65_520), 'w')).toThrow(
      'tensor w cannot be written as F16: it has the value 65520, but 65504 is the limit; write it as F32',
    );
    const kept = QUANTIZE.F16(Float32Array.of(Infinity, -Infinity, Number.NaN, -0), 'w');
    expect([...new Uint16Array(kept.buffer)]).toEqual([0x7c00, 0xfc00, 0x7e00, 0x8000]);
  });
});
