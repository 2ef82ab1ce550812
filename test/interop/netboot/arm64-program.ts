/** What the program writes to the console of the firmware that runs it. */
export const ARM64_GREETING = 'an arm64 loader runs';

const [HEADERS, PAGE] = [0x200, 0x1000];

/**
 * A UEFI application for arm64 that says so on the firmware's console and waits: Debian 12 has no iPXE for arm64, nor any other
 * program of its kind for machines of another architecture.
 * @param bytes its size, a multiple of 512; what is over is filled with zeros
 * @see PE/COFF specification §2 to §4; UEFI 2.10 §4.3 (system table: ConOut at 64), §12.4.3 (OutputString at 8)
 */
export function arm64Program(bytes: number): Buffer {
  const image = Buffer.alloc(bytes);
  const body = bytes - HEADERS;
  image.write('MZ', 0, 'latin1');
  image.writeUInt32LE(0x40, 0x3c);
  image.write('PE\0\0', 0x40, 'latin1');
  const coff = 0x44;
  image.writeUInt16LE(0xaa64, coff); // machine
  image.writeUInt16LE(1, coff + 2); // sections
  image.writeUInt16LE(240, coff + 16); // size of the optional header
  image.writeUInt16LE(0x22, coff + 18); // executable, any address
  const optional = coff + 20;
  image.writeUInt16LE(0x20b, optional); // PE32+
  image.writeUInt32LE(body, optional + 4); // size of code
  image.writeUInt32LE(PAGE, optional + 16); // entry point
  image.writeUInt32LE(PAGE, optional + 20); // base of code
  image.writeUInt32LE(PAGE, optional + 32); // alignment in memory
  image.writeUInt32LE(0x200, optional + 36); // and in the file
  image.writeUInt32LE(PAGE + Math.ceil(body / PAGE) * PAGE, optional + 56); // size of image
  image.writeUInt32LE(HEADERS, optional + 60);
  image.writeUInt16LE(10, optional + 68); // subsystem: EFI application
  image.writeUInt32LE(16, optional + 108); // data directories, all empty
  const section = optional + 240;
  image.write('.text', section, 'latin1');
  image.writeUInt32LE(body, section + 8);
  image.writeUInt32LE(PAGE, section + 12);
  image.writeUInt32LE(body, section + 16);
  image.writeUInt32LE(HEADERS, section + 20);
  image.writeUInt32LE(0x60000020, section + 36); // code, executable, readable
  // Called with the image's handle in x0 and the system table in x1.
  const code = [
    0xf9402020, // ldr x0, [x1, #64]    ConOut
    0xf9400408, // ldr x8, [x0, #8]     its OutputString
    0x10000081, // adr x1, text         16 bytes on
    0xd63f0100, // blr x8
    0xd503207f, // wfi
    0x17ffffff, // b wfi
  ];
  for (const [index, word] of code.entries()) image.writeUInt32LE(word, HEADERS + 4 * index);
  image.write(`${ARM64_GREETING}\r\n\0`, HEADERS + 4 * code.length, 'utf16le');
  return image;
}
