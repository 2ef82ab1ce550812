import { RakpStatus } from '../../protocols/ipmi/rakp/status.ts';
import type { SessionLimits } from './session-table.ts';

/**
 * How a controller departs from the book. Each field is one departure, named by what is done; the first value of each
 * list is the book's, and `strict` has them all. The source names where the defect was seen.
 */
export type Personality = {
  /** Suites it agrees to, unless the options say otherwise. */
  readonly cipherSuites: readonly number[];
  /** Unless the options say otherwise. */
  readonly limits: Partial<SessionLimits>;
  /** Every answer comes so much later. */
  readonly answerDelayMs: number;
  /** Whether RMCP+ is known at all. Boards from before it drop its packets, and refuse with CCh to tell v2.0 capabilities. */
  readonly rmcpPlus: 'spoken' | 'unknown';
  /** The ASF presence ping: Windmill boards and OpenBMC as built by some are silent (FreeIPMI "ipmiping"). */
  readonly presencePing: 'answered' | 'ignored';
  /** Get Channel Cipher Suites outside a session: ipmi_sim and many boards are silent (ipmitool issue #199). */
  readonly cipherSuiteQuery: 'answered' | 'ignored';
  /** The suites that it lists, where those are not the ones that work: Supermicro X8DTG, MSI, Windmill (FreeIPMI's list of defects). */
  readonly listedSuites: readonly number[] | undefined;
  /** User, K_G and version bits of Get Channel Authentication Capabilities: wrong on Asus P5M2 and Intel SR1520ML (FreeIPMI "authcap"). */
  readonly capabilityBits: 'right' | 'wrong';

  /** Open Session's status for a suite that is off. 01h Intel M50CYP, 0Ah Supermicro, 12h MSI (FreeIPMI's list of defects). */
  readonly disabledSuiteStatus: number;
  /**
   * Bytes of a refused Open Session: 8 by Table 13-10, 36 with zeros from OpenBMC, 2 from ipmi_sim; 1 is the bare C7h that
   * OpenBMC has for a request of the wrong length.
   */
  readonly openSessionRefusalBytes: 8 | 36 | 2 | 1;
  /** What Open Session answers to a request for the highest level: the level, or the 0 that asked (Intel, FreeIPMI "intel20"). */
  readonly highestPrivilege: 'resolved' | 'echoed';
  /** Which levels a suite admits: up to its limit, or that alone (an early Tyan, FreeIPMI, LAN authentication #11). */
  readonly suiteLevel: 'up-to-limit' | 'limit-only';
  /** The suite that is granted, whatever was asked; pyghmi's own BMC always grants 3. */
  readonly grantsAlways: number | undefined;

  /** Whose privilege level the RAKP hashes cover: Supermicro X8DT*, Dell C5220 and Intel S5500WBV take Open Session's. */
  readonly hashedPrivilege: 'rakp-message-1' | 'open-session';
  /** The role byte of the RAKP hashes: Intel 82571 network controllers leave the name-only bit out (ipmitool "-o i82571spt"). */
  readonly hashedRole: 'whole' | 'without-name-only-bit';
  /**
   * User names of RAKP message 1: as long as they are; or filled up to 16 bytes, and others unknown (Intel SE7520AF2,
   * FreeIPMI "intel20"); or filled up for the hashes alone, as a controller with a fixed field for them does.
   */
  readonly userName: 'plain' | 'padded' | 'padded-in-hashes';
  /** The code of RAKP message 2: Sun Fire 4100 and Supermicro H8QME send a byte more (FreeIPMI "sun20", "supermicro20"). */
  readonly keyExchangeCode: 'whole' | 'one-byte-more';
  /**
   * What the code of RAKP message 3 covers: role and name as the other codes do, or the role without the name-only bit and
   * the name as it is (Intel SE7520AF2, FreeIPMI "intel20", LAN authentication #10).
   */
  readonly message3Identity: 'as-in-message-1' | 'bare';
  /** A refused RAKP message 1: 8 bytes with the console's tag and session id, or 40 that are zero but for the status (OpenBMC). */
  readonly rakpRefusal: 'addressed' | 'zeros';
  /** How much of a password HMAC-MD5 is keyed with: Intel SE7520AF2 takes 16 bytes (FreeIPMI "intel20"). */
  readonly md5PasswordBytes: 20 | 16;
  /** Which algorithm cuts RAKP message 4's check value: Intel SE7520AF2 goes by integrity (FreeIPMI "intel20"). */
  readonly checkValueCut: 'authentication' | 'integrity';
  /** A check value where nothing is authenticated: Supermicro X8DTG in suite 0 (FreeIPMI "integritycheckvalue"). */
  readonly checkValueUnasked: 'absent' | 'there';
  /** An identical RAKP message 1 once more: many boards stay silent (pyghmi, session.py). */
  readonly repeatedRakpMessage1: 'answered' | 'ignored';
  /** RAKP message 3 once more; ipmi_sim wraps its answer into the session. */
  readonly repeatedRakpMessage3: 'ignored' | 'answered' | 'answered-in-session';

  /** Who may use a session: the address and port that made it; OpenBMC answers whoever has the keys, wherever it is. */
  readonly sessionSource: 'bound' | 'any';
  /** Step of the numbers it sends: ASRock MT-C224 counts 1, 3, 5 (FreeIPMI's list of defects). */
  readonly sequenceStep: 1 | 2;
  /** Checksums inside the session: Supermicro X9SCM-iiF and X9DRi-F send wrong ones (FreeIPMI "nochecksumcheck"). */
  readonly innerChecksums: 'right' | 'wrong';
  /** What the integrity pad rounds up: some boards leave the trailer's two bytes out of the count (ipmitool "-o icts"). */
  readonly integrityPad: 'with-trailer' | 'without-trailer';
  /** Codes of the packets it sends: Supermicro X8DTG leaves them out in suites 7 and 8 (FreeIPMI, LAN authentication #17). */
  readonly packetCodes: 'sent' | 'left-out';
  /** Bytes behind a successful answer's own: HP DL380 G5 adds 12 to boot flags. */
  readonly extraResponseBytes: number;
  /** A request with the bytes of the last one: carried out again, or refused with CFh (§5.2, Table 5-2). */
  readonly repeatedRequest: 'carried-out' | 'refused';
  /** Commands, netFn in bits 15:8, that it lets nobody below OPERATOR do, whatever Table G-1 says: H8QME and Reserve SEL. */
  readonly operatorCommands: readonly number[];
  /** Which levels Activate Session admits: up to the user's limit, or that alone, else D4h (Xyratex HB-F8-SRAY, FreeIPMI, LAN authentication #24). */
  readonly v15Level: 'up-to-limit' | 'limit-only';
  /** A password of more than 16 bytes in v1.5: no login, or one with its first 16 (Supermicro X8DTG-D, FreeIPMI, LAN authentication #23). */
  readonly v15LongPassword: 'refused' | 'cut';
  /** Session id in answers of a v1.5 session: Tyan S2882 sends 0 (FreeIPMI "idzero"). */
  readonly v15SessionId: 'sent' | 'zero';
  /** Byte order of the numbers it sends in a v1.5 session: Sun Fire 4100 sends the most significant first (FreeIPMI "endianseq"). */
  readonly v15SequenceOrder: 'little-endian' | 'big-endian';
  /** The number of Activate Session's answer: ipmi_sim uses it again for the next packet. */
  readonly v15FirstNumber: 'used-once' | 'used-twice';

  /** Which bits of the boot flags it keeps: ipmi_sim keeps the device alone, others lose EFI and persistent. */
  readonly bootFlags: 'kept' | 'device-only' | 'without-efi-and-persistent';
  /** Boot flags are gone so long after they were set, whatever parameter 3 says; undefined: never. */
  readonly bootFlagsLostAfterMs: number | undefined;
};

