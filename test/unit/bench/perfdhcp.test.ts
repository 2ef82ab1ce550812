import { describe, expect, it } from 'vitest';
import { parsePerfdhcp } from '../../bench/perfdhcp.ts';

/** As perfdhcp 2.2.0 printed it, with `-r 10 -n 3 -x t`, of a server that was slow with the last answer. */
const PRINTED = `Running: perfdhcp -4 -l eth0 -r 10 -n 3 -R 8000 -x t 10.80.0.1
Scenario: basic.
Multi-thread mode enabled.
***Rate statistics***
Rate: 5.83563 4-way exchanges/second, expected rate: 10

***Malformed Packets***
Malformed packets: 0
***Statistics for: DISCOVER-OFFER***
sent packets: 3
received packets: 2
drops: 1
drops ratio: 33.3333 %
orphans: 0
rejected leases: 0
non unique addresses: 0

min delay: 0.477 ms
avg delay: 0.553 ms
max delay: 0.630 ms
std deviation: 0.077 ms
collected packets: 0

***Statistics for: REQUEST-ACK***
sent packets: 2
received packets: 2
drops: 0
drops ratio: 0.000 %
orphans: 0
rejected leases: 0
non unique addresses: 0

min delay: 0.317 ms
avg delay: 0.342 ms
max delay: 0.366 ms
std deviation: 0.024 ms
collected packets: 0

***Timestamps for packets: DISCOVER-OFFER***
sent / received: 000000.000116 / 000000.000746
sent / received: 000000.200184 / 000000.200661

***Timestamps for packets: REQUEST-ACK***
sent / received: 000000.000798 / 000000.001164
sent / received: 000001.999900 / 000002.000400
`;

describe('a report of perfdhcp', () => {
  it('is read by halves of the exchange', () => {
    const { offers, acks } = parsePerfdhcp(PRINTED);
    expect([offers.sent, offers.received, acks.sent, acks.received]).toEqual([3, 2, 2, 2]);
    expect(offers.latenciesMs.map((each) => each.toFixed(3))).toEqual(['0.630', '0.477']);
    expect(acks.latenciesMs.map((each) => each.toFixed(3))).toEqual(['0.366', '0.500']);
  });

  it('has no latencies where no timestamps were asked for', () => {
    const report = parsePerfdhcp(PRINTED.slice(0, PRINTED.indexOf('***Timestamps')));
    expect([report.offers.latenciesMs, report.acks.latenciesMs]).toEqual([[], []]);
  });

  it.each([
    ['malformed answers', PRINTED.replace('Malformed packets: 0', 'Malformed packets: 4'), /4 malformed/],
    ['rejected leases', PRINTED.replace('rejected leases: 0', 'rejected leases: 2'), /2 leases/],
    ['a usage message', 'perfdhcp [-1] [-4 | -6]', /malformed/],
    ['half a report', PRINTED.slice(0, PRINTED.indexOf('***Statistics for: REQUEST')), /REQUEST-ACK/],
  ])('is refused with %s', (_, printed, message) => {
    expect(() => parsePerfdhcp(printed)).toThrow(message);
  });
});
