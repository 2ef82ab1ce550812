import { z } from 'zod';
import { HTTP_ERROR_CODES } from './http-error.ts';
import type { Answer, Route } from './route.ts';
import { assetSchema, assetUploadSchema, capturedSchema, collectedSchema, newAssetSchema } from './schema/asset.ts';
import {
  consoleClientMessageSchema,
  consoleMatchesSchema,
  consolePageSchema,
  consoleServerMessageSchema,
} from './schema/console.ts';
import { approvalSchema, discoveredMachineSchema } from './schema/discovered.ts';
import { bootAttemptSchema, bootFindingSchema } from './schema/doctor.ts';
import { eventPageSchema, eventSchema } from './schema/event.ts';
import {
  bootOverrideSchema,
  bootOverrideSetSchema,
  chassisSchema,
  eventLogSchema,
  fruSchema,
  healthSchema,
  logEntrySchema,
  rawAnswerSchema,
  sensorSchema,
} from './schema/hardware.ts';
import { loadersSchema } from './schema/loaders.ts';
import { fleetMachineSchema, generationSchema, machineSchema, machineSpecSchema } from './schema/machine.ts';
import { problemSchema } from './schema/problem.ts';
import { runErrorSchema, runRequestSchema, runSchema, runStepSchema, runSummarySchema } from './schema/run.ts';
import { createdTokenSchema, newTokenSchema, sessionSchema, tokenSchema, whoamiSchema } from './schema/token.ts';

type Json = { [key: string]: unknown };

/** One operation as the description page reads it. */
export type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
  readonly 'x-permission': string;
};

export type OpenApi = {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
  readonly [key: string]: unknown;
};

/** Schemas with a name of their own; wherever they stand, the description refers to them. */
const NAMED = {
  Machine: machineSchema,
  MachineSpec: machineSpecSchema,
  FleetMachine: fleetMachineSchema,
  DiscoveredMachine: discoveredMachineSchema,
  MachineApproval: approvalSchema,
  Loaders: loadersSchema,
  Generation: generationSchema,
  Run: runSchema,
  RunRequest: runRequestSchema,
  RunStep: runStepSchema,
  RunError: runErrorSchema,
  RunSummary: runSummarySchema,
  Asset: assetSchema,
  AssetUpload: assetUploadSchema,
  NewAsset: newAssetSchema,
  CapturedGeneration: capturedSchema,
  Collected: collectedSchema,
  BootAttempt: bootAttemptSchema,
  BootFinding: bootFindingSchema,
  Event: eventSchema,
  EventPage: eventPageSchema,
  Chassis: chassisSchema,
  Sensor: sensorSchema,
  Health: healthSchema,
  EventLog: eventLogSchema,
  LogEntry: logEntrySchema,
  ReplaceablePart: fruSchema,
  BootOverride: bootOverrideSchema,
  BootOverrideSet: bootOverrideSetSchema,
  RawAnswer: rawAnswerSchema,
  Token: tokenSchema,
  CreatedToken: createdTokenSchema,
  NewToken: newTokenSchema,
  Whoami: whoamiSchema,
  Session: sessionSchema,
  ConsoleServerMessage: consoleServerMessageSchema,
  ConsoleClientMessage: consoleClientMessageSchema,
  ConsolePage: consolePageSchema,
  ConsoleMatches: consoleMatchesSchema,
  Problem: problemSchema,
} as const;

const DESCRIPTION = [
  'Takes machines from power-off to a logged-in user session, and proves each step.',
  'Every call takes `Authorization: Bearer bw_…` unless it is public. Errors are `application/problem+json` with a stable `code`.',
  `Codes beside those of the parts behind: ${HTTP_ERROR_CODES.join(', ')}.`,
].join('\n\n');

/** The whole API as OpenAPI 3.1, from the routes and the very schemas that check requests. */
export function describeApi(
  routes: readonly Route[],
  { version, machineSchema: machineJson }: { readonly version: string; readonly machineSchema: object },
): OpenApi {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const jsonOf = schemaWriter(registry);
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = `/api/v1${route.path}`;
    paths[path] = { ...paths[path], [route.method]: operationOf(route, jsonOf) };
  }
  const { schemas } = z.toJSONSchema(registry, { uri: refTo, unrepresentable: 'any', io: 'output' });
  const named = Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
  return {
    openapi: '3.1.0',
    info: { title: 'Bootwright', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: { ...named, MachineSpec: { ...machineJson } },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'bootwright_session' },
      },
    },
  };
}

type JsonOf = (schema: z.ZodType, io: 'input' | 'output') => Json;

/** Named schemas become references; others are written out, with references inside. */
function schemaWriter(registry: ReturnType<typeof z.registry<{ id: string }>>): JsonOf {
  return (schema, io) => {
    const named = registry.get(schema);
    if (named !== undefined) return { $ref: refTo(named.id) };
    const own = z.registry<{ id: string }>();
    for (const [id, each] of Object.entries(NAMED)) own.add(each, { id });
    own.add(schema, { id: 'inline' });
    const { schemas } = z.toJSONSchema(own, { uri: refTo, unrepresentable: 'any', io });
    return bare(schemas.inline ?? {});
  };
}

function operationOf(route: Route, jsonOf: JsonOf): Operation {
  const parameters = [
    ...parametersOf(route.params, 'path', jsonOf),
    ...parametersOf(route.query, 'query', jsonOf),
    ...(route.headers ?? []).map((header) => ({ ...header, in: 'header', schema: { type: 'string' } })),
  ];
  const responses = Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [status, responseOf(Number(status), answer, jsonOf)]),
  );
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonOf(route.body, 'input') } } } }),
    ...(route.rawBody === true ? { requestBody: { required: true, content: { 'application/octet-stream': {} } } } : {}),
    responses: { ...responses, default: problem('Any error.') },
    ...(route.access === 'public' ? { security: [] } : {}),
    'x-permission': route.access,
  };
}

function responseOf(status: number, { description, schema, contentType }: Answer, jsonOf: JsonOf): Json {
  if (status >= 400) return problem(description);
  if (schema !== undefined)
    return { description, content: { 'application/json': { schema: jsonOf(schema, 'output') } } };
  return contentType === undefined ? { description } : { description, content: { [contentType]: {} } };
}

function problem(description: string): Json {
  return { description, content: { 'application/problem+json': { schema: { $ref: refTo('Problem') } } } };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query', jsonOf: JsonOf): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[/{}.-]+/).filter((word) => word !== '');
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function refTo(id: string): string {
  return `#/components/schemas/${id}`;
}

function bare(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Json;
  return rest;
}