const RESERVE_SEL = 0x0a42;

/** The book to the letter. */
export const strict: Personality = {
  cipherSuites: [3, 17],
  limits: {},
  answerDelayMs: 0,
  rmcpPlus: 'spoken',
  presencePing: 'answered',
  cipherSuiteQuery: 'answered',
  listedSuites: undefined,
  capabilityBits: 'right',
  disabledSuiteStatus: RakpStatus.noMatchingCipherSuite,
  openSessionRefusalBytes: 8,
  highestPrivilege: 'resolved',
  suiteLevel: 'up-to-limit',
  grantsAlways: undefined,
  hashedPrivilege: 'rakp-message-1',
  hashedRole: 'whole',
  userName: 'plain',
  keyExchangeCode: 'whole',
  message3Identity: 'as-in-message-1',
  rakpRefusal: 'addressed',
  md5PasswordBytes: 20,
  checkValueCut: 'authentication',
  checkValueUnasked: 'absent',
  repeatedRakpMessage1: 'answered',
  repeatedRakpMessage3: 'ignored',
  sessionSource: 'bound',
  sequenceStep: 1,
  innerChecksums: 'right',
  integrityPad: 'with-trailer',
  packetCodes: 'sent',
  extraResponseBytes: 0,
  repeatedRequest: 'carried-out',
  operatorCommands: [],
  v15Level: 'up-to-limit',
  v15LongPassword: 'refused',
  v15SessionId: 'sent',
  v15SequenceOrder: 'little-endian',
  v15FirstNumber: 'used-once',
  bootFlags: 'kept',
  bootFlagsLostAfterMs: undefined,
};

