import { describe, expect, test } from 'vitest';
import {
  emptyReceiveWindow,
  nextSequence,
  RECEIVE_WINDOW,
  type ReceiveWindow,
  receiveSequence,
} from '../../../src/protocols/ipmi/receive-window.ts';

function windowAfter(...sequences: number[]): ReceiveWindow {
  let window = emptyReceiveWindow;
  for (const sequence of sequences) {
    const next = receiveSequence(window, sequence);
    if (next === undefined) throw new Error(`${sequence} dropped`);
    window = next;
  }
  return window;
}

describe('receive window', () => {
  test('the first number starts the window, wherever it is', () => {
    expect(receiveSequence(emptyReceiveWindow, 4_000_000_000)?.highest).toBe(4_000_000_000);
  });

  test('0 is never taken', () => {
    expect(receiveSequence(emptyReceiveWindow, 0)).toBeUndefined();
    expect(receiveSequence(windowAfter(1), 0)).toBeUndefined();
  });

  test('a number is taken once, in any order within the window', () => {
    const window = windowAfter(1, 5, 3, 2, 4);
    for (const sequence of [1, 2, 3, 4, 5]) expect(receiveSequence(window, sequence)).toBeUndefined();
  });

  test('numbers older than the window are dropped, those in it are not', () => {
    const window = windowAfter(1, 100);
    expect(receiveSequence(window, 100 - RECEIVE_WINDOW)).toBeUndefined();
    expect(receiveSequence(window, 101 - RECEIVE_WINDOW)).toBeDefined();
  });

  test('a step ahead by more than the window forgets nothing it must remember', () => {
    const window = windowAfter(1, 2, 200);
    expect(receiveSequence(window, 200)).toBeUndefined();
    expect(receiveSequence(window, 2)).toBeUndefined();
    expect(receiveSequence(window, 199)).toBeDefined();
  });

  test('wraps from FFFFFFFFh to 1', () => {
    const window = windowAfter(0xffff_fffe, 0xffff_ffff, 1);
    expect(window.highest).toBe(1);
    expect(receiveSequence(window, 0xffff_ffff)).toBeUndefined();
    expect(nextSequence(0xffff_ffff)).toBe(1);
  });
});
