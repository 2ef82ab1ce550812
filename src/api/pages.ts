import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router } from 'express';

/** Assets carry a hash of their content in their names, as Vite writes them. */
const ASSETS_AGE_S = 365 * 24 * 3600;

/**
 * The built pages at `/`, when they are there; else the way to the API's description. Paths that are no file are places
 * inside the application, which finds its own way from its first page; an asset that is not there is not one of them.
 */
export function pagesRouter(folder: string | undefined): Router {
  const router = Router();
  if (folder === undefined || !existsSync(join(folder, 'index.html'))) {
    router.get('/', (_request, response) => response.redirect('/api/v1/docs'));
    return router;
  }
  router.use(
    '/assets',
    express.static(join(folder, 'assets'), { index: false, immutable: true, maxAge: ASSETS_AGE_S * 1000 }),
  );
  router.use(express.static(folder, { index: 'index.html', maxAge: 0, redirect: false }));
  router.get(/^\/(?!api\/|assets\/)[^.]*$/, (_request, response) => {
    response.set('Cache-Control', 'no-cache').sendFile('index.html', { root: folder });
  });
  return router;
}
