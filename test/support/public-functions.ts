import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { type Function as FunctionNode, type ParamPattern, type Program, parseSync } from 'oxc-parser';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };

/** The modules a user can import, by the name they are imported under, with the source file of each. */
export const publicModules = Object.entries(exports).flatMap(([path, target]) => {
  const types = JSON.stringify(target).match(/\.\/dist\/([^"]+)\.d\.ts/)?.[1];
  return types ? [{ name: `tsgpt${path.slice(1)}`, source: `src/${types}.ts` }] : [];
});

/** A name that a module exports, and the file that declares it. */
export interface Exported {
  readonly name: string;
  readonly isType: boolean;
  readonly file: string;
}

const known = new Map<string, Exported[]>();

/** What a module exports, what it exports of others included. */
export function exportsOf(file: string): Exported[] {
  const exported = known.get(file) ?? readExports(file);
  known.set(file, exported);
  return exported;
}

function readExports(file: string): Exported[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, importName, moduleRequest, isType }) => {
      const from = moduleRequest ? join(dirname(file), moduleRequest.value) : undefined;
      if (importName.kind === 'AllButDefault') return exportsOf(from!);
      const name = exportName.name!;
      if (from === undefined) return { name, isType, file };
      const behind = exportsOf(from).find((exported) => exported.name === (importName.name ?? name));
      return { name, isType, file: behind?.file ?? from };
    }),
  );
}

/** A public function, constructor or method (`Decoder.createCache`) and its parameters, each in its own source text. */
export interface PublicFunction {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** Every public function and every public method of a public class. */
export function publicFunctions(): PublicFunction[] {
  const places = new Map<string, Set<string>>();
  for (const { source } of publicModules) {
    for (const { name, isType, file } of exportsOf(source)) {
      if (!isType) places.set(file, (places.get(file) ?? new Set()).add(name));
    }
  }
  return [...places].flatMap(([file, names]) => {
    const text = readFileSync(file, 'utf8');
    return functionsIn(parseSync(file, text).program, text).filter(({ name }) => names.has(name.split('.')[0]!));
  });
}

function functionsIn(program: Program, text: string): PublicFunction[] {
  const describe = (name: string, { params }: Pick<FunctionNode, 'params'>) => ({
    name,
    parameters: params.map((parameter: ParamPattern) => text.slice(parameter.start, parameter.end)),
  });
  return program.body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    if (declared?.type === 'FunctionDeclaration') return [describe(declared.id!.name, declared)];
    if (declared?.type === 'VariableDeclaration') {
      return declared.declarations.flatMap(({ id, init }) =>
        init?.type === 'ArrowFunctionExpression' && id.type === 'Identifier' ? [describe(id.name, init)] : [],
      );
    }
    if (declared?.type !== 'ClassDeclaration') return [];
    return declared.body.body.flatMap((member) =>
      member.type === 'MethodDefinition' && member.key.type === 'Identifier' && member.accessibility !== 'private'
        ? [describe(`${declared.id!.name}.${member.key.name}`, member.value as FunctionNode)]
        : [],
    );
  });
}
