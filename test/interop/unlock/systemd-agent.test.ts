import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Initrd, PendingPrompt } from '../../../src/domain/ports/hosts.ts';
import { RefusedError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { type RealHost, startRealHost } from '../../support/real-host.ts';
import { eventually } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(120_000);
const PASSPHRASE = 'open sesame 42';

/**
 * Asks as systemd-cryptsetup does, with systemd's own program: three tries, each a question of its own. What it was
 * given is written down. Its processes' cgroup files are covered, since no systemd runs here that would name their units.
 */
const CRYPTSETUP = `#!/bin/bash
disk=$1 unit=systemd-cryptsetup@$2.service state=/run/states/$2
echo "0::/system.slice/system-systemd\\\\x2dcryptsetup.slice/$unit" >/run/cgroup.$$
echo "$unit loaded activating start start Cryptography Setup for $disk" >$state
for try in 1 2 3; do
  systemd-ask-password --no-tty --timeout=60 --id="cryptsetup:/dev/$disk" "Please enter passphrase for disk $disk:" >/run/answer.$$ &
  mount --bind /run/cgroup.$$ /proc/$!/cgroup
  wait $!
  sed "s/^/$disk: /" /run/answer.$$ >>/run/shared/answers
  sleep 0.3
  if [ "$(cat /run/answer.$$)" = '${PASSPHRASE}' ]; then
    echo "$unit loaded active exited Cryptography Setup for $disk" >$state
    exit 0
  fi
done
echo "$unit loaded failed failed Cryptography Setup for $disk" >$state
`;

const SYSTEMCTL = '#!/bin/sh\n[ "$1" = list-units ] && cat /run/states/*\n';

function host(disks: readonly [string, string][], agentOnly: boolean): Promise<RealHost> {
  const start = disks.map(
    ([disk, instance]) => `cryptsetup-stand-in ${disk} '${instance}' </dev/null >/dev/null 2>&1 &`,
  );
  return startRealHost({
    server: 'sshd',
    stage: 1,
    tools: { 'cryptsetup-stand-in': CRYPTSETUP, systemctl: SYSTEMCTL },
    setup: `mkdir -p /run/shared /run/states /run/systemd/system; mount --bind $T /run/shared; : >$T/answers
touch /etc/initrd-release
mount --bind $T/tools/systemctl /usr/bin/systemctl
${agentOnly ? 'mount --bind /dev/null /lib/systemd/systemd-reply-password' : ''}
PATH=/run/wrappers/bin:$PATH
${start.join('\n')}`,
  });
}

async function prompts(initrd: Initrd, count = 1, not = ''): Promise<readonly PendingPrompt[]> {
  return eventually(async () => {
    const seen = (await initrd.look(signal)).prompts.filter(({ id }) => id !== not);
    return seen.length >= count ? seen : undefined;
  });
}

const answers = (real: RealHost): string => readFileSync(join(real.folder, 'answers'), 'utf8');
const first = (list: readonly PendingPrompt[]): PendingPrompt => {
  const [prompt] = list;
  if (prompt === undefined) throw new Error('no prompt');
  return prompt;
};

describe.each([
  ['systemd-reply-password', false],
  ['systemd-tty-ask-password-agent', true],
])('by the real %s', (_name, agentOnly) => {
  test('wrong, then right: two verdicts, two answers, byte for byte', async () => {
    await using real = await host([['crypt-root', 'crypt\\x2droot']], agentOnly);
    await using initrd = await real.hosts.initrd(real.machine, signal);
    const asked = first(await prompts(initrd));
    expect(asked.disk).toBe('crypt-root');
    expect(await initrd.look(signal)).toMatchObject({ flavour: 'systemd', unlocked: expect.any(Array), exhausted: [] });
    expect(await initrd.answer(asked, Secret.fromText('not this'), signal)).toBe('wrong');
    const again = first(await prompts(initrd, 1, asked.id));
    expect(await initrd.answer(asked, Secret.fromText(PASSPHRASE), signal)).toBe('nothing-pending');
    expect(await initrd.answer(again, Secret.fromText(PASSPHRASE), signal)).toBe('unlocked');
    expect(answers(real)).toBe(`crypt-root: not this\ncrypt-root: ${PASSPHRASE}\n`);
    expect(real.logged.join('\n') + real.serverLog()).not.toContain(PASSPHRASE);
  });

  test('three wrong ones are the end', async () => {
    await using real = await host([['root', 'root']], agentOnly);
    await using initrd = await real.hosts.initrd(real.machine, signal);
    const verdicts: string[] = [];
    let last = '';
    for (let i = 0; i < 3; i++) {
      const prompt = first(await prompts(initrd, 1, last));
      last = prompt.id;
      verdicts.push(await initrd.answer(prompt, Secret.fromText(`wrong ${i}`), signal));
    }
    expect(verdicts).toEqual(['wrong', 'wrong', 'exhausted']);
    expect((await initrd.look(signal)).exhausted).toEqual(['root']);
  });
});

describe('two disks asking at once', () => {
  const disks: [string, string][] = [
    ['root', 'root'],
    ['data', 'data'],
  ];
  test('the reply tool answers the one that is meant', async () => {
    await using real = await host(disks, false);
    await using initrd = await real.hosts.initrd(real.machine, signal);
    const data = (await prompts(initrd, 2)).filter(({ disk }) => disk === 'data');
    expect(await initrd.answer(first(data), Secret.fromText(PASSPHRASE), signal)).toBe('unlocked');
    expect(answers(real)).toBe(`data: ${PASSPHRASE}\n`);
  });
  test('the agent is not let loose on them', async () => {
    await using real = await host(disks, true);
    await using initrd = await real.hosts.initrd(real.machine, signal);
    const asked = await prompts(initrd, 2);
    await expect(initrd.answer(first(asked), Secret.fromText(PASSPHRASE), signal)).rejects.toThrow(RefusedError);
    expect(answers(real)).toBe('');
  });
});

test('a running system with questions pending is no initrd: nothing is sent', async () => {
  await using real = await startRealHost({
    server: 'sshd',
    stage: 1,
    setup: 'mkdir -p /run/systemd/system; rm -f /etc/initrd-release',
  });
  await using initrd = await real.hosts.initrd(real.machine, signal);
  await expect(initrd.look(signal)).rejects.toThrow(/no passphrase is sent/);
});
