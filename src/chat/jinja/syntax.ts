import type { Value } from './values.ts';

/** The arguments of a call: `f(a, *more, b=1, **others)`. */
export interface CallArguments {
  positional: Expression[];
  named: { name: string; value: Expression }[];
  more?: Expression | undefined;
  others?: Expression | undefined;
}

interface SliceBounds {
  start?: Expression | undefined;
  stop?: Expression | undefined;
  step?: Expression | undefined;
}

type ExpressionKind =
  | { kind: 'literal'; value: Value }
  | { kind: 'name'; name: string }
  | { kind: 'list' | 'tuple'; items: Expression[] }
  | { kind: 'dict'; entries: [Expression, Expression][] }
  | { kind: 'attribute'; of: Expression; name: string }
  | { kind: 'item'; of: Expression; key: Expression }
  | ({ kind: 'slice'; of: Expression } & SliceBounds)
  | { kind: 'call'; callee: Expression; arguments: CallArguments }
  | FilterKind
  | { kind: 'test'; input: Expression; name: string; arguments: CallArguments }
  | { kind: 'unary'; operator: '+' | '-' | 'not'; operand: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }
  | { kind: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'comparison'; first: Expression; rest: { operator: string; operand: Expression }[] }
  | { kind: 'conditional'; test: Expression; value: Expression; otherwise: Expression | undefined };

/** A filter; the innermost one of a block (`{% filter upper %}`) has no input but the block's text. */
interface FilterKind {
  kind: 'filter';
  input: Expression | undefined;
  name: string;
  arguments: CallArguments;
}

/** A part of a template that has a value. `line` counts from 1. */
export type Expression = ExpressionKind & { line: number };
export type Filter = FilterKind & { line: number };

/** What can be assigned to: a name, a field of a namespace, or a tuple of targets. */
export type Target =
  | { kind: 'name'; name: string }
  | { kind: 'field'; namespace: string; name: string }
  | { kind: 'targets'; targets: Target[] };

/** The parameters and the body of a macro, or of a call block, whose body the macro calls as `caller()`. */
export interface MacroDefinition {
  name: string;
  parameters: { name: string; default: Expression | undefined }[];
  /** The names that the body reads. */
  reads: ReadonlySet<string>;
  body: Statement[];
}

export interface ForLoop {
  target: Target;
  over: Expression;
  condition: Expression | undefined;
  recursive: boolean;
  body: Statement[];
  otherwise: Statement[];
}

export type StatementKind =
  | { kind: 'text'; text: string }
  | { kind: 'output'; value: Expression }
  | { kind: 'if'; branches: { test: Expression; body: Statement[] }[]; otherwise: Statement[] }
  | ({ kind: 'for' } & ForLoop)
  | { kind: 'set'; target: Target; value: Expression }
  | { kind: 'set block'; target: Target; filter: Filter | undefined; body: Statement[] }
  | { kind: 'macro'; macro: MacroDefinition }
  | { kind: 'call block'; call: Expression; caller: MacroDefinition }
  | { kind: 'filter block'; filter: Filter; body: Statement[] }
  | { kind: 'with'; variables: { target: Target; value: Expression }[]; body: Statement[] }
  | { kind: 'break' | 'continue' };

/** A part of a template that writes or does something. */
export type Statement = StatementKind & { line: number };
