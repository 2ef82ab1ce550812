/**
 * Defects of controllers' firmware that this client meets halfway, as data. `automatic` ones only tolerate, or show
 * themselves in a way that cannot be forged without the password; those `on request` would be wrong with a controller that keeps
 * to the specification, so an entry has to name them.
 */
export type Quirk = {
  readonly name: string;
  readonly handling: 'automatic' | 'on request';
  /** What the controller does. */
  readonly defect: string;
  /** What is done about it. */
  readonly answer: string;
  /** Boards it was seen on, and who says so. */
  readonly source: string;
};

const FREEIPMI = 'FreeIPMI, freeipmi-bugs-issues-and-workarounds.txt';
const IPMITOOL = 'ipmitool(1), option -o';

/** The quirks that an entry may ask for. */
export const requestedQuirks = {
  'padded-user-name': {
    defect: 'users are only known by names of 16 bytes, filled up with zeros; RAKP message 3 covers the bare name',
    answer: 'names go out so, and the codes are made so',
    source: `Intel SE7520AF2; ${FREEIPMI}, LAN authentication #7, #10`,
  },
  'integrity-check-value': {
    defect:
      'the check value of RAKP message 4 is cut as the integrity algorithm says, not the authentication algorithm',
    answer: 'it is compared at that length; with suites that do not sign there is nothing left of it',
    source: `Intel SE7520AF2; ${FREEIPMI}, LAN authentication #9`,
  },
  'zero-session-id': {
    defect: 'packets of an IPMI 1.5 session carry session id 0',
    answer: 'they are taken when their MD5 code is right',
    source: `Tyan S2882 with m3289; ${FREEIPMI}, LAN session #2`,
  },
  'big-endian-sequence': {
    defect: 'sequence numbers of an IPMI 1.5 session come most significant byte first',
    answer: 'they are read so',
    source: `Sun Fire 4100 with ILOM; ${FREEIPMI}, LAN session #6`,
  },
} as const satisfies Readonly<Record<string, Pick<Quirk, 'defect' | 'answer' | 'source'>>>;

export type RequestedQuirk = keyof typeof requestedQuirks;

