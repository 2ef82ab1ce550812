// Refuses a Node that cannot run this project: below 24.15 there is no node:sqlite fit for use and no type stripping
// to rely on. CommonJS and old syntax on purpose, so that an old Node can still print the message.
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 24 || (parts[0] === 24 && parts[1] < 15)) {
  console.error(
    'Bootwright needs Node 24.15 or later, this is ' +
      process.version +
      '. Run `npm ci` (it brings its own Node on ' +
      'linux x64 and arm64) and start things with `npm run`.',
  );
  process.exit(1);
}
