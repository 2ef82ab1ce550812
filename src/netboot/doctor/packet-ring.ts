import {
  decodePcapFile,
  encodePcapHeader,
  encodePcapRecord,
  FILE_HEADER_LENGTH,
} from '../../protocols/pcap/pcap-file.ts';

/** The last packets of one attempt, as records of a pcap file. */
export type PacketRing = {
  readonly count: number;
  /** @param atMs epoch milliseconds @param packet kept, from its IP header on */
  push(atMs: number, packet: Buffer, originalLength: number): void;
  /** Takes in the packets of a file that was kept before, as the oldest. @throws DecodeError when it is none */
  restore(file: Buffer): void;
  /** All of it as a file. */
  file(): Buffer;
};

/** @param mostBytes of the file, asked for at each packet; the oldest packets go first */
export function createPacketRing(mostPackets: number, mostBytes: () => number): PacketRing {
  let records: Buffer[] = [];
  let bytes = FILE_HEADER_LENGTH;

  function trim(): void {
    const limit = mostBytes();
    let surplus = Math.max(0, records.length - mostPackets);
    for (const record of records.slice(0, surplus)) bytes -= record.length;
    while (bytes > limit && surplus < records.length) {
      bytes -= records[surplus]?.length ?? 0;
      surplus += 1;
    }
    if (surplus > 0) records = records.slice(surplus);
  }

  return {
    get count() {
      return records.length;
    },
    push(atMs, packet, originalLength) {
      const record = encodePcapRecord({ atUs: Math.round(atMs * 1000), originalLength, data: packet });
      records.push(record);
      bytes += record.length;
      trim();
    },
    restore(file) {
      const earlier = decodePcapFile(file).records.map(encodePcapRecord);
      records = [...earlier, ...records];
      bytes += earlier.reduce((sum, record) => sum + record.length, 0);
      trim();
    },
    file: () => Buffer.concat([encodePcapHeader(), ...records]),
  };
}
