/** How many bytes a controller can send of a record at once: found out by trying, and kept for the next record. */
export type ChunkSize = {
  readonly size: number;
  /** Smallest size that was refused. */
  readonly ceiling: number;
};

const LARGEST = 0xfe;

/** Most controllers manage 32; ipmitool and FreeIPMI begin lower. */
export const firstChunkSize: ChunkSize = { size: 32, ceiling: LARGEST + 1 };

/** The controller has taken this size: doubles until the first refusal, then halves what is left up to that. */
export function grown({ size, ceiling }: ChunkSize): ChunkSize {
  const wanted = ceiling > LARGEST ? size * 2 : Math.floor((size + ceiling) / 2);
  return { size: Math.min(wanted, ceiling - 1), ceiling };
}

/** The controller has refused so many bytes. @returns undefined when there is nothing smaller to try */
export function shrunk({ ceiling }: ChunkSize, refused: number): ChunkSize | undefined {
  return refused <= 1 ? undefined : { size: Math.floor(refused / 2), ceiling: Math.min(ceiling, refused) };
}