const automatic: readonly Omit<Quirk, 'handling'>[] = [
  {
    name: 'open-session-privilege',
    defect: 'keys are made with the privilege level of Open Session instead of that of RAKP message 1',
    answer: 'both always ask for the same level',
    source: `Supermicro X8DT*, Sun X4150, Dell C5220, Intel S5500WBV; ${FREEIPMI}, LAN authentication #13`,
  },
  {
    name: 'highest-privilege',
    defect: '"highest" is echoed by Open Session instead of being resolved',
    answer: 'a concrete level is asked for',
    source: `Intel SE7520AF2; ${FREEIPMI}, LAN authentication #6`,
  },
  {
    name: 'role-bit-cleared',
    defect: 'keys are made without the name-only bit of the role byte',
    answer: 'a RAKP message 2 made so is recognised by its code, and the rest of the login follows it',
    source: `Intel 82571 network controllers; ${IPMITOOL} i82571spt`,
  },
  {
    name: 'name-padded-in-keys',
    defect: 'keys are made with the user name filled up to 16 bytes',
    answer: 'a RAKP message 2 made so is recognised by its code, and the rest of the login follows it',
    source: `Intel 82571 network controllers; ${IPMITOOL} i82571spt`,
  },
  {
    name: 'long-key-exchange-code',
    defect: 'the code of RAKP message 2 has bytes behind it',
    answer: 'its own bytes are compared, the others prove nothing and harm nothing',
    source: `Sun Fire 4100 with ILOM, Supermicro H8QME; ${FREEIPMI}, LAN authentication #4, #12`,
  },
  {
    name: 'cut-md5-password',
    defect: 'passwords are cut to 16 bytes for HMAC-MD5',
    answer: 'a RAKP message 2 made so is recognised by its code, and the rest of the login follows it',
    source: `Intel SE7520AF2; ${FREEIPMI}, LAN authentication #8`,
  },
  {
    name: 'check-value-without-authentication',
    defect: 'RAKP message 4 carries a check value in a suite that does not authenticate',
    answer: 'it is not looked at',
    source: `Supermicro X8DTG, Intel S5500WBV; ${FREEIPMI}, LAN authentication #16`,
  },
  {
    name: 'bare-refusal',
    defect:
      'a refusal of RAKP message 1 has tag 0 and session id 0, or a refusal of Open Session ends after 1 or 2 bytes',
    answer: 'the first is believed when nothing better comes, the second is read as far as it goes',
    source: 'OpenBMC, phosphor-net-ipmid; OpenIPMI, ipmi_sim',
  },
  {
    name: 'status-of-a-disabled-suite',
    defect: 'a suite that is switched off is refused as 01h, 0Ah or 12h',
    answer: 'the next suite is tried, and the error names both causes',
    source: `Intel M50CYP, Supermicro, MSI; ${FREEIPMI}, LAN authentication #19, #20, #28`,
  },
  {
    name: 'other-algorithms-granted',
    defect: 'algorithms are granted that were not asked for',
    answer: 'the session is not used, the next suite is tried',
    source: 'pyghmi, pyghmi/ipmi/private/serversession.py',
  },
  {
    name: 'capability-bits',
    defect:
      'Get Channel Authentication Capabilities lies about user names, K_G and per-message authentication, or is not answered',
    answer: 'it is not asked',
    source: `Asus P5M2, Intel SR1520ML, Sun X4150, IBM 325, Supermicro H8QME; ${FREEIPMI}; ${IPMITOOL} i82571spt`,
  },
  {
    name: 'no-pre-session-suite-list',
    defect: 'Get Channel Cipher Suites is not answered before a session',
    answer: 'it is not asked there',
    source: 'OpenIPMI, ipmi_sim; ipmitool issue 199',
  },
  {
    name: 'no-presence-pong',
    defect: 'the ASF presence ping is not answered',
    answer: 'it is not sent',
    source: `Intel and Wiwynn Windmill, Quanta Winterfell; ${FREEIPMI}, Misc #7`,
  },
  {
    name: 'inner-checksums',
    defect: 'checksums inside a session are wrong',
    answer: 'they are not looked at under a right authentication code',
    source: `Supermicro X9SCM-iiF, X9DRi-F; ${FREEIPMI}, LAN session #7`,
  },
  {
    name: 'integrity-pad',
    defect: 'packets are padded otherwise before their authentication code',
    answer: 'the code is checked over the bytes as they came',
    source: `${IPMITOOL} icts`,
  },
  {
    name: 'skipped-sequence-numbers',
    defect: 'the controller counts 1, 3, 5',
    answer: 'a window of 32 numbers with a bitmap',
    source: `ASRock MT-C224; ${FREEIPMI}, LAN session #9`,
  },
  {
    name: 'long-and-short-responses',
    defect: 'responses have more bytes than specified, or lack optional ones',
    answer: 'both are read as far as they make sense',
    source: `HP DL380 G5 (boot flags); ${FREEIPMI}, configuration #33; pyghmi (Get Device ID)`,
  },
  {
    name: 'more-privilege-wanted',
    defect: 'a command wants more privilege than the specification says',
    answer: 'after D4h the session is raised as far as its login allows, and the command sent again',
    source: `Supermicro H8QME (Reserve SEL); ${FREEIPMI}, event log #3`,
  },
  {
    name: 'short-idle-limit',
    defect: 'sessions are dropped after 30 s, or sooner when many are open',
    answer: 'keep-alives every 20 s; a session that is gone is set up again',
    source: 'OpenIPMI, ipmi_sim; OpenBMC, phosphor-net-ipmid sessions_manager.cpp',
  },
];

/** All of them, for documentation. */
export const quirks: readonly Quirk[] = [
  ...automatic.map((quirk): Quirk => ({ ...quirk, handling: 'automatic' })),
  ...Object.entries(requestedQuirks).map(([name, quirk]): Quirk => ({ name, ...quirk, handling: 'on request' })),
];

export function isRequestedQuirk(name: string): name is RequestedQuirk {
  return Object.hasOwn(requestedQuirks, name);
}
