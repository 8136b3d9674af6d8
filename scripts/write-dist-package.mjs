// dist/ has a package.json as src/ has: which runtime is the default depends on where the program runs. Only the endings differ.
import { readFileSync, writeFileSync } from 'node:fs';

writeFileSync('dist/package.json', readFileSync('src/package.json', 'utf8').replaceAll('.ts"', '.js"'));
