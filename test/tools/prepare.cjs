// Runs after `npm ci`: builds the web pages, so that the service has them to serve, and the library `bootwright/ipmi` as
// JavaScript, since Node refuses to strip types below node_modules; then starts the service once to the point where its
// code is compiled and kept (src/main.ts), so that the first real start is as quick and small as the later ones. Pages and
// library are left out where the build tools are not installed (`npm ci --omit=dev`); the service then shows its API's
// description instead.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

function has(tool) {
  try {
    require.resolve(`${tool}/package.json`);
    return true;
  } catch {
    return false;
  }
}

function run(program, ...args) {
  const { status } = spawnSync(program, args, {
    cwd: join(__dirname, '..', '..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status ?? 1;
}

if (!has('typescript')) console.log('library not built: typescript is not installed');
else if (run('npm', 'run', '-s', 'build:lib') !== 0) {
  console.error('library not built: `npm run build:lib` tells why');
  process.exit(1);
}
if (!has('vite')) console.log('web pages not built: vite is not installed');
else if (run('npm', 'run', '-s', 'build:web') !== 0) process.exit(1);
// npm puts the Node of this project first in PATH, once it is installed.
process.exit(run('node', 'src/main.ts', '--check'));
