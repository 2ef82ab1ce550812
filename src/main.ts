import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// The service: configuration in (serve.ts), parts wired (compose.ts), run until a signal. Standard output is for people:
// the token of the first start, and where it serves; the log goes to standard error.

// Stripping types and compiling is half of a cold start and a fifth of the memory, so the result is kept. It is kept
// inside the package, where only who may change the code may change it: Node's default is a folder in /tmp that any local
// user could fill. Where it cannot be written, the service starts a little slower.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'bootwright'));

const { serve } = await import('./serve.ts');
process.exitCode = await serve(process.argv.slice(2));