/** Only suite 3, as ipmi_sim in practice and boards from before SHA-256. */
export const suite3Only: Partial<Personality> = { cipherSuites: [3] };

/** Only suite 17, as recent Supermicro and HPE boards. */
export const suite17Only: Partial<Personality> = { cipherSuites: [17] };

/** Silent when asked for its suites before a session. */
export const noCipherQuery: Partial<Personality> = { cipherSuiteQuery: 'ignored' };

/** Takes its time: longer than the first wait of most clients (ipmitool 1 s, FreeIPMI 0.4 s). */
export const slow: Partial<Personality> = { answerDelayMs: 700 };

/** Keeps the boot device and nothing else, as ipmi_sim. */
export const forgetfulBootFlags: Partial<Personality> = { bootFlags: 'device-only' };

/** Has room for 4 sessions, as Cisco IMC (ipmitool issue #213); only closing and idling free one. */
export const sessionLimited: Partial<Personality> = { limits: { maximumSessions: 4 } };

/** Ends sessions after 30 s, as ipmi_sim, not after 60. */
export const impatient: Partial<Personality> = { limits: { idleMs: 30_000 } };

/**
 * OpenBMC (phosphor-net-ipmid, open_session.cpp, rakp12.cpp, message_handler.cpp): refusals padded with zeros, 04h for an
 * algorithm that it does not know, sessions that follow their sender, 3 s for a handshake.
 */
export const openBmc: Partial<Personality> = {
  cipherSuites: [17],
  presencePing: 'ignored',
  disabledSuiteStatus: 0x04,
  openSessionRefusalBytes: 36,
  rakpRefusal: 'zeros',
  sessionSource: 'any',
  limits: { maximumSessions: 15, halfOpenMs: 3_000 },
};

/** OpenIPMI's ipmi_sim 2.0.33, as far as it matters to a client. */
export const ipmiSim: Partial<Personality> = {
  cipherSuites: [0, 1, 2, 3, 6],
  cipherSuiteQuery: 'ignored',
  openSessionRefusalBytes: 2,
  hashedPrivilege: 'open-session',
  repeatedRakpMessage3: 'answered-in-session',
  v15FirstNumber: 'used-twice',
  bootFlags: 'device-only',
  limits: { idleMs: 30_000 },
};

/** pyghmi's own BMC: suite 3 for everybody. */
export const pyghmiBmc: Partial<Personality> = { cipherSuites: [3], grantsAlways: 3 };

/** Supermicro X8DT*, Dell C5220 and relatives: hashes cover the privilege level of Open Session. */
export const openSessionPrivilege: Partial<Personality> = { hashedPrivilege: 'open-session' };

/** Intel SE7520AF2 (FreeIPMI "intel20"). */
export const intel20: Partial<Personality> = {
  cipherSuites: [6, 7, 8, 11, 12, 1, 2, 3],
  highestPrivilege: 'echoed',
  userName: 'padded',
  message3Identity: 'bare',
  md5PasswordBytes: 16,
  checkValueCut: 'integrity',
};

/** Sun Fire 4100 with ILOM (FreeIPMI "sun20", "endianseq"). */
export const sunIlom: Partial<Personality> = {
  cipherSuites: [1, 2, 3],
  hashedPrivilege: 'open-session',
  keyExchangeCode: 'one-byte-more',
  v15SequenceOrder: 'big-endian',
};

/** Supermicro H8QME with SIMSO (FreeIPMI "supermicro20"). */
export const supermicro20: Partial<Personality> = {
  keyExchangeCode: 'one-byte-more',
  operatorCommands: [RESERVE_SEL],
};

/** Intel 82571 network controllers (ipmitool "-o i82571spt"). */
export const intel82571: Partial<Personality> = { cipherSuites: [3], hashedRole: 'without-name-only-bit' };

/** Knows IPMI 1.5 alone; needs `ipmi15` in the options. */
export const onlyIpmi15: Partial<Personality> = { rmcpPlus: 'unknown' };
