import { z } from 'zod';
import type { AssetNeed, AssetUpload, StoredAsset } from '../../domain/ports/assets.ts';
import { bodyOf, pieceOf, withOffset } from '../asset-body.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Reply, type Route } from '../route.ts';
import {
  type AssetBody,
  type AssetUploadBody,
  assetChangeSchema,
  assetImportSchema,
  assetSchema,
  assetUploadSchema,
  capturedSchema,
  collectedSchema,
  newAssetSchema,
  sha256Params,
} from '../schema/asset.ts';
import { idParams, nameParams } from '../schema/common.ts';
import { iso } from '../views/time.ts';

const noAsset = { description: 'There is no such asset.' };
const noUpload = { description: 'There is no such upload.' };
const full = { description: 'The store is full: its quota, or the disk.' };
/** A kernel and an initrd over a slow line; the request ends with its client. */
const resume = 'A request that breaks off, or takes longer than 30 s, leaves what came: ask for the offset and go on.';

/** What machines boot: uploaded, resumable, known by SHA-256. */
export function assetRoutes({ assets, captures, machines, log }: ApiParts): readonly Route[] {
  const viewOf = async ({ sha256 }: StoredAsset): Promise<AssetBody> => viewAsset(await assets.get(sha256));
  return [
    defineRoute({
      method: 'get',
      path: '/assets',
      tag: 'Assets',
      summary: 'All uploaded assets, by SHA-256',
      access: 'read',
      answers: {
        200: { description: 'The assets.', schema: z.strictObject({ items: z.array(assetSchema), next: z.null() }) },
      },
      handle: async () => ({ status: 200, body: { items: (await assets.list()).map(viewAsset), next: null } }),
    }),
    defineRoute({
      method: 'post',
      path: '/assets',
      tag: 'Assets',
      summary: 'Begin an upload',
      description:
        'With the size and SHA-256 that will come. Contents that are here already need none; an upload that stopped is gone on with, from its offset.',
      access: 'asset.write',
      body: newAssetSchema,
      answers: {
        200: { description: 'The contents are here already; the name is theirs now.', schema: assetSchema },
        201: { description: 'Begun; Location is where the bytes go.', schema: assetUploadSchema },
        507: full,
      },
      async handle({ body, caller }): Promise<Reply> {
        const begun = await assets.begin(body);
        log.info({ actor: caller.name, ...body, known: 'asset' in begun }, 'asset upload ordered');
        if ('asset' in begun) return { status: 200, body: await viewOf(begun.asset) };
        const { upload } = begun;
        const headers = { Location: `/api/v1/assets/uploads/${upload.id}`, 'Upload-Offset': String(upload.offset) };
        return { status: 201, headers, body: viewUpload(upload) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/assets/collect',
      tag: 'Assets',
      summary: 'Remove what nothing needs',
      description:
        'Never what is pinned, declared for a machine, armed, part of a proven generation or being uploaded, nor what was used within the grace time.',
      access: 'asset.write',
      answers: { 200: { description: 'What went.', schema: collectedSchema } },
      async handle({ caller }) {
        const collected = await assets.collect();
        log.info({ actor: caller.name, freedBytes: collected.freedBytes }, 'asset collection ordered');
        return { status: 200, body: collected };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/assets/uploads/{id}',
      tag: 'Assets',
      summary: 'How far an upload has come',
      description: 'HEAD tells the same in the header Upload-Offset.',
      access: 'asset.write',
      params: idParams,
      answers: { 200: { description: 'The upload.', schema: assetUploadSchema }, 404: noUpload },
      async handle({ params }) {
        const upload = await assets.upload(params.id);
        return { status: 200, headers: { 'Upload-Offset': String(upload.offset) }, body: viewUpload(upload) };
      },
    }),
    defineRoute({
      method: 'put',
      path: '/assets/uploads/{id}',
      tag: 'Assets',
      summary: 'Send bytes',
      description: `The whole file, or a piece with Content-Range that begins at the offset. ${resume}`,
      access: 'asset.write',
      params: idParams,
      headers: [
        {
          name: 'Content-Range',
          description:
            'bytes FIRST-LAST/SIZE; bytes */SIZE without a body when all bytes are here already. Absent: the whole file.',
        },
      ],
      rawBody: true,
      answers: {
        201: { description: 'All bytes are here and their checksum is right: the asset.', schema: assetSchema },
        202: { description: 'More is to come, from `offset` on.', schema: assetUploadSchema },
        400: { description: 'The checksum was wrong (the upload is gone), or the piece makes no sense.' },
        404: noUpload,
        409: { description: 'The piece begins elsewhere than at the offset, or another request is sending.' },
        507: full,
      },
      async handle({ params, request }): Promise<Reply> {
        const upload = await assets.upload(params.id);
        const piece = pieceOf(request.headers, upload.bytes);
        const { offset, asset } = await assets
          .append(params.id, piece.from, bodyOf(request, piece))
          .catch((error: unknown) => {
            throw withOffset(error);
          });
        const headers = { 'Upload-Offset': String(offset) };
        if (asset === undefined) return { status: 202, headers, body: viewUpload({ ...upload, offset }) };
        return {
          status: 201,
          headers: { ...headers, Location: `/api/v1/assets/${asset.sha256}` },
          body: await viewOf(asset),
        };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/assets/uploads/{id}',
      tag: 'Assets',
      summary: 'Cancel an upload',
      access: 'asset.write',
      params: idParams,
      answers: { 204: { description: 'Cancelled.' }, 404: noUpload },
      async handle({ params }) {
        await assets.cancel(params.id);
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/assets/{sha256}',
      tag: 'Assets',
      summary: 'One asset',
      access: 'read',
      params: sha256Params,
      answers: { 200: { description: 'The asset.', schema: assetSchema }, 404: noAsset },
      handle: async ({ params }) => ({ status: 200, body: viewAsset(await assets.get(params.sha256)) }),
    }),
    defineRoute({
      method: 'put',
      path: '/assets/{sha256}',
      tag: 'Assets',
      summary: 'Pin an asset, or let it go',
      access: 'asset.write',
      params: sha256Params,
      body: assetChangeSchema,
      answers: { 200: { description: 'Changed.', schema: assetSchema }, 404: noAsset },
      async handle({ params, body, caller }) {
        const asset = await assets.pin(params.sha256, body.pinned);
        log.info({ actor: caller.name, sha256: asset.sha256, pinned: asset.pinned }, 'asset pin changed');
        return { status: 200, body: await viewOf(asset) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/assets/{sha256}',
      tag: 'Assets',
      summary: 'Remove an asset',
      access: 'asset.write',
      params: sha256Params,
      answers: { 204: { description: 'Removed.' }, 404: noAsset, 409: { description: 'Something needs it.' } },
      async handle({ params, caller }) {
        await assets.remove(params.sha256);
        log.info({ actor: caller.name, sha256: params.sha256 }, 'asset removal ordered');
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/machines/{name}/import-generation',
      tag: 'Assets',
      summary: 'Take the kernel and initrd of a NixOS generation',
      description:
        'From the machine over SSH, or from a closure in a folder of this host. Afterwards it can be netbooted.',
      access: 'asset.write',
      params: nameParams,
      body: assetImportSchema,
      answers: {
        200: { description: 'Captured.', schema: capturedSchema },
        404: { description: 'There is no such machine, or no system there.' },
        507: full,
      },
      async handle({ params, body, caller, response }) {
        const machine = await machines.get(params.name);
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        const { signal } = gone;
        const { folder, toplevel } = body;
        const captured =
          folder === undefined
            ? await captures.fromMachine(machine, toplevel, signal)
            : await captures.fromFolder(machine, folder, signal);
        log.info(
          { actor: caller.name, machine: machine.spec.name, toplevel: captured.toplevel },
          'generation imported',
        );
        const { machineId: _machineId, capturedAt: _capturedAt, ...shown } = captured;
        return { status: 200, body: shown };
      },
    }),
  ];
}

function viewAsset({ createdAt, usedAt, ...asset }: StoredAsset & { readonly needs: readonly AssetNeed[] }): AssetBody {
  return { ...asset, names: [...asset.names], needs: [...asset.needs], createdAt: iso(createdAt), usedAt: iso(usedAt) };
}

function viewUpload(upload: AssetUpload & { readonly offset: number }): AssetUploadBody {
  const { id, sha256, bytes, name, offset, createdAt } = upload;
  return { id, sha256, bytes, name, offset, createdAt: iso(createdAt) };
}
