// What the compiler leaves out of dist/.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';

// dist/ has a package.json as src/ has: which runtime is the default depends on where the program runs. Only the endings differ.
writeFileSync('dist/package.json', readFileSync('src/package.json', 'utf8').replaceAll('.ts"', '.js"'));

// npm makes the program executable only when it installs the package; `npx tsgpt` in a clone runs it after every build.
chmodSync('dist/cli/main.js', 0o755);
