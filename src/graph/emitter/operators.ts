import { type OnnxAttribute, type OnnxNode, type OnnxType, typeNumbers } from '../../formats/onnx/model.ts';

export interface EmitOptions {
  /** Attributes that ONNX stores as whole numbers, lists of them, or text. Defaults to none. */
  attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Attributes that ONNX stores as floating-point numbers. Defaults to none. */
  floats?: Readonly<Record<string, number>>;
  /** The operator's domain. Defaults to ONNX's. */
  domain?: string;
}

/** The operators of one ONNX graph. Each is added after those that compute its operands, as ONNX requires. */
export class Operators {
  readonly nodes: OnnxNode[] = [];
  /** See {@link Emitter.namePrefix}. */
  namePrefix = '';
  #outputCount = 0;

  /** Adds an operator with one output and returns the output's name. */
  emit(operator: string, inputs: readonly string[], options: EmitOptions = {}): string {
    return this.emitMany(operator, inputs, 1, options)[0]!;
  }

  /** Adds an operator with `outputCount` outputs and returns their names. */
  emitMany(operator: string, inputs: readonly string[], outputCount: number, options: EmitOptions = {}): string[] {
    const outputs = Array.from({ length: outputCount }, () => `v${this.#outputCount++}`);
    const { attributes = {}, floats = {}, domain } = options;
    const name = this.namePrefix && `${this.namePrefix}|${operator}_${outputs[0]}`;
    this.nodes.push({ operator, inputs, outputs, attributes, floats, domain, ...(name && { name }) });
    return outputs;
  }

  /** The value `input` as another type. */
  cast(input: string, type: OnnxType): string {
    return this.emit('Cast', [input], { attributes: { to: typeNumbers[type] } });
  }
}
