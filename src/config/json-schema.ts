import { z } from 'zod';
import { configSchema } from './config-schema.ts';
import { machineSchema } from './machine-schema.ts';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [key: string]: unknown };

/** Of the configuration file as it is written (before defaults), for editors and for the API to publish. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'Bootwright configuration', ...schema };
}

/** Of one machine as it is declared, for the API's own description. */
export function machineJsonSchema(): JsonSchema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(machineSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'MachineSpec', ...schema };
}
