// Runs after `npm ci`: builds the web pages, so that the service has them to serve. Left out where the build tools are
// not installed (`npm ci --omit=dev`); the service then shows its API's description instead.
const { spawnSync } = require('node:child_process');
try {
  require.resolve('vite/package.json');
} catch {
  console.log('web pages not built: vite is not installed');
  process.exit(0);
}
process.exit(spawnSync('npm', ['run', '-s', 'build:web'], { stdio: 'inherit' }).status ?? 1);
