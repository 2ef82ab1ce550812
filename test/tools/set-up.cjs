// Before `npm test`, `npm run demo` and `npm run bench`: on a fresh clone, installs what package-lock.json names (Node 24
// among it), so that each of these commands is enough by itself. CommonJS on purpose: whatever Node the system has runs it.
const fs = require('node:fs');
const path = require('node:path');
const spawnSync = require('node:child_process').spawnSync;

const top = path.join(__dirname, '..', '..');
const installed = path.join(top, 'node_modules', '.package-lock.json');
const wanted = path.join(top, 'package-lock.json');

function isStale() {
  return !fs.existsSync(installed) || fs.statSync(installed).mtimeMs < fs.statSync(wanted).mtimeMs;
}

if (isStale()) {
  console.log('installing dependencies (npm ci)');
  const result = spawnSync('npm', ['ci'], { cwd: top, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status === null ? 1 : result.status);
}
// By npm, so that the Node that was just installed is asked.
const guard = spawnSync('npm', ['run', '-s', 'guard'], { cwd: top, stdio: 'inherit' });
process.exit(guard.status === null ? 1 : guard.status);
