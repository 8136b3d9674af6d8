/**
 * Writes the API reference: a Markdown page for every module that the package exports, made by TypeDoc of the doc comments.
 *
 *     tsx book/reference.ts <project folder> <folder for the pages>
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Application, type Context, Converter, ParameterReflection, ReflectionKind } from 'typedoc';
import { sourceLink } from './build/directives.ts';
import { readableReference } from './build/reference-page.ts';

const [root = '.', out = 'book/pages/reference'] = process.argv.slice(2).map((path) => resolve(path));
const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Module names such as "tsgpt/nn" by the source file that the package exports under that name. */
const modules = new Map<string, string>();
for (const [path, target] of Object.entries<string | { types: string }>(exports)) {
  if (typeof target === 'string') continue; // package.json
  const source = target.types.replace('./dist/', './src/').replace('.d.ts', '.ts');
  modules.set(resolve(root, source), `${name}${path.slice(1)}`);
}

/**
 * Types in signatures of what is exported that are not for users: what others pass around without looking inside. Anything else
 * that is missing in the reference fails the build.
 */
const internal = [
  'GraphValue', // what a tensor is to the compiler
  'TensorNode',
  'TensorType',
  'dtypes', // listed by DType
  'GGML_TYPES', // listed by GgmlTypeName
  'NUMBER_TYPES', // listed by NumberType
  'SAFETENSORS_DTYPES', // listed by SafetensorsDtype
  'MetricsLog',
  // How weights are stored, on their way from a file's reader to the compiler.
  'StoredConstant',
  'StoredFloats',
  // What ConfigOf and OptionsOf are made of, and the tables that they are made from: see gpt2Config and llamaConfig.
  'Fields',
  'NamesOf',
  'ValueOf',
  'fields',
  'CheckpointFile', // of which TrainingRecord is a part
  'textReadingSchema', // listed by TextReading
  'pythonNames', // listed by WeightDtype
  'reasons', // listed by LeftOutReason
  'TypedNumbers', // listed by TensorValues
  // The tables that these types are read from.
  'shardSchema',
  'tokenizerIdentitySchema',
  'preparedSourceSchema',
  'manifestSchema',
  'layerKinds',
  'wordPatterns',
  'operationKinds',
  'optimizerKinds',
  'schedules',
  'OneAtATime', // keeps passes over a cache apart
];

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  tsconfig: join(root, 'tsconfig.build.json'),
  basePath: root,
  // What the root exports again is described where it belongs: the root comes last.
  entryPoints: [...modules.keys()].reverse(),
  out,
  name: 'API reference',
  readme: 'none',
  logLevel: 'Warn',
  intentionallyNotExported: internal,
  externalSymbolLinkMappings: { [name]: { writeFileAtomic: '#' } }, // no link
  excludePrivate: true,
  excludeInternal: true,
  sort: ['source-order'],
  disableGit: true,
  gitRevision: 'none',
  sourceLinkTemplate: 'source:',
  // Options of typedoc-plugin-markdown.
  ...{
    router: 'module',
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    useCustomAnchors: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    typeDeclarationVisibility: 'compact',
    tableColumnSettings: {
      hideDefaults: true,
      hideModifiers: true,
      hideOverrides: true,
      hideSources: true,
      hideInherited: true,
    },
  },
});

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
  for (const module of project.children ?? []) {
    module.name = modules.get(resolve(module.sources?.[0]?.fullFileName ?? '')) ?? module.name;
  }
});

app.converter.on(
  Converter.EVENT_RESOLVE_END,
  ({ project }: Context) => {
    for (const reflection of Object.values(project.reflections)) {
      if (reflection instanceof ParameterReflection && reflection.name === '__namedParameters')
        reflection.name = 'options';
      if (!reflection.isDeclaration() && !reflection.isSignature()) continue;
      // Every layer is a Module: what they have of it is described there.
      if (reflection.inheritedFrom && reflection.kindOf(ReflectionKind.ClassMember))
        project.removeReflection(reflection);
      reflection.overwrites = undefined;
      reflection.implementationOf = undefined;
    }
  },
  // After what is inherited is known, before members are put into groups.
  -50,
);

const project = await app.convert();
if (project) {
  app.validate(project);
  await app.generateOutputs(project);
}
if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
  console.error(
    'What is not included: export it or, if nobody needs to name it, add it to `internal` in book/reference.ts.',
  );
  process.exit(1);
}

const hasPage = (path: string) => existsSync(join(out, '..', `${sourceLink(path)}.md`));
for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  writeFileSync(path, readableReference(readFileSync(path, 'utf8'), hasPage));
}

const names = [...modules.values()];
/** A module with namespaces has a folder of pages. */
const pageOf = (module: string) => (existsSync(join(out, `${module}.md`)) ? module : `${module}/index`);
const list = names.map((module) => `- [\`${module}\`](./${pageOf(module)}.md)`);
const intro =
  'Everything the package exports, under the name it is imported from. `tsgpt` itself exports most of the others once more.';
writeFileSync(join(out, 'index.md'), `# API reference\n\n${intro}\n\n${list.join('\n')}\n`);

const entries = names.map((module) => ({ text: module, link: `/reference/${pageOf(module)}` }));
writeFileSync(join(out, 'contents.json'), JSON.stringify(entries));
