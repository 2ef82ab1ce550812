import { destination, type Logger, pino } from 'pino';
import type { Log } from './foundation/log.ts';

/** The log of the service: JSON lines on standard error; standard output is for what a person is to read. */
export function createPinoLog(level: string): Log {
  return wrap(
    pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true })),
  );
}

function wrap(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}
